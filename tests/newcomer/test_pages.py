from tests.newcomer import pages
from tests.newcomer.pages import Block


def test_blocks_are_found_in_the_order_of_reading(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "Read [this](docs/second.md#part).\n\n"
        "```shell\n# A comment.\nmake demo    # a minute\n"
        "python a.py \\\n    --b=c\n```\n\n"
        "<!-- not run: needs a friend -->\n\n"
        "```python\nif True:\n    pass\n```\n"
    )
    (tmp_path / "docs/first.md").write_text("1. One\n\n   ```\n   x\n   ```\n")
    (tmp_path / "docs/second.md").write_text(
        "<!-- not run: a page -->\nNo block.\n\n```shell\nls\n```\n"
    )
    found = pages.blocks(tmp_path)
    assert found[1:] == [
        Block(
            "README.md, line 12",
            "python",
            "if True:\n    pass\n",
            "needs a friend",
        ),
        Block("docs/second.md, line 4", "shell", "ls\n", ""),
        Block("docs/first.md, line 3", "", "x\n", ""),
    ]
    assert not found[0].not_run
    assert found[0].commands() == ["make demo", "python a.py     --b=c"]

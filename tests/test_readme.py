import json
import re

import numpy as np
import pytest

from benchmarks import tables
from stalstm.comparison import summary

LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#([\w-]+))?\)")
PAGES = [*tables.pages(), tables.ROOT / "CONTRIBUTING.md"]


def anchors(page):
    """The anchors that a page's headings have on the web."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", x.lower()) for x in headings]
    return {x.replace(" ", "-") for x in plain}


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: page.name)
def test_the_numbers_of_a_page_are_those_of_the_results(page):
    """Otherwise: `python -m benchmarks.tables`."""
    text = page.read_text()
    assert tables.with_tables(text) == text


def test_every_table_is_on_one_page():
    texts = [page.read_text() for page in tables.pages()]
    for name in tables.TABLES:
        assert sum(text.count(f"<!-- {name} -->") for text in texts) == 1


@pytest.mark.parametrize(
    ("table", "row"),
    [("sbu_strong", "Strong STA-LSTM"), ("sbu_figure_7", "STA-LSTM")],
)
def test_the_readme_leads_with_the_accuracies_that_were_measured(table, row):
    result = json.loads((tables.RESULTS / f"{table}.json").read_text())
    (runs,) = [x["runs"] for x in result["rows"] if x["name"] == row]
    seeds = summary.by_seed(runs, result["protocols"], "accuracy")
    lead = (tables.ROOT / "README.md").read_text().partition("\n## ")[0]
    assert f"**{100 * np.mean(seeds):.1f} %**" in lead
    assert len(seeds) == 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_every_test_that_holds_a_promise_is_there():
    text = (tables.ROOT / "docs/reliability.md").read_text()
    named = re.findall(r"`(test_\w+)`", text)
    files = (tables.ROOT / "tests").rglob("test_*.py")
    written = re.findall(
        r"^def (test_\w+)", "".join(x.read_text() for x in files), re.MULTILINE
    )
    assert len(named) > 20
    assert not set(named) - set(written)

from benchmarks import tables


def test_its_numbers_are_those_of_the_results():
    """Otherwise: `python -m benchmarks.tables`."""
    text = tables.README.read_text()
    assert tables.with_tables(text) == text
    for name in tables.TABLES:
        assert f"<!-- {name} -->" in text

import pytest

from stalstm import recipes, training
from stalstm.baselines import BASELINES
from stalstm.comparison import rows
from stalstm.comparison.rows import TABLES, Row
from stalstm.description import Description
from stalstm.skeletons import NITE

SBU = Description(NITE, 2, ("kick", "push"), {})


@pytest.mark.parametrize("table", TABLES)
def test_each_row_of_a_table_can_be_run_or_says_why_not(table):
    for row in TABLES[table]:
        if row.baseline:
            assert row.baseline in BASELINES
        elif not row.missing:
            base, _ = recipes.get(row.recipe or "sbu", SBU)
            recipe = base.override(row.settings)
            recipe.check(SBU)
            assert training.stages(recipe)


@pytest.mark.parametrize("table", TABLES)
def test_rows_of_a_table_differ_in_name_and_training(table):
    for key in ("name", "folder"):
        values = [getattr(x, key) for x in TABLES[table] if not x.missing]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_can_be_asked_for_by_its_name(table):
    """In --rows, where commas stand between the names."""
    assert not [x.name for x in TABLES[table] if "," in x.name]


def test_every_model_is_trained_by_every_recipe():
    found = rows.of(["a", "b"], ["x", "y"], ["units=4"])
    assert [(x.name, x.recipe, x.settings) for x in found] == [
        ("a, x", "x", ("model=a", "units=4")),
        ("b, x", "x", ("model=b", "units=4")),
        ("a, y", "y", ("model=a", "units=4")),
        ("b, y", "y", ("model=b", "units=4")),
    ]
    (default,) = rows.of([], [], ["units=4"])
    assert (default.recipe, default.settings) == (None, ("units=4",))


def test_equal_trainings_share_a_folder_whatever_they_are_called():
    one, same = Row(name="a", recipe="x"), Row(name="b", recipe="x")
    assert one.folder == same.folder != Row(name="a", recipe="y").folder


def test_many_settings_still_make_a_name_for_a_folder():
    settings = tuple(f"field_{x}=value" for x in range(30))
    folders = {
        Row(name="a", settings=settings).folder,
        Row(name="a", settings=settings[1:]).folder,
    }
    assert len(folders) == 2
    assert all(len(x.name) <= rows.LONGEST_NAME for x in folders)

import numpy as np

from stalstm.show import confusion

COUNTS = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
CLASSES = ("kick", "push $x$ $y$", "bow")


def test_rows_are_true_classes_and_shades_are_shares_of_them():
    axes = confusion.draw(COUNTS, CLASSES).axes[0]
    np.testing.assert_array_equal(
        axes.images[0].get_array(), [[75, 25, 0], [0, 100, 0], [0, 0, 0]]
    )
    assert axes.get_ylabel() == "true"
    assert axes.get_xlabel() == "predicted"
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert tuple(x.get_text() for x in labels) == CLASSES


def test_every_number_that_is_not_zero_is_written():
    axes = confusion.draw(COUNTS, CLASSES).axes[0]
    written = {x.get_position(): x.get_text() for x in axes.texts}
    assert written == {(0, 0): "3", (1, 0): "1", (1, 1): "4"}


def test_many_classes_and_odd_names_are_drawn(tmp_path):
    counts = np.eye(60, dtype=int)
    figure = confusion.draw(counts, [f"class $ {x}" for x in range(60)])
    assert not figure.axes[0].texts
    figure.savefig(tmp_path / "confusion.png")

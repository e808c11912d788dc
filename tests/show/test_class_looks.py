from typing import Any

import numpy as np

from stalstm.show import class_looks

LOOKS = np.array([[1.0, 0.5, 1.5], [np.nan, np.nan, np.nan]])


def test_a_row_is_a_class_and_a_column_a_joint():
    axes: Any = class_looks.draw(("a", "b $"), LOOKS, ("x", "y", "z")).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), LOOKS)
    assert [x.get_text() for x in axes.get_yticklabels()] == ["a", "b $"]
    assert [x.get_text() for x in axes.get_xticklabels()] == ["x", "y", "z"]


def test_time_has_a_first_and_a_last_frame(tmp_path):
    figure = class_looks.draw(("a", "b"), LOOKS, ("first", "last"))
    axes: Any = figure.axes[0]
    assert axes.get_xticks().tolist() == [0, 2]
    figure.savefig(tmp_path / "map.png")

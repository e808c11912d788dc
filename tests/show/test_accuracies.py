from typing import Any

import numpy as np

from stalstm.show import accuracies

NAMES = ("LSTM", "STA-LSTM", "rule")
VALUES = ((0.8, 0.9), (0.95, 0.97), (0.5,))


def test_a_bar_is_the_mean_over_the_seeds():
    axes = accuracies.draw(NAMES, VALUES).axes[0]
    bars: Any = axes.patches
    widths = [x.get_width() for x in bars]
    np.testing.assert_allclose(widths, [85, 96, 50])
    assert [x.get_text() for x in axes.get_yticklabels()] == list(NAMES)
    assert [x.get_text() for x in axes.texts] == ["85.0", "96.0", "50.0"]
    assert axes.yaxis_inverted()  # the first one on top
    assert axes.get_legend() is None


def test_a_whisker_is_the_standard_deviation_and_one_seed_has_none():
    axes = accuracies.draw(NAMES, VALUES).axes[0]
    whiskers: Any = axes.collections[0]
    lengths = [np.ptp(x[:, 0]) for x in whiskers.get_segments() if len(x)]
    expected = [2 * 100 * np.std(x, ddof=1) for x in VALUES[:2]]
    np.testing.assert_allclose(lengths[:2], expected)
    assert not np.any(np.array(lengths[2:]) > 0)


def test_a_published_number_is_marked_on_its_row(tmp_path):
    figure = accuracies.draw(NAMES, VALUES, published=(None, 0.915, None))
    marks = figure.axes[0].collections[-1].get_offsets()
    np.testing.assert_allclose(np.array(marks), [[91.5, 1]])
    figure.savefig(tmp_path / "bars.png")

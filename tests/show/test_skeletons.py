import itertools
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from stalstm.show import bodies, skeletons
from stalstm.skeletons import SHIPPED

DOCS = pathlib.Path(__file__).parents[2] / "docs" / "skeletons"
EACH = pytest.mark.parametrize("skeleton", SHIPPED.values(), ids=SHIPPED)


def columns(image, color):
    """Where a color is in an image, from its left edge."""
    wanted = 255 * np.array(colors.to_rgb(color))
    return np.nonzero(np.all(abs(image - wanted) < 8, axis=-1))[1]


@EACH
def test_the_persons_left_is_on_the_right_of_the_image(skeleton):
    canvas = FigureCanvasAgg(skeletons.draw(skeleton))
    canvas.draw()
    image = np.array(canvas.buffer_rgba())[..., :3].astype(float)
    left = columns(image, bodies.LEFT_COLOR)
    right = columns(image, bodies.RIGHT_COLOR)
    middle = image.shape[1] / 2
    assert left.size > 500
    assert right.size > 500
    assert np.median(left) > middle > np.median(right)
    # Anti-aliased lines from the middle may begin a pixel beyond it.
    assert left.min() > middle - 4
    assert right.max() < middle + 4


@EACH
def test_every_joint_has_its_index_and_no_two_overlap(skeleton):
    figure = skeletons.draw(skeleton)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = figure.axes[0].texts
    assert [x.get_text() for x in texts] == [
        str(number) for number in range(len(skeleton.joints))
    ]
    # Those of the text alone, without the line to the joint.
    boxes = [Text.get_window_extent(x, canvas.get_renderer()) for x in texts]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert figure.bbox.contains(*box.min)
        assert figure.bbox.contains(*box.max)


def test_the_command_writes_a_picture_of_each(tmp_path):
    out = tmp_path / "deep" / "pictures"
    printed = subprocess.run(
        [sys.executable, "-m", skeletons.__name__, f"--out={out}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert printed.endswith(f"{', '.join(SHIPPED)} are in {out}.\n")
    files = sorted(out.iterdir())
    assert [x.stem for x in files] == sorted(SHIPPED)
    for file in files:
        assert file.stat().st_size < 40_000
        with Image.open(file) as image:
            # Sharp where it is shown 300 pixels wide.
            assert image.width == 600


def test_the_pages_have_a_picture_of_each():
    assert sorted(x.stem for x in DOCS.glob("*.png")) == sorted(SHIPPED)

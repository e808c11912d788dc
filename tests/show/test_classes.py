import numpy as np
import pytest
from matplotlib import colors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from stalstm.show import bodies, classes
from stalstm.skeletons import KINECT1, standing

POSE = standing(KINECT1)[None]


def poses(number, name="class {}"):
    return [(name.format(x), POSE + x) for x in range(number)]


@pytest.mark.parametrize("number", [1, 2, 5, 40])
def test_each_class_has_its_pose_and_its_name(number):
    figure = classes.draw(poses(number), KINECT1)
    assert len(figure.axes) == number
    for axes in figure.axes:
        assert len(axes.lines) == len(KINECT1.bones)
    names = [text.get_text() for text in figure.texts]
    assert sorted(names) == sorted(
        [f"class {x}" for x in range(number)] + ["left", "right"]
    )


def test_names_and_poses_do_not_overlap():
    figure = classes.draw(poses(12, "a name as long as can be {}"), KINECT1)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [Text.get_window_extent(x) for x in figure.texts]
    boxes += [axes.get_window_extent() for axes in figure.axes]
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert box.count_overlaps(boxes[number + 1 :]) == 0


def test_an_exchange_of_left_and_right_is_seen():
    def side(skeleton_pose):
        canvas = FigureCanvasAgg(
            classes.draw([("wave", skeleton_pose)], KINECT1)
        )
        canvas.draw()
        image = np.array(canvas.buffer_rgba())[60:, :, :3].astype(float)
        blue = 255 * np.array(colors.to_rgb(bodies.LEFT_COLOR))
        _, x = np.nonzero(np.all(abs(image - blue) < 8, axis=-1))
        return "right" if np.median(x) > image.shape[1] / 2 else "left"

    exchanged = POSE.copy()
    for left, right in KINECT1.mirror:
        pair = [KINECT1.index(left), KINECT1.index(right)]
        exchanged[:, pair] = exchanged[:, pair[::-1]]
    assert side(POSE) == "right"
    assert side(exchanged) == "left"


def test_any_name_is_written_as_it_is(tmp_path):
    names = ["$x_1$ {", "挥手", "", "é" * 100]
    out = tmp_path / "deep" / "picture.png"
    classes.write(out, [(name, POSE) for name in names], KINECT1)
    with Image.open(out) as image:
        assert image.width > image.height
    assert [x.name for x in out.parent.iterdir()] == ["picture.png"]
    texts = classes.draw([(names[0], POSE), (names[3], POSE)], KINECT1).texts
    assert {"$x_1$ {", f"{'é' * 19}…"} <= {x.get_text() for x in texts}

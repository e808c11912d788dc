import itertools

import numpy as np
import pytest
from absl import app

from datasets.sbu.recordings import read_recording
from datasets.synthetic.recordings import generate
from stalstm.show import clips, page
from stalstm.skeletons import SHIPPED, Skeleton
from tests import door
from tests.show.browser import until

LARGEST = 1_500_000  # bytes
# Where the picture has each joint of its frame, from -1 on the left to 1.
PLACES = """
() => page.viewers.map((viewer) => {
  const { positions, bodies, joints } = viewer.clip;
  const point = viewer.controls.target.clone();
  viewer.camera.updateMatrixWorld();
  return Array.from({ length: bodies * joints.length }, (_, i) =>
    point.fromArray(positions, 3 * (viewer.frame * bodies * joints.length + i))
      .project(viewer.camera).x);
})
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Three recordings of the synthetic set."""
    folder = tmp_path_factory.mktemp("recordings")
    for name, text in itertools.islice(generate(seed=1, takes=1), 3):
        (folder / name).mkdir(parents=True)
        (folder / name / "skeleton_pos.txt").write_bytes(text)
    return folder


@pytest.fixture(scope="module")
def view(recordings, tmp_path_factory):
    """`view(...)` writes a page about recordings, by their numbers."""
    out = tmp_path_factory.mktemp("view") / "deep" / "view.html"

    def view(*arguments):
        paths = [
            sorted(recordings.glob("*/*/001"))[x] if isinstance(x, int) else x
            for x in arguments
        ]
        door.run("view", *paths, f"--out={out}")
        return out

    return view


@pytest.fixture
def one(view, open_page):
    return open_page(view(0))


def picture(page):
    return page.locator(".scene canvas").first.screenshot()


def frame(page):
    return page.evaluate("page.player.frame")


def test_frames_are_drawn_and_differ(one):
    first = picture(one)
    one.evaluate("page.player.seek(9)")
    assert picture(one) != first
    one.evaluate("page.player.seek(0)")
    assert picture(one) == first
    one.evaluate("page.viewers[0].joints.count = 0, page.viewers[0].show(0)")
    assert picture(one) != first


def test_plays_and_pauses(one):
    one.evaluate("page.player.speed = 0.1")
    one.get_by_label("play").click()
    until(one, "page.player.frame > 0")
    one.get_by_label("pause").click()
    stopped = frame(one)
    one.wait_for_timeout(300)
    assert frame(one) == stopped
    one.evaluate("page.player.speed = 4, page.player.play()")
    until(one, "page.player.frame === page.player.frames - 1")
    until(one, "!page.player.playing")


def test_the_slider_the_keys_and_a_click_in_a_chart_seek(one):
    one.get_by_label("frame").fill("5")
    assert frame(one) == 5
    for key, expected in (
        ("ArrowRight", 6),
        ("ArrowLeft", 5),
        ("End", one.evaluate("page.player.frames - 1")),
        ("Home", 0),
    ):
        one.locator("h1").press(key)
        assert frame(one) == expected
    for chart in one.locator(".u-over").all():
        one.evaluate("page.player.seek(0)")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        chart.click(position={"x": box["width"] / 2, "y": 20})
        middle = one.evaluate("(page.player.frames - 1) / 2")
        assert abs(frame(one) - middle) <= 1
        playhead = chart.locator(".playhead").bounding_box()
        share = frame(one) / one.evaluate("page.player.frames - 1")
        assert playhead["x"] - box["x"] == pytest.approx(
            share * box["width"], abs=2
        )


def test_the_mouse_turns_and_the_button_turns_back(one):
    first = picture(one)
    box = one.locator(".scene canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    one.mouse.move(x, y)
    one.mouse.down()
    one.mouse.move(x + 100, y)
    one.mouse.up()
    assert picture(one) != first
    one.mouse.wheel(0, 300)
    one.get_by_text("reset view").click()
    one.mouse.move(0, 0)
    assert picture(one) == first


def test_two_clips_share_the_time(view, open_page):
    page = open_page(view(0, 1))
    assert page.locator(".scene").count() == 2
    page.evaluate("page.player.seek(7)")
    assert page.evaluate("page.viewers.map((x) => x.frame)") == [7, 7]
    first, second = page.evaluate(
        "page.viewers.map((x) => Math.max(...x.clip.alpha))"
    )
    assert first != second
    scales = page.evaluate("page.viewers.map((x) => x.clip.largestAlpha)")
    assert scales == [max(first, second)] * 2


def test_of_several_clips_one_is_chosen(view, recordings, open_page):
    page = open_page(view(recordings))
    buttons = page.locator(".list button")
    assert buttons.count() == 3
    for number in (2, 0):
        buttons.nth(number).click()
        assert page.locator(".scene").count() == 1
        name = buttons.nth(number).locator("small").inner_text()
        assert page.locator("h2").inner_text() == name
    # The keys move the clip that is shown, once.
    page.locator("h1").press("ArrowRight")
    assert frame(page) == 1


def write(path, joints, clip, answer=None):
    """Writes a page of one clip."""
    page.write(
        path,
        "x",
        main="view",
        modules=page.VIEW,
        data={
            "shared": clips.shared(joints, ["a", "b"]),
            "rate": 30,
            "clips": [clips.describe("x", clip, answer)],
        },
    )


@pytest.mark.parametrize(
    ("skeleton", "bodies"), [("mediapipe", 1), ("kinect2", 3)]
)
def test_any_skeleton_and_number_of_bodies(
    skeleton, bodies, open_page, tmp_path
):
    joints = SHIPPED[skeleton]
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(3, bodies, len(joints.joints), 3))
    clip[..., 2] += 4
    clip[0, -1] = 0  # absent
    write(tmp_path / "x.html", joints, clip)
    shown = open_page(tmp_path / "x.html")
    absent = picture(shown)
    shown.evaluate("page.player.seek(1)")
    assert picture(shown) != absent
    assert shown.locator(".answer").inner_text() == "no answer"


@pytest.mark.parametrize("frames", [1, 3000])
@pytest.mark.parametrize("attention", [True, False])
def test_clips_of_any_length_by_models_of_any_kind(
    frames, attention, open_page, tmp_path
):
    names = ("</script><b>", "b", "c")
    joints = Skeleton("odd", names, bones=(names[:2], names[1:]))
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(frames, 2, 3, 3))
    clip[::3, 1] = 0  # comes and goes
    answer = {
        "label": "a",
        "probabilities": np.array([0.75, 0.25]),
        "after": rng.uniform(size=(frames, 2)),
    }
    if attention:
        answer["spatial_attention"] = rng.uniform(size=(frames, 6))
        answer["temporal_attention"] = rng.uniform(size=frames)
    write(tmp_path / "x.html", joints, clip, answer)
    shown = open_page(tmp_path / "x.html")
    shown.locator("h1").press("End")
    assert frame(shown) == frames - 1
    assert shown.locator(".u-over").count() == 1 + attention
    assert ("attention" in shown.locator(".legend").first.inner_text()) == (
        attention
    )
    assert shown.locator("b").count() == 0


def test_a_page_is_small(view, recordings):
    assert view(0).stat().st_size < LARGEST


def check_sides(places, skeleton):
    """In camera space x grows to the left of the image."""
    points = skeleton.reshape(-1, 3)
    order = np.corrcoef(places, -points[:, 0] / points[:, 2])[0, 1]
    assert order > 0.99


def test_left_and_right_are_as_in_the_recording(one, recordings):
    path = sorted(recordings.glob("*/*/001"))[0] / "skeleton_pos.txt"
    skeleton = read_recording(path.read_bytes(), str(path)).skeleton
    (places,) = one.evaluate(PLACES)
    check_sides(places, skeleton[0])
    assert (
        one.evaluate(
            "page.viewers[0].clip.sides[page.viewers[0].clip.joints.indexOf('left_hand')]"
        )
        == "left"
    )


@pytest.mark.parametrize("name", ["s01s02/03/001", "s03s05/08/001"])
def test_real_hands_do_not_swap(name, sbu_raw_dir, view, open_page):
    path = sbu_raw_dir / name
    page = open_page(view(path))
    file = path / "skeleton_pos.txt"
    skeleton = read_recording(file.read_bytes(), str(file)).skeleton
    for number in (0, len(skeleton) - 1):
        page.evaluate(f"page.player.seek({number})")
        (places,) = page.evaluate(PLACES)
        check_sides(places, skeleton[number])


def test_a_name_that_is_code_is_text(tmp_path, view, recordings, open_page):
    source = next(recordings.glob("*/*/001")) / "skeleton_pos.txt"
    folder = tmp_path / "<img src=x onerror=alert(1)>" / "01" / "001"
    folder.mkdir(parents=True)
    (folder / "skeleton_pos.txt").write_bytes(source.read_bytes())
    page = open_page(view(folder / "skeleton_pos.txt"))
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere"),
        (["--model=nobody", "x"], "nobody: expected a workdir"),
        (["--split=fold_1"], "prepared data"),
    ],
)
def test_bad_inputs_are_named(arguments, message, tmp_path):
    with pytest.raises(SystemExit, match=message):
        door.run(
            "view",
            *arguments,
            f"--out={tmp_path / 'x.html'}",
            f"--data_dir={tmp_path}",
        )
    assert not (tmp_path / "x.html").exists()


def test_recordings_or_a_split():
    for arguments in ([], ["x", "--split=fold_1"]):
        with pytest.raises(app.UsageError, match="recordings, or --split"):
            door.run("view", *arguments)
    with pytest.raises(app.UsageError, match="--dataset: expected"):
        door.run("view", "x", "--dataset=nothing")


def test_the_page_is_no_folder(tmp_path):
    with pytest.raises(app.UsageError, match="--out: expected a file"):
        door.run("view", "x", f"--out={tmp_path}")

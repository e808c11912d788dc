"""The live page, in a browser."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from datasets import ntu, synthetic
from datasets.custom.json_files import parse_jsonl
from datasets.sbu.recordings import read_recording, survey
from stalstm.export import web
from stalstm.runtime.litert import FrameModel
from stalstm.skeletons import NITE
from tests import door
from tests.show.browser import until

FRAMES = 25  # after which a clip ends
DROP = """
([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
}
"""
PUSH = """
(n) => {
  for (let i = 0; i < n; i++) page.push(new Float32Array(90).fill(0.1 + i));
  return page.working;
}
"""
ANSWERS = "page.answers.map((x) => [x.frames, ...x.probabilities])"
STATUS = "#status"


@pytest.fixture(scope="module")
def examples():
    return synthetic.DATA_SET.examples()


@pytest.fixture(scope="module")
def page_file(examples, litert_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "page"
    content = web.Content(examples[:2], FRAMES, rate=1000.0)
    web.write(folder, litert_folder, content)
    return folder / web.FILE


@pytest.fixture
def live(page_file, open_page):
    return open_page(page_file)


def expected(litert_folder, clip):
    """What `FrameModel` answers: `(answers, 1 + classes)`."""
    stream = FrameModel(litert_folder / web.MODEL).stream()
    answers = [*(stream.step(x) for x in clip), *stream.rest()]
    return [[x["frames"], *x["probabilities"]] for x in answers if x["frames"]]


def check(page, litert_folder, clip, tolerance=1e-5):
    until(page, "page.ended")
    np.testing.assert_allclose(
        page.evaluate(ANSWERS), expected(litert_folder, clip), atol=tolerance
    )


def test_a_model_answers_as_in_python(live, litert_folder, examples):
    live.evaluate("page.beginAnew(100)")
    live.get_by_label("example").select_option("1")
    live.get_by_text("play the example").click()
    # The page has whole millimetres.
    clip = np.rint(examples[1][1] * 1000) / 1000
    check(live, litert_folder, clip.astype(np.float32))
    label = live.locator(".answer strong").inner_text()
    last = expected(litert_folder, clip)[-1][1:]
    assert label == live.evaluate("page.clip.classes")[int(np.argmax(last))]
    assert "ms a frame" in live.locator(".answer").inner_text()
    assert live.evaluate("page.viewer.frame") == len(clip) - 1


def test_bodies_are_drawn_from_the_first_frame_on(live):
    def colored():
        """The largest difference between the channels of a pixel."""
        data = live.locator(".scene canvas").screenshot()
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)
        return np.ptp(pixels, axis=-1).max()

    assert colored() < 20
    live.get_by_text("play the example").click()
    until(live, "page.ended")
    assert colored() > 100
    live.get_by_text("begin anew").click()
    until(live, "page.clip.frames === 0")
    assert colored() < 20


def test_a_recording_is_dropped(live, litert_folder):
    name, data = next(iter(synthetic.DATA_SET.generate()))
    live.evaluate("page.beginAnew(100)")
    live.evaluate(DROP, ["skeleton_pos.txt", data.decode()])
    check(live, litert_folder, synthetic.DATA_SET.read(data, name))


def test_real_recordings_are_answered_as_in_python(
    sbu_raw_dir, live, litert_folder
):
    live.evaluate("page.beginAnew(1000)")
    recordings = survey(sbu_raw_dir).recordings
    for recording in (recordings[0], recordings[140], recordings[281]):
        data = recording.read_bytes()
        live.evaluate("page.ended = false")
        live.evaluate(DROP, ["skeleton_pos.txt", data.decode()])
        check(live, litert_folder, read_recording(data, "x").skeleton)


def read(page, name, text, metadata=None):
    """What the page's readers read: an array, or the message of the error."""
    return page.evaluate(
        """async ([name, text, metadata]) => {
          const { readRecording } = await import("stalstm/readers");
          try {
            const all = { ...page.model.metadata, ...metadata };
            return readRecording(name, text, all).map((x) => [...x]);
          } catch (error) { return error.message; }
        }""",
        [name, text, metadata or {}],
    )


def test_ntu_is_read_as_in_python(live):
    for name, data in ntu.DATA_SET.generate():
        clip = ntu.DATA_SET.read(data, name)
        got = read(
            live, "x.skeleton", data.decode(), {"joints": ["joint"] * 25}
        )
        got = np.reshape(got, clip.shape)
        present = np.any(clip, axis=(0, 2, 3)).sum()
        # The reader of the data set orders bodies by how much they move.
        bodies = got.astype(np.float32).swapaxes(0, 1)
        found = {x.tobytes() for x in bodies}
        assert found == {x.tobytes() for x in clip.swapaxes(0, 1)}
        assert present >= 1


def test_json_lines_are_read_as_in_python(live):
    rng = np.random.default_rng(1)
    clip = rng.normal(size=(4, 2, 15, 3)).round(3)
    lines = [
        {"frame": 3, "skeleton": clip[0].tolist()},
        {"frame": 5, "skeleton": [clip[1, 0].tolist(), None]},
        {"skeleton": clip[2, 0].tolist()},
    ]
    text = "\n".join(map(json.dumps, lines))
    parsed = np.nan_to_num(parse_jsonl(text.encode(), "x", NITE))
    for reading, convert in (
        ({}, lambda x: x),
        (
            {"unit": "cm", "up": "z", "handedness": "left"},
            lambda x: x[..., [0, 2, 1]] / 100,
        ),
    ):
        metadata = {"training": {"data": {"reading": reading}}}
        got = read(live, "a.jsonl", text, metadata)
        np.testing.assert_allclose(
            np.reshape(got, (4, 2, 15, 3)), convert(parsed), atol=1e-6
        )


# What cannot be read: the file, and the error.
DAMAGED = [
    ("a.csv", "1", "a.csv: expected skeleton_pos.txt of SBU"),
    ("a.txt", "1,2,3", "a.txt, line 1: expected 91 fields"),
    ("a.txt", ",".join(["x"] * 91), "line 1: expected three numbers"),
    ("a.txt", "", "a.txt: expected at least one frame"),
    ("a.jsonl", "{", "a.jsonl, line 1: expected a JSON object"),
    ("a.jsonl", "[]", 'expected an object with the key "skeleton"'),
    ("a.jsonl", '{"skeleton": [[1]]}', "expected 15 joints. Received: 1"),
    (
        "a.jsonl",
        json.dumps({"skeleton": [[[0, 0, 2000]] * 15]}),
        "metres, none beyond 100. Received: 2000",
    ),
    (
        "a.jsonl",
        '{"frame": 2, "skeleton": []}\n{"frame": 2, "skeleton": []}',
        "line 2: expected a frame number greater",
    ),
    ("a.skeleton", "1\n1\n", "expected a body line"),
    ("a.skeleton", "many\n", "line 1: expected the number of frames"),
]


def test_what_cannot_be_read_is_named(live):
    for name, text, message in DAMAGED:
        assert message in read(live, name, text)


def test_a_damaged_file_leaves_the_page_as_it_was(live, litert_folder):
    live.evaluate(DROP, ["a.txt", "1,2"])
    until(live, f"document.querySelector('{STATUS}').textContent")
    assert "line 1" in live.locator(STATUS).inner_text()
    test_a_recording_is_dropped(live, litert_folder)


def test_a_clip_ends_after_some_frames_a_pause_or_by_the_button(live):
    live.evaluate("page.pause = 1000")
    live.evaluate(PUSH, FRAMES + 3)  # as the page was told at first
    assert live.evaluate("page.clip.frames") == 3
    live.get_by_text("begin anew").click()
    until(live, "page.clip.frames === 0")
    live.get_by_label("frames", exact=True).fill("4")
    live.get_by_label("frames", exact=True).press("Tab")
    live.evaluate(PUSH, 6)
    assert live.evaluate("page.clip.frames") == 2
    for wrong in ("0", "1e9", "2.5", ""):
        live.get_by_label("frames", exact=True).fill(wrong)
        live.get_by_label("frames", exact=True).press("Tab")
        assert live.evaluate("page.most") == 4
    live.evaluate("page.pause = 0.05")
    live.evaluate(PUSH, 1)
    until(live, "page.ended")
    assert live.evaluate("page.clip.frames") == 3


def test_a_frame_without_an_answer_shows_the_attention_of_the_last_one(live):
    live.evaluate(PUSH, 6)
    clip = live.evaluate("({ ...page.clip, alpha: [...page.clip.alpha] })")
    alpha = np.reshape(clip["alpha"], (FRAMES, -1))
    assert clip["answered"] == 4  # it smooths over five frames
    assert (alpha[:6] > 0).all()
    np.testing.assert_array_equal(alpha[4:6], alpha[[3, 3]])


def test_charts_of_clips_that_have_ended_are_gone(live):
    """A page may run for days: nothing may grow with the number of clips."""
    drawn = live.evaluate(
        """async () => {
          const [[plot]] = page.charts.plots;
          let drawn = 0;
          plot.redraw = () => { drawn += 1; };
          await page.beginAnew(5);
          await page.push(new Float32Array(90).fill(1));
          return drawn;
        }"""
    )
    assert drawn == 0
    assert live.locator(".uplot").count() == 2


def test_frames_come_by_websocket(
    live, litert_folder, examples, small_recordings
):
    name, clip = examples[0]
    send = subprocess.Popen(
        [
            sys.executable,
            door.ROOT / "predict.py",
            "--send=localhost:18765",
            small_recordings / name,
        ],
        cwd=door.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert send.stdout is not None
        assert "ws://localhost:18765" in send.stdout.readline()
        live.evaluate("page.beginAnew(100)")
        live.get_by_label("websocket address").fill("ws://localhost:18765")
        live.get_by_text("connect", exact=True).click()
        check(live, litert_folder, clip.round(4))
    finally:
        send.terminate()
        send.communicate()


@pytest.fixture(scope="module")
def small_recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small_recordings")
    name, data = next(iter(synthetic.DATA_SET.generate()))
    (folder / name).mkdir(parents=True)
    (folder / name / "skeleton_pos.txt").write_bytes(data)
    return folder

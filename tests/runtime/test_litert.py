import concurrent.futures
import json
import shutil
import sys

import numpy as np
import pytest

from stalstm.runtime import litert
from stalstm.runtime.litert import (
    ClipModel,
    FrameModel,
    InputError,
    ModelError,
)
from tests.export import exported

CLIP = np.ones((4, 2, 3, 3), "float32")


def changed(place, value):
    clip = CLIP.copy()
    clip[place] = value
    return clip


def test_a_good_clip_passes():
    checked = litert.check_clip(CLIP.tolist(), 2, 3, least_bodies=2)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, CLIP)
    litert.check_frame(CLIP[0], 2, 3)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (CLIP[:0], r"at least one frame. Received: \(0, 2, 3, 3\)"),
        (CLIP[0], r"\(frames, 2, 3, 3\).*Received: \(2, 3, 3\)"),
        (CLIP[:, :, :2], r"Received: \(4, 2, 2, 3\)"),
        ([["a"]], "expected numbers"),
        (changed((1, 0, 2, 1), np.nan), r"Received: nan at \(1, 0, 2, 1\)"),
        (changed((1, 0, 2, 1), -np.inf), r"Received: -inf at \(1, 0, 2, 1\)"),
        (changed((3, 1, 0, 2), 2500), r"metres.*Received: 2500.0 at \(3, 1"),
        (changed(np.s_[:, 1], 0), "at least 2 bodies.*for body 1"),
    ],
)
def test_a_bad_clip_is_refused(clip, message):
    with pytest.raises(InputError, match=message):
        litert.check_clip(clip, 2, 3, least_bodies=2)


def test_one_body_is_enough_where_the_model_says_so():
    alone = changed(np.s_[:, 1], 0)
    litert.check_clip(alone, 2, 3, least_bodies=1)
    with pytest.raises(InputError, match="for body 0, 1"):
        litert.check_clip(0 * CLIP, 2, 3, least_bodies=1)


def test_a_bad_frame_is_refused():
    with pytest.raises(InputError, match=r"expected shape \(2, 3, 3\)"):
        litert.check_frame(CLIP, 2, 3)
    with pytest.raises(InputError, match=r"nan at \(0, 0, 0\)"):
        litert.check_frame(np.full((2, 3, 3), np.nan), 2, 3)


@pytest.mark.parametrize(
    ("clips", "number"),
    [
        (CLIP, None),
        (CLIP.tolist(), None),
        (list(CLIP), None),
        ([CLIP], 1),
        ((CLIP, CLIP[:1]), 2),
        ([CLIP.tolist(), CLIP[:1].tolist()], 2),
        (np.stack([CLIP, CLIP, CLIP]), 3),
        ([CLIP[0], CLIP], 2),
        ([], 0),
    ],
)
def test_one_clip_or_several(clips, number):
    checked, several = litert.check_each(clips, np.asarray)
    assert several == (number is not None)
    assert len(checked) == (number if several else 1)


def test_a_bad_clip_of_several_is_numbered():
    with pytest.raises(InputError, match=r"^clip 1: .*Received: \(2, 3, 3\)"):
        litert.check_each(
            [CLIP, CLIP[0]], lambda x: litert.check_clip(x, 2, 3, 1)
        )


@pytest.fixture
def folder(litert_folder, tmp_path):
    """A copy, to be changed."""
    return shutil.copytree(litert_folder, tmp_path / "copy")


@pytest.mark.parametrize("kind", ["clip", "frame"])
def test_all_models_give_the_same_answer(kind, litert_folder, small, clips):
    model = litert.load(litert_folder / f"{kind}_float32.tflite")
    assert model.metadata["labels"] == list(exported.LABELS)
    answers = model.predict(clips)
    for clip, answer in zip(clips, answers, strict=True):
        whole = exported.expected(small, clip)
        assert answer.keys() == whole.keys() | {"label", "class_index"}
        for name, value in whole.items():
            assert answer[name].shape == value.shape
            np.testing.assert_allclose(answer[name], value, atol=1e-4)
        assert answer["label"] == exported.LABELS[answer["class_index"]]
    one = model.predict(clips[4].tolist())
    np.testing.assert_array_equal(one["logits"], answers[4]["logits"])


def test_streams_of_one_model_do_not_mix(litert_folder, clips):
    model = FrameModel(litert_folder / "frame_float32.tflite")
    clips = [clips[4], clips[5][:12]]
    streams = [model.stream(), model.stream()]
    for frames in zip(*clips, strict=True):
        for stream, frame in zip(streams, frames, strict=True):
            stream.step(frame)
    for stream, answer in zip(streams, model.predict(clips), strict=True):
        ended = stream.finish()
        assert ended["frames"] == 12
        np.testing.assert_array_equal(ended["logits"], answer["logits"])


class Counting(litert.Stream):
    """A stream of one body of one joint, whose model only counts.

    Args:
        start: What the model's count is at the first frame.
        stuck: Whether it does not count on.
    """

    def __init__(self, start=0, stuck=False):
        super().__init__(1, 1, state_size=1)
        self._count = np.array(start, np.int32)
        self._stuck = stuck
        self._counted = start

    def _call(self, values):
        if not self._stuck:
            with np.errstate(over="ignore"):
                self._count = self._count + np.int32(1)
        return {
            "frames": self._count,
            "bodies": np.int32(1),
            "state": values["state"][0],
        }


def test_a_count_that_begins_again_is_gone_on_with():
    stream = Counting(start=2**31 - 3)
    answers = [stream.step(np.ones((1, 1, 3))) for _ in range(6)]
    assert [x["frames"] for x in answers] == [1, 2, 3, 4, 5, 6]
    assert stream.finish()["frames"] == 6


def test_a_model_that_no_longer_counts_is_an_error_and_not_waited_for():
    stream = Counting(stuck=True)
    stream.step(np.ones((1, 1, 3)))
    with pytest.raises(ModelError, match=r"about 1 frames\. Received: one"):
        stream.finish()


def test_a_body_that_never_appears_is_told(litert_folder, clips):
    stream = FrameModel(litert_folder / "frame_float32.tflite").stream()
    alone = clips[4] * [[[1]], [[0]]]
    assert {stream.step(frame)["bodies"] for frame in alone} == {1}
    with pytest.raises(InputError, match=r"at least 2 bodies .*: 1"):
        stream.finish()
    # The next frame begins a new stream, in which both appear in turn.
    bodies = [stream.step(frame)["bodies"] for frame in alone[:2]]
    bodies += [stream.step(frame)["bodies"] for frame in alone[:2, ::-1]]
    assert bodies == [1, 1, 2, 2]
    assert stream.finish()["frames"] == 4


@pytest.mark.parametrize("kind", ["clip", "frame"])
def test_threads_share_a_model(kind, litert_folder, clips):
    model = litert.load(litert_folder / f"{kind}_float32.tflite")
    expected = model.predict(clips)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for answers in pool.map(model.predict, 16 * [clips]):
            for answer, other in zip(answers, expected, strict=True):
                np.testing.assert_array_equal(answer["logits"], other["logits"])


@pytest.mark.parametrize("name", ["model.json", "frame_float16.tflite"])
def test_every_flipped_byte_is_noticed(name, litert_folder, tmp_path):
    for file in ("model.json", "frame_float16.tflite"):
        shutil.copy(litert_folder / file, tmp_path)
    path = tmp_path / name
    whole = path.read_bytes()
    content = litert.read_metadata(tmp_path)
    del content["sha256"]
    for at in range(0, len(whole), 1 + len(whole) // 40):
        data = bytearray(whole)
        data[at] ^= 0x04
        path.write_bytes(data)
        try:
            model = litert.load(tmp_path / "frame_float16.tflite")
        except ModelError as error:
            message = str(error)
        else:  # It is in a checksum's name: all that is used is as it was.
            message = str(path)
            assert name == "model.json"
            assert all(model.metadata[x] == y for x, y in content.items())
        assert str(path) in message


def test_bad_input_is_refused(litert_folder, clips):
    clip_model = ClipModel(litert_folder / "clip_int8.tflite")
    assert clip_model.frames == 24
    too_long = np.concatenate([clips[5], clips[5]])
    with pytest.raises(InputError, match=r"at most 24 frames.*Received: 40"):
        clip_model.predict(too_long)
    with pytest.raises(InputError, match=r"clip 1: .*frame_float32"):
        clip_model.predict([clips[0], too_long])
    frame_model = FrameModel(litert_folder / "frame_int8.tflite")
    bad = clips[3].copy()
    bad[1, 0, 0, 0] = np.nan
    for model in (clip_model, frame_model):
        with pytest.raises(InputError, match="nan"):
            model.predict(bad)
        with pytest.raises(InputError, match="at least 2 bodies"):
            model.predict(clips[3] * [[[1]], [[0]]])
    stream = frame_model.stream()
    with pytest.raises(InputError, match=r"\(2, 15, 3\)"):
        stream.step(bad)
    with pytest.raises(InputError, match="expected a frame first"):
        stream.finish()


def test_a_clip_model_says_what_streams(litert_folder, whole_clips_dir):
    model = ClipModel(litert_folder / "clip_int8.tflite")
    with pytest.raises(ModelError, match=r"whole clips.*frame_float32\.tflite"):
        model.stream()
    folder = whole_clips_dir / "litert/whole/1"
    model = ClipModel(folder / "clip_float32.tflite")
    reason = exported.WholeClips.cannot_stream
    with pytest.raises(ModelError, match=f"clip_float32.*{reason}"):
        model.stream()
    with pytest.raises(InputError, match=r"at most 8 frames\. Received: 9"):
        model.predict(exported.random_clips([9]))


def test_a_folder_stands_for_the_model_that_takes_any_clip(
    litert_folder, whole_clips_dir
):
    assert isinstance(litert.load(litert_folder), FrameModel)
    folder = whole_clips_dir / "litert/whole/1"
    assert isinstance(litert.load(folder), ClipModel)


def test_a_file_of_the_other_kind_is_refused(litert_folder):
    with pytest.raises(ModelError, match=r"such as frame_float32.*skeleton"):
        FrameModel(litert_folder / "clip_int8.tflite")
    with pytest.raises(ModelError, match=r"such as clip_float32.*ended"):
        ClipModel(litert_folder / "frame_int8.tflite")


@pytest.mark.parametrize("sums", [5, ["x"], {"model.json": 5}])
def test_damaged_checksums_are_an_error(sums, folder):
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**card, "sha256": sums}))
    with pytest.raises(ModelError, match="expected the file that export"):
        litert.read_metadata(folder)


def test_what_is_not_an_export_is_refused(folder):
    with pytest.raises(ModelError, match="expected a LiteRT file"):
        ClipModel(folder / "nothing.tflite")
    (folder / "clip_int8.tflite").write_bytes(b"else")
    with pytest.raises(ModelError, match="expected the file that export"):
        ClipModel(folder / "clip_int8.tflite")
    card = json.loads((folder / "model.json").read_text())
    del card["sha256"]  # as older exports are
    (folder / "model.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="expected a LiteRT file"):
        ClipModel(folder / "clip_int8.tflite")
    (folder / "model.json").write_text(
        json.dumps({**card, "format_version": 9})
    )
    with pytest.raises(ModelError, match=r"version 1.*Received: .*version 9"):
        litert.load(folder)
    (folder / "model.json").unlink()
    with pytest.raises(ModelError, match=r"with model\.json"):
        litert.load(folder)


def test_without_litert_the_command_that_installs_it_is_named(
    litert_folder, monkeypatch
):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModelError, match="pip install ai-edge-litert"):
        litert.load(litert_folder)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["runtime.py", *map(str, arguments)])
    litert.main()


def test_the_command_line_prints_answers(
    litert_folder, clips, tmp_path, monkeypatch, capsys
):
    for number in (3, 4):
        np.save(tmp_path / f"{number}.npy", clips[number])
    paths = [tmp_path / "3.npy", tmp_path / "4.npy"]
    run(monkeypatch, "--model", litert_folder, *paths)
    lines = capsys.readouterr().out.splitlines()
    answers = litert.load(litert_folder).predict([clips[3], clips[4]])
    for line, path, answer in zip(lines, paths, answers, strict=True):
        most = max(answer["probabilities"])
        assert line == f"{path}: {answer['label']} ({most:.1%})"
    run(monkeypatch, "--model", litert_folder, "--stream", paths[0])
    *live, last = capsys.readouterr().out.splitlines()
    assert len(live) == 5
    assert live[0].endswith("...")
    assert last == lines[0]


def test_the_command_line_has_no_traceback(
    litert_folder, tmp_path, monkeypatch
):
    file = litert_folder / "clip_int8.tflite"
    np.save(tmp_path / "bad.npy", np.zeros((3, 2, 14, 3)))
    (tmp_path / "text.npy").write_text("text")
    for arguments, message in (
        (["--model", litert_folder, tmp_path / "bad.npy"], "expected shape"),
        (["--model", litert_folder, tmp_path / "text.npy"], r"runtime\.py: "),
        (["--model", litert_folder, tmp_path / "no.npy"], r"no\.npy"),
        (["--model", tmp_path, tmp_path / "bad.npy"], r"model\.json"),
        (["--model", file, "--stream", tmp_path / "bad.npy"], "whole clips"),
    ):
        with pytest.raises(SystemExit, match=message):
            run(monkeypatch, *arguments)

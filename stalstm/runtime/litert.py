"""Runs exported LiteRT files, without TensorFlow and without stalstm.

This module needs NumPy and ai-edge-litert only. Every exported LiteRT folder
holds a copy of it, called `runtime.py`:

    python runtime.py clip.npy              # (frames, bodies, joints, 3)
    python runtime.py --stream clip.npy     # an answer after every frame

In Python:

    import runtime

    model = runtime.load("frame_float32.tflite")
    print(model.predict(clip)["label"])

    stream = model.stream()
    for frame in camera:                    # (bodies, joints, 3), metres
        print(stream.step(frame)["label"])
    print(stream.finish()["label"])
"""

import abc
import argparse
import hashlib
import json
import os
import pathlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

# The layout of `model.json` that this module reads.
FORMAT_VERSION = 1

# Metres. No depth sensor sees bodies that far away, and millimetres exceed it.
FARTHEST = 100.0

# Frames, more than the answers of any model lag behind.
LONGEST_LAG = 1000

ATTENTIONS = ("spatial_attention", "temporal_attention")
# Of files of which the first one is taken where there is a choice.
PRECISIONS = ("float32", "float16")


class InputError(ValueError):
    """A recording that no model can take; the message says why."""


class ModelError(Exception):
    """A model that cannot be used, or not in this way; the message says why."""


def check_clip(
    skeleton, bodies: int, joints: int, least_bodies: int
) -> np.ndarray:
    """Checks a clip before any model sees it.

    LiteRT files cannot refuse an input. The signatures of the SavedModel can,
    but a client that checks first gets the better message.

    Args:
        skeleton: Array or nested list `(frames, bodies, joints, 3)`, metres in
            camera space.
        bodies, joints: Numbers of bodies and joints that the model takes.
        least_bodies: Number of bodies that must appear in some frame.

    Returns:
        The skeleton, float32.

    Raises:
        InputError: The shape is another one, there is no frame, a coordinate
            is not a number or farther than `FARTHEST`, or too few bodies
            appear.
    """
    skeleton = _check(skeleton, ("frames", bodies, joints, 3))
    appear = np.any(skeleton != 0, axis=(0, 2, 3))
    if appear.sum() < least_bodies:
        absent = ", ".join(str(x) for x in np.flatnonzero(~appear))
        raise InputError(
            f"`skeleton`: expected at least {least_bodies} bodies that appear "
            f"in the clip. Received: nothing but zeros for body {absent}"
        )
    return skeleton


def check_frame(frame, bodies: int, joints: int) -> np.ndarray:
    """Checks a frame `(bodies, joints, 3)` of a stream, as `check_clip` does.

    Any number of bodies may be absent: they may appear later.
    """
    return _check(frame, (bodies, joints, 3))


def check_each(
    clips, check: Callable[[Any], np.ndarray]
) -> tuple[list[np.ndarray], bool]:
    """Checks one clip, or several.

    Args:
        clips: One clip, an array or nested list with four axes; or several, a
            list or tuple of clips or an array with five axes.
        check: Returns a clip as an array, or raises `InputError`.

    Returns:
        The checked clips, and whether there were several.

    Raises:
        InputError: `check` refused a clip; of several, the message gives its
            number.
    """
    if isinstance(clips, list | tuple):
        several = not clips or any(_axes(clip) >= 4 for clip in clips)
    else:
        several = np.ndim(clips) == 5
    if not several:
        return [check(clips)], False
    checked = []
    for number, clip in enumerate(clips):
        try:
            checked.append(check(clip))
        except InputError as error:
            raise InputError(f"clip {number}: {error}") from None
    return checked, True


def _axes(value) -> int:
    """The number of axes, going by the first element of each list."""
    if isinstance(value, list | tuple):
        return 1 + (_axes(value[0]) if value else 0)
    return np.ndim(value)


def _check(array, shape):
    try:
        array = np.asarray(array, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`skeleton`: expected numbers. Received: {error}"
        ) from None
    expected = f"({', '.join(map(str, shape))})"
    fits = len(array.shape) == len(shape) and all(
        n > 0 if name == "frames" else n == name
        for n, name in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise InputError(
            f"`skeleton`: expected shape {expected}, at least one frame. "
            f"Received: {array.shape}"
        )
    # Also false for NaN.
    good = np.abs(array) <= FARTHEST
    if not good.all():
        place = tuple(int(x) for x in np.argwhere(~good)[0])
        raise InputError(
            f"`skeleton`: expected metres, none beyond {FARTHEST:g}. "
            f"Received: {array[place]} at {place} of {expected}"
        )
    return array


class Stream(abc.ABC):
    """Feeds a model one frame at a time and carries its state.

    Args:
        bodies, joints: Numbers of bodies and joints that the model takes.
        state_size: Size of its state, which is all zeros at the start.
        least_bodies: Number of bodies that must appear; 0 if it is not known.
    """

    def __init__(
        self,
        bodies: int,
        joints: int,
        state_size: int,
        least_bodies: int = 0,
    ):
        self._shape = (bodies, joints)
        self._state_size = state_size
        self._least_bodies = least_bodies
        self._begin()

    @abc.abstractmethod
    def _call(self, values: dict[str, np.ndarray]) -> dict[str, Any]:
        """Runs the frame model on one stream.

        Args:
            values: `frame` `(1, bodies, joints, 3)`; `ended` `(1,)`, int32, 1
                after the last frame; `state` `(1, state_size)`.

        Returns:
            The outputs, among them the new `state`, without the batch axis.
        """

    def step(self, frame) -> dict[str, Any]:
        """Takes the next frame.

        Args:
            frame: `(bodies, joints, 3)`, metres in camera space. A body that
                is absent is all zeros.

        Returns:
            The answer so far: `label`; `class_index`; `probabilities` and
            `logits` `(classes,)`; `frames`, the number of frames that it
            covers; `bodies`, the number of bodies that have appeared (an
            answer about fewer than `least_bodies` of `model.json` means
            nothing); and where the model has them, `spatial_attention`
            `(bodies * joints,)` and `temporal_attention` of the latest of
            these frames. With smoothing, answers lag the input by two frames:
            after the first two frames there is none yet, `frames` is 0 and
            `label` and `class_index` are `None`.

        Raises:
            InputError: See `check_frame`. The stream is as before and takes
                the next frame.
        """
        frame = check_frame(frame, *self._shape)
        outputs = self._take(frame, ended=0)
        self._sent += 1
        if not outputs["frames"]:
            outputs["label"] = outputs["class_index"] = None
        return outputs

    def finish(self) -> dict[str, Any]:
        """Ends the stream; the next frame begins a new one.

        Returns:
            The answer about the whole clip, as from `step`, but with the
            attentions of all frames that the last `step` was still lagging
            behind: `spatial_attention` `(0 to 2, bodies * joints)`,
            `temporal_attention` `(0 to 2,)`.

        Raises:
            InputError: There was no frame, or too few bodies have appeared.
        """
        late = self.rest()
        answer = dict(self._last)
        for name in ATTENTIONS:
            if name in answer:
                shape = (len(late), *np.shape(answer[name]))
                answer[name] = np.reshape([x[name] for x in late], shape)
        return answer

    def rest(self) -> list[dict[str, Any]]:
        """Ends the stream like `finish`, with an answer for each late frame.

        Returns:
            Those answers that the last `step` was still lagging behind, as
            from `step`; the last one is about the whole clip.

        Raises:
            InputError: There was no frame, or too few bodies have appeared.
                The next frame begins a new stream.
            ModelError: The model does not give the answers.
        """
        if not self._sent:
            raise InputError("expected a frame first. Received: none")
        late = []
        nothing = np.zeros((*self._shape, 3), np.float32)
        calls = 0
        while (before := self._frames) < self._sent:
            if self._take(nothing, ended=1)["frames"] > before:
                late.append(self._last)
            calls += 1
            if calls > LONGEST_LAG:
                raise ModelError(
                    f"expected an answer about {self._sent} frames. Received: "
                    f"one about {self._frames}, and none after {calls} calls"
                )
        self._begin()
        appeared = self._last["bodies"]
        if appeared < self._least_bodies:
            raise InputError(
                f"`skeleton`: expected at least {self._least_bodies} bodies "
                f"that appear in the stream. Received: {appeared}"
            )
        return late

    def _begin(self):
        self._state = np.zeros((1, self._state_size), np.float32)
        self._sent = self._frames = self._counted = 0

    def _take(self, frame, ended):
        outputs = self._call(
            {
                "frame": frame[None],
                "ended": np.array([ended], np.int32),
                "state": self._state,
            }
        )
        self._state = outputs.pop("state")[None]
        # The model's own count begins again beyond 2^31.
        if int(outputs["frames"]) != self._counted:
            self._counted = int(outputs["frames"])
            self._frames += 1
        outputs["frames"] = self._frames
        outputs["bodies"] = int(outputs["bodies"])
        self._last = outputs
        return outputs


class _Model(abc.ABC):
    """A LiteRT file and the `model.json` in the same folder."""

    _input: ClassVar[str]
    _files: ClassVar[str]

    def __init__(self, path: str | os.PathLike[str], threads: int = 1):
        path = pathlib.Path(path)
        self.metadata = read_metadata(path.parent)
        self._name = path.name
        self._shape = (self.metadata["bodies"], len(self.metadata["joints"]))
        self._interpreter = _open(path, self.metadata, threads)
        self._alone = threading.Lock()  # An interpreter has one set of tensors.
        runner = self._interpreter.get_signature_runner()
        self._inputs = runner.get_input_details()
        self._outputs = runner.get_output_details()
        if self._input not in self._inputs:
            raise ModelError(
                f"{path}: expected a file such as {self._files}. Received: "
                f"one with the inputs {', '.join(sorted(self._inputs))}"
            )

    def predict(self, clips) -> Any:
        """Predicts the action of one clip, or of several.

        Args:
            clips: A clip `(frames, bodies, joints, 3)`, array or nested list,
                metres in camera space; or a list of clips.

        Returns:
            For a clip a dict, for several a list of them: `label`;
            `class_index`; `probabilities` and `logits` `(classes,)`; and where
            the model has them, `spatial_attention` `(frames, bodies * joints)`
            and `temporal_attention` `(frames,)`.

        Raises:
            InputError: See `check_clip`; or the clip has more frames than a
                clip model takes.
        """
        checked, several = check_each(clips, self._check)
        answers = [self._predict(clip) for clip in checked]
        return answers if several else answers[0]

    @abc.abstractmethod
    def _predict(self, skeleton: np.ndarray) -> dict[str, Any]: ...

    def _check(self, clip):
        return check_clip(clip, *self._shape, self.metadata["least_bodies"])

    def _run(self, values):
        """The outputs by name, without the batch axis."""
        with self._alone:
            for name, value in values.items():
                self._interpreter.set_tensor(self._inputs[name]["index"], value)
            self._interpreter.invoke()
            outputs = {
                name: self._interpreter.get_tensor(details["index"])[0]
                for name, details in self._outputs.items()
            }
        best = int(outputs["probabilities"].argmax())
        outputs["class_index"] = best
        outputs["label"] = self.metadata["labels"][best]
        return outputs


class ClipModel(_Model):
    """A model that takes whole clips. Threads that share it take turns.

    Args:
        path: A `clip_*.tflite`, with its `model.json` in the same folder.
        threads: Number of threads that LiteRT may use.

    Attributes:
        metadata: The content of `model.json`.
        frames: Maximum length of a clip, in frames.

    Raises:
        ModelError: The file or its `model.json` is missing or of another
            kind, or ai-edge-litert is not installed.
    """

    _input = "skeleton"
    _files = "clip_float32.tflite"

    def __init__(self, path: str | os.PathLike[str], threads: int = 1):
        super().__init__(path, threads)
        self.frames = int(self._inputs["skeleton"]["shape"][1])

    def stream(self) -> Stream:
        """Raises `ModelError`, which says what to open for a stream."""
        instead = "open frame_float32.tflite in the same folder for a stream"
        if not self.metadata["streams"]:
            instead = f"it cannot stream: {self.metadata['cannot_stream']}"
        raise ModelError(
            "expected a model that takes one frame at a time. Received: "
            f"{self._name}, which takes whole clips; {instead}"
        )

    def _check(self, clip):
        clip = super()._check(clip)
        if len(clip) > self.frames:
            instead = ""
            if self.metadata["streams"]:
                instead = "; frame_float32.tflite takes any number"
            raise InputError(
                f"`skeleton`: expected at most {self.frames} frames{instead}. "
                f"Received: {len(clip)}"
            )
        return clip

    def _predict(self, skeleton):
        length = len(skeleton)
        padded = np.zeros((1, self.frames, *skeleton.shape[1:]), np.float32)
        padded[0, :length] = skeleton
        answer = self._run(
            {"skeleton": padded, "length": np.array([length], np.int32)}
        )
        for name in self.metadata["attentions"]:
            answer[name] = answer[name][:length]
        return answer


class FrameModel(_Model):
    """A model that takes one frame at a time, and so clips of any length.

    Threads that share it take turns; each stream belongs to one thread.

    Args:
        path: A `frame_*.tflite`, with its `model.json` in the same folder.
        threads: Number of threads that LiteRT may use.

    Attributes:
        metadata: The content of `model.json`.

    Raises:
        ModelError: As for `ClipModel`.
    """

    _input = "frame"
    _files = "frame_float32.tflite"

    def stream(self) -> Stream:
        """A live stream. Open one for each camera."""
        return _FileStream(self)

    def _predict(self, skeleton):
        stream = self.stream()
        live = [stream.step(frame) for frame in skeleton]
        answer = stream.finish()
        del answer["frames"], answer["bodies"]
        for name in self.metadata["attentions"]:
            known = [x[name] for x in live if x["frames"]]
            answer[name] = np.array([*known, *answer[name]])
        return answer


class _FileStream(Stream):
    def __init__(self, model: FrameModel):
        size = int(model._inputs["state"]["shape"][1])
        least_bodies = model.metadata["least_bodies"]
        super().__init__(*model._shape, size, least_bodies)
        self._model = model

    def _call(self, values):
        return self._model._run(values)


def load(
    path: str | os.PathLike[str], threads: int = 1
) -> ClipModel | FrameModel:
    """Opens an exported LiteRT folder, or one of its files.

    Args:
        path: A `frame_*.tflite` or `clip_*.tflite`; or their folder, which
            means the frame model, or the clip model where the model cannot
            stream: in float32, or else float16.
        threads: Number of threads that LiteRT may use.

    Raises:
        ModelError: As for `ClipModel`.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        kind = "frame" if read_metadata(path)["streams"] else "clip"
        whole, half = (path / f"{kind}_{x}.tflite" for x in PRECISIONS)
        path = whole if whole.exists() or not half.exists() else half
    if path.name.startswith("frame_"):
        return FrameModel(path, threads)
    return ClipModel(path, threads)


def read_metadata(folder: pathlib.Path) -> dict[str, Any]:
    """Returns the content of a folder's `model.json`.

    Raises:
        ModelError: There is none, or one of another version.
    """
    path = folder / "model.json"
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{folder}: expected a folder that export.py wrote, with "
            "model.json. Received: a folder without it"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: expected a JSON file. Received: {error}"
        ) from None
    version = (
        metadata.get("format_version") if isinstance(metadata, dict) else None
    )
    if version != FORMAT_VERSION:
        raise ModelError(
            f"{path}: expected format version {FORMAT_VERSION}; export the "
            "model again, or use the runtime.py in its own folder. Received: "
            f"format version {version}"
        )
    _check_content(metadata, path, _content(metadata))
    return metadata


def sealed(
    metadata: dict[str, Any], folder: pathlib.Path, names: Sequence[str]
) -> dict[str, Any]:
    """The content of `model.json` with checksums: of itself and of files.

    Args:
        metadata: The content without them.
        folder: Where the files are.
        names: Names of the files.
    """
    sums = {name: _digest((folder / name).read_bytes()) for name in names}
    return {
        **metadata,
        "sha256": {"model.json": _digest(_content(metadata)), **sums},
    }


def _content(metadata: dict[str, Any]) -> bytes:
    """What the checksum of `model.json` is about."""
    content = {x: y for x, y in metadata.items() if x != "sha256"}
    return json.dumps(content, sort_keys=True).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_content(metadata, path, content):
    """Checks the checksum of a file, if it was exported with one."""
    sums = metadata.get("sha256", {})
    expected = sums.get(path.name) if isinstance(sums, dict) else sums
    received = _digest(content)
    if expected not in (None, received):
        raise ModelError(
            f"{path}: expected the file that export.py wrote, with SHA-256 "
            f"{expected}. Received: {received}; copy or export the model again"
        )


def _open(path, metadata, threads):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{path}: expected LiteRT, which runs the file. Install it with\n"
            f"  pip install ai-edge-litert\nReceived: {error}"
        ) from None
    try:
        _check_content(metadata, path, path.read_bytes())
        interpreter = Interpreter(str(path), num_threads=threads)
        interpreter.allocate_tensors()
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path}: expected a LiteRT file. Received: {error}"
        ) from None
    return interpreter


def main() -> None:
    """Predicts the actions of clips from the command line."""
    parser = argparse.ArgumentParser(
        description="Predicts the actions of clips with an exported model."
    )
    parser.add_argument(
        "clips",
        metavar="CLIP",
        nargs="+",
        help="NumPy file (.npy) of an array (frames, bodies, joints, 3), "
        "metres in camera space",
    )
    parser.add_argument(
        "--model",
        metavar="FILE",
        default=pathlib.Path(__file__).parent,
        help="LiteRT file to run (default: the float32 model of this folder)",
    )
    parser.add_argument(
        "--stream", action="store_true", help="print an answer per frame"
    )
    arguments = parser.parse_args()
    try:
        model = load(arguments.model)
        for path in arguments.clips:
            clip = np.load(path)
            if arguments.stream:
                answer = _follow(model.stream(), clip)
            else:
                [answer] = model.predict([clip])
            print(f"{path}: {_text(answer)}")
    except (OSError, ValueError, ModelError) as error:
        raise SystemExit(f"runtime.py: {error}") from None


def _follow(stream, clip):
    for number, frame in enumerate(clip, start=1):
        answer = stream.step(frame)
        # With smoothing, the first two frames have no answer yet.
        text = _text(answer) if answer["frames"] else "..."
        print(f"frame {number:3}  {text}", flush=True)
    return stream.finish()


def _text(answer):
    return f"{answer['label']} ({max(answer['probabilities']):.1%})"


if __name__ == "__main__":
    main()

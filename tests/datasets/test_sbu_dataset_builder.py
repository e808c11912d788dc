import concurrent.futures
import functools
import http.server
import pathlib
import shutil
import socket
import tempfile
import threading

import numpy as np
import pytest
import tensorflow_datasets as tfds

from datasets.raw import RawDataError
from datasets.sbu import checksums, sbu_dataset_builder
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from datasets.sbu.recordings import ACTIONS, FOLDS, survey
from stalstm.description import Description, fold_protocols
from stalstm.skeletons import NITE


class SbuTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = sbu_dataset_builder.Builder
    SPLITS = {f"fold_{fold}": len(sets) for fold, sets in FOLDS.items()}  # noqa: RUF012

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        write_dummy_recordings(pathlib.Path(cls.EXAMPLE_DIR))


@pytest.fixture
def raw_dir(tmp_path):
    """One clip of three frames for each of the 21 sets."""
    write_dummy_recordings(tmp_path / "raw")
    return tmp_path / "raw"


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


def prepare(raw_dir, data_dir, **kwargs):
    builder = sbu_dataset_builder.Builder(data_dir=data_dir, **kwargs)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=raw_dir)
    )
    return builder


def files(data_dir):
    return [path for path in data_dir.rglob("*") if path.is_file()]


def damage(raw_dir, text="0,1\r\n"):
    file = raw_dir / "s07s03/05/001/skeleton_pos.txt"
    with file.open("a", newline="") as lines:
        lines.write(text)
    return file


def test_one_process_at_a_time_prepares_and_the_others_find_it_done(
    raw_dir, data_dir, capsys
):
    left = data_dir / "sbu" / "incomplete.AB12_2.0.0"
    left.mkdir(parents=True)  # by a process that was killed
    prepare_one = functools.partial(prepare, raw_dir)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        builders = list(pool.map(prepare_one, [data_dir, data_dir]))
    for builder in builders:
        assert builder.info.splits["fold_1"].num_examples == 4
    assert capsys.readouterr().out.count("Read 21 clips") == 1
    assert not left.exists()


def test_the_real_set_has_its_five_folds(sbu_raw_dir, data_dir, capsys):
    builder = prepare(sbu_raw_dir, data_dir)

    splits = builder.info.splits
    assert [splits[f"fold_{n}"].num_examples for n in (1, 2, 3, 4, 5)] == [
        *(55, 52, 56, 54, 65)
    ]
    printed = capsys.readouterr().out
    assert "Read 282 clips, 6822 frames" in printed
    assert "fold_3: 56 clips, 1413 frames" in printed
    assert "has 282 clips, 6822 frames: here +0 clips, +0 frames" in printed
    assert "has 230 clips, 6614 frames: here +52 clips, +208 frames" in printed
    assert "kept: 2 s03s05/01/001 s07s01/01/001" in printed
    assert "Left out" not in printed
    assert "without a recording" not in printed


def test_an_example_is_its_recording(raw_dir, data_dir):
    builder = prepare(raw_dir, data_dir)
    by_id = {
        example["clip_id"].decode(): example
        for example in tfds.as_numpy(builder.as_dataset(split="all"))
    }

    recordings = survey(raw_dir).recordings
    assert sorted(by_id) == [r.clip_id for r in recordings]
    for recording in recordings:
        example, clip = by_id[recording.clip_id], recording.read()
        np.testing.assert_array_equal(example["skeleton"], clip.skeleton)
        np.testing.assert_array_equal(
            example["frame_numbers"], clip.frame_numbers
        )
        assert example["label"] == int(recording.action) - 1
        for name in ("set", "action", "take"):
            assert example[name].decode() == getattr(recording, name)


def test_the_metadata_describe_the_data_before_and_after(raw_dir, data_dir):
    expected = Description(
        skeleton=NITE, bodies=2, classes=ACTIONS, protocols=fold_protocols(5)
    )
    before = sbu_dataset_builder.Builder(data_dir=data_dir)
    assert Description.from_json(before.info.metadata) == expected

    prepared = tfds.builder_from_directory(prepare(raw_dir, data_dir).data_path)
    assert Description.from_json(prepared.info.metadata) == expected
    for protocol in expected.protocols.values():
        for split in (protocol.train, protocol.test):
            assert set(split.split("+")) <= set(prepared.info.splits)


def test_a_fold_holds_its_own_sets(raw_dir, data_dir):
    builder = prepare(raw_dir, data_dir)
    for fold, sets in FOLDS.items():
        examples = tfds.as_numpy(builder.as_dataset(split=f"fold_{fold}"))
        assert {e["set"].decode() for e in examples} == set(sets)


@pytest.mark.parametrize("exists", [False, True])
def test_without_recordings_one_message_says_where_to_get_them(
    tmp_path, data_dir, exists
):
    raw_dir = tmp_path / "nothing"
    if exists:
        raw_dir.mkdir()

    with pytest.raises(RawDataError) as error:
        prepare(raw_dir, data_dir)

    message = str(error.value)
    assert str(raw_dir) in message
    assert sbu_dataset_builder.PAGE in message
    assert "s01s02.zip" in message
    assert "s07s03.zip" in message
    assert error.value.__suppress_context__
    assert not files(data_dir)


def test_a_folder_of_other_things_is_named_with_what_it_holds(
    tmp_path, data_dir
):
    (tmp_path / "raw").mkdir()
    stray = tmp_path / "raw/skeleton_pos.txt"
    stray.touch()

    with pytest.raises(RawDataError) as error:
        prepare(tmp_path / "raw", data_dir)

    assert f"No SBU recording in {tmp_path / 'raw'}." in str(error.value)
    assert str(stray) in str(error.value)
    assert sbu_dataset_builder.PAGE in str(error.value)


def test_a_damaged_recording_leaves_nothing_behind(raw_dir, data_dir):
    whole = (raw_dir / "s07s03/05/001/skeleton_pos.txt").read_bytes()
    file = damage(raw_dir)

    with pytest.raises(RawDataError) as error:
        prepare(raw_dir, data_dir)

    assert str(error.value).startswith(f"{file}, line 4: expected 91 fields")
    assert not files(data_dir)
    assert not sbu_dataset_builder.Builder(data_dir=data_dir).is_prepared()
    assert not list(data_dir.glob("sbu/*"))

    file.write_bytes(whole)
    assert prepare(raw_dir, data_dir).info.splits["fold_3"].num_examples == 4


def test_a_failure_while_writing_leaves_nothing_behind(
    raw_dir, data_dir, monkeypatch
):
    whole = sbu_dataset_builder.Builder._generate_examples

    def fail_after_the_first(self, clips):
        yield next(whole(self, clips))
        assert list(data_dir.glob("sbu/incomplete*"))
        raise OSError("No space left on device")

    monkeypatch.setattr(
        sbu_dataset_builder.Builder, "_generate_examples", fail_after_the_first
    )

    with pytest.raises(OSError, match="No space"):
        prepare(raw_dir, data_dir)

    assert not list(data_dir.glob("sbu/*"))


def test_what_is_left_out_and_what_is_missing_is_named(
    raw_dir, data_dir, capsys
):
    shutil.copytree(raw_dir / "s01s02", raw_dir / "s08s09")
    shutil.copytree(raw_dir / "s01s02/01", raw_dir / "s01s02/09")
    shutil.rmtree(raw_dir / "s02s03")

    builder = prepare(raw_dir, data_dir)

    assert builder.info.splits.total_num_examples == 20
    printed = capsys.readouterr().out
    assert "Left out, sets of no official fold: 1 (s08s09)" in printed
    assert "Left out, unknown action: 1 (s01s02/09/001)" in printed
    assert "Official sets without a recording: s02s03." in printed
    assert "here -262 clips" in printed


def test_an_empty_fold_is_an_error_that_names_its_sets(raw_dir, data_dir):
    for name in FOLDS[2]:
        shutil.rmtree(raw_dir / name)

    with pytest.raises(RawDataError, match=r"fold_2 is empty: .*s02s07"):
        prepare(raw_dir, data_dir)

    assert not files(data_dir)


def test_preparation_asks_no_network(raw_dir, data_dir, monkeypatch):
    def refuse(*args):
        raise AssertionError(f"a connection was asked for: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    prepare(raw_dir, data_dir)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def page(tmp_path, raw_dir, monkeypatch):
    """A loopback server of 21 zips in place of the data set's page."""
    folder = tmp_path / "page"
    for place in raw_dir.iterdir():
        shutil.make_archive(
            str(folder / place.name), "zip", raw_dir, place.name
        )
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder)
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    public = checksums.of_sets(survey(raw_dir).recordings)
    monkeypatch.setattr(checksums, "PUBLIC", public)
    monkeypatch.setattr(
        sbu_dataset_builder, "PAGE", f"http://127.0.0.1:{server.server_port}"
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_download_fetches_the_zips_and_reads_them(
    page, tmp_path, data_dir, capsys
):
    builder = prepare(tmp_path / "nothing", data_dir, download=True)

    assert builder.info.splits.total_num_examples == 21
    assert not list(data_dir.rglob("skeleton_pos.txt"))
    assert "sizes and checksums of the zips" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["another line", "another name", "none"])
def test_a_download_of_other_recordings_is_refused(
    change, page, raw_dir, tmp_path, data_dir
):
    folder = next((raw_dir / "s02s06").glob("*/*"))
    if change == "another line":
        file = folder / "skeleton_pos.txt"
        file.write_text(file.read_text().replace("0.5", "0.6", 1))
    elif change == "another name":
        folder.rename(folder.with_name("009"))
    else:
        shutil.rmtree(folder)
    shutil.make_archive(str(page / "s02s06"), "zip", raw_dir, "s02s06")

    with pytest.raises(
        RawDataError, match=r"s02s06\.zip: expected the recordings of the publ"
    ):
        prepare(tmp_path / "nothing", data_dir, download=True)
    assert not list(data_dir.glob("sbu/*"))


def test_the_checksums_are_those_of_the_public_set(sbu_raw_dir):
    found = survey(sbu_raw_dir).recordings
    assert checksums.of_sets(found) == checksums.PUBLIC


def test_the_ends_of_lines_change_no_checksum(raw_dir):
    before = checksums.of_sets(survey(raw_dir).recordings)
    for path in raw_dir.rglob("skeleton_pos.txt"):
        lines = path.read_bytes().splitlines()
        path.write_bytes(b"\n".join(lines))
    assert checksums.of_sets(survey(raw_dir).recordings) == before


def test_download_fetches_only_the_sets_that_are_missing(
    page, raw_dir, data_dir, capsys
):
    shutil.rmtree(raw_dir / "s07s01")
    for path in page.iterdir():
        if path.name != "s07s01.zip":
            path.unlink()

    builder = prepare(raw_dir, data_dir, download=True)

    assert builder.info.splits.total_num_examples == 21
    printed = capsys.readouterr().out
    assert printed.count("Fetching") == 1
    assert "/s07s01.zip" in printed


def test_a_failed_download_goes_on_where_it_stopped(page, tmp_path, data_dir):
    last = page / "s07s03.zip"
    last.rename(page / "away")

    with pytest.raises(
        RawDataError, match=r"s07s03\.zip could not be"
    ) as error:
        prepare(tmp_path / "nothing", data_dir, download=True)

    assert "404" in str(error.value)
    assert "s01s02.zip s01s03.zip" in str(error.value)
    assert not list(data_dir.glob("sbu/*"))
    assert not list(data_dir.rglob("*.tmp.*"))

    for path in page.iterdir():
        if path.name != "away":
            path.unlink()
    (page / "away").rename(last)
    builder = prepare(tmp_path / "nothing", data_dir, download=True)
    assert builder.info.splits.total_num_examples == 21


def test_a_download_cut_short_leaves_no_half_zip(
    page, tmp_path, data_dir, monkeypatch
):
    def cut(self, source, outputfile):
        outputfile.write(source.read(100))

    monkeypatch.setattr(Quiet, "copyfile", cut)

    with pytest.raises(RawDataError, match=r"s01s02\.zip could not be"):
        prepare(tmp_path / "nothing", data_dir, download=True)

    assert not files(data_dir)

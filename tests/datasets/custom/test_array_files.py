import io

import numpy as np
import pytest

from datasets.custom.array_files import parse_npy, parse_npz
from datasets.raw import RawDataError
from stalstm.skeletons import Skeleton

SKELETON = Skeleton("pair", ("a", "b"))


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def savez(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def claiming(shape):
    """A header without the coordinates that it claims."""
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f8", "i1", ">i4", "u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_and_integers_of_all_sizes_are_read(dtype, order):
    clip = np.arange(24).reshape(4, 2, 3).astype(dtype, order=order)
    again = parse_npy(saved(clip), "x.npy", SKELETON)
    assert again.dtype == np.float64
    np.testing.assert_array_equal(again, clip[:, np.newaxis])


def test_bodies_are_the_second_axis_of_four():
    clip = np.arange(36.0).reshape(2, 3, 2, 3)
    np.testing.assert_array_equal(
        parse_npy(saved(clip), "x.npy", SKELETON), clip
    )


def test_no_frames_are_a_clip():
    again = parse_npy(saved(np.empty((0, 2, 3))), "x.npy", SKELETON)
    assert again.shape == (0, 1, 2, 3)


@pytest.mark.parametrize("dtype", ["c16", "?", "U3", "M8[s]", "O", "f8,f8"])
def test_what_is_not_a_number_is_an_error(dtype):
    data = saved(np.empty((4, 2, 3), dtype))
    with pytest.raises(
        RawDataError, match=r"^x\.npy: expected an array of floats or integers"
    ):
        parse_npy(data, "x.npy", SKELETON)


@pytest.mark.parametrize(
    "shape", [(4, 6), (4, 3, 3), (4, 2, 2), (2, 2, 4, 3), (1, 1, 1, 2, 3), ()]
)
def test_another_shape_is_named_with_the_one_expected(shape):
    with pytest.raises(RawDataError) as error:
        parse_npy(saved(np.zeros(shape)), "x.npy", SKELETON)
    assert str(error.value) == (
        "x.npy: expected the shape (frames, 2, 3) or (frames, bodies, 2, 3), "
        f"for the 2 joints of the skeleton pair. Received: {shape}"
    )


def test_a_claim_is_checked_before_memory_is_allocated():
    with pytest.raises(RawDataError, match=r"at most 20000000 joints .* 10000"):
        parse_npy(claiming((10**12, 2, 3)), "x.npy", SKELETON)
    with pytest.raises(RawDataError, match=r"4800 bytes .* Received: fewer"):
        parse_npy(claiming((100, 2, 3)), "x.npy", SKELETON)
    with pytest.raises(RawDataError, match=r"expected the shape .*\(-1, 2, 3"):
        parse_npy(claiming((-1, 2, 3)), "x.npy", SKELETON)


def test_two_arrays_in_one_npy_are_an_error():
    data = saved(np.zeros((4, 2, 3)))
    with pytest.raises(RawDataError, match="Received: more"):
        parse_npy(data + data, "x.npy", SKELETON)


@pytest.mark.parametrize("parse", [parse_npy, parse_npz])
def test_another_format_is_an_error(parse):
    with pytest.raises(
        RawDataError, match=r"^x: expected .* written by np\.save"
    ):
        parse(b"frame,joint,x,y,z", "x", SKELETON)


def test_a_version_for_names_of_fields_is_an_error():
    data = bytearray(saved(np.zeros((4, 2, 3))))
    data[6] = 3
    with pytest.raises(RawDataError, match=r"Received: version \(3, 0\)"):
        parse_npy(bytes(data), "x.npy", SKELETON)


def test_the_only_array_of_an_npz_is_read():
    clip = np.ones((4, 2, 3))
    again = parse_npz(savez(anything=clip), "x.npz", SKELETON)
    np.testing.assert_array_equal(again, clip[:, np.newaxis])


def test_which_of_several_arrays_is_the_clip_must_be_said():
    clip, other = np.ones((4, 2, 3)), np.zeros(5)
    again = parse_npz(savez(other=other, skeleton=clip), "x.npz", SKELETON)
    np.testing.assert_array_equal(again, clip[:, np.newaxis])
    with pytest.raises(
        RawDataError, match=r"called 'skeleton'\. Received: clip, other"
    ):
        parse_npz(savez(clip=clip, other=other), "x.npz", SKELETON)
    with pytest.raises(RawDataError, match="Received: none"):
        parse_npz(savez(), "x.npz", SKELETON)


def test_a_damaged_npz_is_named():
    data = bytearray(savez(skeleton=np.ones((400, 2, 3))))
    data[1000] ^= 1
    with pytest.raises(RawDataError, match=r"x\.npz: expected arrays .*CRC"):
        parse_npz(bytes(data), "x.npz", SKELETON)

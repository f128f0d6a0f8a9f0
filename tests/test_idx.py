"""IDX files: what is written comes back, what is damaged is refused, memory stays honest."""

import gzip
import os
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from skdigits.datasets import read_idx, write_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
ARRAYS = st.sampled_from(sorted(CODES)).flatmap(
    lambda code: npst.arrays(np.dtype(code), npst.array_shapes(min_dims=1, max_dims=4, min_side=0))
)
ONE_FILE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def idx_bytes(array):
    """Return the IDX file of an array, by the format's description."""
    code = CODES[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def labels():
    return idx_bytes(np.arange(10, dtype="u1"))


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
@given(array=ARRAYS)
@ONE_FILE
def test_files_are_read_by_the_formats_description(tmp_path, array, compress):
    path = tmp_path / "file"
    path.write_bytes(compress(idx_bytes(array)))
    back = read_idx(path)
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("swap", [False, True], ids=["native", "swapped"])
@given(array=ARRAYS)
@ONE_FILE
def test_files_are_written_by_the_formats_description(tmp_path, array, swap):
    given_array = array.astype(array.dtype.newbyteorder()) if swap else array
    write_idx(given_array, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == idx_bytes(array)
    write_idx(given_array, tmp_path / "file.gz")
    assert gzip.decompress((tmp_path / "file.gz").read_bytes()) == idx_bytes(array)


@pytest.mark.parametrize("name", ["file", "file.gz"])
@given(array=ARRAYS)
@ONE_FILE
def test_what_is_written_comes_back(tmp_path, array, name):
    write_idx(array, str(tmp_path / name))
    back = read_idx(tmp_path / name)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


def test_arrays_in_any_order_of_memory_are_written_the_last_index_fastest(tmp_path):
    array = np.arange(24, dtype="i2").reshape(2, 3, 4)
    write_idx(array.transpose(2, 0, 1)[::-1], tmp_path / "file")
    np.testing.assert_array_equal(read_idx(tmp_path / "file"), array.transpose(2, 0, 1)[::-1])


def test_the_same_array_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1e9)
    write_idx(np.ones(9, "u1"), tmp_path / "a.gz")
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_idx(np.ones(9, "u1"), tmp_path / "b.gz")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize(
    ("array", "got", "way_out"),
    [
        (np.ones(3, bool), "bool", "uint8"),
        (np.ones(3, "i8"), "int64", "int32"),
        ([1, 2, 3], "int64", "int32"),
        (np.ones(3, "u2"), "uint16", "int32"),
        (np.ones(3, "f2"), "float16", "float32"),
        (np.array(["a"]), "<U1", None),
        (np.ones(3, complex), "complex128", None),
        ([None], "object", None),
    ],
)
def test_a_type_that_idx_lacks_is_refused(tmp_path, array, got, way_out):
    message = f"expects uint8, int8, int16, int32, float32 or float64, got {got}"
    message += rf": convert it, as by \.astype\('{way_out}'\)\.$" if way_out else r"\.$"
    with pytest.raises(TypeError, match=f"^write_idx {message}"):
        write_idx(array, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "array", [np.uint8(3), np.ones([1] * 33, "u1"), np.empty((0, 2**32), "u1")], ids=np.shape
)
def test_a_shape_that_idx_lacks_is_refused(tmp_path, array):
    with pytest.raises(ValueError, match=r"^write_idx expects 1 to 32 dimensions .* got .* shape"):
        write_idx(array, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "file.gz"
    write_idx(np.arange(3, dtype="u1"), path)

    def fail(source, target):
        raise error

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(error):
        write_idx(np.zeros(9), path)
    assert list(tmp_path.iterdir()) == [path]
    assert read_idx(path).tolist() == [0, 1, 2]


def test_a_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "other").touch()
    write_idx(np.zeros(9), tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^write_idx expects a folder that exists, .*/no "):
        write_idx(np.zeros(9), tmp_path / "no" / "file")


def test_the_array_can_be_written_to(tmp_path, labels):
    path = tmp_path / "file"
    path.write_bytes(labels)
    array = read_idx(str(path))
    array[0] = 7
    assert array[0] == 7


@given(data=st.binary(max_size=60))
@ONE_FILE
def test_any_bytes_are_an_array_or_a_value_error(tmp_path, data):
    path = tmp_path / "file"
    for contents in (data, b"\0\0\x08" + data, b"\x1f\x8b" + data, gzip.compress(b"\0\0" + data)):
        path.write_bytes(contents)
        try:
            assert isinstance(read_idx(path), np.ndarray)
        except ValueError as error:
            assert str(error).startswith("read_idx expects")  # noqa: PT017


@given(data=st.data(), array=ARRAYS)
@ONE_FILE
def test_a_truncated_file_is_refused(tmp_path, data, array):
    path = tmp_path / "file"
    whole = data.draw(st.sampled_from([bytes, gzip.compress]))(idx_bytes(array))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ValueError, match=r"^read_idx expects"):
        read_idx(path)


def test_a_wrong_beginning_is_shown(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\x89PNG rest")
    with pytest.raises(ValueError, match=r"expects an IDX file, .* begins with the bytes 89 50 4e"):
        read_idx(path)


def test_an_unknown_type_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes([0, 0, 0x0A, 1, 0, 0, 0, 0]))
    with pytest.raises(ValueError, match="expects an IDX file"):
        read_idx(path)


@pytest.mark.parametrize("n_dimensions", [0, 33, 255])
def test_no_dimensions_or_too_many_are_refused(tmp_path, n_dimensions):
    path = tmp_path / "file"
    path.write_bytes(bytes([0, 0, 8, n_dimensions]) + bytes(4 * n_dimensions))
    with pytest.raises(ValueError, match=f"expects 1 to 32 dimensions, .* says {n_dimensions}"):
        read_idx(path)


def test_a_short_file_says_what_is_missing(tmp_path, labels):
    path = tmp_path / "file"
    path.write_bytes(labels[:-3])
    with pytest.raises(ValueError, match=r"expects 10 bytes of values in .* got 7"):
        read_idx(path)


def test_a_long_file_is_refused(tmp_path, labels):
    path = tmp_path / "file"
    path.write_bytes(labels + b"\0")
    with pytest.raises(ValueError, match=r"expects 10 bytes of values in .* got more"):
        read_idx(path)


def test_a_truncated_gzip_file_is_called_damaged(tmp_path, labels):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(labels)[:-9])
    with pytest.raises(ValueError, match=r"expects a whole gzip file, .* is damaged"):
        read_idx(path)


def test_sizes_beyond_any_memory_are_refused_even_with_no_values(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes([0, 0, 14, 3]) + bytes(4) + b"\xff" * 8)
    with pytest.raises(ValueError, match="expects sizes that fit into memory"):
        read_idx(path)


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path, compress, measure_peak):
    path = tmp_path / "file"
    path.write_bytes(compress(bytes([0, 0, 8, 2]) + b"\x00\xff\xff\xff" * 2 + b"few"))
    with pytest.raises(ValueError, match="got 3"):
        measure_peak(read_idx, path, below=4e6)


def test_a_gzip_bomb_takes_no_memory(tmp_path, labels, measure_peak):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(labels + bytes(50_000_000), 1))
    with pytest.raises(ValueError, match="got more"):
        measure_peak(read_idx, path, below=4e6)


WHOLE_FILES = [idx_bytes(np.arange(60, dtype="i2").reshape(3, 4, 5)), idx_bytes(np.zeros(9, "u1"))]
WHOLE_FILES += [gzip.compress(contents, mtime=0) for contents in WHOLE_FILES]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "cut"]),
        st.integers(0, 200),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=5,
)


def mutate(contents, edits):
    contents = bytearray(contents)
    for kind, place, value in edits:
        place %= len(contents) + 1
        if kind == "insert":
            contents[place:place] = bytes([value])
        elif kind == "cut":
            del contents[place:]
        else:
            contents[place : place + 1] = bytes([value] * (kind == "set"))
    return bytes(contents)


@given(contents=st.sampled_from(WHOLE_FILES), edits=EDITS, compress=st.booleans())
@settings(ONE_FILE, max_examples=1000)
def test_a_mutated_file_is_an_array_or_a_sentence_and_takes_no_memory(
    tmp_path, measure_peak, contents, edits, compress
):
    path = tmp_path / "file"
    contents = mutate(contents, edits)
    path.write_bytes(gzip.compress(contents, 1) if compress else contents)
    try:
        assert isinstance(measure_peak(read_idx, path, below=4e6), np.ndarray)
    except ValueError as error:
        assert str(error).startswith("read_idx expects")  # noqa: PT017
        assert str(error).endswith(".")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nowhere")

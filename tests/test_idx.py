"""IDX files: what is written comes back, what is damaged is refused, memory stays honest."""

import gzip
import struct
import tracemalloc

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
def test_what_is_written_comes_back(tmp_path, array, compress):
    path = tmp_path / "file"
    path.write_bytes(compress(idx_bytes(array)))
    back = read_idx(path)
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, array)


@given(array=ARRAYS, name=st.sampled_from(["file", "file.gz"]))
@ONE_FILE
def test_write_idx_writes_the_format(tmp_path, array, name):
    path = tmp_path / name
    write_idx(array, path)
    contents = path.read_bytes()
    assert (gzip.decompress(contents) if name.endswith(".gz") else contents) == idx_bytes(array)
    np.testing.assert_array_equal(read_idx(path), array)


def test_the_same_array_makes_the_same_compressed_file(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_idx(np.arange(5, dtype=">f8"), tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize("values", [[1, 2], [True], ["a"], [1 + 1j]])
def test_write_idx_refuses_other_types(values, tmp_path):
    with pytest.raises(TypeError, match=r"expects one of the types uint8, .* use \.astype\(\)"):
        write_idx(values, tmp_path / "file")
    assert not any(tmp_path.iterdir())


def test_write_idx_refuses_single_values(tmp_path):
    with pytest.raises(ValueError, match=r"expects 1 to 32 dimensions .* shape \(\)"):
        write_idx(np.float32(1), tmp_path / "file")


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
@settings(ONE_FILE, max_examples=500)
def test_a_mutated_file_is_an_array_or_a_value_error_in_little_memory(tmp_path, data, array):
    path = tmp_path / "file"
    contents = bytearray(data.draw(st.sampled_from([bytes, gzip.compress]))(idx_bytes(array)))
    for _ in range(data.draw(st.integers(1, 5))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(contents)
    tracemalloc.start()
    try:
        assert isinstance(read_idx(path), np.ndarray)
    except ValueError as error:
        assert str(error).startswith("read_idx expects")  # noqa: PT017
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 4_000_000


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
def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path, compress):
    path = tmp_path / "file"
    path.write_bytes(compress(bytes([0, 0, 8, 2]) + b"\x00\xff\xff\xff" * 2 + b"few"))
    with pytest.raises(ValueError, match="got 3"):
        peak_of(read_idx, path, below=4e6)


def test_a_gzip_bomb_takes_no_memory(tmp_path, labels):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(labels + bytes(50_000_000), 1))
    with pytest.raises(ValueError, match="got more"):
        peak_of(read_idx, path, below=4e6)


def peak_of(function, path, *, below):
    """Call the function, and check the memory it took at most."""
    tracemalloc.start()
    try:
        return function(path)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < below


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nowhere")

"""Reader and writer of IDX files, the format of MNIST and its relatives."""

import gzip
import math
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

from skdigits._files import atomic_path

# http://yann.lecun.com/exdb/mnist/: 0, 0, type, number of dimensions; the sizes as big-endian
# 32-bit integers; the values, big-endian, the last index running fastest.
_DTYPES: dict[int, np.dtype] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DIMENSIONS = 32
_LARGEST_SIZE = 2**32 - 1
_CHUNK = 1 << 20


def read_idx(path):
    """Read an IDX file into an array.

    Parameters
    ----------
    path : str or path-like
        The file, plain or compressed by gzip (its contents tell, not its name).

    Returns
    -------
    ndarray
        The values, in the shape and type of the file (and in the machine's byte order).

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is no IDX file, is damaged, or holds more or less than its header says. No more
        memory is taken than the file really fills.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdigits.datasets import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([7, 2, 1]))
    ...     read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    return to_array(*read_parts(path))


def write_idx(array, path):
    """Write an array into an IDX file.

    Parameters
    ----------
    array : array-like
        Of 1 to 32 dimensions; of bytes, 16 or 32 bit integers with a sign, or floats of 32 or
        64 bits.
    path : str or path-like
        The file; compressed by gzip if its name ends in ``.gz``. It appears whole or not at all.

    Raises
    ------
    TypeError
        If the format does not know the array's type.
    ValueError
        If it does not know the array's shape.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skdigits.datasets import read_idx, write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "images-idx3-ubyte.gz")
    ...     write_idx(np.zeros((5, 28, 28), dtype=np.uint8), path)
    ...     read_idx(path).shape
    (5, 28, 28)
    """
    array, path = np.asarray(array), Path(path)
    contents = _make_header(array) + array.astype(array.dtype.newbyteorder(">")).tobytes()
    if path.suffix == ".gz":
        contents = gzip.compress(contents, mtime=0)
    with atomic_path(path) as temporary:
        temporary.write_bytes(contents)


def _make_header(array):
    codes = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(map(str, codes))
        raise TypeError(
            f"write_idx expects one of the types {known}, got {array.dtype}: use .astype()."
        )
    if not 1 <= array.ndim <= _MAX_DIMENSIONS or max(array.shape) > _LARGEST_SIZE:
        raise ValueError(
            f"write_idx expects 1 to {_MAX_DIMENSIONS} dimensions of at most {_LARGEST_SIZE:,}, "
            f"got an array of shape {array.shape}."
        )
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)


def read_parts(path):
    """Return the header and the values of an IDX file as bytes, their lengths checked."""
    path = Path(path)
    with path.open("rb") as file:
        return parts_of(file, path)


def parts_of(file, path):
    """Return what :func:`read_parts` does, of an open file; `path` is what errors call it."""
    is_compressed = file.read(2) == _GZIP_MAGIC
    file.seek(0)
    if not is_compressed:
        return _read_stream(file, path)
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            return _read_stream(stream, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"read_idx expects a whole gzip file, {path} is damaged.") from error


def to_array(header, values):
    """Turn what :func:`read_parts` returned into an array."""
    dtype, shape = _parse_header(header)
    array = np.frombuffer(values, dtype=dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_stream(stream, path):
    header = stream.read(4)
    if len(header) < 4 or header[:2] != b"\0\0" or header[2] not in _DTYPES:
        raise ValueError(
            f"read_idx expects an IDX file, {path} begins with the bytes {header.hex(' ') or '-'}."
        )
    n_dimensions = header[3]
    if not 1 <= n_dimensions <= _MAX_DIMENSIONS:
        raise ValueError(
            f"read_idx expects 1 to {_MAX_DIMENSIONS} dimensions, "
            f"the header of {path} says {n_dimensions}."
        )
    header += stream.read(4 * n_dimensions)
    if len(header) < 4 + 4 * n_dimensions:
        raise ValueError(
            f"read_idx expects {n_dimensions} sizes in the header of {path}, it ends before."
        )
    n_bytes = _count_bytes(header, path)
    # One byte more shows a file that is too long; a bomb stops there.
    values = _read_up_to(stream, n_bytes + 1)
    if len(values) != n_bytes:
        n_found = "more" if len(values) > n_bytes else len(values)
        raise ValueError(
            f"read_idx expects {n_bytes} bytes of values in {path} after its header, got {n_found}."
        )
    return header, values


def _parse_header(header):
    return _DTYPES[header[2]], struct.unpack(f">{header[3]}I", header[4:])


def _count_bytes(header, path):
    """Bytes of values that the header promises."""
    dtype, shape = _parse_header(header)
    # An empty array, too, needs strides that fit.
    if dtype.itemsize * math.prod(max(size, 1) for size in shape) > sys.maxsize:
        raise ValueError(
            f"read_idx expects sizes that fit into memory, the header of {path} says {shape}."
        )
    return dtype.itemsize * math.prod(shape)


def _read_up_to(stream, n_bytes):
    """Read in pieces: memory grows with what is there, not with what the header says."""
    values = bytearray()
    while len(values) < n_bytes:
        chunk = stream.read(min(_CHUNK, n_bytes - len(values)))
        if not chunk:
            break
        values += chunk
    return values

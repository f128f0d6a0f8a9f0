"""Reader of IDX files, the format of MNIST and its relatives."""

import gzip
import math
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

# http://yann.lecun.com/exdb/mnist/: 0, 0, type, number of dimensions; the sizes as big-endian
# 32-bit integers; the values, big-endian, the last index running fastest.
_DTYPES = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DIMENSIONS = 32
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


def read_parts(path):
    """Return the header and the values of an IDX file as bytes, their lengths checked."""
    path = Path(path)
    with path.open("rb") as plain:
        is_compressed = plain.read(2) == _GZIP_MAGIC
        plain.seek(0)
        if not is_compressed:
            return _read_stream(plain, path)
        try:
            with gzip.GzipFile(fileobj=plain) as stream:
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

"""Reader and writer of IDX files, the format of MNIST and its relatives."""

import gzip
import math
import os
import struct
import sys
import zlib
from contextlib import contextmanager
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
_CODES = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DIMENSIONS = 32
_MAX_SIZE = 2**32 - 1
_CHUNK = 1 << 20


def read_idx(path, *, mmap_mode=None):
    """Read an IDX file into an array.

    Parameters
    ----------
    path : str or path-like
        The file, plain or compressed by gzip (its contents tell, not its name).
    mmap_mode : {None, "r"}, default=None
        "r" leaves the values in the file, which must be plain, until they are asked for, as in
        :func:`numpy.load`. That is for files larger than memory.

    Returns
    -------
    ndarray
        The values, in the shape and type of the file (and in the machine's byte order). With
        ``mmap_mode="r"`` a :class:`numpy.memmap` that cannot be written to, in the byte order of
        the file.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is no IDX file, is damaged, or holds more or less than its header says. No more
        memory is taken than the file really fills. With ``mmap_mode="r"`` also if it is
        compressed.

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
    if mmap_mode not in (None, "r"):
        raise ValueError(f"read_idx expects mmap_mode=None or 'r', got {mmap_mode!r}.")
    return to_array(*read_parts(path)) if mmap_mode is None else _map_values(path)


def write_idx(array, path):
    """Write an array to an IDX file.

    Parameters
    ----------
    array : array-like of 1 to 32 dimensions
        Of one of the types that IDX has: uint8, int8, int16, int32, float32 or float64, in any
        byte order.
    path : str or path-like
        The file, compressed by gzip if its name ends in ``.gz``. Its folder exists. A file that
        is there is replaced, once the new one is whole; the same array gives the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written; what was there is then still there.
    TypeError
        If IDX has no such type. Nothing is converted unasked.
    ValueError
        If IDX has no such shape.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skdigits.datasets import read_idx, write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "images-idx3-ubyte.gz")
    ...     write_idx(np.zeros((5, 28, 28), dtype="uint8"), path)
    ...     read_idx(path).shape
    (5, 28, 28)
    """
    array, path = np.asarray(array), Path(path)
    header = _make_header(array)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"write_idx expects a folder that exists, {path.parent} does not.")
    with atomic_path(path) as partial, _open_to_write(partial) as stream:
        stream.write(header)
        stream.write(array.astype(_DTYPES[header[2]], copy=False).tobytes())


def read_parts(path):
    """Return the header and the values of an IDX file as bytes, their lengths checked."""
    with Path(path).open("rb") as stream:
        return read_parts_of(stream, path)


def read_parts_of(stream, name):
    """Do :func:`read_parts` on an open file; errors call it by `name`."""
    is_compressed = stream.read(2) == _GZIP_MAGIC
    stream.seek(0)
    if not is_compressed:
        return _read_stream(stream, name)
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            return _read_stream(unpacked, name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"read_idx expects a whole gzip file, {name} is damaged.") from error


def to_array(header, values):
    """Turn what :func:`read_parts` returned into an array."""
    dtype, shape = _parse_header(header)
    array = np.frombuffer(values, dtype=dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _map_values(path):
    """Return the values of a plain IDX file, of which only the header is read."""
    with Path(path).open("rb") as stream:
        if stream.read(2) == _GZIP_MAGIC:
            raise ValueError(
                f"read_idx(mmap_mode='r') expects a plain file, {path} is compressed by gzip: "
                "decompress it first, or read all of it with mmap_mode=None."
            )
        stream.seek(0)
        header = _read_header(stream, path)
        n_found = os.fstat(stream.fileno()).st_size - len(header)
        _check_length(n_found, _count_bytes(header, path), path)
        dtype, shape = _parse_header(header)
        return np.memmap(stream, dtype, "r", len(header), shape)


def _read_stream(stream, name):
    header = _read_header(stream, name)
    n_bytes = _count_bytes(header, name)
    # One byte more shows a file that is too long; a bomb stops there.
    values = _read_up_to(stream, n_bytes + 1)
    _check_length(len(values), n_bytes, name)
    return header, values


def _read_header(stream, name):
    header = stream.read(4)
    if len(header) < 4 or header[:2] != b"\0\0" or header[2] not in _DTYPES:
        raise ValueError(
            f"read_idx expects an IDX file, {name} begins with the bytes {header.hex(' ') or '-'}."
        )
    n_dimensions = header[3]
    if not 1 <= n_dimensions <= _MAX_DIMENSIONS:
        raise ValueError(
            f"read_idx expects 1 to {_MAX_DIMENSIONS} dimensions, "
            f"the header of {name} says {n_dimensions}."
        )
    header += stream.read(4 * n_dimensions)
    if len(header) < 4 + 4 * n_dimensions:
        raise ValueError(
            f"read_idx expects {n_dimensions} sizes in the header of {name}, it ends before."
        )
    return header


def _check_length(n_found, n_bytes, name):
    if n_found != n_bytes:
        got = "more" if n_found > n_bytes else n_found
        raise ValueError(
            f"read_idx expects {n_bytes} bytes of values in {name} after its header, got {got}."
        )


def _make_header(array):
    code = _CODES.get(array.dtype.newbyteorder("="))
    if code is None:
        fitting = {"b": "uint8", "i": "int32", "u": "int32", "f": "float32"}.get(array.dtype.kind)
        raise TypeError(
            "write_idx expects uint8, int8, int16, int32, float32 or float64, got "
            f"{array.dtype}{f': convert it, as by .astype({fitting!r})' if fitting else ''}."
        )
    if not 1 <= array.ndim <= _MAX_DIMENSIONS or max(array.shape) > _MAX_SIZE:
        raise ValueError(
            f"write_idx expects 1 to {_MAX_DIMENSIONS} dimensions of at most {_MAX_SIZE}, "
            f"got an array of shape {array.shape}."
        )
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)


@contextmanager
def _open_to_write(path):
    with path.open("wb") as plain:
        if path.suffix != ".gz":
            yield plain
            return
        # Without name and time, which would make every file another.
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=plain, mtime=0) as packed:
            yield packed


def _parse_header(header):
    return _DTYPES[header[2]], struct.unpack(f">{header[3]}I", header[4:])


def _count_bytes(header, name):
    """Bytes of values that the header promises."""
    dtype, shape = _parse_header(header)
    # An empty array, too, needs strides that fit.
    if dtype.itemsize * math.prod(max(size, 1) for size in shape) > sys.maxsize:
        raise ValueError(
            f"read_idx expects sizes that fit into memory, the header of {name} says {shape}."
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

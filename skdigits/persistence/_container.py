"""The container of a model: one safetensors file with JSON in it, sealed by a checksum."""

import hashlib
import json
import stat
import struct
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from skdigits._files import atomic_path
from skdigits.persistence._values import Damaged

_KEY, _SEAL = "skdigits", "sha256"
_MAX_TEXT = 4 * 2**20  # characters of the JSON
_MAX_HEADER = 3 * _MAX_TEXT  # bytes of the header it is escaped in, with the names of the arrays


def write_container(path, text, arrays):
    """Write JSON and arrays into one file, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file; one of that name is replaced.
    text : str
        JSON.
    arrays : dict of str to ndarray
        Of numbers.

    Raises
    ------
    TypeError
        If the text is longer than a reader takes.
    """
    check_length(text)
    metadata = {_KEY: text, _SEAL: _seal(text, arrays)}
    content = _in_order(save(arrays, metadata=metadata))
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def check_length(text):
    """Refuse a text that is longer than a reader takes."""
    if len(text) > _MAX_TEXT:
        raise TypeError(
            f"save_model writes {_MAX_TEXT:,} characters at most beside the arrays, got "
            f"{len(text):,}."
        )


def read_container(path):
    """Return the JSON and the arrays of a file.

    Returns
    -------
    text : str
        The JSON.
    arrays : dict of str to ndarray
        The arrays.

    Raises
    ------
    Damaged
        If the file is no such container, or a bit of it has changed.
    OSError
        If it cannot be opened.
    """
    _check_header(path)
    try:
        with safe_open(Path(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise Damaged("it is not a whole file of a model") from error
    if set(metadata) != {_KEY, _SEAL}:
        raise Damaged("it is not a file of a model of skdigits")
    if metadata[_SEAL] != _seal(metadata[_KEY], arrays):
        raise Damaged("its checksum does not fit its content")
    return metadata[_KEY], arrays


def read_json(text):
    """Return what JSON says; numbers that are none, and members given twice, are refused."""
    if len(text) > _MAX_TEXT:
        raise Damaged("its description is too long")
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Damaged("its description is no JSON") from error


def _in_order(content):
    """Return a safetensors file whose header has its members in order: the same bits each time."""
    end = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":"))
    header += " " * (-len(header) % 8)  # so that the arrays lie at multiples of 8
    return struct.pack("<Q", len(header)) + header.encode() + content[end:]


def _check_header(path):
    """Refuse a file whose header is longer than any of ours, before it is parsed."""
    status = Path(path).stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # a pipe may never end
        raise Damaged("it is no regular file")
    with Path(path).open("rb") as file:
        start = file.read(8)
    if len(start) < 8 or struct.unpack("<Q", start)[0] > _MAX_HEADER:
        raise Damaged("it is not a file of a model")


def _seal(text, arrays):
    """Return the SHA-256 of the text and of the arrays with their names, types and shapes."""
    digest = hashlib.sha256(json.dumps(text).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _refuse(name):
    raise ValueError(f"{name} is no number")


def _unique(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member is there twice")
    return found

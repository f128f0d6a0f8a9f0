"""Steps of scikit-learn's own in a file of a model: skops, its list of trusted types enforced."""

import json
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from sklearn.base import BaseEstimator

from skdigits._optional import import_optional
from skdigits.persistence._values import Damaged, quoted

_SCHEMA = "schema.json"
_MAX_SCHEMA = 4 * 2**20  # bytes of the JSON that says how a step is put together


def write_step(estimator, *, who):
    """Return an estimator of scikit-learn as the bytes of a skops file.

    Parameters
    ----------
    estimator : estimator instance
        Of scikit-learn.
    who : str
        The function that an error speaks for.

    Returns
    -------
    content : ndarray of uint8
        The bytes.
    untrusted : str or None
        A type in it that skops does not trust, for which :func:`read_step` would refuse it.
    """
    skops = import_optional("skops.io", extra="skops", who=who)
    content = _counted_from_one(skops.dumps(estimator))
    untrusted = [*skops.get_untrusted_types(data=content), None]
    return np.frombuffer(content, dtype=np.uint8), untrusted[0]


def _counted_from_one(content):
    """Return skops's archive without addresses of memory and times: the same bits each time.

    skops numbers objects by their addresses, and names the files of arrays after them.
    """
    with ZipFile(BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members.pop(_SCHEMA))
    numbers: dict = {}
    names = {}
    for node in _nodes(schema):
        node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
        if "file" in node:
            name = node["file"]
            node["file"] = f"{node['__id__']}{name[name.rindex('.') :]}"
            names[name] = node["file"]
    counted = BytesIO()
    with ZipFile(counted, "w", ZIP_STORED) as archive:
        archive.writestr(ZipInfo(_SCHEMA), json.dumps(schema))
        for name, member in members.items():
            archive.writestr(ZipInfo(names[name]), member)
    return counted.getvalue()


def _nodes(schema):
    """Yield the nodes of a schema: objects that say what reads them."""
    parts = [schema]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            if "__loader__" in part:
                yield part


def read_step(array, *, who):
    """Return the estimator in such bytes; nothing of them runs.

    Raises
    ------
    Damaged
        If they are no step of scikit-learn, hold a type that skops does not trust, or numbers
        that lead scikit-learn's code astray.
    """
    from skdigits.persistence._step_checks import check_step  # which imports many classes

    skops = import_optional("skops.io", extra="skops", who=who)
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim != 1:
        raise Damaged("a step of it is none")
    content = array.tobytes()
    _check_archive(content)
    try:
        untrusted = skops.get_untrusted_types(data=content)
        if untrusted:
            raise Damaged(f"it holds the untrusted type {quoted(untrusted[0])}")
        step = skops.loads(content, trusted=[])
    except Damaged:
        raise
    except Exception as error:  # whatever skops stumbles over in a file that is not its own
        raise Damaged("a step of it cannot be read") from error
    if not isinstance(step, BaseEstimator):
        raise Damaged(f"a step of it is a {quoted(type(step).__name__)}")
    check_step(step)
    return step


def _check_archive(content):
    """Refuse what would grow on reading: members are stored as they are, arrays as they say."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if _SCHEMA not in members or len(members) < len(archive.infolist()):
                raise Damaged("a step of it is no archive")
            for name, member in members.items():
                _check_member(archive, member)
                if name != _SCHEMA:
                    with archive.open(member) as file:
                        _check_array(file, member.file_size)
            _check_schema(archive.read(_SCHEMA))
    except Damaged:
        raise
    except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise Damaged("a step of it is no archive") from error


def _check_member(archive, member):
    if member.compress_type != ZIP_STORED or member.file_size != member.compress_size:
        raise Damaged("a step of it is compressed")
    if member.filename == _SCHEMA and member.file_size > _MAX_SCHEMA:
        raise Damaged("a step of it is too large")
    if member.filename != _SCHEMA and not member.filename.endswith(".npy"):
        raise Damaged("a step of it holds what is no array, a sparse matrix maybe")


def _check_array(file, size):
    """Refuse an array that says it is larger than its member."""
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise Damaged("an array of it has an unknown version")
    shape, _, dtype = read[version](file)
    n_bytes = int(np.prod([int(length) for length in shape], dtype=object)) * dtype.itemsize
    if dtype.hasobject or n_bytes > size:
        raise Damaged("an array of it is not what it says")


def _check_schema(text):
    """Refuse a schema that reads an array more than once, which would let a small file grow.

    skops remembers what it has read by `__id__`, after which it names the files of its arrays.
    """
    for node in _nodes(json.loads(text)):
        number = node.get("__id__")
        is_number = type(number) is int and number > 0
        if "file" in node and not (is_number and node["file"] == f"{number}.npy"):
            raise Damaged("a step of it reads an array more than once")

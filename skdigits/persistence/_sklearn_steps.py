"""Steps of scikit-learn's own in a file of a model: skops, its list of trusted types enforced."""

from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from sklearn.base import BaseEstimator

from skdigits._optional import import_optional
from skdigits.persistence._values import Damaged

_MAX_SCHEMA = 4 * 2**20  # bytes of the JSON that says how a step is put together


def write_step(estimator, *, who):
    """Return an estimator of scikit-learn as the bytes of a skops file.

    Raises
    ------
    TypeError
        If the file would need a type that skops does not trust.
    """
    skops = import_optional("skops.io", extra="skops", who=who)
    content = skops.dumps(estimator)
    untrusted = skops.get_untrusted_types(data=content)
    if untrusted:
        raise TypeError(f"a {type(estimator).__name__} that holds {untrusted[0]}")
    return np.frombuffer(content, dtype=np.uint8)


def read_step(array, *, who):
    """Return the estimator in such bytes; nothing of them runs.

    Raises
    ------
    Damaged
        If they are no step of scikit-learn, or hold a type that skops does not trust.
    """
    skops = import_optional("skops.io", extra="skops", who=who)
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim != 1:
        raise Damaged("a step of it is none")
    content = array.tobytes()
    _check_archive(content)
    try:
        untrusted = skops.get_untrusted_types(data=content)
        if untrusted:
            raise Damaged(f"it holds the untrusted type {untrusted[0]}")
        step = skops.loads(content, trusted=[])
    except Damaged:
        raise
    except Exception as error:  # whatever skops stumbles over in a file that is not its own
        raise Damaged("a step of it cannot be read") from error
    if not isinstance(step, BaseEstimator) or not type(step).__module__.startswith("sklearn."):
        raise Damaged(f"a step of it is a {type(step).__name__}")
    return step


def _check_archive(content):
    """Refuse what would grow on reading: members are stored as they are, arrays as they say."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.compress_type != ZIP_STORED:
                    raise Damaged("a step of it is compressed")
                _check_member(archive, member)
    except (BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged("a step of it is no archive") from error


def _check_member(archive, member):
    if member.filename.endswith(".npz"):
        raise Damaged("a step of it holds a sparse matrix")
    if member.filename.endswith(".npy"):
        with archive.open(member) as file:
            _check_array(file, member.file_size)
    elif member.file_size > _MAX_SCHEMA:
        raise Damaged("a step of it is too large")


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

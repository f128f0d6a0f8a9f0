"""EMNIST: 814,255 handwritten digits and letters of 28x28 pixels, in six splits."""

import lzma
import string
import struct
import zipfile
import zlib
from dataclasses import replace

import numpy as np

from skdigits.datasets._bunch import check_images, check_labels, join_parts, list_parts, make_bunch
from skdigits.datasets._download import find_or_download, has_hash
from skdigits.datasets._home import Origin, find_file, find_folder
from skdigits.datasets._idx import read_parts, read_parts_of, to_array

_SIDE = 28
_ARCHIVE = "gzip.zip"
_ARCHIVE_SHA256 = "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"
_FOLDER = "gzip"  # in the archive, and where it is unpacked
_KINDS = ("images-idx3", "labels-idx1")

# What the labels of a split stand for, in their order.
_MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
_CHARACTERS = {
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "bymerge": _MERGED,
    "balanced": _MERGED,
    "letters": string.ascii_uppercase,
    "digits": string.digits,
    "mnist": string.digits,
}
_FIRST_LABEL = dict.fromkeys(_CHARACTERS, 0) | {"letters": 1}
_ORIGIN = Origin(
    who="fetch_emnist",
    folder="emnist",
    home_page="https://www.nist.gov/itl/products-and-services/emnist-dataset",
    mirrors=(
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "http://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ),
    instead="",
)
# What zipfile has for an archive that is damaged, encrypted or packed in another way.
_ARCHIVE_ERRORS = (
    EOFError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
_DESCRIPTION = """\
EMNIST handwritten digits and letters
-------------------------------------

:Number of Instances: byclass and bymerge 697,932 for training, then 116,323 for testing; balanced
    112,800 and 18,800; letters 124,800 and 20,800; digits 240,000 and 40,000; mnist 60,000 and
    10,000
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink), an upright character
:Missing Attribute Values: None
:Creators: Gregory Cohen, Saeed Afshar, Jonathan Tapson, André van Schaik
:Licence: none is stated; NIST's Special Database 19 is a work of the U.S. government

The characters of NIST's Special Database 19 in MNIST's form, though smoothed. In bymerge and
balanced, the small letters that look like their capitals (c, i, j, k, l, m, o, p, s, u, v, w, x,
y, z) are in one class with them; in letters, all are.

.. rubric:: References

- G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: extending MNIST to handwritten
  letters", International Joint Conference on Neural Networks, 2921-2926, 2017.
"""


def fetch_emnist(
    split="balanced",
    *,
    data_home=None,
    subset="train",
    download_if_missing=True,
    return_X_y=False,
    as_frame=False,
):
    """Load EMNIST: handwritten digits and letters of 28x28 pixels.

    The files ``emnist-<split>-<train or test>-<images-idx3 or labels-idx1>-ubyte``, compressed
    by gzip or plain, are looked for in ``<data_home>/emnist``, then in its folder ``gzip``, and
    last inside its file ``gzip.zip``, which is read as it is. Where none of these is there, the
    archive is downloaded: 536 MB, compared with the hash of the published one. Files that were
    put there by hand are checked for shapes and for the range of the labels.

    The published pictures are mirrored and lie on their side; here they stand upright.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}, default="balanced"
        Which characters: "byclass" has 62 classes, digits, capitals and small letters;
        "bymerge" and "balanced" have 47, the small letters that look like their capitals being
        counted as those, "balanced" as many of each; "letters" has 26, every small letter
        being counted as its capital; "digits" and "mnist" have 10.
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The training set, the test set, or both, in this order.
    download_if_missing : bool, default=True
        Download the archive if files are missing, for which the extra ``data`` is needed;
        otherwise they are an error.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects: a column a pixel.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (str of
        shape (n_samples,): the characters themselves), `images` (the same pixels, of shape
        (n_samples, 28, 28)), `feature_names`, `target_names` (the characters of the split),
        `frame` (DataFrame of data and target, None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If the archive is missing and cannot be had: the message says where it should be, and
        where it comes from.
    ValueError
        If a file is damaged or not of EMNIST's form, or `split` or `subset` is unknown.

    Examples
    --------
    >>> from skdigits.datasets import fetch_emnist
    >>> X, y = fetch_emnist("letters", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype, y.dtype  # doctest: +SKIP
    ((124800, 784), dtype('uint8'), dtype('<U1'))
    """
    if split not in _CHARACTERS:
        raise ValueError(f"fetch_emnist expects split {', '.join(_CHARACTERS)}, got {split!r}.")
    parts = list_parts(subset, who="fetch_emnist")
    places = _find_files(split, parts, data_home, download_if_missing)
    images, target = join_parts(_read_part(split, part, places) for part in parts)
    return make_bunch(
        images,
        target,
        target_names=np.array(list(_CHARACTERS[split])),
        description=_DESCRIPTION,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _list_names(split, part):
    return [f"emnist-{split}-{part}-{kind}-ubyte.gz" for kind in _KINDS]


def _find_files(split, parts, data_home, download_if_missing):
    """Map the names of files to their paths, or to the archive's."""
    home = find_folder(_ORIGIN, data_home)
    names = [name for part in parts for name in _list_names(split, part)]
    places = {name: find_file(home, name) or find_file(home / _FOLDER, name) for name in names}
    missing = [name for name, place in places.items() if place is None]
    if missing:
        origin = replace(_ORIGIN, instead=f"of its files {', '.join(missing)}")
        checks = {_ARCHIVE: has_hash(_ARCHIVE_SHA256)}
        (archive,) = find_or_download(
            origin, checks, data_home=data_home, download_if_missing=download_if_missing
        )
        places.update(dict.fromkeys(missing, archive))
    return places


def _read_part(split, part, places):
    """Return upright images and the characters on them."""
    images_name, labels_name = _list_names(split, part)
    images, labels = (_read_file(places[name], name) for name in (images_name, labels_name))
    check_images(images, shape=(None, _SIDE, _SIDE), who="fetch_emnist", path=images_name)
    first, characters = _FIRST_LABEL[split], np.array(list(_CHARACTERS[split]))
    check_labels(
        labels,
        n_samples=len(images),
        lowest=first,
        highest=first + len(characters) - 1,
        who="fetch_emnist",
        path=labels_name,
    )
    return np.ascontiguousarray(images.transpose(0, 2, 1)), characters[labels - first]


def _read_file(path, name):
    """Read an IDX file, or the one that an archive has."""
    if path.name != _ARCHIVE:
        return to_array(*read_parts(path))
    with path.open("rb") as file:
        return to_array(*_read_member(file, f"{_FOLDER}/{name}", path))


def _read_member(file, member, path):
    try:
        with zipfile.ZipFile(file) as archive, archive.open(member) as stream:
            return read_parts_of(stream, path / member)
    except KeyError as error:
        raise ValueError(f"fetch_emnist expects {member} in {path}, it has none.") from error
    except _ARCHIVE_ERRORS as error:
        raise ValueError(
            f"fetch_emnist expects the published archive, {path} is damaged or another file."
        ) from error

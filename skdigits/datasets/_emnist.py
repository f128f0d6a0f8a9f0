"""EMNIST: digits and letters of 28x28 pixels, put upright, labelled by characters."""

import string
import zipfile

import numpy as np

from skdigits.datasets._bunch import Output, check_subset
from skdigits.datasets._download import Remote, download
from skdigits.datasets._home import find_file, find_folder
from skdigits.datasets._idx import parts_of, read_parts, to_array

_SIDE = 28
_MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
_CHARACTERS = {
    "balanced": _MERGED,
    "bymerge": _MERGED,
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "letters": string.ascii_uppercase,
    "digits": string.digits,
    "mnist": string.digits,
}
_FIRST_LABEL = {"letters": 1}  # 0 for the others
_ARCHIVE = "gzip.zip"
_REMOTE = Remote(
    name=_ARCHIVE,
    digest="sha256:fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
    mirrors=(
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "http://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ),
)
_DESCRIPTION = """\
EMNIST handwritten characters
-----------------------------

:Number of Instances: byclass and bymerge 697,932 + 116,323, balanced 112,800 + 18,800,
    letters 124,800 + 20,800, digits 240,000 + 40,000, mnist 60,000 + 10,000
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink), a character centred in the picture
:Missing Attribute Values: None
:Creators: Gregory Cohen, Saeed Afshar, Jonathan Tapson, Andre van Schaik
:License: that of NIST's Special Database 19, a work of the U.S. government

Digits and letters of NIST's Special Database 19 in the form of MNIST. The published pictures are
transposed; here they are upright.

.. rubric:: References

- G. Cohen, S. Afshar, J. Tapson and A. van Schaik, "EMNIST: an extension of MNIST to handwritten
  letters", arXiv:1702.05373, 2017.
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
    """Load EMNIST: handwritten digits and letters.

    The files ``emnist-<split>-train-images-idx3-ubyte.gz`` and so on are read from
    ``<data_home>/emnist``, from its folder ``gzip``, or out of the archive ``gzip.zip`` as it is
    published, which is downloaded (536 MB) where there is none of them. The published pictures are
    transposed; what is returned stands upright.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}, default="balanced"
        "byclass" has the 62 digits, capital and small letters; "bymerge" the 47 that are left when
        small letters that look like their capitals are counted as these; "balanced" these in
        equal numbers; "letters" 26 letters, a capital and its small one being the same; "digits"
        and "mnist" ten digits.
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The training images, the test images, or both, in this order.
    download_if_missing : bool, default=True
        Download the archive if it is missing, which needs pooch
        (``pip install "skdigits[data]"``), or else say which file belongs where.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects: a column a pixel.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (characters, of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names` (the characters), `frame` (DataFrame of data and target,
        None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If there are no files and they cannot be downloaded: the message says where they belong.
    ValueError
        If a file is damaged or not of EMNIST's layout, or `split` or `subset` is unknown.
    ImportError
        If the archive is to be downloaded and pooch is not installed.

    Notes
    -----
    A download is checked to be the published archive; of files that were put there by hand, the
    layout is checked.

    Examples
    --------
    >>> from skdigits.datasets import fetch_emnist
    >>> X, y = fetch_emnist("letters", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y[:3]  # doctest: +SKIP
    ((124800, 784), array(['W', 'G', 'P'], dtype='<U1'))
    """
    if split not in _CHARACTERS:
        raise ValueError(
            f"fetch_emnist expects split to be one of {', '.join(_CHARACTERS)}, got {split!r}."
        )
    parts = check_subset(subset, "fetch_emnist")
    folder = find_folder(data_home, "emnist")
    names = [_names(split, part) for part in parts]
    if not (_has_files(folder, names) or (folder / _ARCHIVE).is_file()):
        _get_archive(folder, names, download_if_missing)
    loaded = [_load_part(folder, images, labels, split) for images, labels in names]
    images, target = (np.concatenate(part) for part in zip(*loaded, strict=True))
    return Output(return_X_y, as_frame).of(
        images, target, target_names=np.array(list(_CHARACTERS[split])), description=_DESCRIPTION
    )


def _names(split, part):
    prefix = f"emnist-{split}-{part}"
    return f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"


def _find(folder, name):
    return find_file(folder, name) or find_file(folder / "gzip", name)


def _has_files(folder, names):
    return all(_find(folder, name) for pair in names for name in pair)


def _get_archive(folder, names, download_if_missing):
    if not download_if_missing:
        files = ", ".join(f"{name}.gz" for pair in names for name in pair)
        raise FileNotFoundError(
            f"fetch_emnist misses {files}: put them, or the archive {_ARCHIVE} that holds them, "
            f"into {folder}, or name another data home (data_home, --data-home or SKDIGITS_DATA)."
        )
    download([_REMOTE], folder, who="fetch_emnist")


def _load_part(folder, images_name, labels_name, split):
    """Return upright images (n, 28, 28) and their characters."""
    images, labels = _read(folder, images_name), _read(folder, labels_name)
    if images.shape[1:] != (_SIDE, _SIDE) or labels.shape != images.shape[:1]:
        raise ValueError(
            f"fetch_emnist expects as many pictures of 28x28 pixels in {images_name} as labels in "
            f"{labels_name}, got arrays of shapes {images.shape} and {labels.shape}."
        )
    characters = np.array(list(_CHARACTERS[split]))
    numbers = labels.astype(np.int64) - _FIRST_LABEL.get(split, 0)
    if numbers.min(initial=0) < 0 or numbers.max(initial=0) >= len(characters):
        raise ValueError(
            f"fetch_emnist expects {len(characters)} labels from {_FIRST_LABEL.get(split, 0)} on "
            f"in {labels_name}, got {labels.min()} to {labels.max()}."
        )
    return np.ascontiguousarray(images.swapaxes(1, 2)), characters[numbers]


def _read(folder, name):
    path = _find(folder, name)
    if path is not None:
        return to_array(*read_parts(path))
    archive, member = folder / _ARCHIVE, f"gzip/{name}.gz"
    try:
        with zipfile.ZipFile(archive) as files, files.open(member) as file:
            return to_array(*parts_of(file, f"{member} in {archive}"))
    except KeyError as error:
        raise ValueError(
            f"fetch_emnist expects {member} in {archive}: there is no such file in it."
        ) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"fetch_emnist expects a whole archive, {archive} is damaged.") from error

"""USPS: 9,298 digits of 16x16 pixels from envelopes."""

import bz2

import numpy as np
from sklearn.datasets import load_svmlight_file

from skdigits._optional import import_optional
from skdigits.datasets._bunch import Output, check_subset
from skdigits.datasets._download import Remote, download
from skdigits.datasets._home import find_folder

_SIDE = 16
_N_CLASSES = 10
_N_IMAGES = {"train": 7291, "test": 2007}
_H5 = "usps.h5"
_BZ2 = {"train": "usps.bz2", "test": "usps.t.bz2"}
_DIGESTS = {
    "train": "sha256:3771e9dd6ba685185f89867b6e249233dd74652389f263963b3b741e994b034f",
    "test": "sha256:a9c0164e797d60142a50604917f0baa604f326e9a689698763793fa5d12ffc4e",
}
_MIRRORS = (
    "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
    "http://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
)
_DESCRIPTION = """\
USPS handwritten digits
-----------------------

:Number of Instances: 7,291 for training, then 2,007 for testing
:Number of Attributes: 256
:Attribute Information: 16x16 pixels, 0 (paper) to 255 (ink)
:Missing Attribute Values: None
:Creators: Jonathan J. Hull, U.S. Postal Service
:License: none stated

Digits of zip codes on envelopes, scanned by the U.S. Postal Service, deslanted and scaled. The test
digits are harder than the training digits.

.. rubric:: References

- J. J. Hull, "A database for handwritten text recognition research", IEEE Transactions on Pattern
  Analysis and Machine Intelligence 16, 550-554, 1994.
"""


def fetch_usps(
    *, data_home=None, subset="train", download_if_missing=True, return_X_y=False, as_frame=False
):
    """Load USPS: handwritten digits from envelopes.

    Read from ``<data_home>/usps``: the files ``usps.bz2`` and ``usps.t.bz2`` of LIBSVM's
    collection, which are downloaded where they are missing, or ``usps.h5``, in which both are.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 7,291 training digits, the 2,007 test digits, or both, in this order.
    download_if_missing : bool, default=True
        Download files that are missing, which needs pooch (``pip install "skdigits[data]"``), or
        else say which they are and where they belong.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects: a column a pixel.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (uint8 of shape (n_samples, 256)), `target` (int64 of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 16, 16)),
        `feature_names`, `target_names` (the digits), `frame` (DataFrame of data and target, None
        unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be downloaded: the message says where it belongs.
    ValueError
        If a file is damaged or not of USPS's layout, or `subset` is unknown.
    ImportError
        If a file is to be downloaded and pooch is not installed, or only ``usps.h5`` is there and
        h5py is not (``pip install "skdigits[data]"``).

    Examples
    --------
    >>> from skdigits.datasets import fetch_usps
    >>> X, y = fetch_usps(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype  # doctest: +SKIP
    ((2007, 256), dtype('uint8'))
    """
    parts = check_subset(subset, "fetch_usps")
    folder = find_folder(data_home, "usps")
    missing = [part for part in parts if not (folder / _BZ2[part]).is_file()]
    if missing and (folder / _H5).is_file():
        loaded = [_read_h5(folder / _H5, part) for part in parts]
    else:
        if missing:
            _get(missing, folder, download_if_missing)
        loaded = [_read_bz2(folder / _BZ2[part], part) for part in parts]
    images, target = (np.concatenate(part) for part in zip(*loaded, strict=True))
    return Output(return_X_y, as_frame).of(
        images, target, target_names=np.array(list("0123456789")), description=_DESCRIPTION
    )


def _get(missing, folder, download_if_missing):
    if not download_if_missing:
        files = ", ".join(_BZ2[part] for part in missing)
        raise FileNotFoundError(
            f"fetch_usps misses {files} (or {_H5}, which holds both): put "
            f"{'it' if len(missing) == 1 else 'them'} into {folder}, "
            "or name another data home (data_home, --data-home or SKDIGITS_DATA)."
        )
    remotes = [Remote(_BZ2[part], _DIGESTS[part], _MIRRORS) for part in missing]
    download(remotes, folder, who="fetch_usps")


def _read_h5(path, part):
    h5py = import_optional("h5py", extra="data", who=f"fetch_usps with {path}")
    try:
        with h5py.File(path) as file:
            shares, labels = file[part]["data"][()], file[part]["target"][()]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _not_usps(path) from error
    return _checked(shares, labels, path, part)


def _read_bz2(path, part):
    """Read lines of ``label index:value ...``: labels from 1, values from -1 to 1."""
    try:
        with bz2.open(path) as file:
            values, labels = load_svmlight_file(file, n_features=_SIDE**2)
    except (OSError, EOFError, ValueError) as error:
        raise _not_usps(path) from error
    return _checked((values.toarray() + 1) / 2, labels - 1, path, part)


def _checked(shares, labels, path, part):
    """Return images (n, 16, 16) of bytes, from shares of ink, and labels."""
    is_right = (
        shares.shape == (_N_IMAGES[part], _SIDE**2)
        and labels.shape == (_N_IMAGES[part],)
        and np.isin(labels, range(_N_CLASSES)).all()
        and bool((shares >= 0).all() and (shares <= 1).all())
    )
    if not is_right:
        raise _not_usps(path)
    images = np.rint(shares * 255).astype(np.uint8)
    return images.reshape(-1, _SIDE, _SIDE), labels.astype(np.int64)


def _not_usps(path):
    return ValueError(
        f"fetch_usps expects the published digits, {path} is damaged or something else: delete it "
        "and get it again."
    )

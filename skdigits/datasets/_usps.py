"""USPS: 9,298 handwritten digits of 16x16 pixels, from envelopes."""

import bz2
import io

import numpy as np
from sklearn.datasets import load_svmlight_file

from skdigits._optional import import_optional
from skdigits.datasets._bunch import join_parts, list_parts, make_bunch
from skdigits.datasets._download import find_or_download, has_hash
from skdigits.datasets._home import Origin, find_file, find_folder

_SIDE = 16
_FILES = {"train": "usps.bz2", "test": "usps.t.bz2"}
_H5 = "usps.h5"
_MD5 = {
    "usps.bz2": "ec16c51db3855ca6c91edd34d0e9b197",
    "usps.t.bz2": "8ea070ee2aca1ac39742fdd1ef5ed118",
}
_N_ROWS = {"train": 7291, "test": 2007}
_MAX_TEXT = 100_000_000  # bytes; the training set has a fifth of it
_ORIGIN = Origin(
    who="fetch_usps",
    folder="usps",
    home_page="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
    mirrors=("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",),
    instead=_H5,
)
_DESCRIPTION = """\
USPS handwritten digits
-----------------------

:Number of Instances: 7,291 for training, then 2,007 for testing
:Number of Attributes: 256
:Attribute Information: 16x16 pixels, 0 (paper) to 255 (ink), a digit that fills the picture
:Missing Attribute Values: None
:Creators: Jonathan J. Hull and others
:Licence: none is stated

Digits of postal codes on envelopes that passed through the post office of Buffalo, N.Y., each
scaled to 16x16 pixels. The test set is the harder part: people misread about 2.5 % of it.

.. rubric:: References

- J. J. Hull, "A database for handwritten text recognition research", IEEE Transactions on
  Pattern Analysis and Machine Intelligence 16, 550-554, 1994.
- The files of LIBSVM Data: https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/
"""


def fetch_usps(
    *,
    data_home=None,
    subset="train",
    download_if_missing=True,
    return_X_y=False,
    as_frame=False,
):
    """Load USPS: 9,298 digits of 16x16 pixels from envelopes.

    The files are looked for in ``<data_home>/usps``: ``usps.bz2`` and ``usps.t.bz2`` as LIBSVM
    Data has them, and otherwise ``usps.h5``, as it goes round with groups `train` and `test` of
    `data` from 0 to 1 and `target`. Both give the same pixels. Where there is neither, the
    first two are downloaded.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 7,291 training digits, the 2,007 test digits, or both, in this order.
    download_if_missing : bool, default=True
        Download files that are missing, for which the extra ``data`` is needed; otherwise
        they are an error.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects: a column a pixel.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (uint8 of shape (n_samples, 256), 0 to 255), `target` (int64
        of shape (n_samples,), 0 to 9), `images` (the same pixels, of shape (n_samples, 16,
        16)), `feature_names`, `target_names`, `frame` (DataFrame of data and target, None
        unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    ImportError
        If all there is is ``usps.h5``, and h5py is not installed.
    OSError
        If a file is missing and cannot be had: the message says which, where it should be, and
        where it comes from.
    ValueError
        If a file is damaged or not USPS, or `subset` is unknown.

    Examples
    --------
    >>> from skdigits.datasets import fetch_usps
    >>> X, y = fetch_usps(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype, y[:5]  # doctest: +SKIP
    ((7291, 256), dtype('uint8'), array([6, 5, 4, 7, 3]))
    """
    parts = list_parts(subset, who="fetch_usps")
    images, target = join_parts(_read_parts(parts, data_home, download_if_missing))
    return make_bunch(
        images,
        target,
        target_names=np.arange(10),
        description=_DESCRIPTION,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _read_parts(parts, data_home, download_if_missing):
    folder = find_folder(_ORIGIN, data_home)
    names = [_FILES[part] for part in parts]
    h5 = find_file(folder, _H5)
    if h5 is not None and any(find_file(folder, name) is None for name in names):
        return [_read_h5(h5, part) for part in parts]
    checks = {name: has_hash(_MD5[name], "md5") for name in names}
    paths = find_or_download(
        _ORIGIN, checks, data_home=data_home, download_if_missing=download_if_missing
    )
    return [_read_bz2(path, part) for path, part in zip(paths, parts, strict=True)]


def _read_bz2(path, part):
    """Read LIBSVM's text: labels 1 to 10, shades from -1 to 1."""
    with path.open("rb") as file:
        try:
            X, y = _parse_text(file)
        except (EOFError, OSError, OverflowError, ValueError) as error:
            raise ValueError(
                f"fetch_usps expects LIBSVM's {_FILES[part]}, {path} is damaged or another file."
            ) from error
    return _check_digits((X.toarray() + 1) / 2, y - 1, part, path)


def _parse_text(file):
    with bz2.open(file) as stream:
        text = stream.read(_MAX_TEXT + 1)
    if len(text) > _MAX_TEXT:
        raise ValueError("too long")
    return load_svmlight_file(io.BytesIO(text), n_features=_SIDE**2, zero_based=False)


def _read_h5(path, part):
    h5py = import_optional("h5py", extra="data", who="fetch_usps")
    try:
        with h5py.File(path) as file:
            data, target = file[part]["data"], file[part]["target"]
            # Looked up before anything is read.
            if (data.shape, target.shape) != ((_N_ROWS[part], _SIDE**2), (_N_ROWS[part],)):
                raise ValueError(f"shapes {data.shape} and {target.shape}")
            shades, labels = data[:].astype(np.float64), target[:].astype(np.float64)
    except (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"fetch_usps expects groups train and test of data and target in {path}, "
            "it is damaged or another file."
        ) from error
    return _check_digits(shades, labels, part, path)


def _check_digits(shades, labels, part, path):
    """Return images in uint8 and labels, from shades between 0 and 1."""
    if len(shades) != _N_ROWS[part]:
        raise ValueError(f"fetch_usps expects {_N_ROWS[part]} digits in {path}, got {len(shades)}.")
    if not (np.isfinite(shades).all() and shades.min() >= 0 and shades.max() <= 1):
        raise ValueError(f"fetch_usps expects finite shades in USPS's range in {path}.")
    if not np.isin(labels, np.arange(10)).all():
        raise ValueError(f"fetch_usps expects labels of ten digits in {path}.")
    # To four decimals, the published ones: the shades of both files are then the same to the last
    # bit, and so is the rounding of 25.5.
    pixels = np.rint(np.round(shades, 4) * 255).astype(np.uint8)
    return pixels.reshape(-1, _SIDE, _SIDE), labels.astype(np.int64)

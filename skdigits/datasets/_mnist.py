"""MNIST: 70,000 handwritten digits of 28x28 pixels, from the four files it is known by."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from skdigits.datasets._idx import read_parts, to_array

_SIDE = 28
_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# Of the contents: compression leaves its own marks in a .gz file.
_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_DESCRIPTION = """\
MNIST handwritten digits
------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing, of other writers
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink), a digit centred in the picture
:Missing Attribute Values: None
:Creators: Yann LeCun, Corinna Cortes, Christopher J.C. Burges

Digits written by employees of the U.S. Census Bureau and by high school students, from NIST's
Special Databases 3 and 1, scaled to fit 20x20 pixels and centred by their centre of mass.

.. rubric:: References

- Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
  recognition", Proceedings of the IEEE 86, 2278-2324, 1998.
"""


def fetch_mnist(*, data_home=None, subset="train", return_X_y=False, as_frame=False):
    """Load MNIST from its four IDX files.

    The files, as they are found on the web (compressed by gzip, or plain), are expected in
    ``<data_home>/mnist``. Their contents are checked: what is loaded is what was published.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training digits, the 10,000 test digits, or both, in this order.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects: a column a pixel.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names`, `frame` (DataFrame of data and target, None unless
        `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing (the message says which, and where it should be), or its contents
        are not MNIST's.
    ValueError
        If a file is damaged, or `subset` is unknown.

    Examples
    --------
    >>> from skdigits.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype, y[:5]  # doctest: +SKIP
    ((10000, 784), dtype('uint8'), array([7, 2, 1, 0, 4]))
    """
    images, target = _load_subset(_find_folder(data_home), subset)
    data = images.reshape(len(images), -1)
    names = [f"pixel_{row}_{column}" for row in range(_SIDE) for column in range(_SIDE)]
    frame = None
    if as_frame:
        data = pd.DataFrame(data, columns=names)
        target = pd.Series(target, name="target")
        frame = pd.concat([data, target], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        images=images,
        feature_names=names,
        target_names=np.arange(10),
        DESCR=_DESCRIPTION,
    )


def _find_folder(data_home):
    data_home = data_home or os.environ.get("SKDIGITS_DATA")
    return Path(data_home or Path(get_data_home(), "skdigits")).expanduser() / "mnist"


def _load_subset(folder, subset):
    """Return images (n, 28, 28) and labels."""
    if subset not in ("train", "test", "all"):
        raise ValueError(f"fetch_mnist expects subset 'train', 'test' or 'all', got {subset!r}.")
    parts = ["train", "test"] if subset == "all" else [subset]
    paths = _find_files(folder, [name for part in parts for name in _FILES[part]])
    arrays = [_read_verified(name, path) for name, path in paths.items()]
    images, labels = (
        part[0] if len(part) == 1 else np.concatenate(part) for part in (arrays[::2], arrays[1::2])
    )
    return images, labels.astype(np.int64)


def _find_files(folder, names):
    """Map the names of the files to their paths, compressed or plain."""
    candidates = {name: (folder / f"{name}.gz", folder / name) for name in names}
    paths = {
        name: next((path for path in both if path.is_file()), None)
        for name, both in candidates.items()
    }
    missing = [f"{name}.gz" for name, path in paths.items() if path is None]
    if missing:
        raise FileNotFoundError(
            f"fetch_mnist misses {', '.join(missing)} (or the same without .gz): "
            f"put {'it' if len(missing) == 1 else 'them'} into {folder}, "
            "or name another data home (data_home, --data-home or SKDIGITS_DATA)."
        )
    return paths


def _read_verified(name, path):
    header, values = read_parts(path)
    digest = hashlib.sha256(header)
    digest.update(values)
    if digest.hexdigest() != _SHA256[name]:
        raise OSError(
            f"fetch_mnist expects the published {name}, the contents of {path} differ "
            f"(sha256 {digest.hexdigest()}): get the file again."
        )
    return to_array(header, values)

"""MNIST and the sets of its form: 70,000 pictures of 28x28 pixels, in four IDX files."""

import hashlib

import numpy as np

from skdigits.datasets._bunch import Output, check_subset
from skdigits.datasets._download import Remote, download
from skdigits.datasets._home import find_file, find_folder
from skdigits.datasets._idx import read_parts, to_array
from skdigits.datasets._idx_sets import FASHION_MNIST, FILES, KMNIST, MNIST

_SIDE = 28
_N_CLASSES = 10
_N_IMAGES = {"train": 60_000, "test": 10_000}
_FILES = {"train": FILES[:2], "test": FILES[2:]}


def fetch_mnist(
    *, data_home=None, subset="train", download_if_missing=True, return_X_y=False, as_frame=False
):
    """Load MNIST: handwritten digits.

    Digits of two hundred and fifty writers for training and as many others for testing.

    The files, compressed by gzip or plain, are read from ``<data_home>/mnist``; missing ones are
    downloaded. Contents are checked: what is loaded is what was published.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images, the 10,000 test images, or both, in this order.
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
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names` (the digits), `frame` (DataFrame of data and target, None
        unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be downloaded (the message says which, and where it should
        be), or its contents are not the published ones.
    ValueError
        If a file is damaged, or `subset` is unknown.
    ImportError
        If a file is to be downloaded and pooch is not installed.

    Examples
    --------
    >>> from skdigits.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype  # doctest: +SKIP
    ((10000, 784), dtype('uint8'))
    """
    output = Output(return_X_y, as_frame)
    return _fetch(MNIST, "fetch_mnist", data_home, subset, download_if_missing, output)


def fetch_fashion_mnist(
    *, data_home=None, subset="train", download_if_missing=True, return_X_y=False, as_frame=False
):
    """Load Fashion-MNIST: pictures of ten kinds of clothes.

    As large as MNIST, and harder; for those to whom 99 % says too little.

    The files, compressed by gzip or plain, are read from ``<data_home>/fashion-mnist``; missing
    ones are downloaded. Contents are checked: what is loaded is what was published.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images, the 10,000 test images, or both, in this order.
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
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names` (the kinds of clothes), `frame` (DataFrame of data and
        target, None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be downloaded (the message says which, and where it should
        be), or its contents are not the published ones.
    ValueError
        If a file is damaged, or `subset` is unknown.
    ImportError
        If a file is to be downloaded and pooch is not installed.

    Examples
    --------
    >>> from skdigits.datasets import fetch_fashion_mnist
    >>> X, y = fetch_fashion_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype  # doctest: +SKIP
    ((10000, 784), dtype('uint8'))
    """
    output = Output(return_X_y, as_frame)
    return _fetch(
        FASHION_MNIST, "fetch_fashion_mnist", data_home, subset, download_if_missing, output
    )


def fetch_kmnist(
    *, data_home=None, subset="train", download_if_missing=True, return_X_y=False, as_frame=False
):
    """Load KMNIST: ten characters of cursive Japanese.

    As large as MNIST, and harder: one character has many forms.

    The files, compressed by gzip or plain, are read from ``<data_home>/kmnist``; missing ones are
    downloaded. Downloads are checked to be what was published, files that were put there by hand
    to have the right sizes.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training images, the 10,000 test images, or both, in this order.
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
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names` (the characters), `frame` (DataFrame of data and target,
        None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be downloaded (the message says which, and where it should
        be), or its contents are not the published ones.
    ValueError
        If a file is damaged, or `subset` is unknown.
    ImportError
        If a file is to be downloaded and pooch is not installed.

    Examples
    --------
    >>> from skdigits.datasets import fetch_kmnist
    >>> X, y = fetch_kmnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype  # doctest: +SKIP
    ((10000, 784), dtype('uint8'))
    """
    output = Output(return_X_y, as_frame)
    return _fetch(KMNIST, "fetch_kmnist", data_home, subset, download_if_missing, output)


def _fetch(data, who, data_home, subset, download_if_missing, output):
    parts = check_subset(subset, who)
    folder = find_folder(data_home, data.folder)
    names = [name for part in parts for name in _FILES[part]]
    missing = [name for name in names if find_file(folder, name) is None]
    if missing and not download_if_missing:
        raise FileNotFoundError(_sentence_on(missing, folder, who))
    if missing:
        remotes = [
            Remote(f"{name}.gz", f"sha256:{data.archives[FILES.index(name)]}", data.mirrors)
            for name in missing
        ]
        download(remotes, folder, who=who)
    loaded = [_load_part(data, folder, part, who) for part in parts]
    images, target = (
        part[0] if len(part) == 1 else np.concatenate(part) for part in zip(*loaded, strict=True)
    )
    return output.of(
        images,
        target.astype(np.int64),
        target_names=np.array(data.target_names),
        description=data.description,
    )


def _sentence_on(missing, folder, who):
    files = ", ".join(f"{name}.gz" for name in missing)
    return (
        f"{who} misses {files} (or the same without .gz): "
        f"put {'it' if len(missing) == 1 else 'them'} into {folder}, "
        "or name another data home (data_home, --data-home or SKDIGITS_DATA)."
    )


def _load_part(data, folder, part, who):
    """Return images (n, 28, 28) and labels."""
    images, labels = (_read_verified(data, folder, name, who) for name in _FILES[part])
    n_images = _N_IMAGES[part]
    _check(images.shape == (n_images, _SIDE, _SIDE), who, folder, _FILES[part][0])
    is_label = labels.shape == (n_images,) and labels.max() < _N_CLASSES
    _check(is_label, who, folder, _FILES[part][1])
    return images, labels


def _read_verified(data, folder, name, who):
    path = find_file(folder, name)
    header, values = read_parts(path)
    digest = hashlib.sha256(header)
    digest.update(values)
    if data.contents and digest.hexdigest() != data.contents[FILES.index(name)]:
        raise OSError(
            f"{who} expects the published {name}, the contents of {path} differ "
            f"(sha256 {digest.hexdigest()}): delete it and get it again."
        )
    return to_array(header, values)


def _check(is_right, who, folder, name):
    if not is_right:
        raise ValueError(
            f"{who} expects the published {name}, what is in {find_file(folder, name)} has another "
            "size or other labels: delete it and get it again."
        )

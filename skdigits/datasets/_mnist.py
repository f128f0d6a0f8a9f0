"""MNIST and the sets made in its image: 70,000 pictures of 28x28 pixels in four IDX files."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from skdigits.datasets._bunch import check_images, check_labels, join_parts, list_parts, make_bunch
from skdigits.datasets._download import find_or_download, has_hash
from skdigits.datasets._home import Origin
from skdigits.datasets._idx import read_parts, to_array

_SIDE = 28
_FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
_N_ROWS = {"train": 60_000, "test": 10_000}
_INSTEAD = "the same without .gz"


@dataclass(frozen=True)
class _DataSet:
    """A set of MNIST's form.

    Parameters
    ----------
    origin : Origin
        Where its files come from, and where they belong.
    target_names : ndarray
        What the labels 0 to 9 stand for.
    description : str
        The `DESCR` of its Bunch.
    sha256 : dict of str to str
        By the name of a file without ``.gz``, the hash of its contents: compression leaves its
        own marks in a .gz file.
    sha256_gz : dict of str to str
        Where those are not known: by the name of a file, its hash as it is published.
    """

    origin: Origin
    target_names: np.ndarray
    description: str
    sha256: dict = field(default_factory=dict)
    sha256_gz: dict = field(default_factory=dict)


_MNIST = _DataSet(
    origin=Origin(
        who="fetch_mnist",
        folder="mnist",
        home_page="https://github.com/cvdfoundation/mnist",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        instead=_INSTEAD,
    ),
    target_names=np.arange(10),
    sha256={
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
    description="""\
MNIST handwritten digits
------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing, of other writers
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink), a digit centred in the picture
:Missing Attribute Values: None
:Creators: Yann LeCun, Corinna Cortes, Christopher J.C. Burges
:Licence: CC BY-SA 3.0

Digits written by employees of the U.S. Census Bureau and by high school students, from NIST's
Special Databases 3 and 1, scaled to fit 20x20 pixels and centred by their centre of mass.

.. rubric:: References

- Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
  recognition", Proceedings of the IEEE 86, 2278-2324, 1998.
""",
)
_FASHION_MNIST = _DataSet(
    origin=Origin(
        who="fetch_fashion_mnist",
        folder="fashion-mnist",
        home_page="https://github.com/zalandoresearch/fashion-mnist",
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        instead=_INSTEAD,
    ),
    target_names=np.array(
        [
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ]
    ),
    sha256={
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    description="""\
Fashion-MNIST articles of clothing
----------------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing, as many of each class
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (background) to 255, an article in shades of grey
:Missing Attribute Values: None
:Creators: Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando Research)
:Licence: MIT

Pictures of a shop's articles, in MNIST's form and harder to tell apart. No handwriting: it is
here because networks for characters are measured on it too.

.. rubric:: References

- H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
  machine learning algorithms", arXiv:1708.07747, 2017.
""",
)
_KMNIST = _DataSet(
    origin=Origin(
        who="fetch_kmnist",
        folder="kmnist",
        home_page="https://codh.rois.ac.jp/kmnist/",
        mirrors=(
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        instead=_INSTEAD,
    ),
    target_names=np.array(list("おきすつなはまやれを")),
    sha256_gz={
        "train-images-idx3-ubyte.gz": (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"
        ),
        "train-labels-idx1-ubyte.gz": (
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"
        ),
    },
    description="""\
Kuzushiji-MNIST cursive Japanese
--------------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing, as many of each class
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink), one of ten hiragana
:Missing Attribute Values: None
:Creators: T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha
:Licence: CC BY-SA 4.0

Characters of classical Japanese books in MNIST's form, one hiragana for each of ten rows of the
syllabary. Many have several shapes that look nothing like each other. "KMNIST Dataset" (created
by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others), doi:10.20676/00000341.

.. rubric:: References

- T. Clanuwat and others, "Deep learning for classical Japanese literature", arXiv:1812.01718,
  2018.
""",
)


def fetch_mnist(
    *,
    data_home=None,
    subset="train",
    download_if_missing=True,
    return_X_y=False,
    as_frame=False,
):
    """Load MNIST: 70,000 handwritten digits of 28x28 pixels.

    The files, as they are found on the web (compressed by gzip, or plain), are looked for in
    ``<data_home>/mnist``, and downloaded into it where they are missing. Their contents are
    checked: what is loaded is what was published.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training digits, the 10,000 test digits, or both, in this order.
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
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,)), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names`, `frame` (DataFrame of data and
        target, None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be had: the message says which, where it should be, and
        where it comes from, or that its contents are not MNIST's.
    ValueError
        If a file is damaged, or `subset` is unknown.

    Examples
    --------
    >>> from skdigits.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype, y[:5]  # doctest: +SKIP
    ((10000, 784), dtype('uint8'), array([7, 2, 1, 0, 4]))
    """
    return _fetch(
        _MNIST,
        data_home=data_home,
        subset=subset,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def fetch_fashion_mnist(
    *,
    data_home=None,
    subset="train",
    download_if_missing=True,
    return_X_y=False,
    as_frame=False,
):
    """Load Fashion-MNIST: 70,000 articles of clothing of 28x28 pixels.

    The files, as they are found on the web (compressed by gzip, or plain), are looked for in
    ``<data_home>/fashion-mnist``, and downloaded into it where they are missing. Their contents are
    checked: what is loaded is what was published.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training articles, the 10,000 test articles, or both, in this order.
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
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,), 0 to 9), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names` (what 0 to 9 stand for), `frame` (DataFrame of data and
        target, None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be had: the message says which, where it should be, and
        where it comes from, or that its contents are not Fashion-MNIST's.
    ValueError
        If a file is damaged, or `subset` is unknown.

    Examples
    --------
    >>> from skdigits.datasets import fetch_fashion_mnist
    >>> bunch = fetch_fashion_mnist()  # doctest: +SKIP
    >>> bunch.target_names[bunch.target[:3]]  # doctest: +SKIP
    array(['Ankle boot', 'T-shirt/top', 'T-shirt/top'], dtype='<U11')
    """
    return _fetch(
        _FASHION_MNIST,
        data_home=data_home,
        subset=subset,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def fetch_kmnist(
    *,
    data_home=None,
    subset="train",
    download_if_missing=True,
    return_X_y=False,
    as_frame=False,
):
    """Load Kuzushiji-MNIST: 70,000 cursive hiragana of 28x28 pixels.

    The files, as they are found on the web (compressed by gzip, or plain), are looked for in
    ``<data_home>/kmnist``, and downloaded into it where they are missing. A download is
    compared with the hash of the published file; of files that were put there by hand, the
    shapes and the range of the labels are checked.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder of data sets. None takes the environment variable ``SKDIGITS_DATA``, and
        without it the folder ``skdigits`` in scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.
    subset : {"train", "test", "all"}, default="train"
        The 60,000 training characters, the 10,000 test characters, or both, in this order.
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
        With the attributes `data` (uint8 of shape (n_samples, 784)), `target` (int64 of
        shape (n_samples,), 0 to 9), `images` (the same pixels, of shape (n_samples, 28, 28)),
        `feature_names`, `target_names` (the hiragana that 0 to 9 stand for), `frame` (DataFrame
        of data and target, None unless `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If a file is missing and cannot be had: the message says which, where it should be, and
        where it comes from.
    ValueError
        If a file is damaged or not of KMNIST's form, or `subset` is unknown.

    Examples
    --------
    >>> from skdigits.datasets import fetch_kmnist
    >>> X, y = fetch_kmnist(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, X.dtype  # doctest: +SKIP
    ((60000, 784), dtype('uint8'))
    """
    return _fetch(
        _KMNIST,
        data_home=data_home,
        subset=subset,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _fetch(dataset, *, data_home, subset, download_if_missing, return_X_y, as_frame):
    parts = list_parts(subset, who=dataset.origin.who)
    checks = {name: _make_check(dataset, name) for part in parts for name in _FILES[part]}
    paths = find_or_download(
        dataset.origin, checks, data_home=data_home, download_if_missing=download_if_missing
    )
    pairs = zip(parts, paths[::2], paths[1::2], strict=True)
    images, target = join_parts(_read_part(dataset, *pair) for pair in pairs)
    return make_bunch(
        images,
        target,
        target_names=dataset.target_names,
        description=dataset.description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _make_check(dataset, name):
    """Return the check of a download: of its contents, if their hash is known."""
    known = dataset.sha256.get(name.removesuffix(".gz"))
    if known is None:
        return has_hash(dataset.sha256_gz[name])
    return lambda path: _hash_contents(*read_parts(path)) == known


def _read_part(dataset, part, images_path, labels_path):
    who = dataset.origin.who
    images, labels = (_read_verified(dataset, path) for path in (images_path, labels_path))
    check_images(images, shape=(_N_ROWS[part], _SIDE, _SIDE), who=who, path=images_path)
    check_labels(labels, n_samples=len(images), lowest=0, highest=9, who=who, path=labels_path)
    return images, labels.astype(np.int64)


def _read_verified(dataset, path):
    header, values = read_parts(path)
    name = path.name.removesuffix(".gz")
    digest = _hash_contents(header, values)
    if digest != dataset.sha256.get(name, digest):
        raise OSError(
            f"{dataset.origin.who} expects the published {name}, the contents of {path} differ "
            f"(sha256 {digest}): get the file again."
        )
    return to_array(header, values)


def _hash_contents(header, values):
    digest = hashlib.sha256(header)
    digest.update(values)
    return digest.hexdigest()

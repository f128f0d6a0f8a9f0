"""What X may be, and the one place that touches private names of scikit-learn."""

import math
import mmap
from contextlib import contextmanager

import numpy as np
import scipy.sparse
from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils import check_array, check_X_y
from sklearn.utils._array_api import (
    _convert_to_numpy,
    get_namespace,
    get_namespace_and_device,
)
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.multiclass import _check_partial_fit_first_call as check_partial_fit_classes
from sklearn.utils.validation import _check_n_features, _check_sample_weight, validate_data

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "array_like_in",
    "as_numpy",
    "check_image_rows",
    "check_layer_sizes",
    "check_one_per_block",
    "check_parameters",
    "check_partial_fit_classes",
    "check_same_namespace",
    "check_weights",
    "empty_like_input",
    "fit_context",
    "fitted_gamma",
    "get_namespace",
    "infer_image_shape",
    "is_mapped",
    "keep_fit_on_error",
    "outputs_data_frame",
    "take_rows",
    "with_channels",
]


def check_parameters(estimator):
    """Refuse parameters that `estimator` does not take."""
    estimator._validate_params()


def check_image_rows(estimator, X, *, reset, accept_sparse=True, dtypes=None, **check_params):
    """Validate `X` and return it as rows of pixels, with the shape of the images in it.

    Parameters
    ----------
    estimator : estimator instance
        Whose `n_features_in_` and `feature_names_in_` are set or checked.
    X : array-like of shape (n, pixels), (n, height, width) or (n, channels, height, width)
        Images, as rows or as they are.
    reset : bool
        Whether this is the first look at data (`fit`) or must agree with the first.
    accept_sparse : bool, default=True
        Whether scipy sparse matrices are taken (and made dense).
    dtypes : list of str, optional
        The dtypes that are kept; another one is cast to the first. What is in a memory-mapped
        file is not cast, but is known to be fit for it.
    **check_params
        Passed on to :func:`sklearn.utils.validation.validate_data`.

    Returns
    -------
    rows : array of shape (n, pixels)
        Dense and finite, of one of `dtypes` or in a memory-mapped file.
    image_shape : tuple or None
        The trailing dimensions of an `X` with more than two.

    Raises
    ------
    ValueError
        If `X` is not as described, or if the channels of its images seem to come last and
        `estimator` has no `image_shape` that says otherwise.
    """
    X, image_shape = _flatten_images(X)
    if getattr(estimator, "image_shape", None) is None:
        refuse_channels_last(image_shape, who=type(estimator).__name__)
    if dtypes is not None:
        xp, _ = get_namespace(X)
        check_params["dtype"] = [getattr(xp, name) for name in dtypes]
        if is_mapped(X) and X.dtype not in check_params["dtype"]:
            _check_blocks(X, estimator=estimator, dtype=check_params["dtype"])
            check_params |= {"dtype": None, "ensure_all_finite": False}
    check_params["accept_sparse"] = "csr" if accept_sparse else False
    if image_shape is not None and not reset:  # images have no names of pixels to compare
        check = check_X_y if "y" in check_params else check_array
        checked = check(X, estimator=estimator, **check_params)
        _check_n_features(estimator, X, reset=False)
    else:
        checked = validate_data(estimator, X, reset=reset, **check_params)
    rows, *rest = checked if isinstance(checked, tuple) else (checked,)
    if scipy.sparse.issparse(rows):
        rows = rows.toarray()
    return (rows, *rest, image_shape)


_BLOCK = 4096  # rows
_MOST_CHANNELS = 4  # red, green, blue, opacity


def _check_blocks(X, **check_params):
    """Cast rows to see whether they can be, some at a time."""
    for start in range(0, len(X), _BLOCK):
        check_array(X[start : start + _BLOCK], input_name="X", **check_params)


def is_mapped(array):
    """Whether `array` lies in a memory-mapped file."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


def _flatten_images(X):
    """Return `X` as rows, and the shape of its images where `X` had more than two dimensions."""
    if isinstance(X, list | tuple) and len(X) and np.ndim(X[0]) > 1:
        X = np.asarray(X)
    if getattr(X, "ndim", 2) not in (3, 4):
        return X, None
    xp, _ = get_namespace(X)
    image_shape = tuple(X.shape[1:])
    return xp.reshape(xp.asarray(X), (X.shape[0], math.prod(image_shape))), image_shape


def refuse_channels_last(image_shape, *, who):
    """Raise a ValueError for the shape of an image whose last side is by far the shortest."""
    if image_shape is None or len(image_shape) < 3:
        return
    *sides, n_channels = image_shape
    if n_channels <= _MOST_CHANNELS < min(sides):
        raise ValueError(
            f"{who} expects images of shape (n, channels, height, width), got channels last, "
            f"(n, {', '.join(map(str, image_shape))}): pass np.moveaxis(X, -1, 1), or "
            f"image_shape={tuple(image_shape)} if they do come first."
        )


def infer_image_shape(image_shape, n_pixels, *, who):
    """Return `image_shape` as (channels, height, width), or one that suits `n_pixels`.

    Parameters
    ----------
    image_shape : tuple of int or None
        (height, width), (channels, height, width), or None for a square. A number of
        pixels that is no square is one row.
    n_pixels : int
        Pixels in a row of data.
    who : str
        The name that an error speaks for.

    Returns
    -------
    tuple of int
        (channels, height, width).
    """
    if image_shape is None:
        side = math.isqrt(n_pixels)
        return (1, side, side) if side * side == n_pixels else (1, 1, n_pixels)
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or not all(
        isinstance(n, int | np.integer) and n > 0 for n in shape
    ):
        raise ValueError(
            f"The 'image_shape' parameter of {who} must be None or two or three positive "
            f"integers, (height, width) or (channels, height, width). Got {image_shape!r} instead."
        )
    if math.prod(shape) != n_pixels:
        raise ValueError(
            f"{who} expects rows of {math.prod(shape)} pixels for image_shape={shape}, "
            f"got {n_pixels}."
        )
    return with_channels(shape)


def with_channels(image_shape):
    """Return (height, width) or (channels, height, width) as the latter."""
    return tuple(image_shape) if len(image_shape) == 3 else (1, *image_shape)


def check_layer_sizes(sizes, *, name):
    """Return the sizes of a stack of layers, one integer or several, as a tuple."""
    layers = tuple(np.atleast_1d(sizes).tolist()) if np.size(sizes) else ()
    if not all(type(n) is int for n in layers):
        raise ValueError(f"{name} must be integers, got {sizes}.")
    if not all(n > 0 for n in layers):
        raise ValueError(f"{name} must be > 0, got {sizes}.")
    return layers


def check_one_per_block(values, n_blocks, *, name):
    """Return integers for a stack of blocks, one for all or one for each, as a tuple."""
    one_each = check_layer_sizes(values, name=name)
    if np.ndim(values) == 0:
        return one_each * n_blocks
    if len(one_each) != n_blocks:
        raise ValueError(
            f"{name} must be one integer or one for each of the {n_blocks} blocks that "
            f"`channels` says, got {values}."
        )
    return one_each


def check_weights(sample_weight, X):
    """Return `sample_weight` as a float64 NumPy array that is not negative and not all zero."""
    sample_weight = as_numpy(sample_weight)
    weights = _check_sample_weight(
        sample_weight, np.empty((len(X), 1)), dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def as_numpy(array):
    """Return an array of any array API library as a NumPy array; leave the rest alone."""
    if array is None:
        return None
    xp, is_array_api = get_namespace(array)
    return _convert_to_numpy(array, xp=xp) if is_array_api else array


def empty_like_input(X):
    """Return an array of no elements in the namespace and on the device of `X`."""
    xp, _, device = get_namespace_and_device(X)
    return xp.zeros((0,), dtype=xp.float32, device=device)


def array_like_in(values, X):
    """Return the NumPy array `values` in the namespace and on the device of `X`."""
    xp, is_array_api, device = get_namespace_and_device(X)
    if not is_array_api or values.dtype.kind not in "biuf":
        return values
    return xp.asarray(values, device=device)


def check_same_namespace(estimator, X, fitted_with, method):
    """Raise unless `X` is of the array library, and on the device, of `fitted_with`."""
    xp, is_array_api, device = get_namespace_and_device(X)
    if not is_array_api or fitted_with is None:
        return
    fit_xp, _, fit_device = get_namespace_and_device(fitted_with)
    if _both_numpy(xp, fit_xp) or (xp == fit_xp and device == fit_device):
        return
    raise ValueError(
        f"Inputs passed to {type(estimator).__name__}.{method}() must use the same namespace and "
        f"the same device as those passed to fit(): fit had {fit_xp.__name__} on {fit_device}, "
        f"{method} got {xp.__name__} on {device}."
    )


def _both_numpy(*namespaces):
    return all("numpy" in xp.__name__ for xp in namespaces)


def fitted_gamma(svm):
    """Return the gamma of a fitted SVM as a number, where its parameter may be "scale"."""
    return svm._gamma


def outputs_data_frame(transformer):
    """Whether `transformer`'s output is to be put into a data frame (``set_output``)."""
    return _get_output_config("transform", transformer)["dense"] != "default"


@contextmanager
def keep_fit_on_error(estimator):
    """Put the fitted attributes back as they were when the block raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        for name in [name for name in vars(estimator) if not name.startswith(_CALLBACK_NAMES)]:
            delattr(estimator, name)
        for name, value in before.items():
            setattr(estimator, name, value)
        raise


# Kept by scikit-learn on an estimator while it fits; its own clean-up needs them.
_CALLBACK_NAMES = ("_callback", "_skl_callbacks", "_parent_callback")

"""The first layer of a classifier: the pictures it compares an image with, and what comes out."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.utils.validation import check_is_fitted

from skdigits._validation import fitted_gamma
from skdigits.evaluation._images import check_images
from skdigits.evaluation._last_step import as_last_step_sees, last_step
from skdigits.evaluation._naming import describe_type

LABELS = "labels"
_ACTIVATIONS = {  # of MLPClassifier
    "identity": lambda sums: sums,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda sums: np.maximum(sums, 0),
}


class FirstLayer(NamedTuple):
    """What a first layer looks for, and what it gives for images.

    Attributes
    ----------
    images : ndarray of shape (n_samples, channels, height, width)
        As they come to the classifier.
    filters : ndarray of shape (n_filters, channels, height, width)
        Kernels of a convolution, weights of every unit or label, or support vectors.
    maps : ndarray of shape (n_samples, n_filters, height, width) or (n_samples, n_filters)
        What they give.
    kind : str
        What the filters are, in the plural: "filters" of a convolution, "units", "labels" of a
        linear model, or "support vectors".
    names : ndarray of shape (n_filters,)
        The label of each, or its number.
    """

    images: np.ndarray
    filters: np.ndarray
    maps: np.ndarray
    kind: str
    names: np.ndarray


def read_first_layer(estimator, X, image_shape, *, who):
    """Return the :class:`FirstLayer` of a fitted classifier.

    Parameters
    ----------
    estimator : estimator instance
        A fitted network of ours, MLPClassifier, linear model or SVM, or a Pipeline or search that
        ends in one, whose steps before it give pixels.
    X : array-like
        Images, as `estimator` takes them.
    image_shape : tuple of int or None
        As :func:`check_images` takes it.
    who : str
        The name that an error speaks for.

    Raises
    ------
    ValueError
        If the classifier has no such layer.
    """
    check_is_fitted(estimator)
    classifier, seen = last_step(estimator), as_last_step_sees(estimator, X)
    images = check_images(seen, getattr(classifier, "image_shape_", image_shape), who=who)
    if hasattr(classifier, "first_layer"):
        filters, maps = classifier.first_layer(seen)
        kind = "filters" if maps.ndim == 4 else "units"
        return FirstLayer(images, filters, maps, kind, np.arange(len(filters)))
    rows = images.reshape(len(images), -1).astype(float)
    weights, maps, kind, names = _read_rows(classifier, rows, who)
    return FirstLayer(images, weights.reshape(-1, *images.shape[1:]), maps, kind, names)


def _read_rows(classifier, rows, who):
    """Return filters as rows of pixels, what each gives for each row, their kind and names."""
    if hasattr(classifier, "support_vectors_") and isinstance(classifier.kernel, str):
        return _read_kernel(classifier, rows)
    if hasattr(classifier, "coefs_"):
        return _read_mlp(classifier, rows)
    if hasattr(classifier, "coef_"):
        return _read_linear(classifier, rows)
    raise ValueError(
        f"{who} expects a network, a linear model or an SVM with a kernel of scikit-learn, got "
        f"{describe_type(classifier)}."
    )


def _read_kernel(svm, rows):
    """Return support vectors, and how alike they are to the images by the SVM's kernel."""
    vectors = svm.support_vectors_
    vectors = vectors.toarray() if hasattr(vectors, "toarray") else vectors
    maps = pairwise_kernels(
        rows,
        vectors,
        metric=svm.kernel,
        filter_params=True,
        gamma=fitted_gamma(svm),
        degree=svm.degree,
        coef0=svm.coef0,
    )
    return vectors, maps, "support vectors", np.repeat(svm.classes_, svm.n_support_)


def _read_mlp(mlp, rows):
    weights = mlp.coefs_[0].T
    sums = rows @ weights.T + mlp.intercepts_[0]
    is_hidden = len(mlp.coefs_) > 1
    maps = _ACTIVATIONS[mlp.activation](sums) if is_hidden else sums
    return weights, maps, "units", np.arange(len(weights))


def _read_linear(model, rows):
    """Return the weights of every label; of two labels there are those of the second."""
    weights = np.atleast_2d(model.coef_)
    names = model.classes_[-len(weights) :]
    return weights, rows @ weights.T + model.intercept_, LABELS, names

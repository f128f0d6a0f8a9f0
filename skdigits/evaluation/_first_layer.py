"""The first layer of a classifier: the pictures it compares an image with, and what comes out."""

from sklearn.metrics.pairwise import pairwise_kernels

from skdigits._validation import fitted_gamma
from skdigits.evaluation._images import check_images
from skdigits.evaluation._last_step import as_last_step_sees, last_step


def read_first_layer(estimator, X, image_shape, *, who):
    """Return the filters of a fitted classifier, and what they give for images.

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

    Returns
    -------
    images : ndarray of shape (n_samples, channels, height, width)
        As they come to the classifier.
    filters : ndarray of shape (n_filters, channels, height, width)
        Kernels of a convolution, weights of every unit or label, or support vectors.
    maps : ndarray of shape (n_samples, n_filters, height, width) or (n_samples, n_filters)
        What they give.
    kind : str
        What the filters are, in the plural.

    Raises
    ------
    ValueError
        If the classifier has no such layer.
    """
    classifier, seen = last_step(estimator), as_last_step_sees(estimator, X)
    images = check_images(seen, getattr(classifier, "image_shape_", image_shape), who=who)
    rows = images.reshape(len(images), -1)
    if hasattr(classifier, "first_layer"):
        filters, maps = classifier.first_layer(seen)
        return images, filters, maps, "filters" if maps.ndim == 4 else "units"
    filters, maps, kind = _read_rows(classifier, rows.astype(float), who)
    return images, filters.reshape(-1, *images.shape[1:]), maps, kind


def _read_rows(classifier, rows, who):
    """Return filters as rows of pixels, one number for each and each image, and what they are."""
    if hasattr(classifier, "support_vectors_"):
        return *_read_kernel(classifier, rows), "support vectors"
    if hasattr(classifier, "coefs_"):  # MLPClassifier
        weights, intercepts, kind = classifier.coefs_[0].T, classifier.intercepts_[0], "units"
    elif hasattr(classifier, "coef_"):
        weights, intercepts, kind = classifier.coef_, classifier.intercept_, "linear functions"
    else:
        raise ValueError(
            f"{who} expects a network, a linear model or an SVM, got a "
            f"{type(classifier).__name__}: it has no layer of weights."
        )
    return weights, rows @ weights.T + intercepts, kind


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
    return vectors, maps

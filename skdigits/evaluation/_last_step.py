"""The classifier at the end of a Pipeline or a search, and what it is given."""

import math

from sklearn.base import OneToOneFeatureMixin


def last_step(estimator):
    """Return the classifier at the end of a Pipeline or a search, or what was given."""
    if hasattr(estimator, "best_estimator_"):
        return last_step(estimator.best_estimator_)
    return last_step(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def as_last_step_sees(estimator, X):
    """Return `X` as it comes to the :func:`last_step` of a fitted estimator.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MaxAbsScaler
    >>> from sklearn.svm import SVC
    >>> from skdigits.evaluation._last_step import as_last_step_sees
    >>> model = make_pipeline(MaxAbsScaler(), SVC()).fit([[0.0], [8.0]], [0, 1])
    >>> as_last_step_sees(model, [[4.0]])
    array([[0.5]])
    """
    if hasattr(estimator, "best_estimator_"):
        return as_last_step_sees(estimator.best_estimator_, X)
    if not hasattr(estimator, "steps"):
        return X
    given = estimator[:-1].transform(X) if len(estimator) > 1 else X
    return as_last_step_sees(estimator.steps[-1][1], given)


def own_image_shape(estimator, n_pixels):
    """Return the shape of the images that the :func:`last_step` of a fitted estimator took.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, or a Pipeline or search that ends in one.
    n_pixels : int
        Pixels in a row of the data.

    Returns
    -------
    tuple of int or None
        Its `image_shape_`. None where it has none, where that is of another number of pixels, or
        where a step before it makes something else of the pixels: after a PCA, say, the shape
        would not be that of the data.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits import ANNClassifier
    >>> from skdigits.evaluation._last_step import own_image_shape
    >>> model = ANNClassifier(image_shape=(2, 8), max_iter=1).fit(np.eye(16), range(16))
    >>> own_image_shape(model, 16), own_image_shape(model, 25)
    ((2, 8), None)
    """
    shape = getattr(last_step(estimator), "image_shape_", None)
    fits = shape is not None and math.prod(shape) == n_pixels
    return shape if fits and _keeps_pixels(estimator) else None


def _keeps_pixels(estimator):
    """Say whether all steps before the last give a feature for every feature."""
    if hasattr(estimator, "best_estimator_"):
        return _keeps_pixels(estimator.best_estimator_)
    if not hasattr(estimator, "steps"):
        return True
    *before, (_, last) = estimator.steps
    are_kept = all(
        step in (None, "passthrough") or isinstance(step, OneToOneFeatureMixin)
        for _, step in before
    )
    return are_kept and _keeps_pixels(last)

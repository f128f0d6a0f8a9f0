"""How certain classifiers without probabilities are of what they predict."""

from copy import copy
from itertools import combinations

import numpy as np

from skdigits.evaluation._last_step import as_last_step_sees, last_step
from skdigits.evaluation._naming import describe_type


def check_is_certain(estimator, who):
    """Refuse a classifier that does not say how sure it is."""
    if not hasattr(estimator, "predict_proba") and not hasattr(estimator, "decision_function"):
        raise ValueError(
            f"{who} expects a classifier with predict_proba or decision_function, got "
            f"{describe_type(estimator)}."
        )


def measure_certainty(estimator, X, predicted):
    """Return what orders predictions by how certain they are, from ``decision_function``.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, or a Pipeline or search that ends in one.
    X : array-like
        The rows that were predicted.
    predicted : ndarray of shape (n_samples,)
        What it predicted.

    Returns
    -------
    ndarray of shape (n_samples,)
        The higher, the surer. For two labels the distance from the boundary, for more the margin
        between the two highest values; for an SVC the nearest of the boundaries between the
        predicted label and every other.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits.evaluation._certainty import measure_certainty
    >>> X, y = load_digits(return_X_y=True)
    >>> svm = SVC().fit(X[:500], y[:500])
    >>> predicted = svm.predict(X[500:])
    >>> certainty = measure_certainty(svm, X[500:], predicted)
    >>> bool(certainty[predicted == y[500:]].mean() > 3 * certainty[predicted != y[500:]].mean())
    True
    """
    classifier, X = last_step(estimator), as_last_step_sees(estimator, X)
    if hasattr(classifier, "decision_function_shape"):
        return _nearest_boundary(classifier, X, predicted)
    return _margin(np.asarray(classifier.decision_function(X)))


def score_labels(estimator, X, labels):
    """Return what a fitted classifier gives each row for a label.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, or a Pipeline or search that ends in one.
    X : array-like
        Rows.
    labels : ndarray of shape (n_samples,)
        A label of the classifier for each.

    Returns
    -------
    ndarray of shape (n_samples,)
        Its probability; without probabilities its ``decision_function``, for an SVC the nearest
        of the boundaries between it and every other label.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from skdigits.evaluation._certainty import score_labels
    >>> model = RidgeClassifier().fit([[0.0], [1.0]], ["a", "b"])
    >>> score_labels(model, [[1.0], [1.0]], np.array(["a", "b"])).round(2).tolist()
    [-0.33, 0.33]
    """
    if hasattr(estimator, "predict_proba"):
        return _values_of(estimator, np.asarray(estimator.predict_proba(X)), labels)
    classifier, X = last_step(estimator), as_last_step_sees(estimator, X)
    if hasattr(classifier, "decision_function_shape"):
        return _nearest_boundary(classifier, X, labels)
    return _values_of(classifier, np.asarray(classifier.decision_function(X)), labels)


def _values_of(classifier, values, labels):
    """Return each row's value for its label."""
    values = np.column_stack([-values, values]) if values.ndim == 1 else values
    return values[np.arange(len(values)), np.searchsorted(classifier.classes_, labels)]


def _margin(scores):
    if scores.ndim == 1:
        return np.abs(scores)
    highest = np.sort(scores, axis=1)
    return highest[:, -1] - highest[:, -2]


def _nearest_boundary(svc, X, predicted):
    """Return the lowest of the predicted label's values against each other label.

    The values "ovr" that an SVC gives by default are votes, squashed: their margin says little.
    """
    pairwise = copy(svc).set_params(decision_function_shape="ovo")
    values = np.asarray(pairwise.decision_function(X))
    if values.ndim == 1:
        return _values_of(svc, values, predicted)
    winner = np.searchsorted(svc.classes_, predicted)
    lowest = np.full(len(values), np.inf)
    for column, (first, second) in enumerate(combinations(range(len(svc.classes_)), 2)):
        for label, value in ((first, values[:, column]), (second, -values[:, column])):
            lowest = np.where(winner == label, np.minimum(lowest, value), lowest)
    return lowest

"""Predictions of any origin, with the images they were made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_consistent_length

from skdigits._validation import take_rows
from skdigits.evaluation._certainty import measure_certainty
from skdigits.evaluation._images import check_images


@dataclass(frozen=True, eq=False)
class Predicted:
    """Labels, predictions and what orders mistakes; `rows` says where in `X` each one is."""

    X: Any
    truth: np.ndarray
    predicted: np.ndarray
    rows: np.ndarray
    probability: np.ndarray | None  # of the predicted label
    certainty: np.ndarray | None  # what orders mistakes: the probability, or a margin

    def __post_init__(self):
        check_consistent_length(self.truth, self.predicted, self.rows, self.certainty)
        unique_labels(self.truth, self.predicted)  # refuses numbers beside text

    def worst_first(self, chosen):
        """Return the positions of what is `chosen` (a mask), the surest first."""
        positions = np.flatnonzero(chosen)
        if self.certainty is None:
            return positions
        return positions[np.argsort(-self.certainty[positions], kind="stable")]

    def images(self, positions, image_shape, *, who):
        """Return the pictures at some positions, (n, channels, height, width)."""
        return check_images(take_rows(self.X, self.rows[positions]), image_shape, who=who)


def of_estimator(estimator, X, y):
    """Predict with a fitted classifier."""
    y = column_or_1d(y)
    predicted, probability, certainty = _predict(estimator, X)
    return Predicted(X, y, predicted, np.arange(len(y)), probability, certainty)


def of_predictions(y_true, y_pred, X, y_proba=None):
    """Take predictions that were made elsewhere.

    The columns of probabilities are of the labels, sorted; where some labels have no row, so that
    the columns cannot be told, the highest is taken for that of the prediction.
    """
    y_true, y_pred = column_or_1d(y_true), column_or_1d(y_pred)
    probability = None if y_proba is None else np.asarray(y_proba, dtype=float)
    if probability is not None and probability.ndim == 2:
        labels = np.union1d(y_true, y_pred)
        fits = len(labels) == probability.shape[1]
        probability = _of_label(probability, labels, y_pred) if fits else probability.max(axis=1)
    return Predicted(X, y_true, y_pred, np.arange(len(y_true)), probability, probability)


def of_cv_results(cv_results, X, y, *, who):
    """Predict the rows of every fold with the estimator that was not trained on them."""
    if not {"estimator", "indices"} <= set(cv_results):
        raise ValueError(
            f"{who} expects estimators and indices: call cross_validate with "
            "return_estimator=True and return_indices=True."
        )
    tests = cv_results["indices"]["test"]
    folds = [
        _predict(estimator, take_rows(X, test))
        for estimator, test in zip(cv_results["estimator"], tests, strict=True)
    ]
    predicted, probabilities, certainties = zip(*folds, strict=True)
    rows = np.concatenate(tests)
    return Predicted(
        X,
        column_or_1d(y)[rows],
        np.concatenate(predicted),
        rows,
        _join(probabilities),
        _join(certainties),
    )


def _join(parts):
    return None if parts[0] is None else np.concatenate(parts)


def of_comparison(comparison, name, *, who):
    """Take the out-of-fold predictions of one model, the best where `name` is None."""
    name = comparison.best if name is None else name
    if name not in comparison.estimators:
        known = ", ".join(comparison.estimators)
        raise ValueError(f"{who} finds no model {name!r}, it has: {known}.")
    table, predictions = comparison.probabilities.get(name), comparison.predictions
    truth, predicted, rows = (predictions[key].to_numpy() for key in ("true_label", name, "row"))
    probability = None if table is None else _of_column(table, predicted)
    certainty = comparison.certainties.get(name) if probability is None else probability
    return Predicted(comparison.X, truth, predicted, rows, probability, certainty)


def _of_label(probabilities, labels, chosen):
    """Return of each row the probability of its chosen label; `labels` are sorted."""
    return np.asarray(probabilities)[np.arange(len(chosen)), np.searchsorted(labels, chosen)]


def _of_column(table, chosen):
    return table.to_numpy()[np.arange(len(chosen)), table.columns.get_indexer(chosen)]


def _predict(estimator, X):
    """Return predictions, their probabilities (or None), and what orders them (or None)."""
    predicted = column_or_1d(estimator.predict(X))
    if hasattr(estimator, "predict_proba"):
        probability = _of_label(estimator.predict_proba(X), estimator.classes_, predicted)
        return predicted, probability, probability
    if not hasattr(estimator, "decision_function"):
        return predicted, None, None
    return predicted, None, measure_certainty(estimator, X, predicted)

"""Probabilities of labels, checked."""

import numpy as np
import pandas as pd
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import check_consistent_length

_TOLERANCE = 1e-3  # of a sum of probabilities: what half precision leaves


def check_probabilities(y_true, y_proba, labels, *, who):
    """Return labels of rows as columns of the probabilities, the probabilities, and the labels.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The label of every row.
    y_proba : array-like or DataFrame of shape (n_samples, n_classes), or (n_samples,)
        A column for each label; or the probabilities of the second of two.
    labels : array-like of shape (n_classes,) or None
        The labels of the columns; None takes the columns' names of a DataFrame, else the labels
        in `y_true`, sorted.
    who : str
        The name that an error speaks for.

    Returns
    -------
    columns : ndarray of int of shape (n_samples,)
        Position of each row's label in `labels`.
    y_proba : ndarray of shape (n_samples, n_classes)
        The probabilities.
    labels : ndarray of shape (n_classes,)
        The labels.

    Raises
    ------
    ValueError
        If they are no probabilities, or not of these labels.

    Examples
    --------
    >>> from skdigits.evaluation._probabilities import check_probabilities
    >>> columns, _, labels = check_probabilities(["a", "b"], [[1, 0], [0.5, 0.5]], None, who="x")
    >>> columns.tolist(), labels.tolist()
    ([0, 1], ['a', 'b'])
    """
    y_true = column_or_1d(y_true)
    if labels is None:
        labels = y_proba.columns if isinstance(y_proba, pd.DataFrame) else np.unique(y_true)
    labels = pd.Index(labels)
    y_proba = check_array(y_proba, ensure_2d=False, input_name="y_proba", dtype=float)
    if y_proba.ndim == 1:
        y_proba = np.column_stack([1 - y_proba, y_proba])
    check_consistent_length(y_true, y_proba)
    if y_proba.shape[1] != len(labels) or not labels.is_unique:
        raise ValueError(
            f"{who} expects a column of probabilities for each label, got {y_proba.shape[1]} "
            f"columns for {len(labels)} labels: give labels, such as classes_ of the classifier."
        )
    if y_proba.min() < 0 or np.abs(y_proba.sum(axis=1) - 1).max() > _TOLERANCE:
        raise ValueError(
            f"{who} expects probabilities from 0 to 1 that sum to one in every row, got values "
            f"from {y_proba.min():.3g} to {y_proba.max():.3g}."
        )
    columns = labels.get_indexer(y_true)
    if (columns < 0).any():
        unknown = y_true[columns < 0][0]
        raise ValueError(f"{who} finds the label {unknown!r} in y, which no column is of.")
    return columns, y_proba, labels.to_numpy()

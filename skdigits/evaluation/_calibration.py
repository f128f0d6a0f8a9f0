"""Whether probabilities keep their word: expected calibration error and reliability bins."""

import numpy as np
import pandas as pd

from skdigits.evaluation._probabilities import check_probabilities

_STRATEGIES = ("uniform", "quantile")


def expected_calibration_error(y_true, y_proba, *, labels=None, n_bins=15, strategy="uniform"):
    """Measure how far a classifier's certainty is from how often it is right.

    Predictions are put into bins by the probability of the label that is the most probable. In
    every bin the mean of that probability is compared with the share of right predictions; the
    error is the mean of the absolute differences, weighted by the number of rows.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_proba : array-like or DataFrame of shape (n_samples, n_classes), or (n_samples,)
        Predicted probabilities, a column for each label; or those of the second of two labels.
    labels : array-like of shape (n_classes,), default=None
        The labels of the columns, such as `classes_` of the classifier. None takes the names of
        the columns of a DataFrame, else the labels in `y_true`, sorted.
    n_bins : int, default=15
        How many bins.
    strategy : {"uniform", "quantile"}, default="uniform"
        Bins of one width, or of about as many rows.

    Returns
    -------
    float
        0 to 1: 0.02 says that a prediction with 97 % certainty is right about 95 or 99 % of the
        time.

    Raises
    ------
    ValueError
        If `y_proba` are no probabilities of these labels, or there is no such number or strategy
        of bins.

    See Also
    --------
    ReliabilityDisplay : Draws the bins.
    sklearn.calibration.CalibratedClassifierCV : Makes the error smaller,
        ``method="temperature"`` without changing any prediction (scikit-learn 1.8).

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities
       using Bayesian binning", AAAI 2015.
    .. [2] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017.

    Examples
    --------
    >>> from skdigits import expected_calibration_error
    >>> expected_calibration_error([0, 1, 1, 1], [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    0.15...
    """
    who = "expected_calibration_error"
    truth, y_proba, _ = check_probabilities(y_true, y_proba, labels, who=who)
    bins = bin_by_certainty(
        y_proba.max(axis=1), y_proba.argmax(axis=1) == truth, n_bins, strategy, who=who
    )
    return sum_up_bins(bins)


def sum_up_bins(bins):
    """Return the expected calibration error of bins that :func:`bin_by_certainty` made."""
    return float((bins["share"] * (bins["accuracy"] - bins["certainty"]).abs()).sum())


def bin_by_certainty(certainty, is_right, n_bins, strategy, *, who):
    """Put predictions into bins by their certainty.

    Parameters
    ----------
    certainty : array-like of shape (n_samples,)
        Probability of what was predicted, 0 to 1.
    is_right : array-like of bool of shape (n_samples,)
        Whether it was right.
    n_bins : int
        How many bins.
    strategy : {"uniform", "quantile"}
        Bins of one width, or of about as many rows.
    who : str
        The name that an error speaks for.

    Returns
    -------
    DataFrame
        A row for each bin that is not empty: ``certainty`` and ``accuracy``, the means in it, and
        ``share``, of all rows.

    Examples
    --------
    >>> from skdigits.evaluation._calibration import bin_by_certainty
    >>> bins = bin_by_certainty([0.9, 0.8, 0.3], [True, False, True], 2, "uniform", who="example")
    >>> bins["accuracy"].tolist()
    [1.0, 0.5]
    """
    if not isinstance(n_bins, (int, np.integer)) or n_bins < 1:
        raise ValueError(f"{who} expects n_bins as a number of at least 1, got {n_bins!r}.")
    if strategy not in _STRATEGIES:
        raise ValueError(f"{who} expects strategy 'uniform' or 'quantile', got {strategy!r}.")
    table = pd.DataFrame({"certainty": certainty, "accuracy": np.asarray(is_right, dtype=float)})
    edges = np.linspace(0, 1, n_bins + 1)
    if strategy == "quantile":
        edges = np.quantile(table["certainty"], edges)
    numbers = np.searchsorted(edges[1:-1], table["certainty"])
    groups = table.groupby(numbers)
    return groups.mean().assign(share=groups.size() / len(table)).reset_index(drop=True)

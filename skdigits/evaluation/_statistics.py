"""Paired tests for scores that were measured on overlapping training sets."""

from typing import NamedTuple

import numpy as np
from scipy import stats


class PairedTest(NamedTuple):
    """What a paired test found: the mean difference, its interval, t and the p value."""

    mean_difference: float
    ci_low: float
    ci_high: float
    t: float
    p_value: float


def corrected_t_test(differences, *, n_train, n_test, confidence=0.95):
    """Test whether paired scores of two models differ, by the corrected resampled t-test.

    Folds share training rows, so the usual t-test takes their scores for more independent
    than they are and finds differences where there are none. Nadeau and Bengio's correction
    replaces the variance of the mean, ``variance / k``, by
    ``variance * (1 / k + n_test / n_train)``.

    Parameters
    ----------
    differences : array-like of shape (k,)
        Score of the one model minus score of the other, a fold each.
    n_train, n_test : float
        Rows a fold is trained and tested on (their means where folds differ in size).
    confidence : float, default=0.95
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    PairedTest
        ``(mean_difference, ci_low, ci_high, t, p_value)``, the p value two-sided with
        ``k - 1`` degrees of freedom. One fold has no variance: all but the mean are NaN. Where
        all differences are zero, ``t`` is 0 and the p value 1.

    Notes
    -----
    Few folds of few rows may by chance have one and the same difference, which says nothing of a
    variance of zero. It is then taken for the least that a difference `d` of two accuracies can
    have, ``(|d| - d**2) / n_test``: at least a share ``|d|`` of the rows was judged differently.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning
       52, 239-281, 2003.
    .. [2] R. R. Bouckaert and E. Frank, "Evaluating the replicability of significance tests for
       comparing learning algorithms", PAKDD 2004.

    Examples
    --------
    >>> from skdigits.evaluation._statistics import corrected_t_test
    >>> test = corrected_t_test([0.02, 0.01, 0.03, 0.02], n_train=75, n_test=25)
    >>> round(test.t, 2), round(test.p_value, 3)
    (3.21, 0.049)
    """
    differences = np.asarray(differences, dtype=float)
    n_folds, mean = len(differences), float(differences.mean())
    if n_folds < 2:
        return PairedTest(mean, np.nan, np.nan, np.nan, np.nan)
    variance = _variance(differences, n_test)
    if variance == 0:
        t, p_value = (0.0, 1.0) if abs(mean) < 0.5 else (float(np.copysign(np.inf, mean)), 0.0)
        return PairedTest(mean, mean, mean, t, p_value)
    standard_error = np.sqrt(variance * (1 / n_folds + n_test / n_train))
    t = mean / standard_error
    half_width = stats.t.ppf((1 + confidence) / 2, df=n_folds - 1) * standard_error
    p_value = 2 * stats.t.sf(abs(t), df=n_folds - 1)
    return PairedTest(mean, *map(float, (mean - half_width, mean + half_width, t, p_value)))


def _variance(differences, n_test):
    """Return the variance of the differences; where they are one, the least that it can be."""
    # Equal differences of floats are equal only to within rounding.
    if np.ptp(differences) > 8 * np.finfo(float).eps:
        return float(differences.var(ddof=1))
    difference = min(abs(float(differences[0])), 1.0)
    if difference <= 8 * np.finfo(float).eps:
        return 0.0
    return difference * (1 - difference) / n_test


def adjust_holm(p_values):
    """Adjust p values for their number by Holm's step-down method.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        One p value per test.

    Returns
    -------
    ndarray of shape (n_tests,)
        Adjusted p values: those below 0.05 hold together with an error of at most 0.05.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
       Journal of Statistics 6, 65-70, 1979.

    Examples
    --------
    >>> from skdigits.evaluation._statistics import adjust_holm
    >>> adjust_holm([0.01, 0.5, 0.02]).round(2).tolist()
    [0.03, 0.5, 0.04]
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    stepped = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(stepped))
    return adjusted

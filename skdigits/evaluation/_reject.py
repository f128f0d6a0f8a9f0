"""How many mistakes are left when the least certain predictions are rejected."""

import numpy as np
import pandas as pd
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import check_consistent_length


def reject_curve(y_true, y_pred, certainty):
    """Measure the error among the accepted against the share that is rejected.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        True and predicted labels.
    certainty : array-like of shape (n_samples,)
        The higher, the surer: the probability of the prediction, or any score, such as the margin
        between the two highest values of a linear model's ``decision_function``.

    Returns
    -------
    DataFrame
        A row for every distinct certainty, from the lowest: ``threshold``, from which on
        predictions are accepted (all of one certainty, or none), ``share_rejected`` and
        ``error``, 0 to 1, of those that are accepted.

    Raises
    ------
    ValueError
        If the lengths differ, or a certainty is not a finite number.

    See Also
    --------
    RejectCurveDisplay : Draws it, and says how many to reject for an error.

    References
    ----------
    .. [1] R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective
       classification", Journal of Machine Learning Research 11, 1605-1641, 2010.
    .. [2] Y. Geifman and R. El-Yaniv, "Selective classification for deep neural networks",
       NeurIPS 2017.

    Examples
    --------
    >>> from skdigits import reject_curve
    >>> reject_curve([3, 3, 8, 8], [3, 8, 8, 8], [0.9, 0.5, 0.7, 0.9]).to_numpy().tolist()
    [[0.5, 0.0, 0.25], [0.7, 0.25, 0.0], [0.9, 0.5, 0.0]]
    """
    y_true, y_pred = column_or_1d(y_true), column_or_1d(y_pred)
    certainty = check_array(certainty, ensure_2d=False, input_name="certainty", dtype=float)
    certainty = column_or_1d(certainty)
    check_consistent_length(y_true, y_pred, certainty)
    by_certainty = pd.Series(y_true != y_pred).groupby(certainty).agg(["sum", "size"])
    accepted = by_certainty[::-1].cumsum()[::-1]
    return pd.DataFrame(
        {
            "threshold": accepted.index,
            "share_rejected": 1 - accepted["size"].to_numpy() / len(y_true),
            "error": (accepted["sum"] / accepted["size"]).to_numpy(),
        }
    )


def area_under(curve):
    """Return the mean error over all shares, the AURC of Geifman and El-Yaniv: lower is better.

    Parameters
    ----------
    curve : DataFrame
        What :func:`reject_curve` returned.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from skdigits import reject_curve
    >>> from skdigits.evaluation._reject import area_under
    >>> area_under(reject_curve([3, 3, 8, 8], [3, 8, 8, 8], [0.9, 0.5, 0.7, 0.8]))
    0.0625
    """
    steps = np.diff(np.append(curve["share_rejected"], 1.0))
    return float((curve["error"] * steps).sum())


def share_to_reject(curve, error):
    """Return the least share to reject for no more than an error; 1 where that takes all.

    Parameters
    ----------
    curve : DataFrame
        What :func:`reject_curve` returned.
    error : float
        The highest error among the accepted, 0 to 1.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from skdigits import reject_curve
    >>> from skdigits.evaluation._reject import share_to_reject
    >>> share_to_reject(reject_curve([3, 3, 8, 8], [3, 8, 8, 8], [0.9, 0.5, 0.7, 0.8]), 0.1)
    0.25
    """
    shares = curve.loc[curve["error"] <= error, "share_rejected"]
    return float(shares.min()) if len(shares) else 1.0

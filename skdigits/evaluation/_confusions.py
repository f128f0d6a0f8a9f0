"""Which labels are taken for which, counted."""

import numpy as np
import pandas as pd


def count_confusions(truth, predicted):
    """Count every kind of mistake.

    Parameters
    ----------
    truth, predicted : array-like of shape (n,)
        Labels.

    Returns
    -------
    DataFrame
        ``true_label``, ``predicted_label`` and ``count``, the most frequent first.

    Examples
    --------
    >>> from skdigits.evaluation._confusions import count_confusions
    >>> count_confusions([3, 3, 8, 1], [8, 8, 3, 1]).to_numpy().tolist()
    [[3, 8, 2], [8, 3, 1]]
    """
    mistakes = _mistakes(truth, predicted)
    return _count(mistakes, ["true_label", "predicted_label"])


def count_confused_pairs(truth, predicted):
    """Count the mistakes between two labels, whichever was taken for the other.

    Parameters
    ----------
    truth, predicted : array-like of shape (n,)
        Labels.

    Returns
    -------
    DataFrame
        ``first`` and ``second``, the two labels in their order, and ``count``, the most frequent
        first.

    Examples
    --------
    >>> from skdigits.evaluation._confusions import count_confused_pairs
    >>> count_confused_pairs([3, 3, 8, 1], [8, 8, 3, 1]).to_numpy().tolist()
    [[3, 8, 3]]
    """
    mistakes = _mistakes(truth, predicted).to_numpy()
    pairs = pd.DataFrame(np.sort(mistakes, axis=1), columns=["first", "second"])
    return _count(pairs, ["first", "second"])


def _mistakes(truth, predicted):
    table = pd.DataFrame({"true_label": truth, "predicted_label": predicted})
    return table[table["true_label"] != table["predicted_label"]]


def _count(table, columns):
    counts = table.groupby(columns, as_index=False).size().rename(columns={"size": "count"})
    return counts.sort_values("count", ascending=False, kind="stable", ignore_index=True)

"""Scores and differences as a person reads them."""

import pandas as pd

from skdigits.evaluation._robustness import CLEAN

EN_DASH = "–"
SIGNIFICANCE = 0.05
_TEST = """\
In brackets: the 95 % interval, by Nadeau and Bengio's corrected t-test over the
folds, and its p value, adjusted for the number of comparisons (Holm). The best
was chosen by the same folds, which favours it a little."""

# Column of the scores: its heading, and how a number is written.
_HEADINGS = {
    "accuracy": ("accuracy", "{:.4f}"),
    "accuracy_sd": ("± sd", "{:.4f}"),
    "macro_f1": ("macro F1", "{:.4f}"),
    "log_loss": ("log loss", "{:.4f}"),
    "fit_seconds": ("fit s", "{:.3f}"),
    "predict_seconds_per_1000": ("predict s/1000", "{:.4f}"),
    "size_bytes": ("size kB", "{:,.0f}"),
}


def format_scores(table):
    """Return the table of scores as text cells with headings, an en dash for a missing value.

    Parameters
    ----------
    table : DataFrame
        :attr:`ModelComparison.table`.

    Returns
    -------
    DataFrame of str
        The same rows and columns, to be printed or turned into HTML.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.evaluation._tables import format_scores
    >>> table = pd.DataFrame({"accuracy": [0.98886], "log_loss": [None]}, index=["svm"])
    >>> format_scores(table).loc["svm"].tolist()
    ['0.9889', '–']
    """
    table = table.assign(size_bytes=table["size_bytes"] / 1000) if "size_bytes" in table else table
    cells = {
        heading: [_format(pattern, value) for value in table[column]]
        for column, (heading, pattern) in _HEADINGS.items()
        if column in table
    }
    return pd.DataFrame(cells, index=table.index.rename(None), dtype=object)


def describe_differences(table, differences):
    """Say in sentences which models the best one beats, and by how much.

    Parameters
    ----------
    table, differences : DataFrame
        :attr:`ModelComparison.table` and :attr:`ModelComparison.differences`.

    Returns
    -------
    list of str
        The best model's accuracy, a sentence for every other model, and how they were tested.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.evaluation._tables import describe_differences
    >>> table = pd.DataFrame({"accuracy": [0.98886]}, index=["svm"])
    >>> describe_differences(table, pd.DataFrame())
    ['svm is the most accurate: its mean accuracy is 98.89 %.']
    """
    best, accuracy = table.index[0], table["accuracy"].iloc[0]
    first = f"{best} is the most accurate: its mean accuracy is {accuracy:.2%}."
    others = [_describe_difference(best, row) for row in differences.itertuples()]
    is_tested = len(differences) and differences["p_value"].notna().any()
    return [first.replace("%", " %"), *others, *([_TEST] if is_tested else [])]


def format_robustness(robustness):
    """Return the mean accuracy over the severities, in percent, by kind and model, as text.

    Parameters
    ----------
    robustness : DataFrame
        :attr:`ModelComparison.robustness`, or what :func:`robustness_curve` returned.

    Returns
    -------
    DataFrame of str
        Kinds in the rows, and the mean over them in the last; models in the columns, the most
        robust first.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.evaluation._tables import format_robustness
    >>> rows = [("svm", "clean", 0, 0.99), ("svm", "blur", 1, 0.9), ("svm", "blur", 2, 0.8)]
    >>> curve = pd.DataFrame(rows, columns=["model", "kind", "severity", "accuracy"])
    >>> format_robustness(curve)["svm"].to_dict()
    {'clean': '99.0', 'blur': '85.0', 'mean': '85.0'}
    """
    means = _mean_accuracy(robustness)
    overall = means.drop(index=CLEAN).mean().sort_values(ascending=False, kind="stable")
    means.loc["mean"] = overall
    table = (100 * means[overall.index]).map("{:.1f}".format)
    return table.rename(index=lambda kind: kind.replace("_", " ")).rename_axis(
        index=None, columns=None
    )


def describe_robustness(robustness):
    """Say in a sentence a model what breaks it, and what it hardly minds.

    Parameters
    ----------
    robustness : DataFrame
        :attr:`ModelComparison.robustness`, or what :func:`robustness_curve` returned.

    Returns
    -------
    list of str
        A sentence for every model, the most robust first.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.evaluation._tables import describe_robustness
    >>> rows = [("svm", "clean", 0, 0.99), ("svm", "blur", 1, 0.9), ("svm", "shift", 1, 0.5)]
    >>> curve = pd.DataFrame(rows, columns=["model", "kind", "severity", "accuracy"])
    >>> describe_robustness(curve)
    ['svm: 99.0 % right, 70.0 % on worse images; loses most by shift (50.0 %).']
    """
    means = _mean_accuracy(robustness)
    corrupted = means.drop(index=CLEAN)
    order = corrupted.mean().sort_values(ascending=False, kind="stable").index
    return [_describe_breaks(name, means.loc[CLEAN, name], corrupted[name]) for name in order]


def _describe_breaks(name, clean, accuracy):
    overall = f"{name}: {100 * clean:.1f} % right, {100 * accuracy.mean():.1f} % on worse images"
    lost = (clean - accuracy).sort_values(ascending=False, kind="stable")
    worst = lost[lost > lost.mean()].head(3)
    if worst.empty:
        return f"{overall}."
    breaks = ", ".join(
        f"{kind.replace('_', ' ')} ({100 * accuracy[kind]:.1f} %)" for kind in worst.index
    )
    return f"{overall}; loses most by {breaks}."


def _mean_accuracy(robustness):
    """Mean over folds and severities, kinds in the rows and models in the columns."""
    return robustness.pivot_table("accuracy", "kind", "model", sort=False)


def _describe_difference(best, row):
    points = f"{100 * row.mean_difference:.2f} points"
    if pd.isna(row.p_value):
        return f"{best} is {points} ahead of {row.Index} (one split: no test of the difference)."
    interval = f"{100 * row.ci_low:.2f} to {100 * row.ci_high:.2f}"
    evidence = f"{points} ({interval}; {_format_p(row.p_value_holm)})"
    if row.p_value_holm < SIGNIFICANCE:
        return f"{best} beats {row.Index} by {evidence}."
    return f"{best} and {row.Index} cannot be told apart: {evidence}."


def _format_p(p_value):
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _format(pattern, value):
    return EN_DASH if pd.isna(value) else pattern.format(value)

"""Scores and differences as a person reads them."""

import pandas as pd

EN_DASH = "–"
_SIGNIFICANCE = 0.05
_TEST = """\
In brackets: the 95 % interval, by Nadeau and Bengio's corrected t-test over the
folds, and its p value, adjusted for the number of comparisons (Holm)."""

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
    ['svm is the most accurate: 98.89 % of the test rows are right.']
    """
    best, accuracy = table.index[0], table["accuracy"].iloc[0]
    first = f"{best} is the most accurate: {accuracy:.2%} of the test rows are right."
    others = [_describe_difference(best, row) for row in differences.itertuples()]
    is_tested = len(differences) and differences["p_value"].notna().any()
    return [first.replace("%", " %"), *others, *([_TEST] if is_tested else [])]


def _describe_difference(best, row):
    points = f"{100 * row.mean_difference:.2f} points"
    if pd.isna(row.p_value):
        return f"{best} is {points} ahead of {row.Index} (one split: no test of the difference)."
    interval = f"{100 * row.ci_low:.2f} to {100 * row.ci_high:.2f}"
    evidence = f"{points} ({interval}; {_format_p(row.p_value_holm)})"
    if row.p_value_holm < _SIGNIFICANCE:
        return f"{best} beats {row.Index} by {evidence}."
    if row.p_value < _SIGNIFICANCE:
        return f"{best} seems to beat {row.Index} by {evidence}."
    return f"{best} and {row.Index} cannot be told apart: {evidence}."


def _format_p(p_value):
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _format(pattern, value):
    return EN_DASH if pd.isna(value) else pattern.format(value)

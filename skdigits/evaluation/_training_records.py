"""What classifiers record of their epochs, in one table whatever the classifier."""

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skdigits.evaluation._importance_display import describe_value
from skdigits.evaluation._last_step import last_step
from skdigits.evaluation._predicted import of_cv_results

LOSS = "loss"
COLUMNS = ("model", "fold", "epoch", "part", "measure", "value")
LEVEL_COLUMNS = ("model", "fold", "accuracy")
_OF_A_TASK = {
    *("task_id_path", "parent_task_id_path", "estimator_name"),
    *("task_name", "task_id", "sequential_subtasks"),
}


def read_curves(estimator, name, fold=0):
    """Return the rows of all epochs of a fitted classifier, none if it has no epochs.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier, or a Pipeline or search that ends in one.
    name : str
        What to call it.
    fold : int, default=0
        Its fold.

    Returns
    -------
    list of tuple
        Rows of `COLUMNS`.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> from skdigits.evaluation._training_records import read_curves
    >>> X, y = load_digits(n_class=2, return_X_y=True)
    >>> trees = GradientBoostingClassifier(n_estimators=2).fit(X, y)
    >>> [row[:5] for row in read_curves(trees, "trees")]
    [('trees', 0, 1, 'training', 'loss'), ('trees', 0, 2, 'training', 'loss')]
    """
    check_is_fitted(estimator)
    return [
        (name, fold, epoch, part, measure, float(value))
        for part, measure, first, values in _series(last_step(estimator))
        for epoch, value in enumerate(values, start=first)
    ]


def _series(classifier):
    """Return (part, measure, first epoch, values) of everything that was recorded."""
    if hasattr(classifier, "loss_curve_"):  # our nets and MLPClassifier
        scores = getattr(classifier, "validation_scores_", None)
        return [
            ("training", LOSS, 1, classifier.loss_curve_),
            ("validation", "accuracy", 1, () if scores is None else scores),
        ]
    if hasattr(classifier, "validation_score_"):  # HistGradientBoostingClassifier
        return _series_of_scores(classifier)
    return [("training", LOSS, 1, getattr(classifier, "train_score_", ()))]


def _series_of_scores(classifier):
    """Return scores that begin before the first iteration."""
    scoring = "accuracy" if classifier.scoring is None else classifier.scoring
    scoring = {LOSS: "neg_log_loss"}.get(scoring, scoring)
    measure, sign = _read_scoring(scoring if isinstance(scoring, str) else "score")
    parts = {"training": classifier.train_score_, "validation": classifier.validation_score_}
    return [(part, measure, 0, sign * np.asarray(values)) for part, values in parts.items()]


def _read_scoring(scoring):
    """Return what a scikit-learn score measures, and the sign that it has."""
    name = scoring.removeprefix("neg_")
    measure = LOSS if name == "log_loss" else name.replace("_", " ")
    return measure, 1 if name == scoring else -1


def read_level(estimator, X, y, name):
    """Return the rows of `LEVEL_COLUMNS` of the accuracy on `X` and `y`."""
    return [(name, 0, accuracy_score(column_or_1d(y), column_or_1d(estimator.predict(X))))]


def read_fold_levels(cv_results, X, y, name, *, who):
    """Return the rows of `LEVEL_COLUMNS` of every fold's accuracy on what it was not trained on."""
    predicted = of_cv_results(cv_results, X, y, who=who)
    ends = np.cumsum([len(rows) for rows in cv_results["indices"]["test"]])
    folds = np.split(predicted.truth == predicted.predicted, ends[:-1])
    return [(name, fold, float(right.mean())) for fold, right in enumerate(folds)]


def read_logs(logs, search, *, who):
    """Return the rows of all epochs that a scikit-learn ScoringMonitor has logged.

    Parameters
    ----------
    logs : ScoringMonitorLog or list of ScoringMonitorLog
        What the monitor's ``get_logs`` returned.
    search : fitted search or None
        Names the candidates, and says which fits are folds of one.
    who : str
        The name that an error speaks for.

    Returns
    -------
    list of tuple
        Rows of `COLUMNS`.

    Raises
    ------
    TypeError, ValueError
        If these are no logs, they have no epochs, or they are not those of the search.
    """
    logs = logs if isinstance(logs, list) else [logs]
    if not logs or not all(hasattr(log, "data") for log in logs):
        raise TypeError(f"{who} expects what ScoringMonitor.get_logs returned, got {logs[:1]!r}.")
    runs = [_group_fits(log.data) for log in logs]
    if not any(runs):
        raise ValueError(
            f"{who} expects logs with a score of every epoch, got none: set the callback on a "
            "classifier that supports scikit-learn's callbacks."
        )
    if search is not None:
        fits = _fits_of_search(runs, search, who)
    elif all(len(run) == 1 for run in runs):
        fits = [
            (epochs[0]["estimator_name"], fold, epochs)
            for fold, run in enumerate(runs)
            for epochs in run.values()
        ]
    else:
        epochs_of_all = [epochs for run in runs for epochs in run.values()]
        fits = [(f"fit {position}", 0, epochs) for position, epochs in enumerate(epochs_of_all)]
    return [row for fit in fits for row in _read_fit(*fit)]


def _group_fits(data):
    """Return the rows of epochs by the task they are part of, in the order of the tasks."""
    parents = {row["parent_task_id_path"] for row in data}
    fits: dict[tuple, list[dict]] = {}
    for row in sorted(data, key=lambda row: row["task_id_path"]):
        if row["task_name"] != "fit" and row["task_id_path"] not in parents:
            fits.setdefault(row["parent_task_id_path"], []).append(row)
    return fits


def _fits_of_search(runs, search, who):
    """Return name, fold and epochs of a search's fits, without the final one."""
    check_is_fitted(search, "cv_results_")
    candidates = name_candidates(search.cv_results_["params"])
    # The tasks of a search's root are the search itself, 0, and then the final fit.
    fits = [epochs for run in runs for path, epochs in run.items() if path[1:2] == (0,)]
    n_fits = len(candidates) * search.n_splits_
    if len(fits) != n_fits:
        raise ValueError(
            f"{who} expects the log of the search's own fit, with {n_fits} fits in it, "
            f"got {len(fits)}."
        )
    return [
        (candidates[position // search.n_splits_], position % search.n_splits_, epochs)
        for position, epochs in enumerate(fits)
    ]


def _read_fit(name, fold, epochs):
    scorings = [key for key in epochs[0] if key not in _OF_A_TASK]
    return [
        (name, fold, row["task_id"] + 1, "training", measure, sign * row[scoring])
        for scoring in scorings
        for measure, sign in [_read_scoring(scoring)]
        for row in epochs
    ]


def name_candidates(candidates):
    """Say what is different about each candidate of a search.

    Parameters
    ----------
    candidates : list of dict
        Their parameters.

    Returns
    -------
    list of str
        The parameters that are not the same in all, without the names of steps.

    Examples
    --------
    >>> from skdigits.evaluation._training_records import name_candidates
    >>> name_candidates([{"net__alpha": 1, "net__tol": 0}, {"net__alpha": 2, "net__tol": 0}])
    ['alpha=1', 'alpha=2']
    """
    table = pd.DataFrame([{key: repr(value) for key, value in row.items()} for row in candidates])
    varied = [key for key in table if table[key].nunique(dropna=False) > 1] or list(table)
    short = {key: key.rpartition("__")[2] for key in varied}
    short = short if len(set(short.values())) == len(varied) else {key: key for key in varied}
    names = [
        ", ".join(f"{short[key]}={describe_value(row[key])}" for key in varied if key in row)
        for row in candidates
    ]
    if len(set(names)) < len(names):
        return [f"{position}: {name}" for position, name in enumerate(names)]
    return names

"""Classifiers compared on the same folds: scores, times, sizes and paired tests."""

from contextlib import contextmanager
from numbers import Integral
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import check_random_state, column_or_1d, indexable
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed

from skdigits.evaluation._measuring import FoldJob, measure
from skdigits.evaluation._results import PREDICTION_COLUMNS, ModelComparison

__all__ = ["ModelComparison", "compare_models"]


def compare_models(
    estimators,
    X,
    y,
    *,
    groups=None,
    cv=10,
    n_jobs=None,
    random_state=None,
    on_result=None,
):
    """Fit and measure every classifier on the same folds.

    Parameters
    ----------
    estimators : dict, list of (str, estimator) tuples, or list of estimators
        The classifiers (or Pipelines that end in one), by name. A list without names gets
        the names that :func:`sklearn.pipeline.make_pipeline` would give. The estimators are
        cloned, never changed.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, ...)
        The data, in any form and with any number of dimensions that the classifiers take.
    y : array-like of shape (n_samples,)
        The labels: integers, strings, booleans.
    groups : array-like of shape (n_samples,), default=None
        Rows of a group (one writer, say) are never divided between training and test.
    cv : int, splitter or iterable of (train, test), default=10
        An integer is the number of shuffled, stratified folds (which keep `groups` together
        where given). A fixed split is ``[(train_rows, test_rows)]``: then there is no
        standard deviation and no paired test, both are NaN.
    n_jobs : int, default=None
        How many fits run at a time, through joblib. None means 1.
    random_state : int, RandomState instance or None, default=None
        An integer makes the comparison repeatable bit for bit, apart from the times: it
        shuffles the folds, and gives every fold a seed, to which each `random_state` that is
        None (nested ones too) is set. A `random_state` of your own is kept. None seeds nothing.
    on_result : callable, default=None
        Called in this process as ``on_result(name, fold, scores)`` after every fit, in the
        order in which they end; `scores` is a dict such as ``{"accuracy": 0.98, ...}``.

    Returns
    -------
    ModelComparison
        The scores, the paired differences and the out-of-fold predictions.

    Raises
    ------
    TypeError, ValueError
        If `estimators`, `y` or `cv` cannot be used; nothing has been fitted then.
    RuntimeError
        If a model fails: the message names the model and the fold.

    Notes
    -----
    The paired test is Nadeau and Bengio's corrected resampled t-test [1]_, recommended for
    cross-validation by Bouckaert and Frank [2]_.

    Every fold takes all models in turn, so a machine that slows down slows all of them. Times
    are wall-clock times of ``fit`` and ``predict``. Compare them within one comparison only:
    with ``n_jobs > 1`` the fits share caches and memory, and joblib gives each
    ``n_cores // n_jobs`` threads, so models that can use several threads look slower than
    they are alone. For times to publish take ``n_jobs=1`` on an idle machine.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning
       52, 239-281, 2003.
    .. [2] R. R. Bouckaert and E. Frank, "Evaluating the replicability of significance tests for
       comparing learning algorithms", PAKDD 2004.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skdigits import compare_models
    >>> X, y = load_digits(return_X_y=True)
    >>> models = {"knn": KNeighborsClassifier(3), "bayes": GaussianNB()}
    >>> comparison = compare_models(models, X, y, cv=5, random_state=0)
    >>> comparison.table["accuracy"].round(2).to_dict()
    {'knn': 0.99, 'bayes': 0.85}
    """
    estimators = _check_estimators(estimators)
    X, y, groups = indexable(X, y, groups)
    y = _check_labels(y)
    splits = _make_splits(cv, X, y, groups, random_state)
    seeds = _draw_seeds(random_state, len(splits))
    jobs = [
        FoldJob(name, estimator, fold, train, test, seeds[fold])
        for fold, (train, test) in enumerate(splits)
        for name, estimator in estimators.items()
    ]
    measured = {}
    with _run(jobs, X, y, n_jobs) as results:
        for job, scores, predicted in results:
            measured[job.name, job.fold] = scores, predicted
            if on_result is not None:
                on_result(job.name, job.fold, dict(scores))
    return _collect(estimators, splits, seeds, y, measured)


def _check_estimators(estimators):
    """Return the estimators as a dict from distinct names to classifiers."""
    pairs = _name_estimators(estimators)
    if not pairs:
        raise ValueError("compare_models expects at least one estimator, got none.")
    names = [name for name, _ in pairs]
    for name in names:
        _check_name(name, names)
    for name, estimator in pairs:
        _check_classifier(name, estimator)
    return dict(pairs)


def _name_estimators(estimators):
    if hasattr(estimators, "items"):
        return list(estimators.items())
    if hasattr(estimators, "fit") or isinstance(estimators, str):
        raise TypeError(
            "compare_models expects a dict or a list of estimators, "
            f"got {_describe_type(estimators)}: put it in a list."
        )
    entries = list(estimators)
    are_pairs = [isinstance(entry, tuple) and len(entry) == 2 for entry in entries]
    if all(are_pairs):
        return entries
    if any(are_pairs):
        raise TypeError("compare_models expects names for all of the estimators or for none.")
    return list(zip(_make_names(entries), entries, strict=True))


def _make_names(estimators):
    """Name estimators as make_pipeline does: the class in small letters, numbered if twice."""
    names = [type(estimator).__name__.lower() for estimator in estimators]
    return [
        f"{name}-{names[: position + 1].count(name)}" if names.count(name) > 1 else name
        for position, name in enumerate(names)
    ]


def _check_name(name, names):
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"compare_models expects names that are non-empty strings, got {name!r}.")
    if names.count(name) > 1:
        raise ValueError(f"compare_models expects distinct names, got {name!r} twice.")
    if name in PREDICTION_COLUMNS:
        raise ValueError(
            f"compare_models cannot call a model {name!r}: the predictions have such a column."
        )


def _check_classifier(name, estimator):
    expected = f"compare_models expects a classifier for {name!r}"
    if isinstance(estimator, type):
        raise TypeError(f"{expected}, got the class itself: write {estimator.__name__}().")
    methods = ("fit", "predict", "get_params")
    if not all(hasattr(estimator, method) for method in methods) or not _is_classifier(estimator):
        raise TypeError(f"{expected}, got {_describe_type(estimator)}.")


def _is_classifier(estimator):
    try:
        return is_classifier(estimator)
    except (AttributeError, TypeError):  # no tags: not a scikit-learn estimator
        return False


def _describe_type(value):
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def _check_labels(y):
    if pd.isna(pd.Series(np.asarray(y).ravel())).any():
        raise ValueError("compare_models expects a label for every row, got missing values in y.")
    y = column_or_1d(y)
    check_classification_targets(y)
    return y


def _make_splits(cv, X, y, groups, random_state):
    """Return the (train, test) row numbers of every fold, the same for all models."""
    if isinstance(cv, Integral):
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        cv = kind(n_splits=int(cv), shuffle=True, random_state=random_state)
    elif cv is None:
        raise TypeError("compare_models expects cv as a number, splitter or iterable, got None.")
    pairs = check_cv(cv).split(X, y, groups)
    splits = [tuple(_as_rows(rows, len(y)) for rows in pair) for pair in pairs]
    if not splits:
        raise ValueError("compare_models expects at least one (train, test) split in cv, got none.")
    return splits


def _as_rows(rows, n_samples):
    """Return row numbers, also for a mask."""
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (n_samples,):
        rows = np.flatnonzero(rows)
    is_numbers = rows.ndim == 1 and rows.size and np.issubdtype(rows.dtype, np.integer)
    if not is_numbers or rows.min() < 0 or rows.max() >= n_samples:
        raise ValueError(
            "compare_models expects each split in cv as two arrays of row numbers "
            f"from 0 to {n_samples - 1}."
        )
    return rows


def _draw_seeds(random_state, n_folds):
    if random_state is None:
        return [None] * n_folds
    largest = np.iinfo(np.int32).max
    return check_random_state(random_state).randint(largest, size=n_folds).tolist()


@contextmanager
def _run(jobs, X, y, n_jobs):
    """Give the results as they come; where the block fails, cancel the rest without a word."""
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    results = parallel(delayed(measure)(job, X, y) for job in jobs)
    try:
        yield results
    except BaseException:
        with catch_warnings():
            simplefilter("ignore", UserWarning)  # joblib's, that results are thrown away
            results.close()
        raise


def _collect(estimators, splits, seeds, y, measured):
    """Put what was measured into tables: models in the user's order, folds in theirs."""
    fold_scores = pd.DataFrame(
        {"model": name, "fold": fold, **measured[name, fold][0]}
        | {"n_train": len(train), "n_test": len(test), "seed": seeds[fold]}
        for name in estimators
        for fold, (train, test) in enumerate(splits)
    ).astype({"seed": "Int64"})
    rows = np.concatenate([test for _, test in splits])
    folds = np.repeat(np.arange(len(splits)), [len(test) for _, test in splits])
    predictions = pd.DataFrame({"row": rows, "fold": folds, "true_label": y[rows]})
    for name in estimators:
        predicted = [measured[name, fold][1] for fold in range(len(splits))]
        predictions[name] = np.concatenate(predicted)
    unfitted = {name: clone(estimator) for name, estimator in estimators.items()}
    return ModelComparison(fold_scores, predictions, unfitted)

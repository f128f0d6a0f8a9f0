"""Classifiers compared on the same folds: scores, times, sizes and paired tests."""

from dataclasses import replace
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils import check_random_state, column_or_1d, indexable
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import delayed

from skdigits.evaluation._images import check_images
from skdigits.evaluation._measuring import CorruptionPlan, FoldJob, measure
from skdigits.evaluation._naming import describe_type, name_estimators
from skdigits.evaluation._parallel import run_parallel
from skdigits.evaluation._results import PREDICTION_COLUMNS, ModelComparison
from skdigits.evaluation._robustness import plan_corruptions

__all__ = ["ModelComparison", "compare_models"]


def compare_models(
    estimators,
    X,
    y,
    *,
    groups=None,
    cv=10,
    corruptions=None,
    image_shape=None,
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
    corruptions : "all" or list of str, default=None
        Kinds of corruption, see :func:`corrupt`: every fitted model is tested on its test images
        made worse too, in five severities each, the same images for all models. The accuracies
        are :attr:`ModelComparison.robustness`. None measures none.
    image_shape : tuple of int, default=None
        (height, width) or (channels, height, width) of the images in `X`, where `corruptions`
        are asked for or pictures drawn of them; None infers a square.
    n_jobs : int, default=None
        How many fits run at a time, through joblib. None means 1.
    random_state : int, RandomState instance or None, default=None
        An integer makes the comparison repeatable bit for bit, apart from the times: it
        shuffles the folds, and gives every fold a seed, to which each `random_state` that is
        None (nested ones too) is set. A `random_state` of your own is kept. None seeds nothing.
    on_result : callable, default=None
        Called in this process as ``on_result(name, fold, scores)`` after every fit, in the
        order in which they end; `scores` is a dict such as ``{"accuracy": 0.98, ...}``, with
        the accuracies on worse images by names such as ``"blur_3"`` where they are measured.

    Returns
    -------
    ModelComparison
        The scores, the paired differences and the out-of-fold predictions.

    Raises
    ------
    TypeError, ValueError
        If `estimators`, `y`, `cv` or `corruptions` cannot be used; nothing has been fitted then.
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
    settings = _write_settings(
        groups=groups,
        cv=cv,
        corruptions=corruptions,
        image_shape=image_shape,
        n_jobs=n_jobs,
        random_state=random_state,
    )
    estimators = _check_estimators(estimators)
    X, y, groups = indexable(X, y, groups)
    y = _check_labels(y)
    splits = _make_splits(cv, X, y, groups, random_state)
    seeds = _draw_seeds(random_state, len(splits))
    plan = _plan_corruptions(corruptions, X, image_shape)
    jobs = [
        FoldJob(name, estimator, fold, train, test, y, seeds[fold], plan)
        for fold, (train, test) in enumerate(splits)
        for name, estimator in estimators.items()
    ]
    measured = {}
    with run_parallel((delayed(measure)(job, X) for job in jobs), n_jobs) as results:
        for name, fold, found in results:
            measured[name, fold] = found
            if on_result is not None:
                on_result(name, fold, found.scores | _name_robustness(plan, found))
    return replace(
        _collect(estimators, splits, seeds, X, y, plan, measured),
        image_shape=image_shape,
        settings=settings,
    )


def _name_robustness(plan, found):
    """Return the accuracies on worse images by names such as "blur_3"; none where not measured."""
    if plan is None:
        return {}
    named = zip(plan.pairs, found.robustness, strict=True)
    return {f"{kind}_{severity}": accuracy for (kind, severity), accuracy in named if severity}


def _write_settings(**arguments):
    """Return arguments as Python writes them; arrays, splits and the like by their name alone."""
    return {
        name: repr(value)
        if isinstance(value, (Integral, str, tuple))
        or type(value).__module__.startswith("sklearn.model_selection")
        or (isinstance(value, list) and name == "corruptions")
        else name
        for name, value in arguments.items()
        if value is not None
    }


def _check_estimators(estimators):
    """Return the estimators as a dict from distinct names to classifiers."""
    pairs = name_estimators(estimators, who="compare_models")
    for name, estimator in pairs:
        if name in PREDICTION_COLUMNS:
            raise ValueError(
                f"compare_models cannot call a model {name!r}: the predictions have such a column."
            )
        _check_classifier(name, estimator)
    return dict(pairs)


def _check_classifier(name, estimator):
    expected = f"compare_models expects a classifier for {name!r}"
    if isinstance(estimator, type):
        raise TypeError(f"{expected}, got the class itself: write {estimator.__name__}().")
    methods = ("fit", "predict", "get_params")
    if not all(hasattr(estimator, method) for method in methods) or not _is_classifier(estimator):
        raise TypeError(f"{expected}, got {describe_type(estimator)}.")


def _is_classifier(estimator):
    try:
        return is_classifier(estimator)
    except (AttributeError, TypeError):  # no tags: not a scikit-learn estimator
        return False


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


def _plan_corruptions(corruptions, X, image_shape):
    """Return what to measure the robustness on; nothing where it is not asked for."""
    if corruptions is None:
        return None
    check_images(X, image_shape, who="compare_models")
    if len(corruptions) == 0:
        raise ValueError('compare_models expects kinds of corruption, "all" or None, got none.')
    pairs = plan_corruptions(corruptions, who="compare_models")
    return CorruptionPlan(pairs, image_shape)


def _collect(estimators, splits, seeds, X, y, plan, measured):
    """Put what was measured into tables: models in the user's order, folds in theirs."""
    fold_scores = pd.DataFrame(
        {"model": name, "fold": fold, **measured[name, fold].scores}
        | {"n_train": len(train), "n_test": len(test), "seed": seeds[fold]}
        for name in estimators
        for fold, (train, test) in enumerate(splits)
    ).astype({"seed": "Int64"})
    rows = np.concatenate([test for _, test in splits])
    folds = np.repeat(np.arange(len(splits)), [len(test) for _, test in splits])
    predictions = pd.DataFrame({"row": rows, "fold": folds, "true_label": y[rows]})
    probabilities, certainties = {}, {}
    for name in estimators:
        found = [measured[name, fold] for fold in range(len(splits))]
        predictions[name] = np.concatenate([fold.predicted for fold in found])
        if all(fold.probabilities is not None for fold in found):
            probabilities[name] = pd.concat([fold.probabilities for fold in found]).fillna(0)
        if all(fold.certainty is not None for fold in found):
            certainties[name] = np.concatenate([fold.certainty for fold in found])
    return ModelComparison(
        fold_scores,
        predictions,
        {name: clone(estimator) for name, estimator in estimators.items()},
        probabilities={
            name: table.set_axis(predictions.index) for name, table in probabilities.items()
        },
        certainties=certainties,
        robustness=None
        if plan is None
        else _collect_robustness(estimators, splits, plan, measured),
        tuning=_collect_choices(estimators, splits, measured),
        X=X,
    )


def _collect_choices(estimators, splits, measured):
    """Return what searches have chosen on each fold; None where there were none."""
    choices = [
        {"model": name, "fold": fold, **measured[name, fold].choice}
        for name in estimators
        for fold in range(len(splits))
        if measured[name, fold].choice is not None
    ]
    return pd.DataFrame(choices) if choices else None


def _collect_robustness(estimators, splits, plan, measured):
    return pd.DataFrame(
        {"model": name, "fold": fold, "kind": kind, "severity": severity}
        | {"accuracy": accuracy, "n_samples": len(test)}
        for name in estimators
        for fold, (_, test) in enumerate(splits)
        for (kind, severity), accuracy in zip(
            plan.pairs, measured[name, fold].robustness, strict=True
        )
    )

"""How accurate fitted classifiers stay when images get worse."""

from itertools import chain, groupby
from operator import itemgetter

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skdigits.evaluation._corruptions import SEVERITIES, check_kinds, check_severities, corrupt
from skdigits.evaluation._naming import name_estimators
from skdigits.evaluation._parallel import run_parallel

CLEAN = "clean"  # the kind of the row, of severity 0, with images as they are


def robustness_curve(
    estimators,
    X,
    y,
    *,
    kinds="all",
    severities=SEVERITIES,
    image_shape=None,
    random_state=0,
    n_jobs=None,
    on_result=None,
):
    """Measure fitted classifiers on images made worse, by kind and severity.

    Every model sees the same corrupted images.

    Parameters
    ----------
    estimators : dict, list of (str, estimator) tuples, or list of estimators
        Fitted classifiers (or Pipelines that end in one), by name.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_pixels), or array-like of \
            shape (n_samples, height, width) or (n_samples, channels, height, width)
        Test images, that none of the models was trained on.
    y : array-like of shape (n_samples,)
        Their labels.
    kinds : "all" or list of str, default="all"
        Kinds of corruption, see :func:`corrupt`.
    severities : list of int, default=(1, 2, 3, 4, 5)
        Severities of each kind.
    image_shape : tuple of int, default=None
        (height, width) or (channels, height, width) of rows; None infers a square.
    random_state : int, RandomState instance or None, default=0
        An integer gives the same corruptions every time.
    n_jobs : int, default=None
        How many corruptions are measured at a time, through joblib. None means 1.
    on_result : callable, default=None
        Called in this process as ``on_result(name, kind, severity, accuracy)`` after every
        measurement: for a progress bar, or to keep what was measured before a Ctrl-C.

    Returns
    -------
    DataFrame
        A row for every model, kind and severity: ``model``, ``kind``, ``severity``,
        ``accuracy`` (0 to 1) and ``n_samples``. The first row of a model has the kind
        ``"clean"`` and severity 0: images as they are. A table to read is
        ``curve.pivot_table("accuracy", "model", "kind")``.

    Raises
    ------
    TypeError, ValueError
        If `estimators`, `X`, `y`, `kinds` or `severities` cannot be used; nothing has been
        measured then.
    sklearn.exceptions.NotFittedError
        If a model is not fitted.

    See Also
    --------
    corrupt : The corruptions.
    mean_corruption_error : Sums a curve up in one number a model.
    RobustnessDisplay : Draws a curve.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits import robustness_curve
    >>> X, y = load_digits(return_X_y=True)
    >>> svm = SVC().fit(X[:1000], y[:1000])
    >>> curve = robustness_curve([svm], X[1000:], y[1000:], kinds=["noise"], severities=[1, 5])
    >>> curve[["kind", "severity", "accuracy"]].round(2).to_numpy().tolist()
    [['clean', 0, 0.96], ['noise', 1, 0.95], ['noise', 5, 0.64]]
    """
    models = dict(name_estimators(estimators, who="robustness_curve"))
    for model in models.values():
        check_is_fitted(model)
    check_consistent_length(X, y)
    plan = plan_corruptions(kinds, severities, who="robustness_curve")
    seeds = _draw_seeds(plan, random_state)
    rows = []
    jobs = (
        delayed(_measure_kind)(models, X, y, pairs, seeds[pairs[0][0]], image_shape)
        for pairs in _by_kind(plan)
    )
    with run_parallel(jobs, n_jobs) as results:
        for kind, severity, name, accuracy in chain.from_iterable(results):
            rows.append((name, kind, severity, accuracy, len(y)))
            if on_result is not None:
                on_result(name, kind, severity, accuracy)
    return _sorted_curve(rows, list(models), plan)


def mean_corruption_error(curve, baseline):
    """Sum robustness up in one number a model, relative to a baseline model.

    A model's corruption error of a kind is its error, summed over the severities, divided by
    that of the baseline; the mean over the kinds is the mean corruption error, 1 for the
    baseline itself. The relative one takes from every error that on clean images first: it asks
    how much a model loses, whatever it starts from.

    Parameters
    ----------
    curve : DataFrame
        What :func:`robustness_curve` returned, or :attr:`ModelComparison.robustness`.
    baseline : str
        Name of the model that the others are measured by.

    Returns
    -------
    DataFrame
        A row for every model, the most robust first: ``clean_error``, ``mce`` and
        ``relative_mce``, and the corruption error of each kind. NaN where the baseline makes no
        error, or (relative) loses nothing.

    Raises
    ------
    ValueError
        If `curve` has no model `baseline`, or no corruption.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common
       corruptions and perturbations", ICLR 2019.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits import mean_corruption_error
    >>> curve = pd.DataFrame(
    ...     [("svm", "clean", 0, 0.99), ("svm", "blur", 1, 0.9),
    ...      ("knn", "clean", 0, 0.98), ("knn", "blur", 1, 0.8)],
    ...     columns=["model", "kind", "severity", "accuracy"],
    ... )
    >>> mean_corruption_error(curve, "knn")["mce"].round(2).to_dict()
    {'svm': 0.5, 'knn': 1.0}
    """
    models = list(dict.fromkeys(curve["model"]))
    if baseline not in models:
        raise ValueError(
            f"mean_corruption_error finds no model {baseline!r}, it has: {', '.join(models)}."
        )
    errors = 1 - curve.pivot_table("accuracy", ["model", "severity"], "kind", sort=False)
    corrupted = errors.drop(columns=CLEAN, errors="ignore").dropna(how="all")
    if corrupted.empty:
        raise ValueError("mean_corruption_error expects a curve with corruptions, got none.")
    clean = errors.xs(0, level="severity")[CLEAN] if CLEAN in errors else pd.Series(np.nan, models)
    total = corrupted.groupby("model", sort=False).sum(min_count=1)
    n_severities = corrupted.groupby("model", sort=False).count()
    lost = total - n_severities.mul(clean, axis=0)
    by_kind = _ratio(total, baseline)
    table = pd.DataFrame({"clean_error": clean, "mce": by_kind.mean(axis=1, skipna=False)})
    table["relative_mce"] = _ratio(lost, baseline).mean(axis=1, skipna=False)
    return table.join(by_kind).sort_values("mce", kind="stable")


def _ratio(errors, baseline):
    """Divide by the errors of the baseline; NaN where it has none."""
    of_baseline = errors.loc[baseline]
    return errors / of_baseline.where(of_baseline > 0)


def plan_corruptions(kinds, severities=SEVERITIES, *, who):
    """Return the (kind, severity) pairs to measure, images as they are first."""
    kinds = check_kinds(kinds, who=who)
    severities = check_severities(severities, who=who)
    return [(CLEAN, 0), *((kind, severity) for kind in kinds for severity in severities)]


def _draw_seeds(plan, random_state):
    """One seed for all severities of a kind: what is random then differs by severity alone."""
    rng = check_random_state(random_state)
    kinds = dict.fromkeys(kind for kind, _ in plan)
    return {kind: int(rng.randint(np.iinfo(np.int32).max)) for kind in kinds}


def _by_kind(plan):
    """Part the plan by kinds: models are sent to another process once for each, not for each pair.

    A forest of MNIST is hundreds of megabytes.
    """
    return [list(pairs) for _, pairs in groupby(plan, key=itemgetter(0))]


def _measure_kind(models, X, y, pairs, seed, image_shape):
    """Return kind, severity, name and accuracy for each pair and model."""
    found = []
    for kind, severity in pairs:
        worse = X
        if kind != CLEAN:
            worse = corrupt(X, kind, severity, image_shape=image_shape, random_state=seed)
        found += [(kind, severity, name, _accuracy(models[name], worse, y)) for name in models]
    return found


def _accuracy(model, X, y):
    return float(accuracy_score(y, column_or_1d(model.predict(X))))


def measure_robustness(model, X, y, plan, *, image_shape, seed):
    """Return the accuracy of one fitted model for each pair of `plan`."""
    seeds = _draw_seeds(plan, seed)
    return [
        accuracy
        for pairs in _by_kind(plan)
        for *_, accuracy in _measure_kind({"": model}, X, y, pairs, seeds[pairs[0][0]], image_shape)
    ]


def _sorted_curve(rows, names, plan):
    """Put the rows in the order of the models, then of the plan."""
    columns = ["model", "kind", "severity", "accuracy", "n_samples"]
    order = {pair: position for position, pair in enumerate(plan)}
    rows = sorted(rows, key=lambda row: (names.index(row[0]), order[row[1:3]]))
    return pd.DataFrame(rows, columns=columns)

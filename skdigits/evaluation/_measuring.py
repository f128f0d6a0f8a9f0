"""One model on one fold: fit it, time it, score it, weigh it."""

import pickle
import warnings
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.pipeline import Pipeline
from sklearn.utils import column_or_1d

from skdigits._validation import take_rows
from skdigits.evaluation._certainty import measure_certainty
from skdigits.evaluation._last_step import last_step
from skdigits.evaluation._robustness import measure_robustness

_N_WARM_ROWS = 3  # of each label
_WARM: set[type] = set()  # networks that were fitted in this process

SCORE_NAMES = (
    "accuracy",
    "macro_f1",
    "log_loss",
    "fit_seconds",
    "predict_seconds_per_1000",
    "size_bytes",
)


@dataclass(frozen=True, eq=False)
class CorruptionPlan:
    """The (kind, severity) pairs to test fitted models on, and the shape of their images."""

    pairs: list[tuple[str, int]]
    image_shape: tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class FoldJob:
    """One model to be fitted on `train` rows and measured on `test` rows.

    `labels` are those of all rows. They are in here, and no argument of `measure`, because Dask
    lays arrays that are arguments on one worker, and loses them with it.
    """

    name: str
    estimator: Any
    fold: int
    train: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    seed: int | None
    corruptions: CorruptionPlan | None = None


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What was found on one fold: the predictions are those of the test rows, in their order."""

    scores: dict[str, float]
    predicted: np.ndarray
    probabilities: pd.DataFrame | None
    certainty: np.ndarray | None  # without probabilities, where there is a decision function
    robustness: list[float] | None
    choice: dict[str, Any] | None  # of a search: `inner_score` and `parameters` of the best


def measure(job, X):
    """Return the job's name, its fold and what was found; an error names the first two."""
    try:
        return job.name, job.fold, _fit_and_measure(job, X)
    except Exception as error:
        raise RuntimeError(f"Model {job.name!r} failed on fold {job.fold}: {error}") from error


def clone_and_seed(estimator, seed):
    """Return a clone in which every `random_state` that is None, nested ones too, is `seed`."""
    estimator = clone(estimator)
    if seed is None:
        return estimator
    unseeded = {
        name: seed
        for name, value in estimator.get_params().items()
        if value is None and name.rpartition("__")[2] == "random_state"
    }
    return estimator.set_params(**unseeded)


def _fit_and_measure(job, X):
    estimator = clone_and_seed(job.estimator, job.seed)
    X_train, y_train = take_rows(X, job.train), job.labels[job.train]
    X_test, y_test = take_rows(X, job.test), job.labels[job.test]
    _warm_up(estimator, X_train, y_train)
    started = perf_counter()
    estimator.fit(X_train, y_train)
    fitted = perf_counter()
    predicted = estimator.predict(X_test)
    finished = perf_counter()
    predicted = column_or_1d(predicted)
    probabilities = _probabilities(estimator, X_test)
    scores = {
        "accuracy": float(accuracy_score(y_test, predicted)),
        "macro_f1": float(f1_score(y_test, predicted, average="macro")),
        "log_loss": _log_loss(probabilities, y_test),
        "fit_seconds": fitted - started,
        "predict_seconds_per_1000": (finished - fitted) * 1000 / len(y_test),
        "size_bytes": _pickled_size(estimator),
    }
    certainty = None
    if probabilities is None and hasattr(estimator, "decision_function"):
        certainty = measure_certainty(estimator, X_test, predicted)
    robustness = _robustness(job, estimator, X_test, y_test)
    choice = _choice(estimator)
    return FoldResult(scores, predicted, probabilities, certainty, robustness, choice)


def _choice(estimator):
    """Return what a search has chosen, at the end of a Pipeline too; None for all others."""
    if isinstance(estimator, Pipeline):
        return _choice(estimator.steps[-1][1])
    if not hasattr(estimator, "best_params_"):
        return None
    score = float(getattr(estimator, "best_score_", np.nan))
    return {"inner_score": score, "parameters": dict(sorted(estimator.best_params_.items()))}


def _warm_up(estimator, X, y):
    """Fit a clone of a network on a few rows, once a process, so that the start is not timed.

    The first fit of a network imports and compiles for seconds what later ones find ready. What
    goes wrong here goes wrong in the fit itself.
    """
    network = type(last_step(estimator))
    if not hasattr(network, "attribute") or network in _WARM:
        return
    _WARM.add(network)
    few = np.concatenate([np.flatnonzero(y == label)[:_N_WARM_ROWS] for label in np.unique(y)])
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        clone_and_seed(estimator, 0).fit(take_rows(X, few), y[few])


def _probabilities(estimator, X):
    """Probabilities by label, None without `predict_proba` or where they are not finite."""
    if not hasattr(estimator, "predict_proba"):
        return None
    probabilities = np.asarray(estimator.predict_proba(X))
    if not np.isfinite(probabilities).all():
        return None
    return pd.DataFrame(probabilities, columns=estimator.classes_)


def _log_loss(probabilities, y):
    """Log loss, NaN without probabilities; a label that was never trained on has none."""
    if probabilities is None:
        return np.nan
    labels = np.union1d(probabilities.columns.to_numpy(), y)
    table = probabilities.reindex(columns=labels, fill_value=0).to_numpy()
    return float(log_loss(y, table, labels=labels))


def _robustness(job, estimator, X, y):
    if job.corruptions is None:
        return None
    # Every model of a fold sees the same images, also where the user seeds nothing.
    seed = job.fold if job.seed is None else job.seed
    plan = job.corruptions
    return measure_robustness(estimator, X, y, plan.pairs, image_shape=plan.image_shape, seed=seed)


def _pickled_size(estimator):
    """Bytes of the pickled model, NaN where it cannot be pickled (a lambda in a step)."""
    counter = _ByteCounter()
    try:
        pickle.dump(estimator, counter, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError):
        return np.nan
    return counter.n_bytes


class _ByteCounter:
    """A file that counts what is written and keeps none of it."""

    def __init__(self):
        self.n_bytes = 0

    def write(self, chunk):
        self.n_bytes += memoryview(chunk).nbytes
        return memoryview(chunk).nbytes

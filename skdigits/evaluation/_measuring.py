"""One model on one fold: fit it, time it, score it, weigh it."""

import pickle
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score, log_loss

# Part of scikit-learn's documented API in spite of its underscore.
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils import column_or_1d

SCORE_NAMES = (
    "accuracy",
    "macro_f1",
    "log_loss",
    "fit_seconds",
    "predict_seconds_per_1000",
    "size_bytes",
)


@dataclass(frozen=True, eq=False)
class FoldJob:
    """One model to be fitted on `train` rows and measured on `test` rows."""

    name: str
    estimator: Any
    fold: int
    train: np.ndarray
    test: np.ndarray
    seed: int | None


def measure(job, X, y):
    """Return the job's scores and its predictions; an error names the model and the fold."""
    try:
        return job, *_fit_and_measure(job, X, y)
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


def _fit_and_measure(job, X, y):
    estimator = clone_and_seed(job.estimator, job.seed)
    X_train, y_train = take_rows(X, job.train), y[job.train]
    X_test, y_test = take_rows(X, job.test), y[job.test]
    started = perf_counter()
    estimator.fit(X_train, y_train)
    fitted = perf_counter()
    predicted = estimator.predict(X_test)
    finished = perf_counter()
    predicted = column_or_1d(predicted)
    scores = {
        "accuracy": float(accuracy_score(y_test, predicted)),
        "macro_f1": float(f1_score(y_test, predicted, average="macro")),
        "log_loss": _log_loss(estimator, X_test, y_test),
        "fit_seconds": fitted - started,
        "predict_seconds_per_1000": (finished - fitted) * 1000 / len(y_test),
        "size_bytes": _pickled_size(estimator),
    }
    return scores, predicted


def _log_loss(estimator, X, y):
    """Log loss, NaN without probabilities; a label that was never trained on has none."""
    if not hasattr(estimator, "predict_proba"):
        return np.nan
    probabilities = np.asarray(estimator.predict_proba(X))
    labels = np.union1d(estimator.classes_, y)
    table = np.zeros((len(y), len(labels)), dtype=probabilities.dtype)
    table[:, np.searchsorted(labels, estimator.classes_)] = probabilities
    return float(log_loss(y, table, labels=labels))


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

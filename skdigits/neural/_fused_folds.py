"""Fits of many candidates on many folds, whose networks are trained together."""

import time
from copy import deepcopy
from dataclasses import dataclass

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skdigits._search_support import check_method_params
from skdigits._validation import take_rows
from skdigits.neural._fused_jobs import keep_job, prepare_job, shared_rows, train_jobs, why_alone

# Bytes of weights and training sets, and of images that transformers have made, that are held
# before those that wait are trained and let go.
_MOST_WAITING = 2**30
_BYTES_AN_IMAGE = 16  # its class and its position


@dataclass
class Fit:
    """What has come of a candidate on a fold: an estimator that is fitted, or an error.

    Parameters
    ----------
    estimator : estimator instance
        The estimator.
    error : Exception or None
        Why it is not fitted.
    seconds : float
        Its share of the time that it took.
    n_together : int
        How many networks were trained together with its, itself among them.
    """

    estimator: object
    error: Exception | None = None
    seconds: float = 0.0
    n_together: int = 0


def fit_together(candidates, folds, X, y, fit_params, n_jobs=None):
    """Fit candidates on folds, as many together as can be.

    Parameters
    ----------
    candidates : dict of int to estimator instance
        Classifiers, or Pipelines that end in them, that :func:`why_not_together` has nothing
        against; not fitted.
    folds : list of ndarray or None
        Which rows of the data each fold trains on; None for all.
    X, y : array-like
        The data.
    fit_params : dict
        Parameters of `fit`; what has a value for every row is cut to the folds.
    n_jobs : int, default=None
        Processes, each of which trains a part.

    Yields
    ------
    key : tuple of int
        Which candidate, and which fold.
    fit : Fit
        What has come of it. None is held here: what is done with can be let go.
    """
    images, waiting, n_bytes = _Images(X), {}, 0
    for fold, train in enumerate(folds if candidates else []):
        data = _FoldData(X, y, train, fit_params, images)
        for number, candidate in candidates.items():
            fit, job = _prepare(candidate, data)
            if job is None:
                yield (number, fold), fit
                continue
            waiting[number, fold] = fit, job
            n_bytes += job.n_bytes + _BYTES_AN_IMAGE * len(job.data) + data.take_n_bytes_made()
            if n_bytes > _MOST_WAITING:
                yield from _trained(waiting, n_jobs)
                n_bytes = 0
                data.forget_fronts()
    yield from _trained(waiting, n_jobs)


def _trained(waiting, n_jobs):
    """Train all that wait; yield them one by one, and let them go."""
    done = train_jobs([job for _, job in waiting.values()], n_jobs)
    for key in sorted(waiting):
        fit, job = waiting.pop(key)
        fit.n_together, seconds = done.pop(job)
        fit.seconds += seconds
        _keep(fit, job)
        _own_transformers(fit.estimator)
        yield key, fit


def _own_transformers(estimator):
    """Give a Pipeline copies of transformers that were fitted for several, whatever they keep."""
    if isinstance(estimator, Pipeline):
        estimator.steps = [*deepcopy(estimator.steps[:-1]), estimator.steps[-1]]


def _prepare(candidate, data):
    """Return the fit of a candidate on a fold, as it begins, and its job; None for an error."""
    start = time.perf_counter()
    estimator, job, error = clone(candidate), None, None
    front, classifier = split_pipeline(estimator)
    try:
        if front is not None:
            front = data.front(front)
            estimator.steps = [*front.pipeline.steps[:-1], estimator.steps[-1]]
        job = data.job(classifier, front)
    except Exception as raised:  # told where scikit-learn would fit
        error = raised
    return Fit(estimator, error, time.perf_counter() - start), job


def _keep(fit, job):
    start = time.perf_counter()
    try:
        keep_job(split_pipeline(fit.estimator)[1], job)
    except Exception as error:  # a warning that is one, say: told where scikit-learn would fit
        fit.error = error
    fit.seconds += time.perf_counter() - start


def split_pipeline(estimator):
    """Return what comes before the classifier, None where nothing does, and the classifier.

    The former is a Pipeline that ends in nothing: of the last step, its `memory` keeps none.
    """
    if not isinstance(estimator, Pipeline):
        return None, estimator
    *steps, (name, classifier) = estimator.steps
    if not steps:
        return None, classifier
    return Pipeline([*steps, (name, "passthrough")], memory=estimator.memory), classifier


def why_not_together(candidate, X, y, fit_params):
    """Return why a candidate cannot be trained together with others; None where it can.

    Parameters
    ----------
    candidate : estimator instance
        A classifier or a Pipeline, not fitted.
    X, y : array-like
        The data.
    fit_params : dict
        Parameters of `fit`.
    """
    if why := why_alone(split_pipeline(candidate)[1], X):
        return why
    if y is None:
        return "there are no labels"
    if isinstance(candidate, Pipeline):
        return _why_not_pipeline(candidate, fit_params)
    others = sorted(set(fit_params) - {"sample_weight"})
    return f"fit got {others[0]}" if others else None


def _why_not_pipeline(pipeline, fit_params):
    if type(pipeline) is not Pipeline:
        return f"{type(pipeline).__name__} may fit in a way of its own"
    if fit_params:
        return "fit parameters go through a Pipeline"
    if pipeline.verbose:
        return "the Pipeline has verbose=True"
    parts = [pipeline, *(step for _, step in pipeline.steps)]
    if any(getattr(part, "_skl_callbacks", None) for part in parts):
        return "a part of the Pipeline has callbacks"
    return None


class _Images:
    """Images, and the rows that all classifiers have in common of them."""

    def __init__(self, X):
        self.X, self._rows = X, None

    def rows(self, classifier):
        if self._rows is None:
            self._rows = shared_rows(classifier, self.X)
        return self._rows


@dataclass
class _Front:
    """Fitted transformers, and what they make of a fold's images."""

    pipeline: Pipeline
    images: _Images
    is_counted: bool = False


class _FoldData:
    """The data of one fold, and of each front that was fitted on it."""

    def __init__(self, X, y, train, fit_params, images):
        self._train, self._X, self._y = _positions(train), X, y
        self._params = fit_params
        if train is not None:
            self._X, self._y = take_rows(X, self._train), take_rows(y, self._train)
            self._params = check_method_params(X, params=fit_params, indices=self._train)
        self._images = images
        self._fronts: dict = {}
        self._n_bytes_made = 0

    def front(self, pipeline):
        """Return transformers fitted on the fold, the same for those of the same parameters."""
        key = _settings(pipeline)
        if key not in self._fronts:
            images = _Images(pipeline.fit_transform(self._X, self._y))
            self._fronts[key] = _Front(pipeline, images)
        return self._fronts[key]

    def forget_fronts(self):
        """Let go of what transformers have made; who asks again has it made again."""
        self._fronts.clear()

    def take_n_bytes_made(self):
        """Return how much memory transformers have taken since this was last asked."""
        n_bytes, self._n_bytes_made = self._n_bytes_made, 0
        return n_bytes

    def job(self, classifier, front):
        """Return the training of a classifier on the fold."""
        weights = self._params.get("sample_weight")
        images, X, positions = self._images, self._X, self._train
        if front is not None:
            images, X, positions = front.images, front.images.X, None
        rows = images.rows(classifier)
        if front is not None and not front.is_counted:
            front.is_counted = True
            self._n_bytes_made += 2 * rows.nbytes  # they, and what they were made of
        return prepare_job(classifier, X, self._y, weights, rows, positions)


def _positions(train):
    """Return which rows a fold trains on, None standing for all."""
    if train is None:
        return None
    train = np.asarray(train)
    return np.flatnonzero(train) if train.dtype == bool else train


def _settings(pipeline):
    """Return what is the same for Pipelines that do the same, where that can be told."""
    try:
        return joblib.hash(pipeline.steps)  # all that they are, not their parameters alone
    except Exception:  # of pickle, which takes no lambda
        return object()

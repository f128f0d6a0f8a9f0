"""Fits of many candidates on many folds, whose networks are trained together."""

import time
from dataclasses import dataclass

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skdigits._search_support import check_method_params, take_rows
from skdigits.neural._fused_jobs import keep_job, prepare_job, shared_rows, train_jobs, why_alone


class Trained(FrozenEstimator):
    """Stands where scikit-learn would fit an estimator: that is done, or has failed.

    Parameters
    ----------
    estimator : estimator instance
        The estimator, its parameters set.
    error : Exception, default=None
        What `fit` is to raise.
    """

    def __init__(self, estimator, error=None):
        super().__init__(estimator)
        self.error = error

    def get_params(self, deep=True):
        """Return those of the estimator: a scorer may ask."""
        return self.estimator.get_params(deep)

    def set_params(self, **parameters):
        """Do nothing: they are set."""
        return self

    def fit(self, X, y, *args, **kwargs):
        """Raise the error, if there is one."""
        if self.error is not None:
            raise self.error
        return self


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
    """Fit candidates on folds, together where that can be.

    Parameters
    ----------
    candidates : list of estimator instance
        Classifiers, or Pipelines that end in them, not fitted.
    folds : list of ndarray or None
        Which rows of the data each fold trains on; None for all.
    X, y : array-like
        The data.
    fit_params : dict
        Parameters of `fit`; what has a value for every row is cut to the folds.
    n_jobs : int, default=None
        Processes, each of which trains a part.

    Returns
    -------
    fits : dict
        The :class:`Fit` of each (candidate, fold) that was trained together with others.
    why_not : list
        Why each candidate was left out; None where it was not.
    """
    why_not = [_why_alone(candidate, X, y, fit_params) for candidate in candidates]
    chosen = [number for number, why in enumerate(why_not) if why is None]
    fits, jobs = {}, {}
    images = _Images(X)
    for fold, train in enumerate(folds if chosen else []):
        data = _FoldData(X, y, train, fit_params, images)
        for number in chosen:
            key = number, fold
            fits[key], jobs[key] = _prepare(candidates[number], data)
    trained = train_jobs([job for job in jobs.values() if job is not None], n_jobs)
    for key, job in jobs.items():
        if job is not None:
            fits[key].n_together, seconds = trained[job]
            fits[key].seconds += seconds
            _keep(fits[key], job)
    return fits, why_not


def _prepare(candidate, data):
    """Return the fit of a candidate on a fold, as it begins, and its job; None for an error."""
    start = time.perf_counter()
    estimator, job, error = clone(candidate), None, None
    front, classifier = split_pipeline(estimator)
    try:
        if front is not None:
            front = data.front(front)
            estimator.steps = [*front.pipeline.steps, estimator.steps[-1]]
        job = data.job(classifier, front)
    except Exception as raised:  # told where scikit-learn would fit
        error = raised
    return Fit(estimator, error, time.perf_counter() - start), job


def _keep(fit, job):
    start = time.perf_counter()
    try:
        keep_job(split_pipeline(fit.estimator)[1], job)
    except ValueError as error:
        fit.error = error
    fit.seconds += time.perf_counter() - start


def split_pipeline(estimator):
    """Return what comes before the classifier, None where nothing does, and the classifier."""
    if not isinstance(estimator, Pipeline):
        return None, estimator
    front = estimator[:-1] if len(estimator.steps) > 1 else None
    return front, estimator.steps[-1][1]


def _why_alone(candidate, X, y, fit_params):
    classifier = split_pipeline(candidate)[1]
    why = why_alone(classifier, X)
    if why is None and y is None:
        return "there are no labels"
    if why is None and isinstance(candidate, Pipeline) and type(candidate) is not Pipeline:
        return f"{type(candidate).__name__} may fit in a way of its own"
    if why is None and isinstance(candidate, Pipeline) and fit_params:
        return "fit parameters go through a Pipeline"
    if why is None and set(fit_params) - {"sample_weight"}:
        return f"fit got {sorted(set(fit_params) - {'sample_weight'})[0]}"
    return why


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

    def front(self, pipeline):
        """Return transformers fitted on the fold, the same for those of the same parameters."""
        key = _settings(pipeline)
        if key not in self._fronts:
            images = _Images(pipeline.fit_transform(self._X, self._y))
            self._fronts[key] = _Front(pipeline, images)
        return self._fronts[key]

    def job(self, classifier, front):
        """Return the training of a classifier on the fold."""
        weights = self._params.get("sample_weight")
        images, X, positions = self._images, self._X, self._train
        if front is not None:
            images, X, positions = front.images, front.images.X, None
        return prepare_job(classifier, X, self._y, weights, images.rows(classifier), positions)


def _positions(train):
    """Return which rows a fold trains on, None standing for all."""
    if train is None:
        return None
    train = np.asarray(train)
    return np.flatnonzero(train) if train.dtype == bool else train


def _settings(pipeline):
    """Return what is the same for Pipelines that do the same, where that can be told."""
    try:
        steps = [(name, type(step), _parameters(step)) for name, step in pipeline.steps]
        return joblib.hash(steps)
    except Exception:  # of pickle, which takes no lambda
        return object()


def _parameters(step):
    return step.get_params() if hasattr(step, "get_params") else step

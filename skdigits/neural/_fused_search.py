"""Searches of hyper-parameters that train many networks at once."""

import logging
from collections import defaultdict
from inspect import signature
from itertools import product
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, check_cv
from sklearn.utils import indexable
from sklearn.utils.parallel import Parallel, delayed

from skdigits._callback_support import root_context
from skdigits._documentation import DocumentationLinkMixin
from skdigits._search_support import (
    BaseSearchCV,
    Trained,
    check_failures,
    check_method_params,
    fit_and_score,
    of_trained,
    scorers_by_name,
)
from skdigits._validation import fit_context, take_rows
from skdigits.neural._fused_folds import fit_together, why_not_together

_LOGGER = logging.getLogger(__name__)


class FusedSearch(DocumentationLinkMixin, BaseSearchCV):
    """What :class:`FusedGridSearchCV` and :class:`FusedRandomizedSearchCV` share."""

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **params):
        """Try all candidates on all folds, and fit the best one on all data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Images, in any form that the estimator takes.
        y : array-like of shape (n_samples,)
            Labels.
        **params : dict of str -> object
            Parameters of the estimator's `fit`, the scorer and the splitter, as for
            :class:`~sklearn.model_selection.GridSearchCV`.

        Returns
        -------
        self : object
            The search, fitted.
        """
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        weights = params.get("sample_weight")
        metadata = None if weights is None else {"sample_weight": weights}
        task = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        context = root_context(self, 1 + (self.refit is not False))
        context.call_on_fit_task_begin(**task)
        self._checked_cv_orig = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = self._checked_cv_orig.get_n_splits(X, y, **routed.splitter.split)
        evaluation = _Evaluation(self, X, y, scorers, routed)
        reports = "callback_ctx" in signature(self._run_search).parameters  # 1.9 and later
        self._run_search(evaluation, **({"callback_ctx": context} if reports else {}))
        self._choose_best(evaluation, scorers, refit_metric)
        if self.refit:
            self._refit(X, y, routed.estimator.fit, context, task)
        self.scorer_ = scorers_by_name(scorers)
        self.cv_results_ = evaluation.results
        self.fused_ = pd.DataFrame(evaluation.fused)
        context.call_on_fit_task_end(**task)
        return self

    def _choose_best(self, evaluation, scorers, refit_metric):
        scores = evaluation.done[0]["test_scores"]
        self.multimetric_ = isinstance(scores, dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(scores)
            refit_metric = self.refit
        if not (self.refit or not self.multimetric_):
            return
        results = evaluation.results
        self.best_index_ = self._select_best_index(self.refit, refit_metric, results)
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{refit_metric}"][self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    def _refit(self, X, y, fit_params, context, task):
        self.best_estimator_ = best = _with_parameters(self.estimator, self.best_params_)
        part = context.subcontext(task_name="refit-with-best-params")
        with part.propagate_callback_context(best):
            part.call_on_fit_task_begin(**task)
            start = perf_counter()
            best.fit(*((X,) if y is None else (X, y)), **fit_params)
            self.refit_time_ = perf_counter() - start
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        part.call_on_fit_task_end(**task)


def _with_parameters(estimator, parameters):
    """Return a clone of `estimator` with parameters, estimators among them cloned too."""
    return clone(estimator).set_params(**clone(parameters, safe=False))


class _Evaluation:
    """Tries candidates: what scikit-learn's searches call with a list of them, once or more often.

    Parameters
    ----------
    search : FusedSearch
        Whose parameters say how.
    X, y : array-like
        The data.
    scorers : callable
        What scores.
    routed : Bunch
        Parameters for the estimator, the splitter and the scorer.
    """

    def __init__(self, search, X, y, scorers, routed):
        self._search, self._X, self._y = search, X, y
        self._scorers, self._routed = scorers, routed
        self.candidates, self.done, self.fused = [], [], []
        self._more_results = defaultdict(list)
        self.results = {}

    def __call__(self, candidate_params, cv=None, more_results=None, callback_ctx=None):
        """Try candidates on all folds; return all results so far, as `cv_results_` has them."""
        search, candidates = self._search, list(candidate_params)
        splits = self._splits(cv or search._checked_cv_orig)
        self._announce(len(candidates), len(splits))
        done = self._try_all(candidates, splits, callback_ctx)
        check_failures(done, scoring=search.scoring, error_score=search.error_score)
        self.candidates += candidates
        self.done += done
        for key, values in (more_results or {}).items():
            self._more_results[key] += values
        self.results = search._format_results(
            self.candidates, len(splits), self.done, self._more_results
        )
        return self.results

    def _splits(self, cv):
        splits = list(cv.split(self._X, self._y, **self._routed.splitter.split))
        if len(splits) != self._search.n_splits_:
            raise ValueError(
                f"{type(self._search).__name__} expects as many splits of cv.split as "
                f"cv.get_n_splits says, {self._search.n_splits_}, got {len(splits)}."
            )
        return splits

    def _announce(self, n_candidates, n_splits):
        if self._search.verbose > 0:
            print(
                f"Fitting {n_splits} folds for each of {n_candidates} candidates, totalling "
                f"{n_candidates * n_splits} fits"
            )

    def _try_all(self, candidates, splits, context):
        """Return what has come of each candidate on each split, one after another."""
        numbers = list(product(range(len(candidates)), range(len(splits))))
        if not numbers:
            raise ValueError(
                f"{type(self._search).__name__} expects candidates and splits, got "
                f"{len(candidates)} and {len(splits)}."
            )
        estimators = [_with_parameters(self._search.estimator, params) for params in candidates]
        fit_params = self._routed.estimator.fit
        why_not = [why_not_together(e, self._X, self._y, fit_params) for e in estimators]
        tasks = {
            key: self._task(key, candidates, splits, context, number)
            for number, key in enumerate(numbers)
        }
        _LOGGER.debug(
            "%s trains %d of %d fits together",
            type(self._search).__name__,
            why_not.count(None) * len(splits),
            len(numbers),
        )
        done, n_together = {}, [0] * len(candidates)
        for key, fit in fit_together(
            {number: e for number, e in enumerate(estimators) if why_not[number] is None},
            [train for train, _ in splits],
            self._X,
            self._y,
            fit_params,
            self._search.n_jobs,
        ):
            done[key] = self._score(fit, tasks[key])
            n_together[key[0]] = max(n_together[key[0]], fit.n_together)
        self._note(n_together, why_not)
        alone = [key for key in numbers if key not in done]
        done |= zip(alone, self._fit_alone([tasks[key] for key in alone]), strict=True)
        return [done[key] for key in numbers]

    def _note(self, n_together, why_not):
        """Note of each candidate what `fused_` tells."""
        self.fused += [
            {"fused": why is None, "trained_together": max(n, 1), "why_not": why or ""}
            for n, why in zip(n_together, why_not, strict=True)
        ]

    def _task(self, key, candidates, splits, context, number):
        """Return the arguments of scikit-learn's function that fits and scores."""
        candidate, split = key
        train, test = splits[split]
        reports = {}
        if context is not None:
            name = "candidate-split-evaluation"
            part = context.subcontext(task_name=name, task_id=number)
            reports = {"caller": self._search, "callback_ctx": part}
        return {
            "scorer": self._scorers,
            "train": train,
            "test": test,
            "parameters": candidates[candidate],
            "fit_params": self._routed.estimator.fit,
            "score_params": self._routed.scorer.score,
            "return_train_score": self._search.return_train_score,
            "return_n_test_samples": True,
            "return_times": True,
            "error_score": self._search.error_score,
            "verbose": self._search.verbose,
            "split_progress": (split, len(splits)),
            "candidate_progress": (candidate, len(candidates)),
            **reports,
        }

    def _score(self, fit, task):
        """Return the scores of a fit that is done."""
        part, caller = task.pop("callback_ctx", None), task.pop("caller", None)
        task = task | {"scorer": of_trained(task["scorer"])}
        trained = Trained(fit.estimator, fit.error)
        if part is None:
            return {**fit_and_score(trained, self._X, self._y, **task), "fit_time": fit.seconds}
        hook = {"estimator": caller, **self._seen_by_fit(task)}
        part.call_on_fit_task_begin(**hook)
        try:
            result = fit_and_score(trained, self._X, self._y, **task)
        finally:
            part.call_on_fit_task_end(**hook)
        return {**result, "fit_time": fit.seconds}

    def _seen_by_fit(self, task):
        """Return what callbacks are told that a fit sees: its rows, and their weights."""
        train = np.asarray(task["train"])
        weights = check_method_params(self._X, params=task["fit_params"], indices=train)
        weights = weights.get("sample_weight")
        return {
            "X": take_rows(self._X, train),
            "y": None if self._y is None else take_rows(self._y, train),
            "metadata": None if weights is None else {"sample_weight": weights},
        }

    def _fit_alone(self, tasks):
        """Return the scores of fits that cannot be trained together, by scikit-learn's own way."""
        search = self._search
        parallel = Parallel(n_jobs=search.n_jobs, pre_dispatch=search.pre_dispatch)
        return parallel(
            delayed(fit_and_score)(clone(search.estimator), self._X, self._y, **task)
            for task in tasks
        )


class FusedGridSearchCV(FusedSearch, GridSearchCV):
    """Grid search that trains the networks of many candidates and folds at once.

    Takes the place of :class:`~sklearn.model_selection.GridSearchCV`, and gives its results.

    Parameters
    ----------
    estimator : estimator instance
        A classifier, or a Pipeline that ends in one. :class:`ANNClassifier` and
        :class:`CNNClassifier` are trained together, any other alone.
    param_grid : dict or list of dict
        Names of parameters and the values to try.
    scoring : str, callable, list, tuple or dict, default=None
        What is scored; several scorers may be. None is the estimator's `score`.
    n_jobs : int, default=None
        Processes. Each trains a part of the networks together, or alone what cannot be.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all data; of several scorers the name of the one that
        decides, or a function of `cv_results_` that returns the index of the best.
    cv : int, splitter or iterable, default=None
        The folds; None makes five, stratified.
    verbose : int, default=0
        How much to print.
    pre_dispatch : int or str, default="2*n_jobs"
        How many of the fits that are done alone are handed out ahead.
    error_score : "raise" or number, default=nan
        The score of a fit that fails, or "raise".
    return_train_score : bool, default=False
        Whether to score the training folds too.

    Attributes
    ----------
    fused_ : DataFrame
        A row for each candidate, in the order of `cv_results_`: `fused`, whether its networks were
        trained together with those of their shape; `trained_together`, how many these were at most;
        `why_not`, why they were not.
    cv_results_ : dict of ndarray
        As in :class:`~sklearn.model_selection.GridSearchCV`. A fit's time is its share of the
        time of all that were trained together; what `verbose` prints has the time of scoring alone.
    best_estimator_ : estimator instance
        The best candidate, fitted on all data; with `refit`.
    best_score_ : float
        Its mean score over the folds.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its place in `cv_results_`.
    scorer_ : callable or dict
        What scored.
    n_splits_ : int
        How many folds there were.
    refit_time_ : float
        Seconds that the last fit took; with `refit`.
    multimetric_ : bool
        Whether there were several scorers.
    classes_ : ndarray of shape (n_classes,)
        Labels; with `refit`.
    n_features_in_ : int
        Pixels in an image; with `refit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, where `X` had some; with `refit`.

    See Also
    --------
    FusedRandomizedSearchCV : Draws candidates in place of trying all.
    EnsembleClassifier : Trains networks together to average them.

    Notes
    -----
    Every network sees the batches, the dropped units and the changed images that `fit` would give
    it, so that the scores are those of :class:`~sklearn.model_selection.GridSearchCV`, to
    rounding: the same in float64, while in float32 a fold of a candidate with a high learning rate
    may be scored some images differently.

    Networks are trained together that have the same layers, number type, solver, batch size and
    number of epochs, and training folds of as many batches. Learning rates and schedules, `alpha`,
    `dropout`, `label_smoothing`, `augment`, class and sample weights, seeds and folds may differ.
    `early_stopping` is a part of the network's `fit`: those that have stopped leave the others.
    Trained alone are estimators with `callbacks`, ``verbose=True``, an `ema` or a function of one's
    own as `augment`, those with ``precision="bfloat16"`` (by "auto" it is float32), and all on
    torch tensors. The transformers before the classifier of a Pipeline are fitted once for each
    fold and each setting of theirs, by your own process. Networks and transformed folds of more
    than a gigabyte are trained and scored in parts.

    Callbacks of the search hear of every fit, but not of the epochs of those trained together.

    It pays where networks are small or batches are, and does not where a single network keeps all
    cores at work; see the user guide.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import ANNClassifier, FusedGridSearchCV
    >>> X, y = load_digits(return_X_y=True)
    >>> ann = ANNClassifier((32,), max_iter=10, random_state=0)
    >>> grid = {"learning_rate_init": [0.001, 0.01], "dropout": [0.0, 0.2]}
    >>> search = FusedGridSearchCV(ann, grid, cv=3).fit(X, y)
    >>> search.best_params_["learning_rate_init"]
    0.01
    >>> search.fused_["fused"].tolist()
    [True, True, True, True]
    """


class FusedRandomizedSearchCV(FusedSearch, RandomizedSearchCV):
    """Random search that trains the networks of many candidates and folds at once.

    Takes the place of :class:`~sklearn.model_selection.RandomizedSearchCV`, and gives its results.

    Parameters
    ----------
    estimator : estimator instance
        A classifier, or a Pipeline that ends in one. :class:`ANNClassifier` and
        :class:`CNNClassifier` are trained together, any other alone.
    param_distributions : dict or list of dict
        Names of parameters and what to draw their values from: lists, or distributions with a
        method ``rvs``, such as those of :mod:`scipy.stats`.
    n_iter : int, default=10
        How many candidates to draw.
    scoring : str, callable, list, tuple or dict, default=None
        What is scored; several scorers may be. None is the estimator's `score`.
    n_jobs : int, default=None
        Processes. Each trains a part of the networks together, or alone what cannot be.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all data; of several scorers the name of the one that
        decides, or a function of `cv_results_` that returns the index of the best.
    cv : int, splitter or iterable, default=None
        The folds; None makes five, stratified.
    verbose : int, default=0
        How much to print.
    pre_dispatch : int or str, default="2*n_jobs"
        How many of the fits that are done alone are handed out ahead.
    random_state : int, RandomState instance or None, default=None
        Determines the candidates.
    error_score : "raise" or number, default=nan
        The score of a fit that fails, or "raise".
    return_train_score : bool, default=False
        Whether to score the training folds too.

    Attributes
    ----------
    fused_ : DataFrame
        A row for each candidate, in the order of `cv_results_`: `fused`, whether its networks were
        trained together with those of their shape; `trained_together`, how many these were at most;
        `why_not`, why they were not.
    cv_results_ : dict of ndarray
        As in :class:`~sklearn.model_selection.RandomizedSearchCV`. A fit's time is its share of the
        time of all that were trained together; what `verbose` prints has the time of scoring alone.
    best_estimator_ : estimator instance
        The best candidate, fitted on all data; with `refit`.
    best_score_ : float
        Its mean score over the folds.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its place in `cv_results_`.
    scorer_ : callable or dict
        What scored.
    n_splits_ : int
        How many folds there were.
    refit_time_ : float
        Seconds that the last fit took; with `refit`.
    multimetric_ : bool
        Whether there were several scorers.
    classes_ : ndarray of shape (n_classes,)
        Labels; with `refit`.
    n_features_in_ : int
        Pixels in an image; with `refit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, where `X` had some; with `refit`.

    See Also
    --------
    FusedGridSearchCV : Tries all candidates of a grid.

    Notes
    -----
    Every network sees the batches, the dropped units and the changed images that `fit` would give
    it, so that the scores are those of :class:`~sklearn.model_selection.RandomizedSearchCV`, to
    rounding: the same in float64, while in float32 a fold of a candidate with a high learning rate
    may be scored some images differently.

    Networks are trained together that have the same layers, number type, solver, batch size and
    number of epochs, and training folds of as many batches. Learning rates and schedules, `alpha`,
    `dropout`, `label_smoothing`, `augment`, class and sample weights, seeds and folds may differ.
    `early_stopping` is a part of the network's `fit`: those that have stopped leave the others.
    Trained alone are estimators with `callbacks`, ``verbose=True``, an `ema` or a function of one's
    own as `augment`, those with ``precision="bfloat16"`` (by "auto" it is float32), and all on
    torch tensors. The transformers before the classifier of a Pipeline are fitted once for each
    fold and each setting of theirs, by your own process. Networks and transformed folds of more
    than a gigabyte are trained and scored in parts.

    Callbacks of the search hear of every fit, but not of the epochs of those trained together.

    It pays where networks are small or batches are, and does not where a single network keeps all
    cores at work; see the user guide.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import ANNClassifier, FusedRandomizedSearchCV
    >>> X, y = load_digits(return_X_y=True)
    >>> ann = ANNClassifier((32,), max_iter=10, random_state=0)
    >>> rates = {"learning_rate_init": loguniform(1e-4, 1e-1)}
    >>> search = FusedRandomizedSearchCV(ann, rates, n_iter=8, cv=3, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.9)
    True
    >>> bool(search.fused_["fused"].all())
    True
    """

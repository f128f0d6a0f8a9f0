"""What a search measured: the candidates' values of every hyper-parameter, and their scores."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skdigits._warnings import warn_user
from skdigits.evaluation._naming import describe_type

NOT_SET = -1  # the code of a parameter that a candidate does not have


@dataclass(frozen=True, eq=False)
class SearchResults:
    """Candidates of a search.

    Parameters
    ----------
    names : list of str of length n_parameters
        The hyper-parameters.
    levels : list of list
        The different values of each, numbers first, in ascending order.
    codes : ndarray of shape (n_candidates, n_parameters)
        Which of the values a candidate has, or `NOT_SET`.
    scores : ndarray of shape (n_candidates, n_folds)
        The scores, all of them finite.
    """

    names: list
    levels: list
    codes: np.ndarray
    scores: np.ndarray


def read_search_results(search, score, *, who):
    """Read the candidates of a search and their scores.

    Parameters
    ----------
    search : fitted search, dict or DataFrame
        A fitted GridSearchCV or alike, or its `cv_results_`.
    score : str
        The column of mean scores; those of the folds go with it.
    who : str
        The name that an error or a warning speaks for.

    Returns
    -------
    SearchResults
        The candidates that have a score; of a halving search, those of the first iteration that
        is there.

    Raises
    ------
    TypeError, ValueError
        If `search` is none, has no such score, or has fewer than two candidates with scores.

    Examples
    --------
    >>> from skdigits.evaluation._search_results import read_search_results
    >>> results = read_search_results(
    ...     {"params": [{"C": 10}, {"C": 1}], "mean_test_score": [0.9, 0.8]},
    ...     "mean_test_score",
    ...     who="example",
    ... )
    >>> results.names, results.levels, results.codes.tolist()
    (['C'], [[1, 10]], [[1], [0]])
    """
    columns = _read_columns(search, who)
    scores = _read_scores(columns, score, who)
    candidates = _read_candidates(columns, len(scores), who)
    is_first = _is_first_iteration(columns, len(scores))
    is_scored = np.isfinite(scores).all(axis=1)
    rows = np.flatnonzero(is_first & is_scored)
    if len(rows) < 2:
        raise ValueError(f"{who} expects at least two candidates with scores, got {len(rows)}.")
    if len(rows) < is_first.sum():
        n_failed = is_first.sum() - len(rows)
        warn_user(
            f"{who} leaves out {n_failed} of {is_first.sum()} candidates: they have no score."
        )
    return _encode([candidates[row] for row in rows], scores[rows])


def is_number(value):
    """Whether a value has a place on a scale: an integer or a float, no boolean, not NaN."""
    return isinstance(value, Real) and not isinstance(value, bool) and value == value


def _read_columns(search, who):
    if hasattr(search, "fit"):
        if not hasattr(search, "refit"):  # which every search has
            raise TypeError(f"{who} expects a fitted search, got {describe_type(search)}.")
        check_is_fitted(search, "cv_results_")
        search = search.cv_results_
    if isinstance(search, pd.DataFrame):
        return {name: search[name].to_numpy() for name in search}
    if not isinstance(search, Mapping):
        raise TypeError(
            f"{who} expects a fitted search or its cv_results_, got {describe_type(search)}."
        )
    return search


def _read_scores(columns, score, who):
    """Return the scores of the folds; where there are none, the mean is the only one."""
    means = [name for name in columns if str(name).startswith("mean_")]
    if score not in means:
        raise ValueError(f"{who} finds no score {score!r}, it has: {', '.join(means) or 'none'}.")
    pattern = re.compile(rf"split(\d+)_{re.escape(score.removeprefix('mean_'))}")
    folds = {int(match[1]): name for name in columns if (match := pattern.fullmatch(str(name)))}
    names = [folds[fold] for fold in sorted(folds)] or [score]
    return np.column_stack([np.asarray(columns[name], dtype=float) for name in names])


def _read_candidates(columns, n_candidates, who):
    """Return a dict of values for every candidate, of the parameters that have a column."""
    prefix = "param_"
    named = [str(name).removeprefix(prefix) for name in columns if str(name).startswith(prefix)]
    params = columns.get("params")
    if params is None or not all(isinstance(values, Mapping) for values in params):
        if not named:
            raise ValueError(f"{who} expects columns param_* in cv_results_, got none.")
        values = {name: columns[prefix + name] for name in named}
        missing = {name: _is_missing(column) for name, column in values.items()}
        return [
            {name: values[name][row] for name in named if not missing[name][row]}
            for row in range(n_candidates)
        ]
    kept = named or list(dict.fromkeys(name for values in params for name in values))
    return [{name: values[name] for name in kept if name in values} for values in params]


def _is_missing(column):
    """Where a masked array is masked, or a column of a DataFrame is NaN."""
    is_nan = [isinstance(value, float) and np.isnan(value) for value in np.ma.getdata(column)]
    return np.ma.getmaskarray(np.ma.asarray(column)) | np.array(is_nan, dtype=bool)


def _is_first_iteration(columns, n_candidates):
    """Halving searches go on with the best only: the first iteration has them all."""
    if "iter" not in columns:
        return np.ones(n_candidates, dtype=bool)
    iterations = np.asarray(columns["iter"])
    return iterations == iterations.min()


def _encode(candidates, scores):
    names = list(dict.fromkeys(name for values in candidates for name in values))
    keys = [{name: _key(value) for name, value in values.items()} for values in candidates]
    levels, codes = [], np.full((len(candidates), len(names)), NOT_SET)
    for position, name in enumerate(names):
        found: dict = {}
        for values, its_keys in zip(candidates, keys, strict=True):
            if name in values:
                found.setdefault(its_keys[name], values[name])
        levels.append(_sort(found.values()))
        ranks = {_key(value): rank for rank, value in enumerate(levels[-1])}
        codes[:, position] = [ranks.get(its_keys.get(name), NOT_SET) for its_keys in keys]
    return SearchResults(names, levels, codes, scores)


def _key(value):
    """Return the same for 1 and 1.0, another for True; a value need not be hashable."""
    return float(value) if is_number(value) else f"{type(value).__name__} {value!r}"


def _sort(values):
    values = list(values)
    numbers = sorted(value for value in values if is_number(value))
    others = [value for value in values if not is_number(value)]
    try:
        return numbers + sorted(others)
    except (TypeError, ValueError):  # estimators, None among strings, arrays
        return numbers + sorted(others, key=repr)

"""Functional ANOVA of the scores of a search, exact for sums of boxes.

A box gives a height to all combinations of some values of each hyper-parameter. A measured
combination is a box, and so is a leaf of a tree; what is averaged over other parameters needs no
more than the share of their values that lies in the box.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product
from math import prod

import numpy as np
from scipy import stats
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.utils import check_random_state

from skdigits.evaluation._search_results import NOT_SET, is_number

_N_TREES = 64
_N_GROUPS = 10  # of candidates, left out in turn
_MAX_CELLS = 64  # that stand for one candidate
_MAX_POINTS = 20  # of each of two parameters
_CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Boxes:
    """A sum of boxes.

    Parameters
    ----------
    members : list of ndarray of shape (n_boxes, n_levels)
        For every parameter, which of its values are in a box: 1 or 0.
    heights : ndarray of shape (n_boxes, n_folds)
        What a box adds to the score of every fold.
    """

    members: list
    heights: np.ndarray

    @cached_property
    def widths(self):
        """The share of every parameter's values that is in each box."""
        return np.array([members.mean(axis=1) for members in self.members])


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of the variance of the mean score.

    Parameters
    ----------
    effects : list of tuple of int
        Positions of the parameters: one, or two for what they do together.
    shares, ci_low, ci_high : ndarray of shape (n_effects,)
        From 0 to 1; the interval is NaN with fewer than three folds.
    noise : float
        The share that is luck of the folds; NaN with one fold.
    other : float
        The share that is none of these; 0 where all scores are the same.
    """

    effects: list
    shares: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    noise: float
    other: float


def estimate_shares(results, random_state):
    """Return how much of the variance of the mean score every parameter and pair explains.

    Parameters
    ----------
    results : SearchResults
        The candidates and their scores.
    random_state : int, RandomState instance or None
        Seeds the trees, of which there are none on a complete grid.

    Returns
    -------
    Shares
        The shares and their 95 % intervals.

    Examples
    --------
    >>> from skdigits.evaluation._anova import estimate_shares
    >>> from skdigits.evaluation._search_results import read_search_results
    >>> grid = [{"a": a, "b": b} for a in (0, 1) for b in (0, 1)]
    >>> scores = [2 * values["a"] + values["b"] for values in grid]
    >>> results = {"params": grid, "mean_test_score": scores}
    >>> results = read_search_results(results, "mean_test_score", who="example")
    >>> estimate_shares(results, 0).shares.tolist()
    [0.8, 0.2, 0.0]
    """
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    effects = _list_effects(results)
    grams, total, is_complete = _measure(results, effects, seed)
    shares = _divide(grams, total)
    variance = _variance_over_folds(grams, total)
    if not is_complete:
        variance = variance + _variance_over_candidates(results, effects, seed)
    ci_low, ci_high = _interval(shares, variance, len(total))
    shares = np.clip(shares, 0, 1)
    return Shares(effects, shares, ci_low, ci_high, *_divide_rest(total, shares.sum()))


def marginal_scores(results, random_state):
    """Return the score of every value of every parameter, averaged over all the others.

    Parameters
    ----------
    results : SearchResults
        The candidates and their scores.
    random_state : int, RandomState instance or None
        Seeds the trees, of which there are none on a complete grid.

    Returns
    -------
    list of ndarray of shape (n_levels, n_folds)
        The mean scores, parameter by parameter.

    Examples
    --------
    >>> from skdigits.evaluation._anova import marginal_scores
    >>> from skdigits.evaluation._search_results import read_search_results
    >>> grid = [{"a": a, "b": b} for a in (0, 1) for b in (0, 1)]
    >>> scores = [2 * values["a"] + values["b"] for values in grid]
    >>> results = {"params": grid, "mean_test_score": scores}
    >>> results = read_search_results(results, "mean_test_score", who="example")
    >>> [scores.ravel().tolist() for scores in marginal_scores(results, 0)]
    [[0.5, 2.5], [1.0, 2.0]]
    """
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    cells, scores = _lay_out(results, seed)
    boxes = _make_boxes(results.levels, cells, scores, seed)
    return [_average(boxes, (position,)) for position in range(len(results.names))]


def _list_effects(results):
    varying = [position for position, levels in enumerate(results.levels) if len(levels) > 1]
    return [(position,) for position in range(len(results.names))] + list(combinations(varying, 2))


def _measure(results, effects, seed):
    """Return the products, fold by fold, of every effect and of the scores as they are."""
    cells, scores = _lay_out(results, seed)
    boxes = _make_boxes(results.levels, cells, scores, seed)
    grams = [_gram(_centre(_average(boxes, effect))) for effect in effects]
    total = _gram(scores - scores.mean(axis=0))
    return np.array(grams), total, _is_complete(results.levels, cells)


def _lay_out(results, seed):
    """Return distinct combinations of values, in ascending order, and their mean scores.

    A parameter that a candidate does not have makes no difference to it: the candidate stands
    for every value of it (or, of very many combinations, for some).
    """
    rng = np.random.default_rng(seed)
    spreads, rows = [], []
    for row in np.lexsort((*results.scores.T, *results.codes.T)):
        spread = _spread(results.codes[row], results.levels, rng)
        spreads.extend(spread)
        rows.extend([row] * len(spread))
    cells, where = np.unique(np.array(spreads), axis=0, return_inverse=True)
    counts = np.bincount(where.ravel())
    scores = np.zeros((len(cells), results.scores.shape[1]))
    np.add.at(scores, where.ravel(), results.scores[rows])
    return cells, scores / counts[:, np.newaxis]


def _spread(codes, levels, rng):
    choices = [
        range(len(its_levels)) if code == NOT_SET else (code,)
        for code, its_levels in zip(codes, levels, strict=True)
    ]
    if prod(len(choice) for choice in choices) <= _MAX_CELLS:
        return list(product(*choices))
    return list(zip(*(rng.choice(choice, _MAX_CELLS) for choice in choices), strict=True))


def _is_complete(levels, cells):
    return len(cells) == prod(len(its_levels) for its_levels in levels)


def _make_boxes(levels, cells, scores, seed):
    """Take a complete grid as it is, and what trees learn from an incomplete one."""
    if _is_complete(levels, cells):
        pairs = zip(levels, cells.T, strict=True)
        return Boxes([np.eye(len(its_levels))[codes] for its_levels, codes in pairs], scores)
    return _learn_boxes(levels, cells, scores, seed)


def _learn_boxes(levels, cells, scores, seed):
    """Let trees, grown until they agree with every score, fill the gaps between the cells."""
    features, owners = _make_features(levels)
    mean, scale = scores.mean(axis=0), scores.std() or 1.0
    forest = ExtraTreesRegressor(_N_TREES, random_state=seed)
    pairs = zip(features, owners, strict=True)
    X = np.column_stack([feature[cells[:, owner]] for feature, owner in pairs])
    targets = (scores - mean) / scale
    forest.fit(X, targets if targets.shape[1] > 1 else targets.ravel())
    leaves = [_read_leaves(tree.tree_, levels, features, owners) for tree in forest.estimators_]
    heights = np.concatenate([heights for _, heights in leaves]) * scale + mean
    members = np.concatenate([members for members, _ in leaves]).astype(float)
    ends = np.cumsum([len(its_levels) for its_levels in levels])[:-1]
    return Boxes(np.split(members, ends, axis=1), heights / _N_TREES)


def _make_features(levels):
    """Give numbers their rank, and every other value an indicator."""
    features, owners = [], []
    for owner, its_levels in enumerate(levels):
        n_numbers = sum(is_number(level) for level in its_levels)
        indicators = list(np.eye(len(its_levels))[n_numbers:])
        if n_numbers:
            ranks = np.arange(len(its_levels))
            indicators.append(np.where(ranks < n_numbers, ranks, -1).astype(float))
        features += indicators
        owners += [owner] * len(indicators)
    return features, owners


def _read_leaves(tree, levels, features, owners):
    """Return which values of all parameters, side by side, are in each leaf, and its heights."""
    starts = np.cumsum([0, *(len(its_levels) for its_levels in levels)])
    members = np.ones((tree.node_count, starts[-1]), dtype=bool)
    for node in np.flatnonzero(tree.children_left >= 0):  # parents come before their children
        left, right = tree.children_left[node], tree.children_right[node]
        owner = owners[tree.feature[node]]
        its_own = slice(starts[owner], starts[owner + 1])
        goes_left = features[tree.feature[node]] <= tree.threshold[node]
        members[left] = members[right] = members[node]
        members[left, its_own] &= goes_left
        members[right, its_own] &= ~goes_left
    is_leaf = tree.children_left < 0
    return members[is_leaf], tree.value[is_leaf, :, 0]


def _average(boxes, effect):
    """Average over all parameters but those of `effect`; the last axis is the fold."""
    widths = np.delete(boxes.widths, effect, axis=0)
    heights = boxes.heights * widths.prod(axis=0)[:, np.newaxis]
    if len(effect) == 1:
        return boxes.members[effect[0]].T @ heights
    first, second = (_thin_out(boxes.members[position]) for position in effect)
    return np.tensordot(first, second[:, :, np.newaxis] * heights[:, np.newaxis], axes=(0, 0))


def _thin_out(members):
    """Of a pair of many values, points on an even grid are enough."""
    n_levels = members.shape[1]
    n_points = min(n_levels, _MAX_POINTS)
    return members[:, ((np.arange(n_points) + 0.5) * n_levels / n_points).astype(int)]


def _centre(table):
    """Take from a table its mean, and from one of two parameters what each does alone."""
    if table.ndim == 2:
        return table - table.mean(axis=0)
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    return table - rows - columns + table.mean(axis=(0, 1))


def _gram(table):
    """Mean products of the folds: variances and, off the diagonal, covariances."""
    table = table.reshape(-1, table.shape[-1])
    return table.T @ table / len(table)


def _divide(grams, total):
    """Return shares without the luck of the folds, by products of different folds only.

    Their expectation is the variance of what the folds have in common; the variance of the mean
    score has a share of noise in it. Below zero: less than expected from noise alone.
    """
    scale = max(total.mean(), grams.mean(axis=(1, 2)).sum())
    return _common(grams) / scale if scale > 0 else np.zeros(len(grams))


def _common(grams):
    n_folds = grams.shape[-1]
    if n_folds == 1:
        return grams[..., 0, 0]
    diagonals = np.trace(grams, axis1=-2, axis2=-1)
    return (grams.sum(axis=(-2, -1)) - diagonals) / (n_folds * (n_folds - 1))


def _divide_rest(total, explained):
    """Return the share of noise and that of everything else."""
    variance, rest = total.mean(), max(0.0, 1 - explained)
    if variance <= 0:
        return 0.0, 0.0
    if len(total) == 1:
        return np.nan, rest
    noise = float(np.clip(1 - _common(total) / variance, 0, rest))
    return noise, rest - noise


def _variance_over_folds(grams, total):
    """Jackknife: leave out every fold in turn."""
    if len(total) < 3:
        return np.full(len(grams), np.nan)
    replicates = []
    for fold in range(len(total)):
        kept = np.delete(np.arange(len(total)), fold)
        pairs = np.ix_(kept, kept)
        replicates.append(_divide(grams[:, *pairs], total[pairs]))
    return _jackknife(replicates)


def _variance_over_candidates(results, effects, seed):
    """Jackknife: leave out every group of candidates in turn, and grow other trees."""
    order = np.lexsort((*results.scores.T, *results.codes.T))
    order = np.random.default_rng(seed).permutation(order)
    replicates = []
    for group in np.array_split(order, min(_N_GROUPS, len(order))):
        kept = np.setdiff1d(order, group)
        fewer = replace(results, codes=results.codes[kept], scores=results.scores[kept])
        grams, total, _ = _measure(fewer, effects, seed)
        replicates.append(_divide(grams, total))
    return _jackknife(replicates)


def _jackknife(replicates):
    return (len(replicates) - 1) * np.var(replicates, axis=0)


def _interval(shares, variance, n_folds):
    if n_folds < 3:
        return np.full((2, len(shares)), np.nan)
    reach = stats.t.ppf((1 + _CONFIDENCE) / 2, n_folds - 1) * np.sqrt(variance)
    return np.clip([shares - reach, shares + reach], 0, 1)

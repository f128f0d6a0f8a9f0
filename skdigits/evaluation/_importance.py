"""Which hyper-parameters and which preprocessing steps matter, told from a search."""

import numpy as np
import pandas as pd

from skdigits.evaluation._anova import estimate_shares, marginal_scores
from skdigits.evaluation._search_results import read_search_results

NOISE, OTHER = "(noise)", "(other)"


def hyperparameter_importance(search, *, score="mean_test_score", random_state=0):
    """Say how much of the variation of the score each hyper-parameter explains.

    The scores of a search differ from candidate to candidate. Functional ANOVA [1]_ divides their
    variance among the hyper-parameters, the pairs of them that do together what neither does
    alone, and the rest. A preprocessing step that the search swaps or leaves out is a
    hyper-parameter too.

    Parameters
    ----------
    search : fitted search, dict or DataFrame
        A fitted :class:`~sklearn.model_selection.GridSearchCV`, RandomizedSearchCV, halving or
        other search, over an estimator or a Pipeline, or its `cv_results_`. Values may be of any
        kind: numbers, strings, None, tuples, estimators.
    score : str, default="mean_test_score"
        The column of `cv_results_` to explain. The scores of its folds are found by name; a
        column that has none, such as ``"mean_fit_time"``, gets shares without intervals.
    random_state : int, RandomState instance or None, default=0
        Seeds the trees that stand in for combinations that were not tried. A complete grid needs
        none.

    Returns
    -------
    DataFrame
        A row for every hyper-parameter and every pair (``"a × b"``), the largest share first:

        - ``share`` of the variance of the mean score, from 0 to 1, the luck of the folds taken out;
        - ``ci_low`` and ``ci_high``, its 95 % interval, NaN with fewer than three folds;
        - ``step`` of the Pipeline, to sum by:
          ``importance.groupby("step")["share"].sum()``.

        Two more rows complete the sum to 1: ``"(noise)"``, what the folds alone would give (NaN
        with a single fold), and ``"(other)"``, what three or more do together and, where
        combinations are missing, what the trees did not learn.

    Raises
    ------
    TypeError, ValueError
        If `search` is no search, has no such score, or fewer than two candidates with a score.
    sklearn.exceptions.NotFittedError
        If the search is not fitted.

    Warns
    -----
    UserWarning
        If candidates whose fit failed are left out.

    See Also
    --------
    hyperparameter_marginals : The mean score for every value.
    HyperparameterImportanceDisplay : Draws both.

    Notes
    -----
    All values of a hyper-parameter count the same. On a complete grid the decomposition is exact:
    means, and means of means. Where combinations are missing (a random search, a failed fit),
    completely grown extra trees, which agree with every measured score, fill the gaps; they are
    averaged exactly, leaf by leaf. Trees learn less from few candidates than there is, so the
    shares then tend to be too small, and "(other)" too large.

    A hyper-parameter that a candidate does not have (`param_grid` may be a list) is taken to make
    no difference to it. Of a halving search the first iteration is used: all candidates, with the
    same resources.

    The luck of the folds is taken out by multiplying the effects found in one fold with those
    found in another: luck has no part in the mean of these products. Where that is below zero, 0 is
    given, so that of many small shares the sum is a little too large. The interval comes from
    the jackknife, leaving out every fold and, where combinations are missing, every tenth of the
    candidates in turn. Folds share most of their training data, so that it is a little
    narrower than independent data would make it.

    References
    ----------
    .. [1] F. Hutter, H. Hoos and K. Leyton-Brown, "An efficient approach for assessing
       hyperparameter importance", ICML 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skdigits import hyperparameter_importance
    >>> X, y = load_digits(return_X_y=True)
    >>> grid = {"n_neighbors": [1, 30], "weights": ["uniform", "distance"]}
    >>> search = GridSearchCV(KNeighborsClassifier(), grid).fit(X[:300], y[:300])
    >>> hyperparameter_importance(search)["share"].round(2).to_dict()
    {'n_neighbors': 0.85, 'n_neighbors × weights': 0.05, 'weights': 0.05, '(noise)': 0.05, ...}
    """
    results = read_search_results(search, score, who="hyperparameter_importance")
    found = estimate_shares(results, random_state)
    names = [[results.names[position] for position in effect] for effect in found.effects]
    columns = {
        "share": found.shares,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "step": [_join(dict.fromkeys(name.partition("__")[0] for name in pair)) for pair in names],
    }
    index = pd.Index([_join(pair) for pair in names], name="parameter")
    table = pd.DataFrame(columns, index=index).sort_values("share", ascending=False, kind="stable")
    return pd.concat([table, _sum_up_the_rest(found)])


def hyperparameter_marginals(search, *, score="mean_test_score", random_state=0):
    """Return the mean score for every value of every hyper-parameter.

    Parameters
    ----------
    search : fitted search, dict or DataFrame
        A fitted search or its `cv_results_`, as for :func:`hyperparameter_importance`.
    score : str, default="mean_test_score"
        The column of `cv_results_` to average.
    random_state : int, RandomState instance or None, default=0
        Seeds the trees that stand in for combinations that were not tried.

    Returns
    -------
    DataFrame
        A row for every value, in ascending order: ``parameter``, ``value`` (as it was given to the
        search), ``mean`` over all combinations of the other hyper-parameters, ``sd`` of that
        mean over the folds (NaN without), and ``n_candidates`` that have the value.

    Raises
    ------
    TypeError, ValueError
        If `search` is no search, has no such score, or fewer than two candidates with a score.
    sklearn.exceptions.NotFittedError
        If the search is not fitted.

    Warns
    -----
    UserWarning
        If candidates whose fit failed are left out.

    See Also
    --------
    hyperparameter_importance : How much of the variation each hyper-parameter explains.

    Examples
    --------
    >>> from skdigits import hyperparameter_marginals
    >>> results = {
    ...     "params": [{"C": 1}, {"C": 10}],
    ...     "mean_test_score": [0.8, 0.9],
    ...     "split0_test_score": [0.7, 0.9],
    ...     "split1_test_score": [0.9, 0.9],
    ... }
    >>> hyperparameter_marginals(results)[["value", "mean", "sd"]].round(2).to_numpy().tolist()
    [[1, 0.8, 0.14], [10, 0.9, 0.0]]
    """
    results = read_search_results(search, score, who="hyperparameter_marginals")
    rows = [
        (name, value, scores.mean(), _sd(scores), int((codes == code).sum()))
        for name, levels, codes, table in zip(
            results.names,
            results.levels,
            results.codes.T,
            marginal_scores(results, random_state),
            strict=True,
        )
        for code, (value, scores) in enumerate(zip(levels, table, strict=True))
    ]
    parameters, values, means, sds, counts = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "parameter": parameters,
            "value": pd.Series(list(values), dtype=object),
            "mean": means,
            "sd": sds,
            "n_candidates": counts,
        }
    )


def _join(names):
    return " × ".join(names)


def _sum_up_the_rest(found):
    columns = {
        "share": [found.noise, found.other],
        "ci_low": np.nan,
        "ci_high": np.nan,
        "step": [NOISE, OTHER],
    }
    return pd.DataFrame(columns, index=pd.Index([NOISE, OTHER], name="parameter"))


def _sd(scores):
    return np.std(scores, ddof=1) if len(scores) > 1 else np.nan

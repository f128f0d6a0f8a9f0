"""What scikit-learn's searches are made of: their private names, in one place."""

from functools import wraps

from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._search import _check_method_params as check_method_params
from sklearn.model_selection._validation import (
    _fit_and_score,
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import get_tags

__all__ = [
    "BaseSearchCV",
    "Trained",
    "check_failures",
    "check_method_params",
    "fit_and_score",
    "of_trained",
    "scorers_by_name",
]

fit_and_score = _fit_and_score


def check_failures(results, *, scoring, error_score):
    """Warn of fits that failed, raise if all have, and give them the score of an error."""
    _warn_or_raise_about_fit_failures(results, error_score)
    if callable(scoring):
        _insert_error_scores(results, error_score)


class Trained:
    """Stands where scikit-learn would fit an estimator: that is done, or has failed.

    What scores must be made for it by :func:`of_trained`, and sees the estimator itself.

    Parameters
    ----------
    estimator : estimator instance
        The estimator, its parameters set.
    error : Exception, default=None
        What `fit` is to raise.
    """

    def __init__(self, estimator, error=None):
        self.estimator = estimator
        self.error = error

    def set_params(self, **parameters):
        """Do nothing: they are set."""
        return self

    def fit(self, X, y=None, **params):
        """Raise the error, if there is one."""
        if self.error is not None:
            raise self.error
        return self

    def __sklearn_tags__(self):
        return get_tags(self.estimator)


class _ScorersOfTrained(_MultimetricScorer):
    def __call__(self, trained, *args, **kwargs):
        return super().__call__(trained.estimator, *args, **kwargs)


def of_trained(scorer):
    """Return a scorer of :class:`Trained` that scores what `scorer` would, the estimator in it."""
    if isinstance(scorer, _MultimetricScorer):
        return _ScorersOfTrained(scorers=scorer._scorers, raise_exc=scorer._raise_exc)

    @wraps(scorer)  # which messages name
    def score(trained, *args, **kwargs):
        return scorer(trained.estimator, *args, **kwargs)

    return score


def scorers_by_name(scorer):
    """Return what a search has as `scorer_`: the scorer, or a dict of several."""
    return scorer._scorers if isinstance(scorer, _MultimetricScorer) else scorer

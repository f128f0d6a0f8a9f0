"""What scikit-learn's searches are made of: private names, in one place."""

from inspect import signature

from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._search import _check_method_params as check_method_params
from sklearn.model_selection._validation import (
    _fit_and_score,
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import _safe_indexing as take_rows

__all__ = [
    "HAS_REPORTS",
    "BaseSearchCV",
    "check_failures",
    "check_method_params",
    "fit_and_score",
    "take_rows",
]

fit_and_score = _fit_and_score
HAS_REPORTS = "callback_ctx" in signature(_fit_and_score).parameters  # scikit-learn 1.9 and later


def check_failures(results, *, scoring, error_score):
    """Warn of fits that failed, raise if all have, and give them the score of an error."""
    _warn_or_raise_about_fit_failures(results, error_score)
    if callable(scoring):
        _insert_error_scores(results, error_score)

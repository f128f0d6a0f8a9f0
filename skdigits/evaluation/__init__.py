"""Honest comparisons of any scikit-learn classifiers."""

from skdigits.evaluation._comparison import ModelComparison, compare_models
from skdigits.evaluation._displays import ModelComparisonDisplay

__all__ = ["ModelComparison", "ModelComparisonDisplay", "compare_models"]

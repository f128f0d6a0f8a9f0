"""Honest comparisons of any scikit-learn classifiers."""

from skdigits.evaluation._comparison import ModelComparison, compare_models
from skdigits.evaluation._confusion_images import ConfusionImagesDisplay
from skdigits.evaluation._corruptions import corrupt
from skdigits.evaluation._displays import ModelComparisonDisplay
from skdigits.evaluation._importance import hyperparameter_importance, hyperparameter_marginals
from skdigits.evaluation._importance_display import HyperparameterImportanceDisplay
from skdigits.evaluation._misclassified import MisclassifiedDisplay
from skdigits.evaluation._robustness import mean_corruption_error, robustness_curve
from skdigits.evaluation._robustness_display import RobustnessDisplay

__all__ = [
    "ConfusionImagesDisplay",
    "HyperparameterImportanceDisplay",
    "MisclassifiedDisplay",
    "ModelComparison",
    "ModelComparisonDisplay",
    "RobustnessDisplay",
    "compare_models",
    "corrupt",
    "hyperparameter_importance",
    "hyperparameter_marginals",
    "mean_corruption_error",
    "robustness_curve",
]

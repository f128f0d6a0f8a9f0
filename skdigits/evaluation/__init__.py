"""Honest comparisons of any scikit-learn classifiers."""

from skdigits.evaluation._calibration import expected_calibration_error
from skdigits.evaluation._comparison import ModelComparison, compare_models
from skdigits.evaluation._confusion_images import ConfusionImagesDisplay
from skdigits.evaluation._corruptions import corrupt
from skdigits.evaluation._displays import ModelComparisonDisplay
from skdigits.evaluation._filters_display import FiltersDisplay
from skdigits.evaluation._importance import hyperparameter_importance, hyperparameter_marginals
from skdigits.evaluation._importance_display import HyperparameterImportanceDisplay
from skdigits.evaluation._label_mistakes import find_label_mistakes
from skdigits.evaluation._misclassified import MisclassifiedDisplay
from skdigits.evaluation._reject import reject_curve
from skdigits.evaluation._reject_display import RejectCurveDisplay
from skdigits.evaluation._reliability_display import ReliabilityDisplay
from skdigits.evaluation._robustness import mean_corruption_error, robustness_curve
from skdigits.evaluation._robustness_display import RobustnessDisplay
from skdigits.evaluation._saliency_display import SaliencyDisplay
from skdigits.evaluation._training_curve import TrainingCurveDisplay

__all__ = [
    "ConfusionImagesDisplay",
    "FiltersDisplay",
    "HyperparameterImportanceDisplay",
    "MisclassifiedDisplay",
    "ModelComparison",
    "ModelComparisonDisplay",
    "RejectCurveDisplay",
    "ReliabilityDisplay",
    "RobustnessDisplay",
    "SaliencyDisplay",
    "TrainingCurveDisplay",
    "compare_models",
    "corrupt",
    "expected_calibration_error",
    "find_label_mistakes",
    "hyperparameter_importance",
    "hyperparameter_marginals",
    "mean_corruption_error",
    "reject_curve",
    "robustness_curve",
]

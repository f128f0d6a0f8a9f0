"""Handwritten character recognition with neural networks that are scikit-learn estimators."""

import importlib
from typing import TYPE_CHECKING

from skdigits._version import __version__

if TYPE_CHECKING:  # for editors and type checkers: the names are looked up below
    from skdigits import datasets
    from skdigits.evaluation import (
        ConfusionImagesDisplay,
        FiltersDisplay,
        HyperparameterImportanceDisplay,
        MisclassifiedDisplay,
        ModelComparison,
        ModelComparisonDisplay,
        RejectCurveDisplay,
        ReliabilityDisplay,
        RobustnessDisplay,
        SaliencyDisplay,
        TrainingCurveDisplay,
        compare_models,
        corrupt,
        expected_calibration_error,
        find_label_mistakes,
        hyperparameter_importance,
        hyperparameter_marginals,
        mean_corruption_error,
        reject_curve,
        robustness_curve,
    )
    from skdigits.images import (
        CharacterNormalizer,
        Deskewer,
        HOGFeatures,
        ImageReshaper,
        PageReader,
    )
    from skdigits.neural import (
        ANNClassifier,
        Augmentation,
        CNNClassifier,
    )
    from skdigits.neural._ensemble import (
        EnsembleClassifier,
    )
    from skdigits.neural._fused_search import (
        FusedGridSearchCV,
        FusedRandomizedSearchCV,
    )
    from skdigits.persistence import (
        list_pretrained,
        load_model,
        load_pretrained,
        save_model,
    )
    from skdigits.persistence._onnx import (
        export_onnx,
    )

_PUBLIC_NAMES = {
    "ANNClassifier": "skdigits.neural",
    "Augmentation": "skdigits.neural",
    "CNNClassifier": "skdigits.neural",
    "CharacterNormalizer": "skdigits.images",
    "EnsembleClassifier": "skdigits.neural._ensemble",
    "FusedGridSearchCV": "skdigits.neural._fused_search",
    "FusedRandomizedSearchCV": "skdigits.neural._fused_search",
    "ConfusionImagesDisplay": "skdigits.evaluation",
    "Deskewer": "skdigits.images",
    "HOGFeatures": "skdigits.images",
    "ImageReshaper": "skdigits.images",
    "PageReader": "skdigits.images",
    "HyperparameterImportanceDisplay": "skdigits.evaluation",
    "MisclassifiedDisplay": "skdigits.evaluation",
    "ModelComparison": "skdigits.evaluation",
    "ModelComparisonDisplay": "skdigits.evaluation",
    "RobustnessDisplay": "skdigits.evaluation",
    "TrainingCurveDisplay": "skdigits.evaluation",
    "FiltersDisplay": "skdigits.evaluation",
    "SaliencyDisplay": "skdigits.evaluation",
    "ReliabilityDisplay": "skdigits.evaluation",
    "RejectCurveDisplay": "skdigits.evaluation",
    "expected_calibration_error": "skdigits.evaluation",
    "reject_curve": "skdigits.evaluation",
    "find_label_mistakes": "skdigits.evaluation",
    "compare_models": "skdigits.evaluation",
    "robustness_curve": "skdigits.evaluation",
    "mean_corruption_error": "skdigits.evaluation",
    "corrupt": "skdigits.evaluation",
    "hyperparameter_importance": "skdigits.evaluation",
    "hyperparameter_marginals": "skdigits.evaluation",
    "export_onnx": "skdigits.persistence._onnx",
    "list_pretrained": "skdigits.persistence",
    "load_model": "skdigits.persistence",
    "load_pretrained": "skdigits.persistence",
    "save_model": "skdigits.persistence",
}
_PUBLIC_MODULES = ("datasets",)

__all__ = [
    "ANNClassifier",
    "Augmentation",
    "CNNClassifier",
    "CharacterNormalizer",
    "ConfusionImagesDisplay",
    "Deskewer",
    "EnsembleClassifier",
    "FiltersDisplay",
    "FusedGridSearchCV",
    "FusedRandomizedSearchCV",
    "HOGFeatures",
    "HyperparameterImportanceDisplay",
    "ImageReshaper",
    "MisclassifiedDisplay",
    "ModelComparison",
    "ModelComparisonDisplay",
    "PageReader",
    "RejectCurveDisplay",
    "ReliabilityDisplay",
    "RobustnessDisplay",
    "SaliencyDisplay",
    "TrainingCurveDisplay",
    "__version__",
    "compare_models",
    "corrupt",
    "datasets",
    "expected_calibration_error",
    "export_onnx",
    "find_label_mistakes",
    "hyperparameter_importance",
    "hyperparameter_marginals",
    "list_pretrained",
    "load_model",
    "load_pretrained",
    "mean_corruption_error",
    "reject_curve",
    "robustness_curve",
    "save_model",
]


def __getattr__(name):
    if name in _PUBLIC_NAMES:
        return getattr(importlib.import_module(_PUBLIC_NAMES[name]), name)
    if name in _PUBLIC_MODULES:
        return importlib.import_module(f"skdigits.{name}")
    raise AttributeError(f"module 'skdigits' has no attribute {name!r}")


def __dir__():
    return __all__

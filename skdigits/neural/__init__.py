"""Neural network classifiers: torch and skorch live here."""

from skdigits.neural._augment import Augmentation
from skdigits.neural._classifiers import ANNClassifier, CNNClassifier

__all__ = ["ANNClassifier", "Augmentation", "CNNClassifier"]

"""Neural network classifiers: torch and skorch live here."""

from skdigits.neural._augment import Augmentation
from skdigits.neural._classifiers import ANNClassifier, CNNClassifier
from skdigits.neural._ensemble import EnsembleClassifier
from skdigits.neural._state_check import check_net_state

__all__ = [
    "ANNClassifier",
    "Augmentation",
    "CNNClassifier",
    "EnsembleClassifier",
    "check_net_state",
]

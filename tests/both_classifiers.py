"""What tests of the two classifiers share."""

import pytest

from skdigits import ANNClassifier, CNNClassifier

BOTH = pytest.mark.parametrize("Classifier", [ANNClassifier, CNNClassifier])


def quick(Classifier, **parameters):
    return Classifier(**{"max_iter": 5, "random_state": 0, **parameters})

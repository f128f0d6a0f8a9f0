"""What tests of files of models share: data, labels of every kind, a small file."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline

from skdigits import CNNClassifier, ImageReshaper, save_model

X, Y = load_digits(return_X_y=True)
X, Y = X[:120].astype(np.uint8), Y[:120]
QUICK = {"max_iter": 1, "random_state": 0}
LABELS = {
    "numbers": Y,
    "letters": np.array(list("abcdefghij"))[Y],
    "objects": np.array([f"digit {label}" for label in Y], dtype=object),
    "booleans": Y > 4,
    "whole floats": Y.astype(float),
    "gaps": np.array([-7, 3, 1000])[Y % 3],
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small file, and the probabilities of its model."""
    model = make_pipeline(ImageReshaper(), CNNClassifier((3,), **QUICK)).fit(X, LABELS["letters"])
    path = save_model(model, tmp_path_factory.mktemp("saved") / "model")
    return path, model.predict_proba(X)

"""Torch tensors in, torch tensors out, under array API dispatch."""

import os
import pickle
import subprocess
import sys

import pytest

SCRIPT = """
import numpy as np, pickle, sklearn, torch
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from skdigits import ANNClassifier, CNNClassifier, ImageReshaper

X, y = load_digits(return_X_y=True)
X, y = X[:200].astype(np.float32), y[:200]
for Classifier in (ANNClassifier, CNNClassifier):
    reference = Classifier(max_iter=5, random_state=0).fit(X, y)
    tensors = torch.from_numpy(X), torch.from_numpy(y)
    with sklearn.config_context(array_api_dispatch=True):
        classifier = Classifier(max_iter=5, random_state=0).fit(*tensors)
        for method in (
            "predict", "predict_proba", "predict_log_proba", "decision_function", "embed"
        ):
            result = getattr(classifier, method)(tensors[0])
            assert isinstance(result, torch.Tensor), method
            assert np.allclose(result.numpy(), getattr(reference, method)(X), atol=1e-6), method
        weighted = Classifier(max_iter=5, random_state=0)
        weighted.fit(*tensors, sample_weight=torch.ones(200))
        assert weighted.score(*tensors) == classifier.score(*tensors)
        images = make_pipeline(ImageReshaper(), Classifier(max_iter=5, random_state=0))
        images.fit(*tensors)
        assert torch.equal(images.predict(tensors[0]), classifier.predict(tensors[0]))
        words = Classifier(max_iter=5, random_state=0).fit(tensors[0], y.astype(str))
        assert words.predict(tensors[0]).dtype.kind == "U"
    twin = pickle.loads(pickle.dumps(classifier))
    assert b"torch" not in pickle.dumps(classifier)
    assert np.array_equal(twin.predict_proba(X), reference.predict_proba(X))
print("fine")
"""


def test_tensors_come_back_as_tensors():
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "fine", done.stderr


@pytest.mark.slow
def test_scikit_learns_array_api_checks_pass():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "array_api", "tests/test_common.py"],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_tensors_without_dispatch_give_arrays(digits):
    import numpy as np
    import torch

    from skdigits import ANNClassifier

    X, y = digits
    classifier = ANNClassifier(max_iter=3, random_state=0).fit(torch.from_numpy(X.copy()), y)
    assert isinstance(classifier.predict_proba(torch.from_numpy(X.copy())), np.ndarray)
    assert isinstance(pickle.loads(pickle.dumps(classifier)), ANNClassifier)

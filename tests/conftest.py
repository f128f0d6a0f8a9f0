"""Data that many tests share."""

import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(scope="session")
def digits():
    """300 images of 8x8 digits, uint8 rows, and their labels."""
    X, y = load_digits(return_X_y=True)
    X = np.ascontiguousarray(X[:300], dtype=np.uint8)
    X.flags.writeable = y.flags.writeable = False
    return X, y[:300]


@pytest.fixture(scope="session")
def mnist_like():
    """200 images of 28x28 pixels, uint8 rows, as `fetch_openml("mnist_784")` has them."""
    X, y = load_digits(return_X_y=True)
    images = np.kron(X[:200].reshape(-1, 8, 8), np.ones((3, 3)))
    images = np.pad(images, ((0, 0), (2, 2), (2, 2))) * 255 / 16
    return images.reshape(-1, 784).astype(np.uint8), y[:200]

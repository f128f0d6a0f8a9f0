"""The shape of images that a fitted classifier tells, where it is that of the data."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, ImageReshaper
from skdigits.evaluation._last_step import own_image_shape


@pytest.fixture
def net():
    return ANNClassifier((4,), image_shape=(4, 16), max_iter=1)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda net: net,
        lambda net: make_pipeline(MinMaxScaler(), net),
        lambda net: make_pipeline("passthrough", ImageReshaper((4, 16)), net),
        lambda net: GridSearchCV(make_pipeline(MinMaxScaler(), net), {}, cv=2),
        lambda net: make_pipeline(MinMaxScaler(), GridSearchCV(net, {}, cv=2)),
    ],
    ids=["alone", "scaled", "reshaped", "searched", "search in a pipeline"],
)
def test_steps_that_keep_pixels_keep_the_shape(net, wrap, digits):
    X, y = digits
    model = wrap(net).fit(X, y)
    assert tuple(own_image_shape(model, 64)) == (4, 16)
    assert own_image_shape(model, 63) is None


def test_other_steps_and_other_classifiers_tell_none(net, digits):
    X, y = digits
    mixed = make_pipeline(PCA(64), net).fit(X.astype(np.float64), y)
    assert own_image_shape(mixed, 64) is None
    assert own_image_shape(SVC().fit(X, y), 64) is None

"""A third architecture, as CONTRIBUTING tells it: a network and a classifier, derived from ours."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from skdigits import (
    ANNClassifier,
    CNNClassifier,
    EnsembleClassifier,
    FusedGridSearchCV,
    export_onnx,
    save_model,
)
from skdigits.neural._modules import BatchNorm, PixelNet


class ResidualNet(PixelNet):
    """A convolution, then pairs of convolutions whose results are added to what they are given."""

    largest_batch = 128

    def __init__(self, *, width, n_pairs, **dense):
        super().__init__(**dense)
        n_channels, height, columns = self.image_shape
        self.entry = nn.Conv2d(n_channels, width, 3, padding="same")
        self.pairs = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.Conv2d(width, width, 3, padding="same"),
                    BatchNorm(width),
                    nn.Conv2d(width, width, 3, padding="same"),
                ]
            )
            for _ in range(n_pairs)
        )
        self.n_layers += 1 + 2 * n_pairs
        self._add_dense_layers(width * height * columns, drop_first=True)

    def embed(self, pixels, sample_weight=None):
        x = self.entry(self.standardize(pixels)).relu()
        for first, norm, second in self.pairs:
            x = (x + second(norm(first(x), sample_weight).relu())).relu()
        return self.dense(x.flatten(1))


class ResidualClassifier(ANNClassifier):
    """A classifier of such networks, with parameters of its own."""

    _module_class = ResidualNet

    def __init__(self, width=4, *, n_pairs=1, max_iter=5, early_stopping=False, random_state=0):
        super().__init__(
            (), max_iter=max_iter, early_stopping=early_stopping, random_state=random_state
        )
        self.width = width
        self.n_pairs = n_pairs

    def _module_spec(self):
        return {**super()._module_spec(), "width": self.width, "n_pairs": self.n_pairs}


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    return ResidualClassifier(max_iter=15).fit(X[:200], y[:200])


def test_it_learns(fitted, digits):
    X, y = digits
    assert fitted.score(X[200:], y[200:]) > 0.8


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_it_predicts_what_its_own_forward_gives(digits, dtype):
    X, y = (digits[0].astype(dtype), digits[1])
    model = ResidualClassifier(width=1).fit(X, y)  # whose dense layers get as many values as pixels
    with torch.no_grad():
        logits = model.net_.module_(torch.from_numpy(X.reshape(-1, 1, 8, 8)))
    assert_allclose(model.predict_proba(X), logits.softmax(dim=1), atol=1e-5)


def test_it_stops_early_by_what_it_predicts(digits):
    model = ResidualClassifier(max_iter=30, early_stopping=True).fit(*digits)
    assert model.best_validation_score_ == max(model.validation_scores_) > 0.8


def test_it_is_cloned_pickled_and_trained_on(fitted, digits):
    X, y = digits
    again = pickle.loads(pickle.dumps(fitted))
    assert type(again.net_.module_) is ResidualNet
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert_array_equal(clone(fitted).fit(X[:200], y[:200]).predict(X), fitted.predict(X))
    assert len(again.partial_fit(X, y).loss_curve_) == len(fitted.loss_curve_) + 1


def test_a_network_of_a_name_of_ours_leaves_ours_alone(digits):
    ours = CNNClassifier((4,), max_iter=1, random_state=0).fit(*digits)
    type("ConvNet", (PixelNet,), {})
    again = pickle.loads(pickle.dumps(ours))
    assert_array_equal(again.predict_proba(digits[0]), ours.predict_proba(digits[0]))


def test_it_is_searched_and_averaged_alone(digits):
    X, y = digits
    grid = {"width": [1, 2]}
    plain = GridSearchCV(ResidualClassifier(), grid, cv=2).fit(X, y)
    fused = FusedGridSearchCV(ResidualClassifier(), grid, cv=2).fit(X, y)
    assert_array_equal(fused.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    assert fused.fused_["why_not"].str.contains("ResidualClassifier is neither").all()
    ensemble = EnsembleClassifier(ResidualClassifier(), 2, random_state=0).fit(X, y)
    assert len(ensemble.estimators_) == 2


def test_what_knows_the_layers_of_ours_alone_says_so(fitted, digits, tmp_path):
    with pytest.raises(TypeError, match="ResidualClassifier"):
        save_model(fitted, tmp_path / "model.safetensors")
    with pytest.raises(TypeError, match="ResidualClassifier"):
        export_onnx(fitted, tmp_path / "model.onnx")
    with pytest.raises(TypeError, match="first_layer expects a DenseNet or ConvNet, got a Resid"):
        fitted.first_layer(digits[0])
    assert not any(tmp_path.iterdir())
    assert np.isfinite(fitted.attribute(digits[0][:2])).all()

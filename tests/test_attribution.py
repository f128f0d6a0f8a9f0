"""What a network says of its pixels and its first layer, against plain torch and captum's axiom."""

import sys

import numpy as np
import pytest
import torch
from both_classifiers import BOTH
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional as F

from skdigits import ANNClassifier, CNNClassifier


@pytest.fixture(scope="module")
def nets(digits):
    X, y = digits
    return {
        Classifier: Classifier(max_iter=3, random_state=0).fit(X.astype(float), y)
        for Classifier in (ANNClassifier, CNNClassifier)
    }


@BOTH
def test_gradients_are_those_of_finite_differences(Classifier, nets, digits):
    X, net = digits[0][:3].astype(float), nets[Classifier]
    found = net.attribute(X, 7).reshape(3, 64)
    for pixel in (20, 35, 43):
        step = np.zeros(64)
        step[pixel] = 1e-5
        logits = [net.decision_function(X + sign * step)[:, 7] for sign in (1, -1)]
        assert_allclose(found[:, pixel], (logits[0] - logits[1]) / 2e-5, rtol=1e-4, atol=1e-8)


@BOTH
def test_integrated_gradients_share_out_the_logit(Classifier, nets, digits):
    X, net = digits[0][:20].astype(float), nets[Classifier]
    found = net.attribute(X, 3, method="integrated_gradients")
    nothing = np.zeros_like(X)
    gained = net.decision_function(X)[:, 3] - net.decision_function(nothing)[:, 3]
    assert_allclose(found.sum(axis=(1, 2)), gained, rtol=0.05, atol=0.2)


@BOTH
def test_times_the_input_is_the_gradient_times_the_distance(Classifier, nets, digits):
    X, net = digits[0][:5].astype(float), nets[Classifier]
    gradients = net.attribute(X)
    found = net.attribute(X, method="input_x_gradient", baseline=4.0)
    assert_allclose(found, gradients * (X.reshape(-1, 8, 8) - 4.0))


@BOTH
def test_what_is_predicted_is_explained_by_default(Classifier, nets, digits):
    X, net = digits[0][:40], nets[Classifier]
    assert_array_equal(net.attribute(X), net.attribute(X, net.predict(X)))
    assert net.attribute(X).shape == (40, 8, 8)
    assert_allclose(net.attribute(X[7:9]), net.attribute(X)[7:9], rtol=1e-4, atol=1e-6)


@BOTH
def test_explaining_changes_nothing(Classifier, nets, digits):
    X, net = digits[0][:10], nets[Classifier]
    weights = list(net.net_.module_.parameters())
    before, gradients = net.predict_proba(X), [weight.grad for weight in weights]
    net.attribute(X)
    net.first_layer(X)
    assert_array_equal(net.predict_proba(X), before)
    assert all(weight.grad is was for weight, was in zip(weights, gradients, strict=True))


def test_word_labels_are_targets(digits):
    X, y = digits
    words = np.array(["zero", "one"])[(y > 4).astype(int)]
    net = ANNClassifier((4,), max_iter=2, random_state=0).fit(X, words)
    assert_array_equal(net.attribute(X, "one"), net.attribute(X, np.full(300, "one")))
    assert np.abs(net.attribute(X, "one") - net.attribute(X, "zero")).max() > 0


@BOTH
def test_what_makes_no_sense_is_refused(Classifier, nets, digits):
    X, net = digits[0][:2], nets[Classifier]
    with pytest.raises(ValueError, match=r"one for each of the 2 images, got .* shape \(3,\)"):
        net.attribute(X, [1, 2, 3])
    with pytest.raises(ValueError, match=r"attribute expects targets among the classes, got .*10"):
        net.attribute(X, 10)
    with pytest.raises(ValueError, match=r"expects method as one of gradients, .* 'lime'"):
        net.attribute(X, method="lime")
    with pytest.raises(ValueError, match="expecting 64 features"):
        net.attribute(X[:, :9])


def test_without_captum_the_extra_is_named(nets, digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ImportError, match=r'needs captum.*pip install "skdigits\[explain\]"'):
        nets[CNNClassifier].attribute(digits[0][:2], method="integrated_gradients")


def test_maps_of_a_convolution_are_what_it_gives(nets, digits):
    X, net = digits[0][:4], nets[CNNClassifier]
    filters, maps = net.first_layer(X)
    module = net.net_.module_
    pixels = torch.tensor(X.reshape(-1, 1, 8, 8), dtype=module.dtype)
    with torch.no_grad():
        expected = module.blocks[0](module.standardize(pixels)).numpy()
    assert_allclose(maps, expected, rtol=1e-6, atol=1e-8)
    norm = module.blocks[0].norm
    scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
    kernels = module.blocks[0].conv.weight.detach().numpy()
    assert_allclose(filters, kernels * scale[:, None, None, None], rtol=1e-6)


def test_maps_of_a_dense_layer_are_activations_of_weighted_pixels(nets, digits):
    X, net = digits[0][:4], nets[ANNClassifier]
    filters, maps = net.first_layer(X)
    module = net.net_.module_
    rows = module.standardize(torch.tensor(X)).numpy()
    sums = rows @ filters.reshape(len(filters), -1).T + module.dense[0].bias.detach().numpy()
    activation = getattr(F, net.activation)
    assert_allclose(maps, activation(torch.from_numpy(sums)).numpy(), rtol=1e-6, atol=1e-8)
    assert filters.shape[1:] == (1, 8, 8)


def test_a_net_without_hidden_layers_shows_its_logits(digits):
    X, y = digits
    net = ANNClassifier((), max_iter=2, random_state=0).fit(X.astype(float), y)
    filters, maps = net.first_layer(X.astype(float))
    assert filters.shape == (10, 1, 8, 8)
    sharpness = float(net.net_.module_.sharpness)
    assert_allclose(maps * sharpness, net.decision_function(X.astype(float)), rtol=1e-6)


def test_a_target_of_another_type_is_not_another_class(digits):
    X, _ = digits
    net = ANNClassifier((4,), max_iter=1, random_state=0).fit(X, np.arange(300) % 12)
    with pytest.raises(ValueError, match="among the classes, got '10'"):
        net.attribute(X[:2], "10")
    assert_array_equal(net.attribute(X[:2], 10), net.attribute(X[:2], np.array([10, 10])))


def test_explaining_needs_no_gradients_of_the_caller(nets, digits):
    with torch.no_grad():
        found = nets[CNNClassifier].attribute(digits[0][:2])
        assert not torch.is_grad_enabled()
    assert_array_equal(found, nets[CNNClassifier].attribute(digits[0][:2]))

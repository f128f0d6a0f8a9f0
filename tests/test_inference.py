"""Prediction: folded normalisation, several views, the same bits in any company."""

import numpy as np
import pytest
import torch
from both_classifiers import BOTH
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp

from skdigits import CNNClassifier
from skdigits.neural._inference import forward_rows
from skdigits.neural._modules import BatchNorm, folded
from skdigits.neural._onednn import BlockedNet, has_blocked_kernels


def quick(Classifier, **parameters):
    return Classifier(**{"max_iter": 3, "random_state": 0, **parameters})


def norms(module):
    return [part for part in module.modules() if isinstance(part, BatchNorm)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_folding_takes_the_normalisation_out_and_changes_nothing_else(dtype, digits):
    X, y = digits
    X = X.astype(dtype)
    module = quick(CNNClassifier, hidden_layer_sizes=(16,)).fit(X, y).net_.module_
    images = torch.from_numpy(X.reshape(-1, 1, 8, 8))
    plain = folded(module)
    assert norms(module)
    assert not norms(plain)
    with torch.no_grad():
        assert_allclose(plain(images), module(images), atol=1e-4 if dtype == np.float32 else 1e-10)


def test_a_channel_that_is_turned_over_is_not_folded(digits):
    X, y = digits
    model = quick(CNNClassifier).fit(X, y)
    module = model.net_.module_
    with torch.no_grad():
        norms(module)[0].weight[0] *= -1
        expected = module(torch.from_numpy(X.reshape(-1, 1, 8, 8).copy()))
    assert folded(module) is module
    assert_allclose(model.decision_function(X), expected, atol=1e-4)


@pytest.mark.parametrize("normalization", ["group", None])
def test_what_has_no_batch_statistics_is_left_as_it_is(normalization, digits):
    X, y = digits
    module = quick(CNNClassifier, normalization=normalization).fit(X, y).net_.module_
    assert folded(module) is module


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")
@BOTH
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu", "gelu"])
@pytest.mark.parametrize("hidden_layer_sizes", [(), (7, 5)])
def test_blocks_change_nothing(Classifier, activation, hidden_layer_sizes, digits):
    X, y = digits
    model = quick(Classifier, activation=activation, hidden_layer_sizes=hidden_layer_sizes)
    network = folded(model.fit(X, y).net_.module_)
    blocked = BlockedNet(network)
    images = torch.from_numpy(X.reshape(-1, 1, 8, 8).copy())
    with torch.no_grad():
        assert_allclose(blocked.forward(images), network(images), atol=1e-4)
        assert_allclose(blocked.embed(images), network.embed(images), atol=1e-4)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")
@pytest.mark.parametrize("capability", ["DEFAULT", "AVX2", "AVX512"])
def test_blocks_are_for_processors_that_have_kernels_for_them(capability, digits, monkeypatch):
    X, y = digits
    model = quick(CNNClassifier).fit(X, y)
    expected = model.decision_function(X)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert has_blocked_kernels(folded(model.net_.module_)) == (capability != "DEFAULT")
    assert_allclose(model.decision_function(X), expected, atol=1e-4)


def test_blocks_are_for_float32_without_normalisation(digits):
    X, y = digits
    grouped = quick(CNNClassifier, normalization="group").fit(X, y).net_.module_
    exact = quick(CNNClassifier).fit(X.astype(np.float64), y).net_.module_
    assert not has_blocked_kernels(folded(grouped))
    assert not has_blocked_kernels(folded(exact))


def test_large_images_are_predicted_a_few_at_a_time():
    X = np.zeros((9, 200, 200), dtype=np.uint8)
    X[::2, 50:150, 50:150] = 255
    module = quick(CNNClassifier, channels=(2,), max_iter=1).fit(X, np.arange(9) % 2).net_.module_
    assert module.prediction_batch == 8
    assert forward_rows(module, X.reshape(9, -1)).shape == (9, 2)


def test_all_channels_of_a_pixel_lie_together(digits):
    X, y = digits
    module = quick(CNNClassifier).fit(X, y).net_.module_
    for network in (module, folded(module)):
        x = torch.from_numpy(X[:64].reshape(-1, 1, 8, 8).astype(np.float32))
        for block in network.blocks:
            x = block.conv(x)
            assert x.stride(1) == 1


@BOTH
def test_views_average_the_probabilities_of_moved_copies(Classifier, mnist_like):
    X, y = mnist_like
    model = quick(Classifier).fit(X, y)
    images = X.reshape(-1, 28, 28)
    moves = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    each = [model.predict_proba(np.roll(images, move, axis=(1, 2))) for move in moves]
    model.set_params(tta=True)
    assert_allclose(model.predict_proba(X), np.mean(each, axis=0), atol=1e-4)
    assert_allclose(logsumexp(model.decision_function(X), axis=1), 0, atol=1e-5)
    assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    assert_array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(axis=1)])


@BOTH
@pytest.mark.parametrize("tta", [False, True])
def test_an_image_has_the_same_bits_in_any_company(Classifier, tta, digits):
    X, y = digits
    model = quick(Classifier, tta=tta).fit(X, y)
    together = model.predict_proba(X)
    assert_array_equal(model.predict_proba(X[::-1])[::-1], together)
    alone = np.concatenate([model.predict_proba(X[i : i + 1]) for i in range(5)])
    assert_array_equal(alone, together[:5])


@BOTH
def test_views_of_float64_images_are_computed_in_float64(Classifier, digits):
    X, y = digits
    model = quick(Classifier, tta=True).fit(X.astype(np.float64), y)
    exact, noisy = (model.decision_function(X + noise) for noise in (0.0, 1e-9))
    assert_allclose(noisy, exact, atol=1e-6)
    assert (noisy != exact).any()  # in float32 the noise would be lost


@BOTH
def test_what_comes_out_may_be_trained_on(Classifier, digits):
    X, y = digits
    module = quick(Classifier).fit(X, y).net_.module_
    assert not forward_rows(module, X, "embed").is_inference()


@BOTH
def test_embed_looks_once(Classifier, digits):
    X, y = digits
    model = quick(Classifier).fit(X, y)
    once = model.embed(X)
    assert_array_equal(model.set_params(tta=True).embed(X), once)

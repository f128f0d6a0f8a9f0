"""Label smoothing trains, and probabilities are brought back."""

import numpy as np
import pytest
import torch
from both_classifiers import BOTH
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss
from torch.nn import functional as F

from skdigits import ANNClassifier, CNNClassifier
from skdigits.neural._training import _mean_loss


def quick(Classifier, **parameters):
    return Classifier(**{"max_iter": 10, "random_state": 0, "dropout": 0.0, **parameters})


def smoothed_only(fitted):
    """Return a fitted classifier whose probabilities are as label smoothing left them."""
    fitted.net_.module_.sharpness.fill_(1)
    return fitted


@BOTH
def test_the_training_set_is_likeliest_at_the_scale_that_is_chosen(Classifier, digits):
    X, y = digits
    model = quick(Classifier, label_smoothing=0.2).fit(X, y)
    sharpness = model.net_.module_.sharpness
    chosen = sharpness.item()
    assert chosen > 1.2
    at_chosen = log_loss(y, model.predict_proba(X))
    losses = []
    for factor in (0.8, 0.95):
        sharpness.fill_(chosen * factor)
        losses.append(log_loss(y, model.predict_proba(X)))
    assert losses[0] > losses[1] > at_chosen


@BOTH
def test_what_is_predicted_does_not_change(Classifier, digits):
    X, y = digits
    model = quick(Classifier, label_smoothing=0.2).fit(X, y)
    labels, probabilities = model.predict(X), model.predict_proba(X)
    assert_array_equal(smoothed_only(model).predict(X), labels)
    assert log_loss(y, model.predict_proba(X)) > log_loss(y, probabilities)


def test_no_image_is_called_more_certain_than_the_training_set_can_say(digits):
    X, y = digits
    model = quick(CNNClassifier, label_smoothing=0.1, max_iter=60).fit(X, y)
    odds = np.log((1 - 0.1 + 0.01) / 0.01)
    scaled = model.net_.module_.sharpness.item() * odds
    assert scaled <= np.log(len(X) * 9) + 1e-6


@BOTH
@pytest.mark.parametrize("label_smoothing", [0, 0.0])
def test_without_smoothing_logits_stay_as_they_are(Classifier, label_smoothing, digits):
    X, y = digits
    model = quick(Classifier, label_smoothing=label_smoothing).fit(X, y)
    assert model.net_.module_.sharpness.item() == 1


def test_automatic_smoothing_is_off_where_a_batch_holds_everything(digits):
    X, y = digits
    one = quick(ANNClassifier, batch_size=300).fit(X, y)
    several = quick(ANNClassifier, batch_size=100).fit(X, y)
    assert one.net_.module_.sharpness.item() == 1
    assert several.net_.module_.sharpness.item() > 1


def test_a_single_class_is_trained_without_complaint(digits):
    X, _ = digits
    model = quick(ANNClassifier, label_smoothing=0.1).fit(X, np.zeros(len(X)))
    assert_allclose(model.predict_proba(X), 1)


def test_weighted_images_count_by_their_weight(digits):
    X, y = digits
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(y)) < 0.3, (y + 1) % 10, y)
    trusted = np.where(noisy == y, 1.0, 1e-6)
    sure = quick(ANNClassifier, label_smoothing=0.1).fit(X, noisy, sample_weight=trusted)
    with torch.no_grad():
        weighted = sure.net_.module_.sharpness.item()
    doubtful = quick(ANNClassifier, label_smoothing=0.1).fit(X, noisy)
    assert weighted > doubtful.net_.module_.sharpness.item()


@BOTH
def test_weights_are_repetitions(Classifier, digits):
    X, y = digits
    X = X.astype(np.float64)
    settings = {"label_smoothing": 0.2, "batch_size": 4 * len(X)}
    weighted = quick(Classifier, **settings).fit(X, y, sample_weight=np.full(len(X), 4.0))
    repeated = quick(Classifier, **settings).fit(np.tile(X, (4, 1)), np.tile(y, 4))
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)


@BOTH
def test_held_out_images_say_how_sure_to_be(Classifier, digits):
    X, y = digits
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(y)) < 0.4, rng.integers(0, 10, len(y)), y)
    settings = {"label_smoothing": 0.1, "learning_rate": "one_cycle", "max_iter": 40}
    on_trained = quick(Classifier, **settings).fit(X, noisy)
    on_held_out = quick(
        Classifier, **settings, early_stopping=True, validation_fraction=0.3, n_iter_no_change=40
    ).fit(X, noisy)
    doubts = [model.net_.module_.sharpness.item() for model in (on_held_out, on_trained)]
    assert doubts[0] < doubts[1]


@BOTH
def test_going_on_begins_with_what_was_predicted(Classifier, digits):
    X, y = digits
    model = quick(Classifier, label_smoothing=0.1).fit(X, y)
    before = model.predict_proba(X)
    assert model.net_.module_.sharpness.item() > 1.2
    model.set_params(learning_rate_init=1e-12).partial_fit(X[:64], y[:64])
    assert model.net_.module_.sharpness.item() == 1
    assert_allclose(model.predict_proba(X), before, atol=0.05)


@BOTH
def test_a_stream_is_not_brought_back(Classifier, digits):
    X, y = digits
    model = quick(Classifier, label_smoothing=0.1).partial_fit(X, y, classes=np.arange(10))
    assert model.net_.module_.sharpness.item() == 1


@BOTH
def test_passes_one_by_one_are_passes_all_at_once(Classifier, digits):
    X, y = digits
    settings = {"label_smoothing": 0.1, "learning_rate": "constant", "max_iter": 1}
    one_by_one = quick(Classifier, **settings, random_state=1)
    for _ in range(3):
        one_by_one.partial_fit(X, y, classes=np.arange(10))
    smoothed_only(one_by_one).partial_fit(X, y)  # what is predicted has no part in training
    four = quick(Classifier, **settings, random_state=1)
    for _ in range(4):
        four.partial_fit(X, y, classes=np.arange(10))
    assert_array_equal(one_by_one.predict_proba(X), four.predict_proba(X))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_the_smoothed_loss_is_torchs(weighted, label_smoothing):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 7, dtype=torch.float64, generator=generator)
    codes = torch.randint(7, (50,), generator=generator)
    weights = torch.rand(50, generator=generator) if weighted else torch.ones(50)
    losses = F.cross_entropy(logits, codes, reduction="none", label_smoothing=label_smoothing)
    loss = _mean_loss(logits, codes, weights if weighted else None, weights.mean(), label_smoothing)
    assert_allclose(loss, (losses * weights).sum() / weights.sum())

"""The exponential moving average of weights."""

import numpy as np
import pytest
import torch
from both_classifiers import BOTH
from numpy.testing import assert_allclose, assert_array_equal
from skorch.callbacks import Callback
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from skdigits.neural._averaging import WeightAverage


def walk(module, n_steps):
    """Change all weights, step by step."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(n_steps):
        with torch.no_grad():
            for weight in module.parameters():
                weight.add_(torch.randn(weight.shape, generator=generator))
        yield


def test_after_its_first_steps_the_average_is_torchs():
    module = nn.Linear(3, 2)
    decay = 0.5  # the first steps, which keep less, are forgotten after fifty
    average = WeightAverage(module, decay)
    oracle = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay))
    for _ in walk(module, 60):
        average.update()
        oracle.update_parameters(module)
    trained = module.weight.clone()
    with average.in_place():
        assert_allclose(module.weight.detach(), oracle.module.weight.detach(), atol=1e-5)
    assert_array_equal(module.weight.detach(), trained.detach())
    average.settle()
    assert_allclose(module.bias.detach(), oracle.module.bias.detach(), atol=1e-5)


def test_early_on_the_average_forgets_where_training_began():
    module = nn.Linear(1, 1, bias=False)
    average = WeightAverage(module, 0.999)
    nn.init.constant_(module.weight, 5.0)
    for _ in range(30):
        average.update()
    average.settle()
    assert_allclose(module.weight.item(), 5.0, atol=1e-3)


@BOTH
def test_the_average_is_what_predicts(Classifier, digits):
    X, y = digits
    settings = {"max_iter": 3, "random_state": 0}
    last = Classifier(**settings).fit(X, y)
    averaged = Classifier(**settings, ema=0.9).fit(X, y)
    assert_array_equal(last.loss_curve_, averaged.loss_curve_)
    assert not np.array_equal(last.predict_proba(X), averaged.predict_proba(X))


@BOTH
def test_validation_scores_are_the_averages(Classifier, digits):
    X, y = digits
    model = Classifier(
        ema=0.9, early_stopping=True, max_iter=40, n_iter_no_change=2, random_state=0
    ).fit(X, y)
    again = Classifier(early_stopping=True, max_iter=40, n_iter_no_change=2, random_state=0)
    assert model.validation_scores_ != again.fit(X, y).validation_scores_
    assert model.best_validation_score_ == max(model.validation_scores_)


@BOTH
def test_callbacks_see_the_average(Classifier, digits):
    X, y = digits
    seen = []

    class Watcher(Callback):
        def on_epoch_end(self, net, **_):
            seen.append(net.module_.head.weight.detach().clone())

    settings = {"max_iter": 2, "random_state": 0, "ema": 0.9, "callbacks": [Watcher()]}
    model = Classifier(**settings).fit(X, y)
    assert_array_equal(seen[-1], model.net_.module_.head.weight.detach())


@BOTH
def test_streams_have_no_average(Classifier, digits):
    with pytest.raises(
        ValueError, match=r"partial_fit does not support ema=0\.9.*use fit, or ema=0"
    ):
        Classifier(ema=0.9).partial_fit(*digits)


@BOTH
def test_no_average_is_the_default_and_changes_nothing(Classifier, digits):
    X, y = digits
    settings = {"max_iter": 3, "random_state": 0}
    assert_array_equal(
        Classifier(**settings, ema=0).fit(X, y).predict_proba(X),
        Classifier(**settings).fit(X, y).predict_proba(X),
    )

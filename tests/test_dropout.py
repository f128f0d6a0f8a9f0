"""The share that dropout drops, and what it makes of the rest."""

import numpy as np
import pytest
import torch

from skdigits.neural._modules import Dropout


def dropout(p, seed=0):
    layer = Dropout().train()
    layer.p, layer.generator = p, torch.Generator().manual_seed(seed)
    return layer


@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.97])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_share_dropped_is_p_and_the_mean_is_kept(p, dtype):
    values = dropout(p)(torch.ones(1000, 1001, dtype=dtype)).double()
    share = float((values == 0).double().mean())
    assert share == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / values.numel()))
    kept = values[values != 0].unique()
    assert len(kept) == 1
    assert float(kept) == pytest.approx(1 / (1 - p), rel=0.005 if p > 0.9 else 0.003)


def test_units_are_dropped_independently():
    # Four neighbours share a random number: their bits must not have to do with each other.
    dropped = (dropout(0.3)(torch.ones(50_000, 8)) == 0).double()
    correlations = torch.corrcoef(dropped.T) - torch.eye(8)
    assert float(correlations.abs().max()) < 5 / np.sqrt(len(dropped))


@pytest.mark.parametrize("p", [0.0, 1e-9, 1 - 1e-9])
def test_extreme_shares(p):
    values = dropout(p)(torch.ones(100, 100))
    assert torch.isfinite(values).all()
    assert (values != 0).double().mean() == pytest.approx(1 - p, abs=0.01)


def test_gradient_is_that_of_what_was_kept():
    x = torch.randn(20, 30, requires_grad=True)
    out = dropout(0.4)(x)
    out.sum().backward()
    torch.testing.assert_close(x.grad, (out / x).detach())


def test_nothing_is_drawn_in_evaluation():
    layer = dropout(0.5).eval()
    x = torch.ones(10)
    state = layer.generator.get_state()
    assert layer(x) is x
    assert torch.equal(layer.generator.get_state(), state)

"""One optimiser for many networks, each of which has rates and decays of its own."""

from fnmatch import fnmatch
from itertools import groupby

import torch

from skdigits.neural._schedule import epoch_rates
from skdigits.neural._training import (
    NOT_DECAYED,
    OPTIMIZERS,
    has_fused_steps,
    optimizer_options,
)


class FusedOptimizer:
    """One of torch's optimisers for all models of a :class:`FusedNet`.

    It starts every step from zeros, at a rate of 1, and what it makes of them is added to the
    weights, times each model's rate. Neighbours of the same momentum share tensors of moments.

    Parameters
    ----------
    net : FusedNet
        What is trained.
    jobs : list of Job
        How each model is.
    """

    def __init__(self, net, jobs):
        self._jobs, self._dtype, self._device = jobs, net.dtype, net.device
        # Views whose axes are in the order of memory: others would be copied in every step.
        self._orders = [_order_in_memory(weights) for weights in net.parameters.values()]
        self._weights = {
            name: weights.detach().permute(order)
            for (name, weights), order in zip(net.parameters.items(), self._orders, strict=True)
        }
        self._decays = torch.tensor([job.plan.weight_decay for job in jobs], dtype=torch.float64)
        self._is_decoupled = jobs[0].plan.solver == "adamw"
        groups = [
            {"params": self._zeros(models), "models": models, **dict(options)}
            for options, models in _runs([momentum_of(job) for job in jobs])
        ]
        solver = OPTIMIZERS[jobs[0].plan.solver]
        fused = has_fused_steps(net.device)
        self._optimizer = solver(groups, lr=1.0, weight_decay=0.0, fused=fused)

    def _zeros(self, models):
        return [torch.zeros_like(weights[models]) for weights in self._weights.values()]

    def start_epoch(self, epoch, n_batches):
        """Settle the rates of all steps of an epoch."""
        rates = [
            epoch_rates(job.plan, job.rate, epoch, n_batches, job.progress.n_seen)
            for job in self._jobs
        ]
        rates = torch.tensor(rates, dtype=torch.float64)
        self._rates = rates.to(self._device, self._dtype)
        self._kept = (1 - rates * self._decays[:, None]).to(self._device, self._dtype)

    @torch.no_grad()
    def step(self, gradients, number):
        """Take the step of the batch of that number."""
        groups = self._optimizer.param_groups
        for place, (name, weights) in enumerate(self._weights.items()):
            gradient = gradients[place].permute(self._orders[place]).contiguous()
            self._decay(name, weights, gradient, number)
            for group in groups:
                group["params"][place].zero_().grad = gradient[group["models"]]
        self._optimizer.step()
        for place, weights in enumerate(self._weights.values()):
            for group in groups:
                change, models = group["params"][place], group["models"]
                weights[models].addcmul_(change, _for_each(self._rates[models, number], change))

    def _decay(self, name, weights, gradient, number):
        """Draw weights to zero: themselves, or by their gradient."""
        if not self._decays.any() or any(fnmatch(name, pattern) for pattern in NOT_DECAYED):
            return
        if self._is_decoupled:
            weights.mul_(_for_each(self._kept[:, number], weights))
        else:
            gradient.addcmul_(weights, _for_each(self._decays.to(weights), weights))

    def resume(self, earlier, numbers):
        """Go on from the moments that an earlier optimiser has of the models of these numbers."""
        for group in self._optimizer.param_groups:
            for place, change in enumerate(group["params"]):
                parts = [earlier.moments(place, number) for number in numbers[group["models"]]]
                self._optimizer.state[change] = {
                    key: _of_models([part[key] for part in parts], change) for key in parts[0]
                }

    def moments(self, place, number):
        """Return what is remembered of a weight of one model."""
        for group in self._optimizer.param_groups:
            models, state = group["models"], self._optimizer.state[group["params"][place]]
            if models.start <= number < models.stop:
                number -= models.start
                return {key: _of_model(value, number) for key, value in state.items()}
        raise KeyError(number)


def momentum_of(job):
    """Return what jobs must have in common to share tensors of moments."""
    options = optimizer_options(job.plan)
    del options["weight_decay"]
    return tuple(options.items())


def _order_in_memory(tensor):
    """Return the axes of a tensor, that of the farthest steps first."""
    return sorted(range(tensor.ndim), key=lambda axis: -tensor.stride(axis))


def _runs(keys):
    """Yield each key with the slice of neighbours that have it."""
    first = 0
    for key, neighbours in groupby(keys):
        n = len(list(neighbours))
        yield key, slice(first, first + n)
        first += n


def _for_each(values, weights):
    """Return a value for each model, as `weights` are multiplied by them."""
    return values.view(-1, *[1] * (weights.ndim - 1))


def _of_model(value, number):
    """Return one model's part of a moment; the number of steps is the same for all."""
    return value if value is None or value.ndim == 0 else value[number]


def _of_models(parts, change):
    if parts[0] is None or change.shape[1:] != parts[0].shape:
        return parts[0]
    return torch.stack(parts)

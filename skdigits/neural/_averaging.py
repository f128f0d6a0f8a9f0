"""Averages of a module's weights over its training."""

from contextlib import contextmanager

import torch


class WeightAverage:
    """Exponential moving average of the weights and statistics of a module.

    Parameters
    ----------
    module : Module
        What is being trained.
    decay : float
        Share of the average that each step keeps; less in the first steps, so that the average
        is never much older than the training. 0 for no average.
    """

    def __init__(self, module, decay):
        self._decay = decay
        self._weights = list(module.state_dict().values()) if decay else []
        self._averages = [weight.clone() for weight in self._weights]
        self._n_steps = 0

    @torch.no_grad()
    def update(self):
        """Count one step of training."""
        self._n_steps += 1
        share = 1 - min(self._decay, self._n_steps / (self._n_steps + 9))
        for average, weight in zip(self._averages, self._weights, strict=True):
            average.lerp_(weight, share)

    @contextmanager
    def in_place(self):
        """Let the module have the averages for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def settle(self):
        """Let the module have the averages for good."""
        self._swap()

    @torch.no_grad()
    def _swap(self):
        for average, weight in zip(self._averages, self._weights, strict=True):
            trained = weight.clone()
            weight.copy_(average)
            average.copy_(trained)

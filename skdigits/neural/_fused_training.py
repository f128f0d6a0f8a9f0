"""Training of many networks of one shape at once, each as `train` would have it."""

import math
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import groupby
from typing import NamedTuple

import torch
from torch.nn import functional as F

from skdigits.neural._batches import LabelledPixels
from skdigits.neural._calibration import undo_smoothing
from skdigits.neural._fused_net import FusedNet
from skdigits.neural._inference import accuracy
from skdigits.neural._modules import PixelNet
from skdigits.neural._plan import Plan
from skdigits.neural._schedule import epoch_rates
from skdigits.neural._training import (
    NOT_DECAYED,
    OPTIMIZERS,
    Progress,
    Randomness,
    after_stalling,
    has_fused_steps,
    has_stalled,
    optimizer_options,
    refuse_non_finite,
)


@dataclass(eq=False)
class Job:
    """One network to train: with what, how, and what has come of it.

    Parameters
    ----------
    module : PixelNet
        The network as it begins, and when it is trained as it has become.
    data : LabelledPixels
        The training set; its pixels are `MappedPixels`, positions in what jobs share.
    held_out : LabelledPixels or None
        What decides when to stop.
    plan : Plan
        How to train.
    seed : int
        Every epoch draws from generators seeded with this and the images seen.
    """

    module: PixelNet
    data: LabelledPixels
    held_out: LabelledPixels | None
    plan: Plan
    seed: int
    progress: Progress = field(default_factory=Progress)
    error: Exception | None = None

    def __post_init__(self):
        self.rate = self.plan.rate
        self.converged = not self.plan.open_ended

    @property
    def n_batches(self):
        """Batches in an epoch."""
        return self.data.n_batches(self.plan.batch_size)

    def shape(self):
        """Return what jobs must have in common to be trained as one."""
        spec = tuple(sorted((name, repr(value)) for name, value in self.module.spec.items()))
        module, plan = self.module, self.plan
        common = (plan.n_epochs, self.n_batches, plan.solver, self.held_out is None)
        return (type(module).__name__, spec, str(module.dtype), str(module.device), *common)

    def steps_alike(self, name):
        """Return what jobs must have in common to have the same steps taken of a weight."""
        plan = self.plan
        own_rate = {"adaptive": id(self), "invscaling": len(self.data)}.get(plan.schedule)
        options = optimizer_options(plan)
        if any(fnmatch(name, pattern) for pattern in NOT_DECAYED):
            options["weight_decay"] = 0.0
        return _Steps(plan.schedule, plan.rate, plan.power_t, own_rate, tuple(options.items()))


class _Steps(NamedTuple):
    """What the steps of an optimiser depend on."""

    schedule: str
    rate: float
    power_t: float
    own_rate: int | None
    options: tuple


def train_together(jobs):
    """Train networks of one shape as one; each job gets its trained module, or an error.

    Parameters
    ----------
    jobs : list of Job
        Jobs of one :meth:`Job.shape`.
    """
    group = _Group(jobs, FusedNet.of_modules([job.module for job in jobs]))
    for epoch in range(jobs[0].plan.n_epochs):
        for number, loss in enumerate(group.run_epoch(epoch)):
            _record(group.jobs[number], group.net, number, loss)
        stopping = [number for number, job in enumerate(group.jobs) if _stops(job)]
        group.finish(stopping)
        if len(stopping) == len(group.jobs):
            return
        if stopping:
            group = group.without(stopping)
    group.finish(range(len(group.jobs)))


def _record(job, net, number, loss):
    progress, plan = job.progress, job.plan
    progress.n_epochs += 1
    progress.n_seen += len(job.data)
    progress.loss_curve.append(loss)
    if job.held_out is None:
        progress.record_loss(loss, plan.tol)
    else:
        module = net.module_of(number)
        progress.record_score(accuracy(module, job.held_out), plan.tol, module)


def _stops(job):
    plan, progress = job.plan, job.progress
    if job.held_out is None and math.isnan(progress.loss_curve[-1]):
        return True  # it is refused; what holds out images goes back to an earlier epoch
    if not has_stalled(plan, progress, job.held_out):
        return False
    job.rate, exhausted = after_stalling(plan, job.rate, progress, job.held_out)
    job.converged = job.converged or exhausted
    return exhausted


def _finish(job, module):
    """Give a job its trained network, or the reason why there is none."""
    if job.progress.best_weights is not None:
        module.load_state_dict(job.progress.best_weights)
    job.module = module
    try:
        refuse_non_finite(module, job.progress)
    except ValueError as error:
        job.error = error
        return
    undo_smoothing(module, job.held_out or job.data, job.plan.label_smoothing)


def _together(parts, dtype):
    """Return a batch of each job as one, the shorter ones filled up with images of weight 0.

    Parameters
    ----------
    parts : list of tuple
        Pixels, codes and weights (or None) of each job.
    dtype : torch.dtype
        Of the weights.

    Returns
    -------
    pixels, codes, weights : Tensor of shape (n_jobs, n, ...)
        Weights are None where all are one.
    """
    sizes = [len(codes) for _, codes, _ in parts]
    most = max(sizes)
    weights = None
    if min(sizes) < most or any(part[2] is not None for part in parts):
        weights = torch.stack([_weights_of(part, most, dtype) for part in parts])
    pixels, codes = (torch.stack([_filled(part[i], most) for part in parts]) for i in range(2))
    return pixels, codes, weights


def _filled(values, n):
    """Return `n` values, the first of them again where there are fewer."""
    if len(values) == n:
        return values
    return torch.cat([values, values[:1].expand(n - len(values), *values.shape[1:])])


def _weights_of(part, n, dtype):
    _, codes, weights = part
    found = torch.zeros(n, dtype=dtype, device=codes.device)
    found[: len(codes)] = 1 if weights is None else weights
    return found


def _laid_out_like(parameter, gradient):
    """Return a gradient with its numbers in memory as the weights have them."""
    if gradient.stride() == parameter.stride():  # which fused steps rely on
        return gradient
    return torch.empty_like(parameter, requires_grad=False).copy_(gradient)


def _runs(keys):
    """Yield each key with the slice of neighbours that have it."""
    first = 0
    for key, neighbours in groupby(keys):
        n = len(list(neighbours))
        yield key, slice(first, first + n)
        first += n


class _FusedOptimizer:
    """One of torch's optimisers for all models of a :class:`FusedNet`, each with its options.

    The weights of neighbours with the same options are one tensor, a slice of those of all.

    Parameters
    ----------
    net : FusedNet
        What is trained.
    jobs : list of Job
        How each model is.
    """

    def __init__(self, net, jobs):
        self._parameters = net.parameters
        # Of each weight, slices of models with a tensor of theirs; of each group of the optimiser,
        # a job that tells its rate.
        self._slices: dict = {name: [] for name in net.parameters}
        self._leaders: list = []
        groups: dict = {}
        for name, parameter in net.parameters.items():
            for key, models in _runs([job.steps_alike(name) for job in jobs]):
                weight = parameter.detach()[models]
                self._slices[name].append((models, weight))
                if key not in groups:
                    groups[key] = {"params": [], "lr": 0.0, **dict(key.options)}
                    self._leaders.append(jobs[models.start])
                groups[key]["params"].append(weight)
        solver = OPTIMIZERS[jobs[0].plan.solver]
        self._optimizer = solver(list(groups.values()), fused=has_fused_steps(net.device))

    def start_epoch(self, epoch, n_batches):
        """Settle the rates of all steps of an epoch."""
        self._rates = [
            epoch_rates(job.plan, job.rate, epoch, n_batches, job.progress.n_seen)
            for job in self._leaders
        ]

    def step(self, gradients, number):
        """Take the step of the batch of that number."""
        for group, rates in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rates[number]
        for (name, parameter), gradient in zip(self._parameters.items(), gradients, strict=True):
            gradient = _laid_out_like(parameter, gradient)
            for models, weight in self._slices[name]:
                weight.grad = gradient[models]
        self._optimizer.step()

    def moments(self, name, model):
        """Return what the optimiser remembers of a weight of one model."""
        for models, weight in self._slices[name]:
            if models.start <= model < models.stop:
                state = self._optimizer.state[weight]
                return {key: _of_model(value, model - models.start) for key, value in state.items()}
        raise KeyError(model)

    def resume(self, earlier, numbers):
        """Go on from the moments that an earlier optimiser has of the models of these numbers."""
        for name, slices in self._slices.items():
            for models, weight in slices:
                parts = [earlier.moments(name, number) for number in numbers[models]]
                self._optimizer.state[weight] = {
                    key: _of_models([part[key] for part in parts], weight) for key in parts[0]
                }


def _of_model(value, number):
    """Return one model's part of a moment; the number of steps is the same for all."""
    return value if value is None or value.ndim == 0 else value[number]


def _of_models(parts, weight):
    if parts[0] is None or weight.shape[1:] != parts[0].shape:
        return parts[0]
    return torch.empty_like(weight).copy_(torch.stack(parts))


class _Group:
    """Jobs in training, with their networks as one and the optimiser of all."""

    def __init__(self, jobs, net):
        self.jobs, self.net = jobs, net
        self._randomness = [Randomness(net.device, job.plan, job.seed) for job in jobs]
        net.set_dropout(
            [job.plan.dropout for job in jobs], [part.dropout for part in self._randomness]
        )
        smoothing = [job.plan.label_smoothing for job in jobs]
        self._smoothing = torch.tensor(smoothing, dtype=net.dtype, device=net.device)
        self._mean_weight = self._mean_weights()
        self._optimizer = _FusedOptimizer(net, jobs)

    def _mean_weights(self):
        means = [1.0 if j.data.weights is None else float(j.data.weights.mean()) for j in self.jobs]
        return torch.tensor(means, dtype=self.net.dtype, device=self.net.device)

    def finish(self, numbers):
        """Give jobs what has become of their networks."""
        for number in numbers:
            _finish(self.jobs[number], self.net.module_of(number))

    def without(self, numbers):
        """Return the group of the other jobs, which goes on where this one is."""
        left = [number for number in range(len(self.jobs)) if number not in set(numbers)]
        rest = _Group([self.jobs[number] for number in left], self.net.of_models(left))
        rest._optimizer.resume(self._optimizer, left)
        return rest

    def run_epoch(self, epoch):
        """Take one optimiser step for every batch; return each job's mean training loss."""
        self._optimizer.start_epoch(epoch, self.jobs[0].n_batches)
        losses, sizes = [], []
        for number, parts in enumerate(self._batches(epoch)):
            sizes.append([len(codes) for _, codes, _ in parts])
            losses.append(self._step(number, sizes[-1], *_together(parts, self.net.dtype)))
        sizes = torch.tensor(sizes).double()
        mean = (torch.stack(losses).cpu().double() * sizes).sum(dim=0) / sizes.sum(dim=0)
        return mean.tolist()

    def _batches(self, epoch):
        """Yield one batch of every job, the same that `fit` would take."""
        streams = []
        for job, randomness in zip(self.jobs, self._randomness, strict=True):
            randomness.start_epoch(job.progress.n_seen)
            streams.append(randomness.batches(job.data, epoch))
        return zip(*streams, strict=True)

    def _step(self, number, sizes, pixels, codes, weights):
        logits = self.net.forward(pixels, sizes, weights)
        losses = self._losses(logits, codes, weights, sizes)
        gradients = torch.autograd.grad(losses.sum(), list(self.net.parameters.values()))
        self._optimizer.step(gradients, number)
        return losses.detach()

    def _losses(self, logits, codes, weights, sizes):
        """Return each job's estimate of the weighted mean cross-entropy of its whole set."""
        targets = codes.flatten()
        if bool(self._smoothing.any()):
            targets = self._smoothed(codes, logits).flatten(0, 1)
        loss = F.cross_entropy(logits.flatten(0, 1), targets, reduction="none").view(codes.shape)
        if weights is None:
            return loss.mean(dim=1)
        n_images = torch.tensor(sizes, dtype=loss.dtype, device=loss.device)
        return (loss * weights).sum(dim=1) / n_images / self._mean_weight

    def _smoothed(self, codes, logits):
        """Return the probabilities to aim at."""
        share = (self._smoothing / logits.shape[2]).view(-1, 1, 1)
        targets = share.expand_as(logits).clone()
        most = (1 - self._smoothing).view(-1, 1, 1) + share
        return targets.scatter_(2, codes[..., None], most.expand(-1, codes.shape[1], 1))

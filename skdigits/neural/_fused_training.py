"""Training of many networks of one shape at once, each as `train` would have it."""

import math
from dataclasses import dataclass, field

import torch

from skdigits.neural._batches import LabelledPixels
from skdigits.neural._calibration import undo_smoothing
from skdigits.neural._fused_batches import batches_together
from skdigits.neural._fused_net import FusedNet
from skdigits.neural._fused_optimizer import FusedOptimizer
from skdigits.neural._inference import accuracy
from skdigits.neural._modules import PixelNet
from skdigits.neural._plan import Plan
from skdigits.neural._training import (
    Progress,
    Randomness,
    after_stalling,
    has_stalled,
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

    def outcome(self):
        """Return what training has changed."""
        names = ("module", "progress", "error", "rate", "converged")
        return {name: getattr(self, name) for name in names}

    @property
    def n_bytes(self):
        """How much memory the weights take."""
        return sum(weight.numel() * weight.itemsize for weight in self.module.parameters())

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
        self._optimizer = FusedOptimizer(net, jobs)

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
        for number, batch in enumerate(self._batches(epoch)):
            sizes.append(batch.sizes)
            losses.append(self._step(number, batch))
        sizes = torch.tensor(sizes).double()
        mean = (torch.stack(losses).cpu().double() * sizes).sum(dim=0) / sizes.sum(dim=0)
        return mean.tolist()

    def _batches(self, epoch):
        """Return an iterator over a batch of every job, the same that `fit` would take."""
        streams = []
        for job, randomness in zip(self.jobs, self._randomness, strict=True):
            randomness.start_epoch(job.progress.n_seen)
            streams.append(randomness.blocks(job.data, epoch))
        return batches_together(streams, self.net.dtype)

    def _step(self, number, batch):
        logits = self.net.forward(batch.pixels, batch.sizes, batch.weights)
        losses = self._losses(logits, batch)
        gradients = torch.autograd.grad(losses.sum(), list(self.net.parameters.values()))
        self._optimizer.step(gradients, number)
        return losses.detach()

    def _losses(self, logits, batch):
        """Return each job's estimate of the weighted mean cross-entropy of its whole set."""
        losses = self._cross_entropy(logits, batch.codes)
        if batch.weights is None:
            return losses.mean(dim=1)
        n_images = torch.tensor(batch.sizes, dtype=losses.dtype, device=losses.device)
        return (losses * batch.weights).sum(dim=1) / n_images / self._mean_weight

    def _cross_entropy(self, logits, codes):
        """Return the loss of every image, with smoothed labels: much quicker than torch's own."""
        aimed_at = logits.gather(1, codes[:, None])[:, 0]
        if bool(self._smoothing.any()):
            aimed_at = aimed_at.lerp(logits.mean(dim=1), self._smoothing[:, None])
        return logits.logsumexp(dim=1) - aimed_at

"""Training: the skorch net, its optimiser and schedule, the loop over epochs, when to stop."""

import copy
import math
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch.nn import functional as F

from skdigits._warnings import warn_user
from skdigits.neural._averaging import WeightAverage
from skdigits.neural._schedule import epoch_rates, n_augmented

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
SMALLEST_RATE = 1e-6  # where the "adaptive" schedule gives up, as in MLPClassifier
NOT_DECAYED = ("*.bias", "*.norm.weight")
_SKORCH_CALLBACKS = ("epoch_timer", "train_loss", "valid_loss", "valid_acc", "print_log")


@dataclass
class Progress:
    """What training has come to; MLPClassifier's attributes and its rule for stopping."""

    loss_curve: list = field(default_factory=list)
    validation_scores: list = field(default_factory=list)
    best_loss: float = math.inf
    best_score: float = -math.inf
    best_weights: dict | None = None
    n_no_improvement: int = 0
    n_seen: int = 0
    n_epochs: int = 0

    def record_loss(self, loss, tol):
        """Count an epoch by its training loss."""
        improved = loss <= self.best_loss - tol
        self.n_no_improvement = 0 if improved else self.n_no_improvement + 1
        self.best_loss = min(self.best_loss, loss)

    def record_score(self, score, tol, module):
        """Count an epoch by its validation score; keep the best epoch's weights."""
        self.validation_scores.append(score)
        improved = score >= self.best_score + tol  # which NaN is not
        self.n_no_improvement = 0 if improved else self.n_no_improvement + 1
        if score > self.best_score or self.best_weights is None:
            self.best_score = score
            self.best_weights = copy_weights(module)


def copy_weights(module):
    """Return a copy of all weights and statistics of `module`."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def build_net(module, plan, callbacks):
    """Return an initialised skorch net around `module`, skorch's own callbacks left out."""
    from skorch import NeuralNetClassifier  # here, for prediction does without

    options = optimizer_options(plan)
    if plan.weight_decay > 0:  # a second group costs time in every step
        options["param_groups"] = [(names, {"weight_decay": 0.0}) for names in NOT_DECAYED]
    net = NeuralNetClassifier(
        module,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=OPTIMIZERS[plan.solver],
        optimizer__fused=has_fused_steps(module.device),
        **{f"optimizer__{name}": value for name, value in options.items()},
        lr=plan.rate,
        max_epochs=plan.n_epochs,
        batch_size=plan.batch_size,
        train_split=None,
        classes=np.arange(module.head.out_features),
        callbacks=None if callbacks is None else list(callbacks),
        device=str(module.device),
        verbose=0,
        **{f"callbacks__{name}": None for name in _SKORCH_CALLBACKS},
    )
    return net.initialize()


def optimizer_options(plan):
    """Return the options of the optimiser, its learning rate apart."""
    options: dict = {"weight_decay": plan.weight_decay}
    if plan.solver == "sgd":
        nesterov = plan.nesterovs_momentum and plan.momentum > 0
        return options | {"momentum": plan.momentum, "nesterov": nesterov}
    return options | {"betas": plan.betas, "eps": plan.epsilon}


def has_fused_steps(device):
    """Whether torch's optimisers step through all weights at once on a device."""
    return device.type in ("cpu", "cuda")


def resume_optimizer(optimizer, earlier):
    """Give `optimizer` a copy of the moments of an `earlier` one of the same parameters."""
    load_moments(optimizer, copy.deepcopy(earlier.state_dict()["state"]))


def load_moments(optimizer, moments):
    """Load `moments`, laid out in memory as their weights: fused steps rely on it."""
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    for weight, moments in optimizer.state.items():
        for name, moment in moments.items():
            if moment is None or name == "step":
                continue
            if moment.shape != weight.shape:
                raise ValueError(f"a moment has the shape {moment.shape}, its weight another")
            moments[name] = torch.empty_like(weight).copy_(moment)


def train(net, data, plan, progress, seed, *, validation=None, begin_epoch):
    """Train `net` for up to ``plan.n_epochs`` passes over `data`; `progress` is updated.

    Parameters
    ----------
    net : NeuralNetClassifier
        An initialised net; its module, optimiser, history and callbacks are used.
    data : LabelledPixels
        The training set.
    plan : Plan
        How to train.
    progress : Progress
        What earlier training came to; what this one comes to is added.
    seed : int
        Every epoch draws from generators seeded with this and the epoch's number.
    validation : callable, optional
        Takes no argument and returns the validation score of the module as it is.
    begin_epoch : callable
        Called before each epoch; returns a callable that is called after it and returns
        whether to stop.
    """
    from skorch.dataset import Dataset

    module = net.module_
    dataset = Dataset(data.pixels, data.codes)
    randomness = Randomness(module.device, plan, seed)
    module.set_dropout(plan.dropout, randomness.dropout)
    average = WeightAverage(module, plan.ema)
    net.notify("on_train_begin", X=data.pixels, y=data.codes)
    converged = not plan.open_ended
    rate = plan.rate
    for epoch in range(plan.n_epochs):
        end_epoch = begin_epoch()
        randomness.start_epoch(progress.n_seen)
        net.notify("on_epoch_begin", dataset_train=dataset, dataset_valid=None)
        n_batches = data.n_batches(plan.batch_size)
        rates = epoch_rates(plan, rate, epoch, n_batches, progress.n_seen)
        batches = randomness.batches(data, epoch)
        loss = _run_epoch(net, data, plan, zip(rates, batches, strict=True), average)
        progress.n_epochs += 1
        progress.n_seen += len(data)
        with average.in_place():
            _record_epoch(net, plan, progress, loss, validation)
            stop = _notify_epoch_end(net, dataset)
            stop = end_epoch() or stop
        if has_stalled(plan, progress, validation):
            rate, exhausted = after_stalling(plan, rate, progress, validation)
            converged = converged or exhausted
            stop = stop or exhausted
        if stop:
            converged = True
            break
    average.settle()
    net.notify("on_train_end", X=data.pixels, y=data.codes)
    if progress.best_weights is not None:
        module.load_state_dict(progress.best_weights)
    module.eval()
    refuse_non_finite(module, progress)
    if not converged:
        warn_not_converged(plan)


def refuse_non_finite(module, progress):
    outcome = progress.loss_curve[-1] if progress.best_weights is None else progress.best_score
    weights = module.state_dict().values()
    if not (math.isfinite(outcome) and all(torch.isfinite(w).all() for w in weights)):
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may contain large "
            "values and need to be preprocessed, or 'learning_rate_init' is too high."
        )


@contextmanager
def weights_kept_on_error(net):
    """Put the weights of `net` back as they were when the block raises."""
    weights = copy_weights(net.module_)
    try:
        yield
    except BaseException:
        net.module_.load_state_dict(weights)
        net.module_.eval()
        raise


class Randomness:
    """The generators of shuffling, dropout and augmentation, seeded anew for every epoch."""

    def __init__(self, device, plan, seed):
        self.seed = seed
        self._shuffling = torch.Generator()
        self.dropout = torch.Generator(device=device)
        self._augmentation = torch.Generator(device=device)
        self._plan = plan

    def start_epoch(self, n_seen):
        """Seed by what has been seen, so that ten calls for one epoch are one for ten."""
        generators = (self._shuffling, self.dropout, self._augmentation)
        seeds = np.random.SeedSequence([self.seed, n_seen]).generate_state(len(generators))
        for generator, seed in zip(generators, seeds, strict=True):
            generator.manual_seed(int(seed))

    def batches(self, data, epoch):
        """Yield the batches of `data` in an epoch, shuffled and changed as planned."""
        for sizes, block in self.blocks(data, epoch):
            yield from block.split(sizes)

    def blocks(self, data, epoch):
        """Return an iterator over the sizes of batches and the images that they are cut from."""
        plan = self._plan
        return data.blocks(
            plan.batch_size,
            self._shuffling if plan.shuffle else None,
            plan.augment and partial(plan.augment, generator=self._augmentation),
            n_augmented(plan, epoch, data.n_batches(plan.batch_size)),
        )


def _run_epoch(net, data, plan, steps, average):
    """Take one optimiser step for every rate and batch; return the mean training loss."""
    module, optimizer = net.module_, net.optimizer_
    module.train()
    watched = _has_batch_callbacks(net)
    mean_weight = None if data.weights is None else data.weights.mean()
    autocast = (
        torch.autocast(module.device.type, torch.bfloat16) if plan.autocast else nullcontext()
    )
    parameters = list(module.parameters())
    losses, sizes = [], []
    for rate, (pixels, codes, weights) in steps:
        for group in optimizer.param_groups:
            group["lr"] = rate
        if watched:
            net.notify("on_batch_begin", batch=(pixels, codes), training=True)
        with autocast:
            logits = module(pixels, weights)
        loss = _mean_loss(logits, codes, weights, mean_weight, plan.label_smoothing)
        for parameter in parameters:
            parameter.grad = None
        loss.backward()
        if watched:
            _notify_gradients(net, (pixels, codes))
        optimizer.step()
        average.update()
        losses.append(loss.detach())
        sizes.append(len(codes))
        if watched:
            _notify_batch_end(net, (pixels, codes), loss.detach(), logits.detach())
    return float(torch.stack(losses).cpu().double() @ torch.tensor(sizes).double()) / len(data)


def _mean_loss(logits, codes, weights, mean_weight, label_smoothing):
    """Return the batch's estimate of the weighted mean cross-entropy of the whole set."""
    logits = logits.float() if logits.dtype == torch.bfloat16 else logits
    targets = _smoothed(codes, logits, label_smoothing) if label_smoothing > 0 else codes
    if weights is None:
        return F.cross_entropy(logits, targets)
    return (F.cross_entropy(logits, targets, reduction="none") * weights).mean() / mean_weight


def _smoothed(codes, logits, label_smoothing):
    """Return the probabilities to aim at: much quicker than torch's own smoothing of labels."""
    share = label_smoothing / logits.shape[1]
    return torch.full_like(logits, share).scatter_(1, codes[:, None], 1 - label_smoothing + share)


def _record_epoch(net, plan, progress, loss, validation):
    progress.loss_curve.append(loss)
    net.history.record("train_loss", loss)
    if plan.verbose:
        print(f"Iteration {progress.n_epochs}, loss = {loss:.8f}")
    if validation is None:
        progress.record_loss(loss, plan.tol)
        return
    score = validation()
    progress.record_score(score, plan.tol, net.module_)
    net.history.record("valid_acc", score)
    if plan.verbose:
        print(f"Validation score: {score:f}")


def has_stalled(plan, progress, validation):
    """Whether training has come to a stop; a planned cycle does by a validation set alone."""
    may_stop = plan.open_ended or validation is not None
    return may_stop and progress.n_no_improvement > plan.n_iter_no_change


def after_stalling(plan, rate, progress, validation):
    """Return the rate to go on with, and whether there is nothing left to try."""
    if plan.verbose:
        what = "Training loss" if validation is None else "Validation score"
        print(
            f"{what} did not improve more than tol={plan.tol:f} "
            f"for {plan.n_iter_no_change} consecutive epochs."
        )
    if plan.schedule != "adaptive" or rate <= SMALLEST_RATE:
        return rate, True
    progress.n_no_improvement = 0
    return rate / 5, False


def warn_not_converged(plan):
    warn_user(
        f"Stochastic Optimizer: Maximum iterations ({plan.n_epochs}) "
        "reached and the optimization hasn't converged yet.",
        ConvergenceWarning,
    )


def _has_batch_callbacks(net):
    """Whether a callback of the user wants to know of every batch."""
    from skorch.callbacks import Callback

    hooks = ("on_batch_begin", "on_batch_end", "on_grad_computed")
    return any(
        getattr(type(callback), hook) is not getattr(Callback, hook)
        for _, callback in net.callbacks_
        for hook in hooks
    )


def _notify_gradients(net, batch):
    named_parameters = list(net.module_.named_parameters())
    net.notify("on_grad_computed", named_parameters=named_parameters, batch=batch, training=True)


def _notify_batch_end(net, batch, loss, logits):
    net.history.record_batch("train_loss", loss.item())
    net.history.record_batch("train_batch_size", len(batch[1]))
    net.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=logits)


def _notify_epoch_end(net, dataset):
    """Tell skorch callbacks; return whether one of them asks to stop.

    skorch's callbacks ask by raising KeyboardInterrupt, as skorch's own loop has it.
    """
    try:
        net.notify("on_epoch_end", dataset_train=dataset, dataset_valid=None)
    except KeyboardInterrupt:
        return True
    return False

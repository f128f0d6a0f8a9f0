"""How to train: an estimator's parameters with every "auto" settled."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Settings of one training, all of them final.

    An `open_ended` training goes on until it stops improving and warns when it did not; the
    others have a planned end.
    """

    n_epochs: int
    incremental: bool
    open_ended: bool
    batch_size: int
    shuffle: bool
    schedule: str
    rate: float
    power_t: float
    solver: str
    momentum: float
    nesterovs_momentum: bool
    betas: tuple
    epsilon: float
    weight_decay: float
    dropout: float
    label_smoothing: float
    autocast: bool
    tol: float
    n_iter_no_change: float
    verbose: bool

    def goes_on_with(self, earlier):
        """Whether the optimiser of an `earlier` plan can go on: in `partial_fit`, unchanged."""
        return (
            self.incremental
            and earlier.incremental
            and self.solver == earlier.solver
            and (self.weight_decay > 0) == (earlier.weight_decay > 0)  # the same groups
        )


def make_plan(estimator, data, *, autocast, incremental):
    """Return the plan of `estimator` for training on `data`.

    Parameters
    ----------
    estimator : NeuralClassifier
        Its parameters are read, and its `_defaults`.
    data : LabelledPixels
        The training set, without what is held out.
    autocast : bool
        Whether to compute in bfloat16.
    incremental : bool
        Whether this is one pass of `partial_fit`.
    """
    schedule = _settle_schedule(estimator, incremental=incremental)
    one_cycle = schedule == "one_cycle"
    defaults = estimator._defaults
    rate = estimator.learning_rate_init
    if rate == "auto":
        rate = defaults.peak_rate if one_cycle else defaults.constant_rate
    batch_size = defaults.batch_size if estimator.batch_size == "auto" else estimator.batch_size
    dropout = estimator.dropout
    if dropout == "auto":
        dropout = defaults.dropout if one_cycle and len(data) > batch_size else 0.0
    n_epochs = estimator.max_iter
    if n_epochs == "auto":
        n_epochs = defaults.one_cycle_epochs(len(data)) if one_cycle else defaults.most_epochs
    return Plan(
        n_epochs=1 if incremental else n_epochs,
        incremental=incremental,
        open_ended=not (one_cycle or incremental),
        batch_size=min(batch_size, len(data)),
        shuffle=estimator.shuffle,
        schedule=schedule,
        rate=rate,
        power_t=estimator.power_t,
        solver=estimator.solver,
        momentum=estimator.momentum,
        nesterovs_momentum=estimator.nesterovs_momentum,
        betas=(estimator.beta_1, estimator.beta_2),
        epsilon=estimator.epsilon,
        weight_decay=_weight_decay(estimator, data, batch_size),
        dropout=dropout,
        label_smoothing=estimator.label_smoothing,
        autocast=autocast,
        tol=estimator.tol,
        n_iter_no_change=estimator.n_iter_no_change,
        verbose=bool(estimator.verbose),
    )


@dataclass(frozen=True)
class Defaults:
    """What "auto" stands for, by kind of network."""

    batch_size: int
    peak_rate: float
    planned_steps: int
    planned_epochs: tuple
    dropout: float
    constant_rate: float = 0.001
    most_epochs: int = 200

    def one_cycle_epochs(self, n_images):
        """Return how many passes make `planned_steps` batches, within bounds."""
        fewest, most = self.planned_epochs
        n_epochs = math.ceil(self.planned_steps / math.ceil(n_images / self.batch_size))
        return min(most, max(fewest, n_epochs))


def _settle_schedule(estimator, *, incremental):
    """Return the schedule; one cycle only where the end of the training is known."""
    schedule = estimator.learning_rate
    if schedule == "auto":
        ends_as_planned = not (estimator.warm_start or estimator.early_stopping)
        one_cycle = ends_as_planned and estimator.solver != "sgd"
        schedule = "one_cycle" if one_cycle else "constant"
    return "constant" if incremental and schedule == "one_cycle" else schedule


def _weight_decay(estimator, data, batch_size):
    """Return the factor by which torch's optimisers add the weights to their gradient.

    For "adam" and "sgd" it makes the penalty of `MLPClassifier`, ``alpha / 2`` times the squared
    weights over the number (or weight) of the images in a batch.
    """
    if estimator.solver == "adamw":
        return estimator.alpha
    weight = len(data) if data.weights is None else float(data.weights.sum())
    return estimator.alpha * data.n_batches(batch_size) / weight

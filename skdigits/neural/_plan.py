"""How to train: an estimator's parameters with every "auto" settled."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from skdigits.neural._augment import make_augmentation

_AUGMENTED_SIDE = 8  # pixels; on smaller images, light changes are mostly blur


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
    augment: Callable | None
    ema: float
    autocast: bool
    tol: float
    n_iter_no_change: float
    verbose: bool

    def describe(self):
        """Return the settings that matter most, for a log."""
        number = "bfloat16" if self.autocast else "full precision"
        return (
            f"{self.n_epochs} epochs in batches of {self.batch_size}, {self.solver} at "
            f"{self.rate:g} ({self.schedule}), {number}"
        )

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
    batch_size = estimator.batch_size
    batch_size = defaults.batch_size if batch_size == "auto" else int(batch_size)
    regularize = one_cycle and len(data) > batch_size
    dropout = estimator.dropout
    if dropout == "auto":
        dropout = defaults.dropout if regularize else 0.0
    label_smoothing = estimator.label_smoothing
    if label_smoothing == "auto":
        label_smoothing = defaults.label_smoothing if regularize else 0.0
    n_epochs = estimator.max_iter
    if n_epochs == "auto":
        n_epochs = defaults.one_cycle_epochs(len(data)) if one_cycle else defaults.most_epochs
    return Plan(
        n_epochs=1 if incremental else int(n_epochs),
        incremental=incremental,
        open_ended=not (one_cycle or incremental),
        batch_size=min(batch_size, len(data)),
        shuffle=bool(estimator.shuffle),
        schedule=str(schedule),
        rate=float(rate),
        power_t=float(estimator.power_t),
        solver=str(estimator.solver),
        momentum=float(estimator.momentum),
        nesterovs_momentum=bool(estimator.nesterovs_momentum),
        betas=(float(estimator.beta_1), float(estimator.beta_2)),
        epsilon=float(estimator.epsilon),
        weight_decay=_weight_decay(estimator, data, batch_size),
        dropout=float(dropout),
        label_smoothing=float(label_smoothing),
        augment=_settle_augmentation(estimator.augment, data, regularize=regularize),
        ema=float(estimator.ema),
        autocast=autocast,
        tol=float(estimator.tol),
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
    dropout: float = 0.0
    label_smoothing: float = 0.1
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


def _settle_augmentation(augment, data, *, regularize):
    """Return what changes the images; by "auto" light changes of what is large enough."""
    if isinstance(augment, str) and augment == "auto":
        height, width = data.pixels.shape[2:]
        augment = "light" if regularize and min(height, width) >= _AUGMENTED_SIDE else None
    return make_augmentation(augment)


def _weight_decay(estimator, data, batch_size):
    """Return the factor by which torch's optimisers add the weights to their gradient.

    For "adam" and "sgd" it makes the penalty of `MLPClassifier`, ``alpha / 2`` times the squared
    weights over the number (or weight) of the images in a batch.
    """
    if estimator.solver == "adamw":
        return float(estimator.alpha)
    weight = len(data) if data.weights is None else float(data.weights.sum())
    return float(estimator.alpha) * data.n_batches(batch_size) / weight

"""What changes from step to step of a training: the learning rate, and whether images do."""

import math

_WARM_UP = 0.25  # share of a one-cycle schedule spent on reaching the peak
_LOWEST_SHARE = 1e-3  # of the peak, at both ends of the cycle
_UNCHANGED_PART = 5  # the last fifth of a one-cycle schedule


def epoch_rates(plan, rate, epoch, n_batches, n_seen):
    """Return the learning rate of every step of an epoch."""
    if plan.schedule == "invscaling":
        return [plan.rate / (n_seen + 1) ** plan.power_t] * n_batches
    if plan.schedule != "one_cycle":
        return [rate] * n_batches
    first, n_steps = epoch * n_batches, plan.n_epochs * n_batches
    return [plan.rate * one_cycle((first + i + 0.5) / n_steps) for i in range(n_batches)]


def one_cycle(done):
    """Return the share of the peak rate at `done`, 0 to 1, of the training.

    A straight rise over the first quarter, then half a cosine down to a thousandth (after
    Smith & Topin 2019, *Super-Convergence*).
    """
    if done < _WARM_UP:
        return _LOWEST_SHARE + (1 - _LOWEST_SHARE) * done / _WARM_UP
    fall = 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))
    return _LOWEST_SHARE + (1 - _LOWEST_SHARE) * fall


def n_augmented(plan, epoch, n_batches):
    """Return how many batches of an epoch, its first, have their images changed.

    All but those of the last fifth of a one-cycle schedule, which fits the network to images like
    those it will read (after He et al. 2019, *Data Augmentation Revisited*).
    """
    if plan.schedule != "one_cycle":
        return n_batches
    n_steps = plan.n_epochs * n_batches
    n_left = n_steps - n_steps // _UNCHANGED_PART - epoch * n_batches
    return min(max(n_left, 0), n_batches)

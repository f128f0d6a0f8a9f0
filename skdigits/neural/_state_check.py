"""Whether what a file says of a net can be one, before any of it is built."""

import math
from dataclasses import fields
from itertools import chain
from numbers import Real

import numpy as np

from skdigits.neural._modules import MODULES, outline_module
from skdigits.neural._plan import Plan
from skdigits.neural._training import OPTIMIZERS

_PARTS = {"module", "spec", "weights", "optimizer", "history", "plan"}
_DTYPES = ("float32", "float64")
_MOMENTS = {
    "adam": {"step", "exp_avg", "exp_avg_sq"},
    "adamw": {"step", "exp_avg", "exp_avg_sq"},
    "sgd": {"momentum_buffer"},
}
_RANGES = {  # what torch's optimisers take
    "n_epochs": lambda value: value >= 1,
    "batch_size": lambda value: value >= 1,
    "rate": lambda value: 0 < value < math.inf,
    "momentum": lambda value: 0 <= value <= 1,
    "betas": lambda values: all(0 <= value < 1 for value in values),
    "epsilon": lambda value: 0 < value < math.inf,
    "weight_decay": lambda value: 0 <= value < math.inf,
}
_PLAIN = (bool, int, float, str, type(None))


def check_net_state(state):
    """Check a dict of arrays and plain values from which a net is to be built.

    Parameters
    ----------
    state : dict
        What :func:`net_to_arrays` might have returned.

    Returns
    -------
    image_shape : tuple of int
        (channels, height, width) of its images.
    n_outputs : int
        Number of its logits.

    Raises
    ------
    ValueError
        If it is none: a part is missing or one too many, a weight is missing, misshapen or not
        finite. The message completes a sentence.
    """
    if set(state) != _PARTS:
        raise ValueError("its parts are not those of a net")
    outline = _outline(state["module"], state["spec"], state["weights"])
    _check_weights(state["weights"], outline)
    _check_plan(state["plan"])
    if state["optimizer"] is not None:
        _check_optimizer(state["optimizer"], state["plan"]["solver"], outline)
    if not _is_history(state["history"]):
        raise ValueError("its history is none")
    return outline.image_shape, outline.head.out_features


def _outline(name, spec, weights):
    """Return the network without memory: what a file claims costs nothing until it is true."""
    if not isinstance(name, str) or name not in MODULES:
        raise ValueError(f"there is no network {name!r}")
    if not isinstance(spec, dict) or not isinstance(weights, dict):
        raise ValueError("its layers or weights are none")
    lengths = [len(value) for value in spec.values() if isinstance(value, tuple)]
    if max(lengths, default=0) > max(len(weights), 3):  # every layer has weights
        raise ValueError("it has more layers than weights")
    try:
        return outline_module(MODULES[name], spec)
    except (TypeError, ValueError, KeyError, RuntimeError, OverflowError, IndexError) as error:
        raise ValueError("its layers make no sense") from error


def _check_weights(weights, outline):
    expected = outline.state_dict()
    if set(weights) != set(expected):
        name = sorted(set(weights) ^ set(expected))[0]
        raise ValueError(f"{name} is {'missing' if name in expected else 'one too many'}")
    for name, weight in weights.items():
        _check_array(name, weight, tuple(expected[name].shape))
    if len({weight.dtype for weight in weights.values()}) > 1:
        raise ValueError("its weights are of several precisions")


def _check_array(name, array, shape):
    if not isinstance(array, np.ndarray) or array.dtype.name not in _DTYPES:
        raise ValueError(f"{name} is not an array of floats")
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {array.shape} in place of {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")


def _check_plan(plan):
    if not isinstance(plan, dict) or set(plan) != {field.name for field in fields(Plan)}:
        raise ValueError("its plan is none")
    for field in fields(Plan):
        if not _is_of(field.type, plan[field.name]):
            raise ValueError(f"its plan has no such {field.name}")
    if plan["solver"] not in OPTIMIZERS:
        raise ValueError("its plan has no such solver")
    for name, is_in_range in _RANGES.items():
        if not is_in_range(plan[name]):
            raise ValueError(f"its plan has a {name} out of range")


def _is_of(kind, value):
    if kind is float:
        return isinstance(value, Real) and not isinstance(value, bool)
    if kind in (bool, int, str):
        return type(value) is kind
    if kind is tuple:
        return type(value) is tuple and len(value) == 2 and all(_is_of(float, v) for v in value)
    return value is None  # the augmentation, which the estimator has


def _check_optimizer(state, solver, outline):
    """Check the optimiser's parts; that moments have the shapes of weights, who loads them does."""
    if not isinstance(state, dict) or set(state) != {"state", "param_groups"}:
        raise ValueError("its optimiser is none")
    groups, moments = state["param_groups"], state["state"]
    n_weights = len(list(outline.parameters()))
    if not _are_groups(groups, n_weights) or not isinstance(moments, dict):
        raise ValueError("its optimiser is none")
    for number, found in moments.items():
        is_one = isinstance(found, dict) and not set(found) - _MOMENTS[solver]
        if number not in range(n_weights) or not is_one:
            raise ValueError("its optimiser has unknown moments")
        for name, moment in found.items():
            if moment is not None:
                _check_array(name, moment, np.shape(moment))


def _are_groups(groups, n_weights):
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        return False
    numbers = [group.get("params") for group in groups]
    if not all(isinstance(part, list) for part in numbers):
        return False
    if list(chain.from_iterable(numbers)) != list(range(n_weights)):
        return False
    values = [group[key] for group in groups for key in group if key != "params"]
    return all(isinstance(value, _PLAIN) or _is_of(tuple, value) for value in values)


def _is_history(history):
    return isinstance(history, list) and all(
        isinstance(epoch, dict)
        and all(
            isinstance(key, str) and (value == [] if key == "batches" else _is_of(float, value))
            for key, value in epoch.items()
        )
        for epoch in history
    )

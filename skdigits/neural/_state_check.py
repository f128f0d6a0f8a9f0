"""Whether what a file says of a net can be one, before any of it is built."""

import math
from dataclasses import fields
from numbers import Real

import numpy as np
import torch

from skdigits.neural._modules import (
    ACTIVATIONS,
    NORMALIZATIONS,
    ConvNet,
    DenseNet,
    outline_module,
)
from skdigits.neural._plan import Plan
from skdigits.neural._training import OPTIMIZERS

MOST_PIXELS = 2**24  # of an image
_MOST_UNITS = 2**31  # of a layer
_MOST_LAYERS = 1000
_MOST_ACTIVATIONS = 2**27  # of a layer, for one batch of a prediction: half a GiB
_PARTS = {"module", "spec", "weights", "optimizer", "history", "plan"}
_DTYPES = ("float32", "float64")
_MOMENTS = {
    "adam": {"step", "exp_avg", "exp_avg_sq"},
    "adamw": {"step", "exp_avg", "exp_avg_sq"},
    "sgd": {"momentum_buffer"},
}
_NOT_NEGATIVE = ("step", "exp_avg_sq")
_SCHEDULES = ("one_cycle", "constant", "invscaling", "adaptive")
_MOST_WHOLE = 2**53  # which a float64 holds


def is_number(value):
    """Whether a value is a number that float64 has, not a boolean."""
    return (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and not (isinstance(value, int) and abs(value) > _MOST_WHOLE)
    )


def _are_sizes(value):
    return (
        type(value) is tuple
        and len(value) <= _MOST_LAYERS
        and all(type(size) is int and 1 <= size <= _MOST_UNITS for size in value)
    )


_DENSE = {
    "image_shape": lambda value: (
        _are_sizes(value) and len(value) == 3 and math.prod(value) <= MOST_PIXELS
    ),
    "n_outputs": lambda value: _are_sizes((value,)),
    "hidden_layer_sizes": _are_sizes,
    "activation": lambda value: type(value) is str and value in ACTIVATIONS,
}
_SPECS = {  # what the arguments of each network may be
    DenseNet: _DENSE,
    ConvNet: {
        **_DENSE,
        "channels": _are_sizes,
        "kernel_size": _are_sizes,
        "pooling": _are_sizes,
        "normalization": lambda value: isinstance(value, str | None) and value in NORMALIZATIONS,
    },
}
_RANGES = {  # what training takes
    "n_epochs": lambda value: value >= 1,
    "batch_size": lambda value: value >= 1,
    "schedule": lambda value: value in _SCHEDULES,
    "rate": lambda value: 0 < value < math.inf,
    "power_t": lambda value: 0 <= value < math.inf,
    "solver": lambda value: value in OPTIMIZERS,
    "momentum": lambda value: 0 <= value <= 1,
    "betas": lambda values: len(values) == 2 and all(0 <= value < 1 for value in values),
    "epsilon": lambda value: 0 < value < math.inf,
    "weight_decay": lambda value: 0 <= value < math.inf,
    "dropout": lambda value: 0 <= value < 1,
    "label_smoothing": lambda value: 0 <= value < 1,
    "ema": lambda value: 0 <= value < 1,
    "tol": lambda value: value >= 0,
    "n_iter_no_change": lambda value: value >= 1,
}


def check_net_state(state, module_class):
    """Check a dict of arrays and plain values from which a net is to be built.

    Parameters
    ----------
    state : dict
        What :func:`net_to_arrays` might have returned.
    module_class : type
        The network that it is to be.

    Returns
    -------
    outline : PixelNet
        The network without memory, of which :func:`net_from_arrays` can build one with it.

    Raises
    ------
    ValueError
        If it is none: a part is missing or one too many, a weight is missing, misshapen or not
        finite, or one prediction would take too much memory. The message completes a sentence.
    """
    if set(state) != _PARTS:
        raise ValueError("its parts are not those of a net")
    if state["module"] != module_class.__name__:
        raise ValueError("it is another network")
    _check_spec(module_class, state["spec"])
    if not isinstance(state["weights"], dict):
        raise ValueError("its weights are none")
    outline = _outline(module_class, state["spec"])
    _check_weights(state["weights"], outline)
    _check_plan(state["plan"])
    if state["optimizer"] is not None:
        _check_moments(state["optimizer"], state["plan"]["solver"], outline)
    if not _is_history(state["history"]):
        raise ValueError("its history is none")
    return outline


def has_answer(network):
    """Whether a network's logits for one blank picture are finite."""
    with torch.inference_mode():
        logits = network(torch.zeros(1, *network.image_shape))
    return bool(torch.isfinite(logits).all())


def _check_spec(module_class, spec):
    """Check a network's arguments, each by itself and what they come to together."""
    checks = _SPECS[module_class]
    if not isinstance(spec, dict) or set(spec) != set(checks):
        raise ValueError("its layers are none")
    for argument, is_one in checks.items():
        if not is_one(spec[argument]):
            raise ValueError(f"its layers have no such {argument}")
    if len({len(spec[key]) for key in ("channels", "kernel_size", "pooling") if key in spec}) > 1:
        raise ValueError("its layers are of several numbers")


def _outline(module_class, spec):
    """Return the network without memory: what a file claims costs nothing until it is true."""
    try:
        outline = outline_module(module_class, spec)
    except (RuntimeError, OverflowError) as error:  # more weights than a machine can count
        raise ValueError("its layers are too large") from error
    if max(outline.layer_sizes()) * outline.prediction_batch > _MOST_ACTIVATIONS:
        raise ValueError("a prediction of it would take too much memory")
    return outline


def _check_weights(weights, outline):
    expected = outline.state_dict()
    if set(weights) != set(expected):
        missing = sorted(set(expected) - set(weights))
        raise ValueError(f"{missing[0]} is missing" if missing else "a weight is one too many")
    for name, weight in weights.items():
        _check_array(name, weight, tuple(expected[name].shape))
        if name.endswith("running_var") and (weight < 0).any():
            raise ValueError(f"{name} is below zero")
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
    for name, is_in_range in _RANGES.items():
        if not is_in_range(plan[name]):
            raise ValueError(f"its plan has a {name} out of range")


def _is_of(kind, value):
    if kind is float:
        return is_number(value)
    if kind is int:
        return type(value) is int and abs(value) <= _MOST_WHOLE
    if kind in (bool, str):
        return type(value) is kind
    if kind is tuple:
        return type(value) is tuple and all(map(is_number, value))
    return value is None  # the augmentation, which the estimator has


def _check_moments(moments, solver, outline):
    """Check the optimiser's moments, but for their shapes, which who loads them does."""
    n_weights = len(list(outline.parameters()))
    if not isinstance(moments, dict) or not all(type(number) is int for number in moments):
        raise ValueError("its optimiser is none")
    for number, found in moments.items():
        if not 0 <= number < n_weights or not _are_moments(found, solver):
            raise ValueError("its optimiser has unknown moments")


def _are_moments(found, solver):
    if not isinstance(found, dict) or set(found) != _MOMENTS[solver]:
        return False
    for name, moment in found.items():
        if moment is None and solver == "sgd":  # without momentum
            continue
        _check_array(name, moment, () if name == "step" else np.shape(moment))
        if name in _NOT_NEGATIVE and (moment < 0).any():
            return False
    return True


def _is_history(history):
    return isinstance(history, list) and all(
        isinstance(epoch, dict)
        and all(
            isinstance(key, str)
            and (value == [] if key == "batches" else isinstance(value, bool) or is_number(value))
            for key, value in epoch.items()
        )
        for epoch in history
    )

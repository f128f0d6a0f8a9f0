"""Files of fitted models: arrays by safetensors, everything else as JSON; no code, no pickle."""

import json
import math
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.pipeline import Pipeline

from skdigits._files import atomic_path
from skdigits._version import __version__
from skdigits.images import CharacterNormalizer, Deskewer, HOGFeatures, ImageReshaper
from skdigits.neural import ANNClassifier, Augmentation, CNNClassifier

_FORMAT = 1
_KEY = "skdigits"
_OURS = (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    ImageReshaper,
)
_ESTIMATORS = {estimator.__name__: estimator for estimator in (*_OURS, Pipeline)}


def write_model(estimator, path):
    """Write a fitted estimator of skdigits, or a Pipeline of them, into one file."""
    arrays: dict = {}
    model = _to_plain(estimator, arrays)
    content = {"format": _FORMAT, "version": __version__, "model": model}
    with atomic_path(path) as temporary:
        save_file(arrays, temporary, metadata={_KEY: json.dumps(content)})


def read_model(path):
    """Return the estimator that :func:`write_model` wrote."""
    with safe_open(Path(path), framework="numpy") as file:
        content = json.loads(file.metadata()[_KEY])
        return _from_plain(content["model"], file.get_tensor)


def _to_plain(value, arrays):
    """Return `value` as JSON holds it; its arrays go into `arrays`.

    What JSON does not know is an object of one member, whose name says what it is.
    """
    name = type(value).__name__
    if _ESTIMATORS.get(name) is type(value):
        state = {"steps": value.steps} if name == "Pipeline" else value.__getstate__()
        return {"estimator": name, "state": _to_plain(state, arrays)}
    if isinstance(value, np.ndarray):
        return _array_to_plain(value, arrays)
    if isinstance(value, np.generic):
        return {"scalar": _to_plain(np.atleast_1d(value), arrays)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, tuple):
        return {"tuple": _to_plain(list(value), arrays)}
    if isinstance(value, list):
        return [_to_plain(item, arrays) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _to_plain(item, arrays) for key, item in value.items()}}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"A file of a model holds estimators of skdigits, arrays and plain values, got {value!r}."
    )


def _array_to_plain(array, arrays):
    if array.dtype.kind == "U" or (array.dtype.kind == "O" and all(map(_is_text, array.flat))):
        return {"strings": array.tolist(), "dtype": array.dtype.str}
    if array.dtype.kind == "O":
        raise TypeError("A file of a model holds arrays of numbers and of text, got mixed objects.")
    name = str(len(arrays))
    arrays[name] = np.ascontiguousarray(array)
    return {"array": name}


def _is_text(value):
    return isinstance(value, str)


def _from_plain(value, get_array):
    """Undo :func:`_to_plain`."""
    if isinstance(value, list):
        return [_from_plain(item, get_array) for item in value]
    if not isinstance(value, dict):
        return value
    if "estimator" in value:
        return _restored(value["estimator"], _from_plain(value["state"], get_array))
    if "strings" in value:
        return np.array(value["strings"], dtype=value["dtype"])
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: _from_plain(item, get_array) for key, item in content.items()}
    readers = {
        "array": get_array,
        "scalar": lambda inner: _from_plain(inner, get_array)[0],
        "float": float,
        "tuple": lambda inner: tuple(_from_plain(inner, get_array)),
    }
    return readers[kind](content)


def _restored(name, state):
    if name == "Pipeline":
        return Pipeline([tuple(step) for step in state["steps"]])
    estimator = _ESTIMATORS[name].__new__(_ESTIMATORS[name])
    estimator.__setstate__(state)
    return estimator

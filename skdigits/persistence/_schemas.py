"""What the state of each of our estimators may be, checked when a file is read."""

import math
from numbers import Real

import numpy as np

from skdigits._validation import check_parameters, with_channels
from skdigits.images import CharacterNormalizer, Deskewer, HOGFeatures, ImageReshaper, PageReader
from skdigits.neural import ANNClassifier, Augmentation, CNNClassifier, check_net_state
from skdigits.persistence._values import Damaged

ESTIMATORS = {
    estimator.__name__: estimator
    for estimator in (
        ANNClassifier,
        Augmentation,
        CharacterNormalizer,
        CNNClassifier,
        Deskewer,
        HOGFeatures,
        ImageReshaper,
        PageReader,
    )
}


def restore(name, state):
    """Return the estimator of a public name with a state that was read from a file.

    Raises
    ------
    Damaged
        If the state is not one that a fitted or new estimator of this class can have.
    """
    if name not in ESTIMATORS:
        raise Damaged(f"there is no estimator {name!r}")
    estimator_class = ESTIMATORS[name]
    parameters = estimator_class._get_param_names()
    missing = set(parameters) - set(state)
    if missing:
        raise Damaged(f"{name} lacks {sorted(missing)[0]}")
    estimator = estimator_class(**{key: state[key] for key in parameters})
    _check_parameters(estimator)
    fitted = {key: value for key, value in state.items() if key not in parameters}
    if fitted:
        _check_fitted(name, fitted)
        _set_state(estimator, state)
    return estimator


def _set_state(estimator, state):
    try:
        estimator.__setstate__(state)
    except ValueError as error:
        raise Damaged(f"its net cannot be built: {error}") from error


def _check_parameters(estimator):
    try:
        check_parameters(estimator)
    except (TypeError, ValueError) as error:
        raise Damaged(str(error).rstrip(".")) from error


def _check_fitted(name, state):
    """Check what is learnt: no attribute missing, none too many, each of its kind."""
    checks = _FITTED[name]
    unknown = set(state) - set(checks) - set(_OPTIONAL)
    missing = set(checks) - set(state)
    if unknown or missing:
        word = "lacks" if missing else "has an unknown"
        raise Damaged(f"{name} {word} {sorted(missing or unknown)[0]}")
    for key, value in state.items():
        if not (checks | _OPTIONAL)[key](value):
            raise Damaged(f"{key} of {name} makes no sense")
    if "net_" in state:
        _check_net(name, state)
    elif "image_shape_" in state and math.prod(state["image_shape_"]) != state["n_features_in_"]:
        raise Damaged(f"{name} has another number of pixels than its images")


def _check_net(name, state):
    """Check that the network fits what is said of it."""
    try:
        image_shape, n_outputs = check_net_state(state["net_"])
    except ValueError as error:
        raise Damaged(f"the network of {name} does not fit: {error}") from error
    agree = (
        with_channels(state["image_shape_"]) == image_shape
        and math.prod(image_shape) == state["n_features_in_"]
        and n_outputs == state["n_outputs_"] == len(state["classes_"])
    )
    if not agree:
        raise Damaged(f"the network of {name} is not for its images and classes")


def _is_none(value):
    return value is None


def _is_count(value):
    return type(value) is int and value >= 0


def _is_positive(value):
    return type(value) is int and value > 0


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_number_or_none(value):
    return value is None or _is_number(value)


def _are_numbers(value):
    return type(value) is list and all(map(_is_number, value))


def _are_numbers_or_none(value):
    return value is None or _are_numbers(value)


def _is_shape(value):
    return type(value) is tuple and len(value) in (1, 2, 3) and all(map(_is_positive, value))


def _are_labels(value):
    return (
        isinstance(value, np.ndarray)
        and value.ndim == 1
        and value.size > 0
        and len(np.unique(value)) == len(value)
    )


def _are_names(value):
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == object


def _is_output_config(value):
    return type(value) is dict and set(value) == {"transform"}


_OPTIONAL = {
    "n_features_in_": _is_positive,  # which pictures of any size do not have
    "feature_names_in_": _are_names,
    "_sklearn_output_config": _is_output_config,
}
_OF_PICTURES = {"_n_features_out": _is_positive}
_CLASSIFIER = {
    "n_features_in_": _is_positive,
    "classes_": _are_labels,
    "image_shape_": _is_shape,
    "n_outputs_": _is_positive,
    "n_layers_": _is_positive,
    "n_iter_": _is_count,
    "t_": _is_number,
    "loss_curve_": _are_numbers,
    "validation_scores_": _are_numbers_or_none,
    "best_loss_": _is_number_or_none,
    "best_validation_score_": _is_number_or_none,
    "net_": lambda value: type(value) is dict,
    "_seed": _is_count,
    "_no_improvement_count": _is_count,
    "_input_like": _is_none,
    "_plan": _is_none,
}
_FITTED: dict = {
    "ANNClassifier": _CLASSIFIER,
    "CNNClassifier": _CLASSIFIER,
    "CharacterNormalizer": _OF_PICTURES,
    "Deskewer": _OF_PICTURES,
    "HOGFeatures": _OF_PICTURES,
    "ImageReshaper": {"n_features_in_": _is_positive, "image_shape_": _is_shape},
    "Augmentation": {},
    "PageReader": {},
}

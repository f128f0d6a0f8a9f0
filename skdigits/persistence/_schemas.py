"""What the state of each of our estimators may be, checked when a file is read."""

import math

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, clone

from skdigits._validation import check_parameters, infer_image_shape, with_channels
from skdigits.images import CharacterNormalizer, Deskewer, HOGFeatures, ImageReshaper, PageReader
from skdigits.neural import (
    ANNClassifier,
    Augmentation,
    CNNClassifier,
    EnsembleClassifier,
    check_net_state,
)
from skdigits.neural._state_check import MOST_PIXELS, is_number
from skdigits.persistence._values import Damaged, are_labels, cut, quoted

FORMAT = 1
# What each format after the first has added, by class: the value that keeps what older files meant.
ADDED: tuple[dict, ...] = ({},)
REQUESTS = "_metadata_request"
ESTIMATORS = {
    estimator.__name__: estimator
    for estimator in (
        ANNClassifier,
        Augmentation,
        CharacterNormalizer,
        CNNClassifier,
        Deskewer,
        EnsembleClassifier,
        HOGFeatures,
        ImageReshaper,
        PageReader,
    )
}


def restore(name, state, since=FORMAT):
    """Return the estimator of a public name with a state that was read from a file.

    Parameters
    ----------
    name : str
        What the file says the class is.
    state : dict
        Parameters, and what was learnt.
    since : int
        The format of the file.

    Returns
    -------
    estimator : estimator instance
        With that state.

    Raises
    ------
    Damaged
        If the state is not one that a fitted or new estimator of this class can have.
    """
    if name not in ESTIMATORS:
        raise Damaged(f"there is no estimator {quoted(name)}")
    estimator_class, state = ESTIMATORS[name], dict(state)
    for added in ADDED[since:]:
        state = added.get(name, {}) | state
    parameters = estimator_class._get_param_names()
    missing = set(parameters) - set(state)
    if missing:
        raise Damaged(f"{name} lacks {sorted(missing)[0]}")
    requests = state.pop(REQUESTS, None)
    estimator = estimator_class(**{key: state[key] for key in parameters})
    _check_parameters(estimator)
    fitted = {key: value for key, value in state.items() if key not in parameters}
    if fitted:
        _check_fitted(estimator, fitted)
        if "estimators_" in state:
            state["estimator"] = clone(state["estimators_"][0])
        _set_state(estimator, state)
    if requests is not None:
        _request_metadata(estimator, requests)
    return estimator


def _set_state(estimator, state):
    try:
        estimator.__setstate__(state)
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        raise Damaged("its net cannot be built") from error


def _request_metadata(estimator, requests):
    """Ask for metadata as `set_fit_request` and its like do, which check what they are told."""
    try:
        with sklearn.config_context(enable_metadata_routing=True):
            for method, request in requests.items():
                getattr(estimator, f"set_{method}_request")(**request)
    except (AttributeError, TypeError, ValueError) as error:
        raise Damaged(f"{type(estimator).__name__} takes no such metadata") from error


def _check_parameters(estimator):
    name = type(estimator).__name__
    try:
        check_parameters(estimator)
    except (OverflowError, TypeError, ValueError) as error:
        raise Damaged(cut(str(error).rstrip("."), 200)) from error
    for key, fits in _PARAMETERS.get(name, {}).items():
        if not fits(estimator):
            raise Damaged(f"the {key} of {name} is none that a file may have")


def _check_fitted(estimator, state):
    """Check what is learnt: no attribute missing, none too many, each of its kind."""
    name = type(estimator).__name__
    checks = _FITTED[name]
    unknown = set(state) - set(checks) - set(_OPTIONAL)
    missing = set(checks) - set(state)
    if unknown or missing:
        word = "lacks" if missing else "has an unknown"
        raise Damaged(f"{name} {word} {cut(sorted(missing or unknown)[0])}")
    for key, value in state.items():
        if not (_OPTIONAL | checks)[key](value):
            raise Damaged(f"{key} of {name} makes no sense")
    if "feature_names_in_" in state and state.get("n_features_in_") != len(
        state["feature_names_in_"]
    ):
        raise Damaged(f"{name} has another number of names than of pixels")
    if "net_" in state:
        _check_net(estimator, state)
    elif "estimators_" in state:
        _check_members(state)
    elif "image_shape_" in state and math.prod(state["image_shape_"]) != state["n_features_in_"]:
        raise Damaged(f"{name} has another number of pixels than its images")
    elif "_n_features_out" in state:
        _check_pictures(estimator, state)


def _check_net(estimator, state):
    """Check that the network fits what is said of it."""
    name = type(estimator).__name__
    try:
        outline = check_net_state(state["net_"], type(estimator)._module_class)
    except ValueError as error:
        raise Damaged(f"the network of {name} does not fit: {error}") from error
    agree = (
        with_channels(state["image_shape_"]) == outline.image_shape
        and math.prod(outline.image_shape) == state["n_features_in_"]
        and outline.head.out_features == state["n_outputs_"] == len(state["classes_"])
        and outline.n_layers == state["n_layers_"]
    )
    if not agree:
        raise Damaged(f"the network of {name} is not for its images and classes")


def _check_members(state):
    """Check that the members of an ensemble have its classes."""
    for member in state["estimators_"]:
        labels = getattr(member, "classes_", ())
        if not (hasattr(member, "predict_proba") and np.array_equal(labels, state["classes_"])):
            raise Damaged("a member of the EnsembleClassifier has other classes")


def _check_pictures(estimator, state):
    """Check that a transformer of pictures is for pictures, and for as many pixels as it says."""
    name = type(estimator).__name__
    if "n_features_in_" in state:
        try:
            infer_image_shape(estimator.image_shape, state["n_features_in_"], who=name)
        except ValueError as error:
            raise Damaged(cut(str(error).rstrip("."), 200)) from error
    if name == "CharacterNormalizer" and state["_n_features_out"] != estimator.size**2:
        raise Damaged(f"{name} has another size than it was fitted with")


def _is_none(value):
    return value is None


def _is_count(value):
    return type(value) is int and 0 <= value < 2**63


def _is_positive(value):
    return _is_count(value) and value > 0


def _is_pixels(value):
    return _is_positive(value) and value <= MOST_PIXELS


def _is_pixels_or_none(value):
    return value is None or _is_pixels(value)


def _is_number_or_none(value):
    return value is None or is_number(value)


def _are_numbers(value):
    return type(value) is list and all(map(is_number, value))


def _are_numbers_or_none(value):
    return value is None or _are_numbers(value)


def _is_shape(value):
    return type(value) is tuple and len(value) in (2, 3) and all(map(_is_positive, value))


def _is_shape_or_row(value):
    return _is_shape(value) or (type(value) is tuple and len(value) == 1 and _is_pixels(value[0]))


def _are_names(value):
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == object


def _are_classes(value):
    return isinstance(value, np.ndarray) and are_labels(value)


def _are_members(value):
    return type(value) is list and value and all(isinstance(e, BaseEstimator) for e in value)


def _is_output_config(value):
    if type(value) is not dict or set(value) != {"transform"}:
        return False
    return isinstance(value["transform"], str | None) and value["transform"] in _OUTPUTS


def _has_no_callbacks(net):
    return not net.callbacks


def _has_class_weights(net):
    if not isinstance(net.class_weight, dict):
        return True
    return all(is_number(weight) and 0 <= weight < math.inf for weight in net.class_weight.values())


def _is_at_most(key, most):
    return lambda estimator: (
        isinstance(getattr(estimator, key), str) or getattr(estimator, key) <= most
    )


def _has_strokes_that_fit(normalizer):
    return normalizer.stroke_width is None or normalizer.stroke_width <= 2 * normalizer.box


_OUTPUTS = (None, "default", "pandas", "polars")
_CLASSIFIER_PARAMETERS = {"callbacks": _has_no_callbacks, "class_weight": _has_class_weights}
_PARAMETERS: dict = {  # beyond what every estimator checks of its own
    "ANNClassifier": _CLASSIFIER_PARAMETERS,
    "CNNClassifier": _CLASSIFIER_PARAMETERS,
    "CharacterNormalizer": {
        "size": _is_at_most("size", 4096),
        "stroke_width": _has_strokes_that_fit,
    },
    "HOGFeatures": {
        "orientations": _is_at_most("orientations", 1024),
        "pixels_per_cell": _is_at_most("pixels_per_cell", 256),
        "cells_per_block": _is_at_most("cells_per_block", 16),
    },
}
_OPTIONAL = {
    "n_features_in_": _is_pixels,  # which pictures of any size do not have
    "feature_names_in_": _are_names,
    "_sklearn_output_config": _is_output_config,
}
_OF_PICTURES = {"_n_features_out": _is_pixels_or_none}  # None where no picture was read yet
_CLASSIFIER = {
    "n_features_in_": _is_pixels,
    "classes_": _are_classes,
    "image_shape_": _is_shape,
    "n_outputs_": _is_positive,
    "n_layers_": _is_positive,
    "n_iter_": _is_count,
    "t_": _is_count,
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
_ENSEMBLE = {
    "classes_": _are_classes,
    "estimators_": _are_members,
    "why_not_fused_": lambda value: isinstance(value, str | None),
}
_FITTED: dict = {
    "ANNClassifier": _CLASSIFIER,
    "CNNClassifier": _CLASSIFIER,
    "CharacterNormalizer": _OF_PICTURES,
    "Deskewer": _OF_PICTURES,
    "EnsembleClassifier": _ENSEMBLE,
    "HOGFeatures": _OF_PICTURES,
    "ImageReshaper": {"n_features_in_": _is_pixels, "image_shape_": _is_shape_or_row},
    "Augmentation": {},
    "PageReader": {},
}

"""A fitted model as JSON and arrays; what a file cannot hold is named."""

import json
from typing import Any

import sklearn
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skdigits._version import __version__
from skdigits.persistence._flat_steps import PASSES
from skdigits.persistence._schemas import ESTIMATORS, FORMAT, REQUESTS
from skdigits.persistence._sklearn_steps import write_step
from skdigits.persistence._values import to_plain

MEMBERS = {"format", "skdigits", "scikit-learn", "model"}
_GENERAL = (
    "a file of a model holds estimators of skdigits and of scikit-learn, numbers, text and arrays"
)
_TREES = "scikit-learn takes the numbers of trees for addresses of memory without a check"
_BRUTE = "skops trusts no trees that are searched, so fit it with algorithm='brute'"
_REASONS = {  # why skops does not trust a type, by what its name begins with
    "sklearn.tree.": _TREES,
    "sklearn.ensemble._hist": _TREES,
    "sklearn.neighbors.": _BRUTE,
    "sklearn.metrics._dist_metrics.": _BRUTE,
    "sklearn.neural_network.": "skops does not trust its optimiser, so take an ANNClassifier",
    "sklearn.calibration.": "skops does not trust what it has calibrated",
    "scipy.sparse.": "it was fitted on a sparse matrix, so fit it on a dense one",
    "sklearn.utils._metadata_requests.": "skops does not take metadata requests, so fit it without "
    "set_fit_request and its like",
    "skdigits.": "skops knows no estimator of skdigits inside one of scikit-learn, so save the "
    "classifier itself",
}
_SEARCHED = "a search is no model, so save its best_estimator_"
_WATCHED = ("_skl_callbacks", "_parent_callback_ctx")


class _Unwritable(TypeError):
    """What a file cannot hold: what and where, and why."""

    def __init__(self, part, why=_GENERAL):
        super().__init__(f"save_model cannot write {part}: {why}.")


def check_is_estimator(value):
    """Refuse what is no estimator, a dict or a list of models say."""
    if not isinstance(value, BaseEstimator):
        raise TypeError(
            "save_model expects an estimator of skdigits or a Pipeline, got "
            f"{_shorten(type(value).__name__ if not isinstance(value, type) else repr(value))}."
        )


def describe(estimator):
    """Return a fitted estimator as the text and the arrays of a file.

    Returns
    -------
    text : str
        JSON.
    arrays : dict of str to ndarray
        The arrays by the names that the text has for them.

    Raises
    ------
    TypeError
        If a part of it is what a file cannot hold; the message names it.
    """
    arrays: dict = {}
    try:
        model = _to_file(estimator, arrays, type(estimator).__name__)
    except _Unwritable as error:
        raise TypeError(*error.args) from None
    content = {
        "format": FORMAT,
        "skdigits": __version__,
        "scikit-learn": sklearn.__version__,
        "model": model,
    }
    return json.dumps(content), arrays


def _to_file(value, arrays, where):
    """Return a value as JSON holds it; `where` it stands in the model is for the message."""

    def convert(part):
        return _estimator_to_file(part, arrays, where)

    if isinstance(value, BaseEstimator):
        return convert(value)
    try:
        return to_plain(value, arrays, convert)
    except _Unwritable:
        raise
    except TypeError as error:
        raise _Unwritable(f"{where}, which holds {error}") from None


def _estimator_to_file(estimator, arrays, where):
    kind = type(estimator)
    if kind is Pipeline:
        return {"pipeline": _pipeline_to_file(estimator, arrays, where)}
    if ESTIMATORS.get(kind.__name__) is kind:
        state = _plain_state(estimator, where)
        parts = {key: _to_file(part, arrays, f"{key} of {where}") for key, part in state.items()}
        return {"estimator": [kind.__name__, parts]}
    if isinstance(estimator, BaseEstimator) and kind.__module__.startswith("sklearn."):
        return {"skops": to_plain(_step_to_file(estimator, where), arrays, None)}
    whys = [_SEARCHED] if hasattr(estimator, "best_estimator_") else []
    raise _Unwritable(f"{where}, {_shorten(repr(estimator))}", *whys)


def _plain_state(estimator, where):
    """Return the attributes of an estimator of ours, as plain as they can be."""
    state: Any = dict(estimator.__getstate__())
    state.pop("_sklearn_version", None)
    if set(state) & set(_WATCHED):
        raise _Unwritable(
            f"the callbacks of {where}",
            "what they do is code, so take them off with set_callbacks()",
        )
    if REQUESTS in state:
        state[REQUESTS] = state[REQUESTS]._serialize()
    if "estimators_" in state:
        state["estimator"] = None  # which is like each of its members
    if "net_" in state:
        history = [_plain_epoch(epoch) for epoch in state["net_"]["history"]]
        state["net_"] = state["net_"] | {"history": history}
    return state


def _plain_epoch(epoch):
    """Return what skorch has noted of an epoch, what callbacks of the user's have left out."""
    numbers = {key: value for key, value in epoch.items() if isinstance(value, int | float)}
    return {"batches": []} | numbers


def _step_to_file(step, where):
    name = type(step).__name__
    part = where if where == name else f"{where}, {name}"
    try:
        content, untrusted = write_step(step, who="save_model")
    except TypeError as error:
        raise _Unwritable(part, _shorten(str(error)).rstrip(".")) from None
    if untrusted is None:
        return content
    part = f"{part} with {untrusted} in it"
    if hasattr(step, "best_estimator_"):
        raise _Unwritable(part, _SEARCHED)
    whys = [why for beginning, why in _REASONS.items() if untrusted.startswith(beginning)]
    raise _Unwritable(part, *whys)


def _pipeline_to_file(pipeline, arrays, where):
    if pipeline.memory is not None:
        raise _Unwritable(
            f"memory of {where}", "a cache is of this machine alone, so set it to None"
        )
    steps = [
        [name, step if step in PASSES else _to_file(step, arrays, f"step {name!r} of {where}")]
        for name, step in pipeline.steps
    ]
    described = {"steps": steps, "verbose": bool(pipeline.verbose)}
    if getattr(pipeline, "transform_input", None) is not None:  # since scikit-learn 1.6
        routed = to_plain(pipeline.transform_input, arrays, None)
        described["transform_input"] = routed
    return described


def _shorten(text):
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:77]}..."

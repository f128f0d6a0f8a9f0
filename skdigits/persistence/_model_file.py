"""Fitted models as files that run no code: arrays, JSON and a checksum."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

import sklearn
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdigits._version import __version__
from skdigits.persistence._container import read_container, read_json, write_container
from skdigits.persistence._schemas import ESTIMATORS, restore
from skdigits.persistence._sklearn_steps import read_step, write_step
from skdigits.persistence._values import Damaged, from_plain, to_plain

_FORMAT = 1
_MEMBERS = {"format", "skdigits", "scikit-learn", "model"}
_PASSES = ("passthrough", None)  # what may stand in a Pipeline in the place of a step


def save_model(estimator, path):
    """Save a fitted model as one file that runs no code when it is opened.

    Parameters
    ----------
    estimator : estimator instance
        A fitted estimator of skdigits, or a Pipeline of them and of scikit-learn's own steps,
        which takes skops: ``pip install "skdigits[skops]"``. A PageReader keeps its classifier.
    path : str or path-like
        The file. It is written whole or not at all; one of that name is replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If a part of it is what a file cannot hold safely: skorch callbacks, a function as
        `augment`, a RandomState, a class of your own; or trees, whose numbers are taken for
        addresses of memory without a check. The message names it.
    ImportError
        If a step takes skops and it is not installed.

    See Also
    --------
    load_model : Opens the file.
    export_onnx : For what reads it without Python.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import ANNClassifier, load_model, save_model
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ANNClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     path = save_model(model, Path(folder) / "digits.skd")
    ...     same = load_model(path)
    >>> bool((same.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    if hasattr(estimator, "fit"):  # which a PageReader has not
        check_is_fitted(estimator)
    arrays: dict = {}
    try:
        model = _to_file(estimator, arrays, type(estimator).__name__)
        content = {
            "format": _FORMAT,
            "skdigits": __version__,
            "scikit-learn": sklearn.__version__,
            "model": model,
        }
        write_container(path, json.dumps(content), arrays)
    except _Unwritable as error:
        raise TypeError(
            f"save_model cannot write {error}: a file of a model holds estimators of skdigits and "
            "of scikit-learn, numbers, text and arrays."
        ) from error
    return Path(path)


def load_model(path):
    """Load a model that :func:`save_model` saved.

    Nothing in the file is run, whoever wrote it; what is not a whole model of a known format is
    refused.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    estimator : estimator instance
        Fitted. It predicts the same bits on a machine of the same kind, on the CPU whatever it was
        trained on, and can be trained on.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is damaged, is no file of a model, or was written by a newer skdigits.
    ImportError
        If a step of scikit-learn takes skops and it is not installed.

    Warns
    -----
    InconsistentVersionWarning
        If it has a step of scikit-learn of another version.

    See Also
    --------
    save_model : Saves a model.
    load_pretrained : Loads one that comes with the library.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import ANNClassifier, load_model, save_model
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ANNClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     same = load_model(save_model(model, Path(folder) / "digits.skd"))
    >>> same
    ANNClassifier(max_iter=5, random_state=0)
    """
    try:
        text, arrays = read_container(path)
        content = _check_content(read_json(text))
        reader = _Reader(arrays, content["scikit-learn"])
        estimator = reader.read(content["model"])
        reader.check_all_taken()
    except (Damaged, RecursionError) as error:
        reason = error if isinstance(error, Damaged) else "its parts are nested too deeply"
        raise ValueError(f"load_model cannot read {os.fspath(path)}: {reason}.") from error
    return estimator


class _Unwritable(TypeError):
    """What a file cannot hold; its message says what and where."""


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
        raise _Unwritable(f"{where}, which holds {error}") from error


def _estimator_to_file(estimator, arrays, where):
    name = type(estimator).__name__
    if type(estimator) is Pipeline:
        return {"pipeline": _pipeline_to_file(estimator, arrays, where)}
    if ESTIMATORS.get(name) is type(estimator):
        state: Any = estimator.__getstate__()
        parts = {key: _to_file(part, arrays, f"{key} of {where}") for key, part in state.items()}
        return {"estimator": [name, parts]}
    if isinstance(estimator, BaseEstimator) and type(estimator).__module__.startswith("sklearn."):
        try:
            return {"skops": to_plain(write_step(estimator, who="save_model"), arrays, None)}
        except TypeError as error:
            raise _Unwritable(f"{where}, {error}") from error
    raise _Unwritable(f"{where}, {_describe(estimator)}")


def _pipeline_to_file(pipeline, arrays, where):
    if pipeline.memory is not None:
        raise _Unwritable(f"memory of {where}, a cache of this machine (set it to None)")
    steps = [
        [name, step if step in _PASSES else _to_file(step, arrays, f"step {name!r} of {where}")]
        for name, step in pipeline.steps
    ]
    return {"steps": steps, "verbose": bool(pipeline.verbose)}


def _describe(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _check_content(content):
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise Damaged("it has no format number")
    if content["format"] > _FORMAT:
        raise Damaged(
            f"its format {content['format']} is newer than {_FORMAT}, which skdigits {__version__} "
            f"reads (it was written by {content.get('skdigits')})"
        )
    if content["format"] < 1 or set(content) != _MEMBERS:
        raise Damaged("its parts are not those of a model")
    return content


class _Reader:
    """Puts a model together from JSON and arrays, each of which it must take once."""

    def __init__(self, arrays, sklearn_version):
        self._arrays, self._taken = arrays, set()
        self._sklearn_version = sklearn_version

    def read(self, value):
        """Return the estimator that an object of JSON describes."""
        estimator = self._read(value)
        if not isinstance(estimator, BaseEstimator):
            raise Damaged("it holds no estimator")
        return estimator

    def check_all_taken(self):
        """Refuse arrays that no part of the model has asked for."""
        extra = set(self._arrays) - self._taken
        if extra:
            raise Damaged(f"it has an array too many, {sorted(extra)[0]!r}")

    def _read(self, value):
        return from_plain(value, self._take, self._convert)

    def _take(self, name):
        if not isinstance(name, str) or name not in self._arrays or name in self._taken:
            raise Damaged(f"it has no array {name!r}, or needs it twice")
        self._taken.add(name)
        return self._arrays[name]

    def _convert(self, tag, content):
        if tag == "estimator":
            return self._read_estimator(content)
        if tag == "pipeline":
            return self._read_pipeline(content)
        if tag == "skops":
            self._warn_of_version()
            return read_step(self._read(content), who="load_model")
        raise Damaged(f"it has an unknown part, {tag!r}")

    def _read_estimator(self, content):
        is_pair = isinstance(content, list) and len(content) == 2 and isinstance(content[1], dict)
        if not is_pair or not isinstance(content[0], str):
            raise Damaged("an estimator of it is none")
        name, state = content
        return restore(name, {key: self._read(part) for key, part in state.items()})

    def _read_pipeline(self, content):
        if not isinstance(content, dict) or set(content) != {"steps", "verbose"}:
            raise Damaged("its Pipeline is none")
        steps = content["steps"]
        are_pairs = isinstance(steps, list) and all(
            isinstance(step, list) and len(step) == 2 and isinstance(step[0], str) for step in steps
        )
        if not are_pairs or not steps:
            raise Damaged("the steps of its Pipeline are none")
        named = [(name, step if step in _PASSES else self.read(step)) for name, step in steps]
        return Pipeline(named, verbose=content["verbose"] is True)

    def _warn_of_version(self):
        if self._sklearn_version != sklearn.__version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name="a step of the model",
                    current_sklearn_version=sklearn.__version__,
                    original_sklearn_version=str(self._sklearn_version),
                ),
                stacklevel=2,
            )

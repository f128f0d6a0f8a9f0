"""Fitted models as files that run no code: arrays, JSON and a checksum."""

import os
from pathlib import Path

import sklearn
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdigits._version import __version__
from skdigits._warnings import warn_user
from skdigits.images import PageReader
from skdigits.persistence._at_work import check_at_work, check_pipeline
from skdigits.persistence._container import (
    check_length,
    read_container,
    read_json,
    write_container,
)
from skdigits.persistence._describing import MEMBERS, check_is_estimator, describe
from skdigits.persistence._flat_steps import PASSES
from skdigits.persistence._schemas import FORMAT, restore
from skdigits.persistence._sklearn_steps import read_step
from skdigits.persistence._values import Damaged, PlainReader, cut

_ROUTED = {"transform_input"}  # what a Pipeline may have beside steps


def save_model(estimator, path):
    """Save a fitted model as one file that runs no code when it is opened.

    Parameters
    ----------
    estimator : estimator instance
        A fitted estimator of skdigits, or a Pipeline of them and of scikit-learn's plain steps,
        which takes skops: ``pip install "skdigits[skops]"``. A PageReader keeps its classifier.
    path : str or path-like
        The file. It is written whole or not at all; one of that name is replaced, its mode kept.

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
        addresses of memory without a check. Or if :func:`load_model` would refuse the file, as
        parameters were changed after `fit`, say. The message names it.
    OSError
        If the file cannot be written, or is no regular file.
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
    ...     path = save_model(model, Path(folder) / "digits.safetensors")
    ...     same = load_model(path)
    >>> bool((same.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    check_is_estimator(estimator)
    fitted = estimator.estimator if isinstance(estimator, PageReader) else estimator
    if hasattr(fitted, "fit"):  # which an Augmentation has not
        check_is_fitted(fitted)
    text, arrays = describe(estimator)
    check_length(text)
    try:
        _read_model(text, arrays)
    except Damaged as error:
        raise TypeError(
            f"save_model has written nothing, as load_model would refuse this "
            f"{type(estimator).__name__}: {error}."
        ) from None
    write_container(path, text, arrays)
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
    ...     same = load_model(save_model(model, Path(folder) / "digits.safetensors"))
    >>> same
    ANNClassifier(max_iter=5, random_state=0)
    """
    try:
        return _read_model(*read_container(path))
    except Damaged as error:
        raise ValueError(f"load_model cannot read {cut(os.fspath(path), 300)}: {error}.") from None


def _read_model(text, arrays):
    """Return the estimator that a text and its arrays describe."""
    content = _check_content(read_json(text))
    reader, version = _Reader(arrays, content), cut(str(content["scikit-learn"]))
    try:
        estimator = reader.read(content["model"])
        reader.check_all_taken()
        check_at_work(estimator)
    except RecursionError as error:
        raise Damaged("its parts are nested too deeply") from error
    except Damaged as error:
        if not reader.has_foreign_steps:
            raise
        raise Damaged(f"{error} (it was written with scikit-learn {version})") from error
    if reader.has_foreign_steps:
        warn_user(
            InconsistentVersionWarning(
                estimator_name="a step of the model",
                current_sklearn_version=sklearn.__version__,
                original_sklearn_version=version,
            )
        )
    return estimator


def _check_content(content):
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise Damaged("it has no format number")
    if content["format"] > FORMAT:
        raise Damaged(
            f"its format {cut(str(content['format']))} is newer than {FORMAT}, which skdigits "
            f"{__version__} reads (it was written by {cut(str(content.get('skdigits')))})"
        )
    if content["format"] < 1 or set(content) != MEMBERS:
        raise Damaged("its parts are not those of a model")
    return content


class _Reader(PlainReader):
    """Puts a model together from JSON and arrays, each of which it must take once."""

    def __init__(self, arrays, content):
        super().__init__(arrays)
        self._format = content["format"]
        self._is_foreign = content["scikit-learn"] != sklearn.__version__
        self.has_foreign_steps = False

    def read(self, value):
        """Return the estimator that an object of JSON describes."""
        estimator = self.read_plain(value)
        if not isinstance(estimator, BaseEstimator):
            raise Damaged("it holds no estimator")
        return estimator

    def convert(self, tag, content):
        """Return an estimator."""
        if tag == "estimator":
            return self._read_estimator(content)
        if tag == "pipeline":
            return self._read_pipeline(content)
        if tag == "skops":
            self.has_foreign_steps = self._is_foreign
            return read_step(self.read_plain(content), who="load_model")
        return super().convert(tag, content)

    def _read_estimator(self, content):
        is_pair = isinstance(content, list) and len(content) == 2 and isinstance(content[1], dict)
        if not is_pair or not isinstance(content[0], str):
            raise Damaged("an estimator of it is none")
        name, state = content
        parts = {key: self.read_plain(part) for key, part in state.items()}
        return restore(name, parts, self._format)

    def _read_pipeline(self, content):
        if not isinstance(content, dict) or set(content) - _ROUTED != {"steps", "verbose"}:
            raise Damaged("its Pipeline is none")
        steps = content["steps"]
        are_pairs = isinstance(steps, list) and all(
            isinstance(step, list) and len(step) == 2 and isinstance(step[0], str) for step in steps
        )
        if not are_pairs or not steps:
            raise Damaged("the steps of its Pipeline are none")
        named = [(name, step if step in PASSES else self.read(step)) for name, step in steps]
        routed = {key: self.read_plain(content[key]) for key in _ROUTED & set(content)}
        pipeline = Pipeline(named, verbose=content["verbose"] is True, **routed)
        check_pipeline(pipeline)
        return pipeline

"""What ``skdigits predict`` does, as functions that know nothing of a terminal."""

import json
from dataclasses import dataclass

import numpy as np

from skdigits._optional import import_optional
from skdigits.app._model_argument import open_classifier, split_off_normalizer
from skdigits.app._problems import say_why

WHO = "skdigits predict"


@dataclass(frozen=True)
class Reading:
    """What a model takes a picture for.

    Parameters
    ----------
    label : object
        The most probable label; None where there is no ink on the picture.
    probabilities : dict of object to float, or None
        By label; None without a label, and where the model has no probabilities.
    """

    label: object
    probabilities: dict | None = None


def make_predictor(model):
    """Make a function that reads a picture of one character.

    Parameters
    ----------
    model : str
        A name of :func:`skdigits.list_pretrained`, or a file of :func:`skdigits.save_model`.

    Returns
    -------
    callable
        Takes a path, returns a :class:`Reading`; raises an OSError or a ValueError where there
        is no picture.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    OSError, ValueError
        If there is no such model, or it cannot read pictures.

    Warns
    -----
    UserWarning
        If the model does not tell the range of its pixels, which is then taken to be 0 to 255.
    """
    import_optional("PIL", extra="images", who=WHO)
    classifier = open_classifier(model, who=WHO)
    normalizer, classifier = split_off_normalizer(classifier, name=model, who=WHO)

    def predict(path):
        return _read(normalizer, classifier, path, model)

    return predict


def _read(normalizer, classifier, path, model):
    row = normalizer.transform([path])
    if not np.any(row):
        return Reading(None)
    if not hasattr(classifier, "predict_proba"):
        return Reading(classifier.predict(row).tolist()[0])
    labels, probabilities = classifier.classes_.tolist(), classifier.predict_proba(row)[0].tolist()
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{WHO} expects probabilities that are finite, {model} gives others.")
    by_label = dict(zip(labels, probabilities, strict=True))
    return Reading(max(by_label, key=by_label.__getitem__), by_label)


def predict_all(predict, paths):
    """Read one picture after another; a bad one does not keep the others from being read.

    Parameters
    ----------
    predict : callable
        What :func:`make_predictor` returned.
    paths : iterable of str
        The files.

    Yields
    ------
    path : str
        The file.
    reading : Reading or None
        What it is taken for; None where it cannot be read.
    problem : str or None
        Why not.
    """
    for path in paths:
        try:
            yield path, predict(path), None
        except (OSError, ValueError) as error:
            yield path, None, say_why(error)


def format_reading(path, reading):
    """Return the line of a picture.

    Parameters
    ----------
    path : str
        The file.
    reading : Reading
        What it is taken for.

    Returns
    -------
    str
        Its label, and how probable it is.

    Examples
    --------
    >>> from skdigits.app._predict import Reading, format_reading
    >>> format_reading("seven.png", Reading(7, {1: 0.02, 7: 0.98}))
    'seven.png: 7 (98.0 %)'
    """
    if reading.label is None:
        return f"{path}: (nothing written)"
    if reading.probabilities is None:
        return f"{path}: {reading.label}"
    return f"{path}: {reading.label} ({100 * reading.probabilities[reading.label]:.1f} %)"


def to_json(path, reading, problem):
    """Return what a picture is taken for, or why nothing is, as one line of JSON.

    Parameters
    ----------
    path : str
        The file.
    reading : Reading or None
        What it is taken for.
    problem : str or None
        Why it cannot be read.

    Returns
    -------
    str
        An object with "file", and either "error" or "label", "probability" and "probabilities".

    Examples
    --------
    >>> from skdigits.app._predict import Reading, to_json
    >>> to_json("7.png", Reading(7, {1: 0.02, 7: 0.98}), None)
    '{"file": "7.png", "label": 7, "probability": 0.98, "probabilities": {"1": 0.02, "7": 0.98}}'
    """
    if reading is None:
        return json.dumps({"file": path, "error": problem}, ensure_ascii=False)
    by_label = reading.probabilities
    content = {
        "file": path,
        "label": reading.label,
        "probability": None if by_label is None else by_label[reading.label],
        "probabilities": by_label and {str(label): share for label, share in by_label.items()},
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)

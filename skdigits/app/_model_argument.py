"""MODEL on the command line: a file of a model, or the name of one that comes with the library."""

import math
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from skdigits.images import CharacterNormalizer
from skdigits.images._normalizer import usual_normalizer
from skdigits.images._pictures import takes_pictures
from skdigits.persistence import list_pretrained, load_model, load_pretrained


def open_classifier(text, *, who, what="MODEL"):
    """Load the classifier that MODEL stands for.

    Parameters
    ----------
    text : str
        A name of :func:`skdigits.list_pretrained`, or a file of :func:`skdigits.save_model`.
    who : str
        The command that an error speaks for.
    what : str, default="MODEL"
        The argument or option that `text` was given for.

    Returns
    -------
    estimator instance
        A fitted classifier.

    Raises
    ------
    ImportError
        If it takes a package that is not installed.
    OSError
        If the file cannot be opened.
    ValueError
        If there is no such model, the file is damaged, or holds no classifier.

    Examples
    --------
    >>> from skdigits.app._model_argument import open_classifier
    >>> open_classifier("cnn-mnist", who="example")[0]
    CharacterNormalizer()
    """
    if text in list_pretrained():
        return load_pretrained(text)
    if not Path(text).exists():
        raise ValueError(
            f"{who} expects {what} to be a file of save_model or one of "
            f"{', '.join(list_pretrained())}, got {text!r}."
        )
    model = load_model(text)
    if not (hasattr(model, "predict") and hasattr(model, "classes_")):
        raise ValueError(f"{who} expects a classifier, {text} holds a {type(model).__name__}.")
    return model


def split_off_normalizer(model, *, name, who):
    """Return what makes rows of pictures, and the classifier of the rows.

    Parameters
    ----------
    model : estimator instance
        A fitted classifier. Where it begins with no CharacterNormalizer, one of the size of its
        images takes the place.
    name : str
        What a message calls it.
    who : str
        The command that an error speaks for.

    Returns
    -------
    normalizer : CharacterNormalizer
        Takes pictures.
    classifier : estimator instance
        Takes what the normaliser returns, and makes of it rows of the range and the names that it
        was fitted on.

    Raises
    ------
    ValueError
        If the images of the classifier are not square, or it begins with another transformer of
        pictures.

    Warns
    -----
    UserWarning
        If the classifier does not tell the range of its pixels, which is then taken to be 0 to 255.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits.app._model_argument import split_off_normalizer
    >>> svm = SVC().fit(*load_digits(return_X_y=True))
    >>> split_off_normalizer(svm, name="svm", who="example")[0]
    CharacterNormalizer(box=8, size=8, stroke_width=1.04)
    """
    if isinstance(model, Pipeline) and isinstance(model[0], CharacterNormalizer):
        return model[0], model[1:]
    if takes_pictures(model):
        raise ValueError(
            f"{who} expects a Pipeline that begins with a CharacterNormalizer, {name} begins with "
            f"a {type(model[0]).__name__}, which takes pictures of one size."
        )
    n_pixels = getattr(model, "n_features_in_", 0)
    size = math.isqrt(n_pixels)
    if size == 0 or size**2 != n_pixels:
        raise ValueError(
            f"{who} expects a model of square images, or a Pipeline that begins with a "
            f"CharacterNormalizer, {name} takes rows of {n_pixels} pixels."
        )
    return usual_normalizer(size), _with_rows(model, name, who)


def _with_rows(model, name, who):
    """Return a Pipeline that gives a classifier rows as it had them when it was fitted."""
    from sklearn.preprocessing import FunctionTransformer  # which most models do without

    from skdigits.app._rows import rows_like

    adapt = FunctionTransformer(rows_like(model, name=name, who=who))
    adapt.fit(np.zeros((1, model.n_features_in_)))  # so that the Pipeline tells how many it takes
    return Pipeline([("rows", adapt), ("classifier", model)])

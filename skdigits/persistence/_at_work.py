"""A model that has been read, on a blank picture: what cannot answer is not opened."""

import warnings

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from skdigits.images import CharacterNormalizer, PageReader
from skdigits.neural._estimator import NeuralClassifier
from skdigits.neural._state_check import has_answer
from skdigits.persistence._flat_steps import flat_steps
from skdigits.persistence._values import Damaged, cut


def check_pipeline(pipeline):
    """Refuse a Pipeline of steps of one name, or of steps that cannot follow one another.

    Raises
    ------
    Damaged
        If it is none that scikit-learn would fit.
    """
    try:
        pipeline._validate_steps()
        pipeline._validate_params()
    except (AttributeError, TypeError, ValueError) as error:
        raise Damaged(cut(str(error).rstrip("."), 200)) from error


def check_at_work(estimator):
    """Refuse a model that has no answer to a blank picture, or one that makes no sense.

    Raises
    ------
    Damaged
        If it is not fitted, a step raises an error or takes no more than what another gives, or
        what comes out are no labels, no probabilities or not finite.
    """
    if isinstance(estimator, PageReader):
        estimator = estimator.estimator
    steps = flat_steps(estimator)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of names that a blank row has not
            for step in steps:
                if hasattr(step, "fit") and step.__sklearn_tags__().requires_fit:
                    check_is_fitted(step)
            _answer(steps)
    except (Damaged, ImportError):  # a package that is missing is told when the model is used
        raise
    except Exception as error:  # whatever a step stumbles over
        name = type(estimator).__name__
        reason = cut(str(error).rstrip("."), 120)
        raise Damaged(f"{name} has no answer to a blank picture ({reason})") from error


def _answer(steps):
    """Let steps work on a blank picture, from the first that says what pictures it takes."""
    X = None
    for step in steps:
        if X is None and hasattr(step, "n_features_in_"):
            X = np.zeros((1, step.n_features_in_))
        if isinstance(step, CharacterNormalizer):
            X = np.zeros((1, step.size**2))
        elif X is None:
            continue
        elif isinstance(step, NeuralClassifier):
            _check_network(step, X)
        elif hasattr(step, "predict"):
            _check_prediction(step, X)
        elif hasattr(step, "transform"):
            X = step.transform(X)
            _demand(_is_finite(X), step)


def _check_network(classifier, X):
    """Look at one picture, where a prediction would fill up a whole batch."""
    _demand(np.shape(X)[0] == 1 and np.size(X) == classifier.n_features_in_, classifier)
    _demand(has_answer(classifier._net.module_), classifier)


def _check_prediction(model, X):
    classes = getattr(model, "classes_", None)
    if not isinstance(classes, np.ndarray):
        _demand(_is_finite(model.predict(X)), model)
    elif hasattr(model, "predict_proba"):
        shares = model.predict_proba(X)
        _demand(_is_finite(shares) and np.shape(shares) == (1, len(classes)), model)
        _demand(np.min(shares) >= 0 and abs(np.sum(shares) - 1) < 1e-3, model)
    else:
        _demand(np.isin(model.predict(X), classes).all(), model)
        if hasattr(model, "decision_function"):
            _check_scores(model, model.decision_function(X), len(classes))


def _check_scores(model, scores, n_classes):
    widths = {n_classes, n_classes * (n_classes - 1) // 2}
    width = 1 if n_classes == 2 else np.shape(scores)[-1]
    _demand(_is_finite(scores) and (n_classes == 2 or width in widths), model)
    _demand(np.size(scores) == width, model)


def _is_finite(values):
    values = np.asarray(values.data if issparse(values) else values)
    return values.dtype.kind not in "fc" or bool(np.isfinite(values).all())


def _demand(holds, step):
    if not holds:
        raise Damaged(f"{type(step).__name__} gives a blank picture an answer that makes no sense")

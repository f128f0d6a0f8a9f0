"""An ONNX model against the estimator it was made of, on the same rows."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skdigits._optional import import_optional
from skdigits._validation import as_numpy
from skdigits.images import ImageReshaper
from skdigits.persistence._onnx_net import NETWORKS
from skdigits.persistence._onnx_rows import make_rows
from skdigits.persistence._onnx_steps import WHO, name_steps, second_output, shorten

MOST = 1e-4  # float32 costs a tenth of it at most, a converter that is wrong far more
_BATCH = 1000
_METHODS = {"probabilities": "predict_proba", "scores": "decision_function"}


def largest_difference(content, estimator, steps, X=None):
    """Return how far an ONNX model is from its estimator.

    Parameters
    ----------
    content : bytes
        The model.
    estimator : estimator instance
        The classifier or Pipeline that it was made of.
    steps : list of estimator instance
        What the estimator consists of.
    X : array-like, default=None
        Images in any form that the estimator takes, compared on as well as made ones.

    Returns
    -------
    float or None
        The largest difference of a probability, or of a score as a share of the largest score.
        None where the model gives labels alone.

    Raises
    ------
    ValueError
        If a label differs, a value by more than `MOST`, or there are no rows to compare on.
    TypeError
        If onnxruntime does not take the model.
    """
    made = _made_rows(estimator, steps)
    if X is None and made is None:
        raise ValueError(
            f"{WHO} expects rows X to compare the model with {name_steps(steps)} on, which "
            "does not tell what its rows are like: pass some, or verify=False."
        )
    differences = [_difference(content, estimator, steps, rows) for rows in (X, made)]
    return max((found for found in differences if found is not None), default=None)


def _difference(content, estimator, steps, X):
    """Return how far they are apart on some rows, None where there are none to compare."""
    if X is None:
        return None
    labels, kind = estimator.predict(X), second_output(steps[-1])
    found_labels, *found = _run(content, _float32_rows(X), steps)
    difference, undecided = None, np.zeros(len(labels), dtype=bool)
    if kind is not None:
        values = getattr(estimator, _METHODS[kind])(X)
        difference, undecided = _compare(found[0], as_numpy(values))
    n_wrong = np.count_nonzero((found_labels != as_numpy(labels)) & ~undecided)
    if n_wrong or not (difference is None or difference <= MOST):
        values = "" if difference is None else f" and {kind} by {difference:.2g}"
        raise ValueError(
            f"{WHO} has written nothing, as the model would differ from {name_steps(steps)} in the "
            f"labels of {n_wrong} of {len(labels)} rows{values}: {_why(steps)}, verify=False "
            "writes it all the same."
        )
    return difference


def _why(steps):
    if all(isinstance(step, (*NETWORKS, ImageReshaper)) for step in steps):
        return "float32, in which the file computes, is too coarse for this network"
    return "what skl2onnx makes of it, in float32 in parts, is not the same"


def _compare(found, expected):
    """Return the largest difference, and which rows are too close to call."""
    if found.shape != expected.shape:
        return np.inf, np.zeros(len(expected), dtype=bool)
    scale = max(1.0, float(np.abs(expected).max()))
    ranked = np.sort(expected, axis=1)
    ahead = ranked[:, -1] - ranked[:, -2] if ranked.shape[1] > 1 else np.full(len(ranked), np.inf)
    return float(np.abs(found - expected).max()) / scale, ahead <= 2 * MOST * scale


def _run(content, rows, steps):
    """Return what the model gives for rows: the first alone, the others in batches."""
    onnxruntime = import_optional("onnxruntime", extra="onnx", who=f"{WHO} with verify=True")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        starts = [1, *range(_BATCH, len(rows), _BATCH)]
        parts = [_run_batch(session, part) for part in np.split(rows, starts) if len(part)]
    except Exception as error:  # onnxruntime's have no base of their own
        raise TypeError(
            f"{WHO} has written nothing, as onnxruntime does not run what skl2onnx makes of "
            f"{name_steps(steps)}: {shorten(error)!r}."
        ) from error
    return [np.concatenate(output) for output in zip(*parts, strict=True)]


def _run_batch(session, rows):
    outputs = session.run(None, {"pixels": rows})
    if any(len(output) != len(rows) for output in outputs):
        raise ValueError(f"{len(rows)} rows came out as {len(outputs[0])}")
    return outputs


def _made_rows(estimator, steps):
    try:
        with np.errstate(all="ignore"):
            rows = make_rows(steps)
    except ValueError:  # a step whose way back does not take these rows
        return None
    if rows is None or not np.isfinite(rows).all():  # what has no way back
        return None
    rows = rows.astype(np.float32).astype(np.float64)  # the same numbers for both sides
    if hasattr(estimator, "feature_names_in_"):
        return pd.DataFrame(rows, columns=estimator.feature_names_in_)
    return rows


def _float32_rows(X):
    X = X.toarray() if issparse(X) else as_numpy(X)
    rows = np.asarray(X, dtype=np.float32)
    return rows.reshape(len(rows), -1)

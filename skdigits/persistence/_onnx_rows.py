"""Rows of pixels that a fitted estimator finds plausible, for when no real ones are at hand."""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import issparse

from skdigits._validation import with_channels
from skdigits.neural._layers import pixel_moments
from skdigits.persistence._onnx_net import NETWORKS

_N_ROWS = 100


def make_rows(steps):
    """Return rows of the kind that the steps of a pipeline were fitted on.

    The last step that remembers what it was given says it: a network the mean and the variance
    of its pixels, an SVM its support vectors, a scaler the range or the spread of its columns.
    The steps before it take the rows back to what the pipeline is given.

    Parameters
    ----------
    steps : list of estimator instance
        Fitted.

    Returns
    -------
    ndarray of shape (n_rows, n_features) or None
        None if no step remembers, or those before it have no way back.
    """
    rng = np.random.default_rng(0)
    for position in reversed(range(len(steps))):
        before = steps[:position]
        if all(hasattr(step, "inverse_transform") for step in before):
            rows = _rows_for(steps[position], rng)
            if rows is not None:
                return _taken_back(rows, before)
    return None


def _taken_back(rows, steps):
    for step in reversed(steps):
        rows = step.inverse_transform(rows)
    return np.asarray(rows)


def _rows_for(step, rng):
    if isinstance(step, NETWORKS):
        mean, deviation = pixel_moments(step.net_.module_)
        blots = gaussian_filter(
            rng.standard_normal((_N_ROWS, *with_channels(step.image_shape_))),
            [0, 0, *(side / 14 for side in step.image_shape_[-2:])],
        )
        return mean + deviation * _of_many_strengths(blots.reshape(_N_ROWS, -1))
    if hasattr(step, "support_vectors_"):
        rows = step.support_vectors_
        rows = rows.toarray() if issparse(rows) else rows
        return rows[rng.permutation(len(rows))[:_N_ROWS]]
    if hasattr(step, "data_min_"):
        return rng.uniform(step.data_min_, step.data_max_, (_N_ROWS, len(step.data_min_)))
    if getattr(step, "mean_", None) is not None and getattr(step, "scale_", None) is not None:
        noise = rng.standard_normal((_N_ROWS, len(step.mean_)))
        return step.mean_ + step.scale_ * _of_many_strengths(noise)
    return None


def _of_many_strengths(noise):
    """Return rows of noise, faint ones on which a classifier is undecided and strong ones."""
    return noise / noise.std() * np.geomspace(0.1, 2, len(noise))[:, None]

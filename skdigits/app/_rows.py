"""Rows of pixels as a classifier had them when it was fitted: their range, their names."""

import numpy as np
import pandas as pd

from skdigits._warnings import warn_user

_PIXEL_RANGES = np.array([1, 16, 255, 65_535])  # of MNIST scaled, scikit-learn's digits, pictures
_OF_PICTURES = 255


def rows_like(model, *, name, who):
    """Return a function that makes of rows of pixels what a classifier was fitted on.

    Parameters
    ----------
    model : estimator instance
        A fitted classifier of rows of pixels, bright on black.
    name : str
        What a message calls the model.
    who : str
        The command that a message speaks for.

    Returns
    -------
    callable
        Takes rows of pixels of 0 to 255; returns them in the range that the model was fitted on,
        and with the names that it saw. Raises a ValueError if the model takes another number of
        pixels.

    Warns
    -----
    UserWarning
        If the model does not tell its range; it is then taken to be 0 to 255.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits.app._rows import rows_like
    >>> svm = SVC().fit(*load_digits(return_X_y=True))
    >>> rows_like(svm, name="svm", who="example")(np.full((1, 64), 255)).max()
    np.float64(16.0)
    """
    brightest = _brightest(model)
    if brightest is None:
        warn_user(
            f"{who} takes {name} to want pixels of 0 to 255, bright on black, as it does not tell "
            "their range; save a Pipeline that begins with a CharacterNormalizer to be sure."
        )
        brightest = _OF_PICTURES
    names = getattr(model, "feature_names_in_", None)
    n_pixels = getattr(model, "n_features_in_", None)

    def adapt(rows):
        if n_pixels is not None and rows.shape[1] != n_pixels:
            raise ValueError(
                f"{who} expects images of {n_pixels} pixels, which {name} takes, got "
                f"{rows.shape[1]}; a Pipeline that begins with a CharacterNormalizer takes any."
            )
        if brightest != _OF_PICTURES:
            rows = rows * (brightest / _OF_PICTURES)
        return rows if names is None else pd.DataFrame(np.asarray(rows), columns=names)

    return adapt


def _brightest(model):
    """Return what a white pixel was to a classifier, of the usual; None if it does not tell."""
    from skdigits.persistence._flat_steps import flat_steps  # what most commands do without
    from skdigits.persistence._onnx_rows import make_rows

    rows = make_rows(flat_steps(model))
    if rows is None:
        return None
    bright = np.quantile(rows, 0.995) or rows.max()  # rather than an outlier
    if not bright > 0:
        return None
    return int(_PIXEL_RANGES[np.abs(np.log(_PIXEL_RANGES / bright)).argmin()])

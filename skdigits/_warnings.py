"""Warnings that name the line of the user's code."""

import sys
import warnings

# What may stand between the user's line and the place that warns.
_BETWEEN = {"skdigits", "sklearn", "skorch", "joblib", "contextlib"}


def warn_user(message, category=UserWarning):
    """Warn as if from the nearest line outside of skdigits and of what calls it.

    Parameters
    ----------
    message : str or Warning
        What to say.
    category : type of Warning, default=UserWarning
        Its class, where `message` is a text.

    Examples
    --------
    >>> import warnings
    >>> from skdigits._warnings import warn_user
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_user("images are read as they are", category=FutureWarning)
    >>> caught[0].category.__name__
    'FutureWarning'
    """
    level = 2  # the caller
    frame = sys._getframe(1)
    while frame.f_back is not None and _package(frame) in _BETWEEN:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]

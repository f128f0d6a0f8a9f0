"""Rows of data as pictures, and how a picture is drawn."""

import math

import numpy as np
import pandas as pd
import scipy.sparse

from skdigits._validation import infer_image_shape, refuse_channels_last, take_rows
from skdigits.evaluation._style import hide_spines


def check_images(X, image_shape=None, *, who):
    """Return `X` as pictures to look at.

    Parameters
    ----------
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_pixels), or array-like of \
            shape (n_samples, height, width) or (n_samples, channels, height, width)
        Images, as any of our classifiers takes them.
    image_shape : tuple of int, default=None
        (height, width) or (channels, height, width) of rows; None infers a square.
    who : str
        The name that an error speaks for.

    Returns
    -------
    ndarray of shape (n_samples, channels, height, width)
        The same numbers, in their own dtype.

    Raises
    ------
    ValueError
        If the rows are no images of that shape.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdigits.evaluation._images import check_images
    >>> check_images(load_digits().data, who="example").shape
    (1797, 1, 8, 8)
    """
    X = X.toarray() if scipy.sparse.issparse(X) else np.asarray(X)
    if X.dtype.kind not in "biuf" or X.ndim not in (2, 3, 4):
        raise ValueError(
            f"{who} expects images as rows of pixels, (n, height, width) or "
            f"(n, channels, height, width), got {X.dtype} of shape {X.shape}."
        )
    if image_shape is None:
        refuse_channels_last(X.shape[1:], who=who)
    if X.ndim > 2:
        return X if X.ndim == 4 else X[:, None]
    _, height, width = shape = infer_image_shape(image_shape, X.shape[1], who=who)
    if image_shape is None and height == 1 < width:
        raise ValueError(
            f"{who} expects square images or their image_shape, got rows of {width} pixels: "
            "give image_shape=(height, width)."
        )
    return X.reshape(len(X), *shape)


def like_input(X, values, images):
    """Return values of pixels in the shape, dtype and container of `X`.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame
        What :func:`check_images` was given.
    values : ndarray of the shape of `images`
        Values for its pixels.
    images : ndarray
        What :func:`check_images` returned; integers are rounded to.

    Returns
    -------
    ndarray or DataFrame
        A DataFrame for a DataFrame.
    """
    if images.dtype.kind != "f":
        values = np.rint(values)
    values = values.astype(images.dtype).reshape(np.shape(X))
    if isinstance(X, pd.DataFrame):
        return pd.DataFrame(values, index=X.index, columns=X.columns)
    return values


def count_pixels(X):
    """Return how many numbers an image of `X` has."""
    return math.prod(np.shape(take_rows(X, [0])))


def to_shades(image, limits=None):
    """Return an image as shares of its brightness, ready to be shown.

    Parameters
    ----------
    image : ndarray of shape (channels, height, width)
        Three channels are red, green and blue, of others the mean is taken.
    limits : (float, float), default=None
        The values that are black and white; None takes the picture's own.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, 3)
        0 to 1; what is no number is black.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.evaluation._images import to_shades
    >>> to_shades(np.array([[[4, 8, 12]]])).tolist()
    [[0.0, 0.5, 1.0]]
    >>> to_shades(np.array([[[4, 8, 12]]]), limits=(0, 16)).tolist()
    [[0.25, 0.5, 0.75]]
    """
    image = np.nan_to_num(np.asarray(image, dtype=float))
    shades = image.transpose(1, 2, 0) if len(image) == 3 else image.mean(axis=0)
    low, high = limits or (shades.min(), shades.max())
    return np.clip((shades - low) / max(high - low, np.finfo(float).tiny), 0, 1)


def draw_image(ax, image, *, limits=None, cmap="gray", extent=None):
    """Draw one picture, a pixel a square.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    image : ndarray of shape (channels, height, width)
        Three channels are drawn as red, green and blue, of others the mean.
    limits : (float, float), default=None
        The values that are black and white; None takes the picture's own.
    cmap : str, default="gray"
        Colours of a picture with one channel.
    extent : (float, float, float, float), default=None
        Left, right, bottom and top in the axes. None fills them, without ticks and frame.

    Returns
    -------
    matplotlib AxesImage
        What was drawn.
    """
    drawn = ax.imshow(
        to_shades(image, limits),
        cmap=cmap,
        vmin=0,
        vmax=1,
        interpolation="nearest",
        extent=extent,
        zorder=0 if extent is None else 2,
    )
    if extent is None:
        ax.set(xticks=[], yticks=[])
        hide_spines(ax)
    return drawn

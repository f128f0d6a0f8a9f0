"""What a classifier loses when a part of an image is covered."""

import numpy as np

from skdigits._validation import take_rows
from skdigits.evaluation._certainty import check_is_certain, score_labels
from skdigits.evaluation._images import check_images, like_input

_PATCHES_A_SIDE = 7  # 4 pixels of MNIST's 28


def attribute_by_occlusion(estimator, X, labels, *, baseline, image_shape, who):
    """Return how much every pixel speaks for a label: what the label loses without it.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier of any kind, or a Pipeline or search that ends in one.
    X : array-like
        Images, as `estimator` takes them.
    labels : ndarray of shape (n_samples,)
        The label that is explained, of each image.
    baseline : float
        The value of a covered pixel.
    image_shape : tuple of int or None
        As :func:`check_images` takes it.
    who : str
        The name that an error speaks for.

    Returns
    -------
    ndarray of shape (n_samples, height, width)
        The mean, over the squares that cover a pixel, of what covering takes from the label.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
       ECCV 2014.
    """
    check_is_certain(estimator, who)
    images = check_images(X, image_shape, who=who)
    windows = _windows(*images.shape[2:])
    whole = score_labels(estimator, X, labels)
    found = np.empty((len(images), *images.shape[2:]))
    for row, image in enumerate(images):
        covered = np.where(windows[:, None], baseline, image.astype(float))
        like = take_rows(X, np.full(len(windows), row))
        scores = score_labels(
            estimator,
            like_input(like, covered, images),
            np.repeat(labels[row : row + 1], len(windows)),
        )
        found[row] = np.average(
            np.broadcast_to((whole[row] - scores)[:, None, None], windows.shape),
            axis=0,
            weights=windows,
        )
    return found


def _windows(height, width):
    """Return the squares that cover an image, half a square apart, as masks."""
    side = max(min(height, width) // _PATCHES_A_SIDE, min(2, height, width))
    tops, lefts = (_starts(length, side) for length in (height, width))
    masks = np.zeros((len(tops) * len(lefts), height, width), dtype=bool)
    for mask, (top, left) in zip(masks, ((t, x) for t in tops for x in lefts), strict=True):
        mask[top : top + side, left : left + side] = True
    return masks


def _starts(length, side):
    return np.unique(np.append(np.arange(0, length - side + 1, max(side // 2, 1)), length - side))

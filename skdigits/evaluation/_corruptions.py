"""Images made worse on purpose: kinds of five severities each."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from scipy import ndimage
from sklearn.utils import check_random_state

from skdigits._optional import import_optional
from skdigits.evaluation._images import check_images, like_input

SEVERITIES = (1, 2, 3, 4, 5)
_SIDE = 28  # the image's side that the lengths below are pixels of


def corrupt(X, kind, severity, *, image_shape=None, random_state=None):
    """Return images made worse in a way of one's choice.

    Lengths are pixels of an image 28 pixels wide, and grow and shrink with the image: a shift of
    4 is 4 pixels of 28 and 1.14 of 8. What comes in at the edges, and what is erased, has the
    image's own background, the median of its border. Dark ink on light paper is changed as light
    ink on dark paper is. Values stay between the smallest and the largest of `X`.

    ================  ========================================  ============================
    kind              what is done                              severities 1 to 5
    ================  ========================================  ============================
    ``"shift"``       moved in a random direction               1, 2, 3, 4, 5 pixels
    ``"rotation"``    turned to either side                     8, 16, 24, 32, 40 degrees
    ``"scale"``       sides multiplied, or divided              1.1, 1.2, 1.3, 1.45, 1.6
    ``"shear"``       slanted to either side                    8, 16, 24, 32, 40 degrees
    ``"noise"``       normal noise added                        sd 0.1, 0.2, ..., 0.5 of the range
    ``"blur"``        Gaussian blur                             sd 0.5, 1, 1.5, 2, 2.5 pixels
    ``"thinner"``     strokes thinner on every side             0.2, 0.4, 0.6, 0.8, 1 pixels
    ``"thicker"``     strokes thicker on every side             0.3, 0.6, 0.9, 1.2, 1.5 pixels
    ``"erasing"``     a square erased at a random place         4, 6, 8, 10, 12 pixels wide
    ``"contrast"``    ink made fainter                          0.6, 0.4, 0.25, 0.15, 0.08 of it
    ``"jpeg"``        compressed as JPEG (needs Pillow)         quality 30, 20, 12, 7, 3
    ``"ruled_line"``  a line of ink across, at a random height  0.5, 1, 1.5, 2, 2.5 pixels thick
    ================  ========================================  ============================

    Parameters
    ----------
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_pixels), or array-like of \
            shape (n_samples, height, width) or (n_samples, channels, height, width)
        Finite images.
    kind : str
        One of the above.
    severity : int
        1 (mild) to 5 (severe).
    image_shape : tuple of int, default=None
        (height, width) or (channels, height, width) of rows; None infers a square.
    random_state : int, RandomState instance or None, default=None
        An integer gives the same corruption every time. The same integer chooses the same
        directions and places at every severity.

    Returns
    -------
    ndarray or DataFrame
        Changed copies, of the shape and dtype of `X`; a DataFrame for one of pandas.

    Raises
    ------
    ImportError
        If Pillow, which JPEG needs, is not installed.
    ValueError
        If `kind` or `severity` is unknown, or `X` holds no finite images of `image_shape`.

    See Also
    --------
    robustness_curve : Accuracies on corrupted images.

    Notes
    -----
    The idea of graded corruptions is from [1]_, and most of the kinds are those of [2]_.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common
       corruptions and perturbations", ICLR 2019.
    .. [2] N. Mu and J. Gilmer, "MNIST-C: A robustness benchmark for computer vision", 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import corrupt
    >>> X, y = load_digits(return_X_y=True)
    >>> worse = corrupt(X, "noise", 3, random_state=0)
    >>> worse.shape, float(abs(worse - X).mean().round(1))
    ((1797, 64), 2.4)
    """
    check_kinds([kind], who="corrupt")
    check_severities([severity], who="corrupt")
    images = check_images(X, image_shape, who="corrupt")
    _check_finite(images)
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
    shares = ((images.astype(np.float64) - low) / (high - low or 1)).astype(np.float32)
    changed = _corrupt_shares(shares, kind, severity, check_random_state(random_state))
    return like_input(
        X, np.clip(changed.astype(np.float64) * (high - low) + low, low, high), images
    )


def check_kinds(kinds, *, who):
    """Return kinds of corruption as a list of known ones, each once; "all" are all."""
    if isinstance(kinds, str) and kinds == "all":
        return list(KINDS)
    kinds = list(dict.fromkeys([kinds] if isinstance(kinds, str) else kinds))
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"{who} knows no corruption {kind!r}, it has: {', '.join(KINDS)}.")
    return kinds


def check_severities(severities, *, who):
    """Return severities as a list of integers from 1 to 5, each once."""
    severities = list(dict.fromkeys(severities if np.iterable(severities) else [severities]))
    for severity in severities:
        is_number = isinstance(severity, Integral) and not isinstance(severity, bool)
        if not is_number or severity not in SEVERITIES:
            raise ValueError(f"{who} expects a severity from 1 to 5, got {severity!r}.")
    return [int(severity) for severity in severities]


def _check_finite(images):
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise ValueError("corrupt expects finite images, got NaN or infinity.")


def _corrupt_shares(shares, kind, severity, rng):
    """Corrupt images whose values are shares of the range, 0 to 1."""
    change, level = _KINDS[kind].change, _KINDS[kind].levels[severity - 1]
    if not _KINDS[kind].of_ink:
        return change(shares, level, rng)
    unit = min(shares.shape[-2:]) / _SIDE
    background = _edge_level(shares)
    ink = shares - background
    sign = np.where(ink.sum(axis=(1, 2, 3), keepdims=True) < 0, np.float32(-1), np.float32(1))
    return background + sign * change(sign * ink, level, rng, unit)


def _edge_level(images):
    """Return the median of each image's border pixels, (n, channels, 1, 1)."""
    sides = (images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1])
    return np.median(np.concatenate(sides, axis=-1), axis=-1)[..., None, None].astype(np.float32)


def _shift(ink, pixels, rng, unit):
    direction = rng.uniform(0, 2 * np.pi, size=len(ink))
    moves = pixels * unit * np.stack([np.sin(direction), np.cos(direction)], axis=1)
    return _warp(ink, np.broadcast_to(np.eye(2), (len(ink), 2, 2)), moves)


def _rotate(ink, degrees, rng, unit):
    angles = np.deg2rad(degrees) * _draw_signs(ink, rng)
    cos, sin = np.cos(angles), np.sin(angles)
    return _warp(ink, np.moveaxis(np.array([[cos, sin], [-sin, cos]]), -1, 0))


def _scale(ink, factor, rng, unit):
    factors = factor ** _draw_signs(ink, rng)
    return _warp(ink, np.eye(2) / factors[:, None, None])


def _shear(ink, degrees, rng, unit):
    slants = np.tan(np.deg2rad(degrees)) * _draw_signs(ink, rng)
    matrices = np.tile(np.eye(2), (len(ink), 1, 1))
    matrices[:, 1, 0] = slants
    return _warp(ink, matrices)


def _draw_signs(ink, rng):
    return rng.choice([-1.0, 1.0], size=len(ink))


def _warp(ink, matrices, moves=None):
    """Take each pixel from where the image's matrix, about the centre, says that it comes from."""
    centre = (np.array(ink.shape[-2:]) - 1) / 2
    moves = np.zeros((len(ink), 2)) if moves is None else moves
    warped = np.empty_like(ink)
    for image, matrix, move, out in zip(ink, matrices, moves, warped, strict=True):
        offset = centre - matrix @ (centre + move)
        for channel, changed in zip(image, out, strict=True):
            ndimage.affine_transform(channel, matrix, offset, output=changed, order=1)
    return warped


def _blur(ink, pixels, rng, unit):
    sigma = pixels * unit
    return ndimage.gaussian_filter(ink, (0, 0, sigma, sigma), mode="nearest")


def _thin(ink, pixels, rng, unit):
    return -_thicken(-ink, pixels, rng, unit)


def _thicken(ink, pixels, rng, unit):
    """Grow by whole pixels, and by the share of one that is left, between two whole ones."""
    whole, share = divmod(pixels * unit, 1)
    for _ in range(int(whole)):
        ink = _grow(ink)
    return ink + np.float32(share) * (_grow(ink) - ink)


def _grow(ink):
    return ndimage.grey_dilation(ink, size=(1, 1, 3, 3), mode="nearest")


def _erase(ink, pixels, rng, unit):
    half = pixels * unit / 2
    inside = [
        _covered(side, half + (side - 2 * half) * rng.uniform(size=len(ink)), half)
        for side in ink.shape[-2:]
    ]
    return ink * (1 - inside[0][:, None, :, None] * inside[1][:, None, None, :])


def _fade(ink, share, rng, unit):
    return ink * np.float32(share)


def _rule(ink, pixels, rng, unit):
    height = ink.shape[-2]
    centres = height * rng.uniform(0.25, 0.75, size=len(ink))
    line = _covered(height, centres, pixels * unit / 2)[:, None, :, None]
    return np.maximum(ink, line * max(float(ink.max(initial=0)), 0))


def _covered(side, centres, half):
    """Return the share of each of `side` pixels within `half` of the centres, (n, side)."""
    edges = np.arange(side)
    stops = np.minimum(edges + 1, centres[:, None] + half)
    starts = np.maximum(edges, centres[:, None] - half)
    return np.clip(stops - starts, 0, 1).astype(np.float32)


def _add_noise(shares, deviation, rng):
    return shares + deviation * rng.normal(size=shares.shape).astype(np.float32)


def _compress(shares, quality, rng):
    image = import_optional("PIL.Image", extra="images", who="corrupt")
    pictures = np.rint(shares * 255).astype(np.uint8)
    compressed = np.empty_like(pictures)
    for picture, out in zip(_flat(pictures), _flat(compressed), strict=True):
        with io.BytesIO() as file:
            image.fromarray(picture).save(file, format="JPEG", quality=quality)
            out[:] = image.open(file)
    return compressed.astype(np.float32) / 255


def _flat(images):
    return images.reshape(-1, *images.shape[2:])


@dataclass(frozen=True)
class _Kind:
    """How images are made worse.

    Parameters
    ----------
    change : callable
        Gets images, a severity's level and a random generator, and returns images: of ink,
        positive on 0, with the number of pixels for one of 28 as a fourth argument; or of pictures.
    levels : tuple of float
        What the five severities are, in the unit that the docstring of `corrupt` names.
    of_ink : bool, default=True
        Whether it changes the ink, whatever the paper's shade.
    """

    change: Callable
    levels: tuple
    of_ink: bool = True


# A new kind is a function above, a line here and one in the docstring of `corrupt`.
_KINDS = {
    "shift": _Kind(_shift, (1, 2, 3, 4, 5)),
    "rotation": _Kind(_rotate, (8, 16, 24, 32, 40)),
    "scale": _Kind(_scale, (1.1, 1.2, 1.3, 1.45, 1.6)),
    "shear": _Kind(_shear, (8, 16, 24, 32, 40)),
    "noise": _Kind(_add_noise, (0.1, 0.2, 0.3, 0.4, 0.5), of_ink=False),
    "blur": _Kind(_blur, (0.5, 1, 1.5, 2, 2.5)),
    "thinner": _Kind(_thin, (0.2, 0.4, 0.6, 0.8, 1)),
    "thicker": _Kind(_thicken, (0.3, 0.6, 0.9, 1.2, 1.5)),
    "erasing": _Kind(_erase, (4, 6, 8, 10, 12)),
    "contrast": _Kind(_fade, (0.6, 0.4, 0.25, 0.15, 0.08)),
    "jpeg": _Kind(_compress, (30, 20, 12, 7, 3), of_ink=False),
    "ruled_line": _Kind(_rule, (0.5, 1, 1.5, 2, 2.5)),
}
KINDS = tuple(_KINDS)

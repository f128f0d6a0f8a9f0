"""Random changes of training images, a whole batch at a time; never a flip."""

import math
from functools import partial
from numbers import Real

import torch
from sklearn.base import BaseEstimator
from torch.nn import functional as F

from skdigits._documentation import DocumentationLinkMixin
from skdigits._validation import Interval, check_parameters

_KNOTS = 5  # of the grid whose random displacement makes an elastic deformation, each way


class Augmentation(DocumentationLinkMixin, BaseEstimator):
    """Random shift, rotation, scale, shear, elastic deformation, stroke and erasing of images.

    For the parameter `augment` of :class:`ANNClassifier` and :class:`CNNClassifier`, which apply
    it to the batches they train on, but for the last fifth of a one-cycle training, and to nothing
    else. Every image is changed in its own way, all of a batch at once. What comes in at the edges
    has the image's own background, the median of its border pixels, so that dark ink on paper and
    light ink on black serve alike. Images are never flipped: a mirrored 2 is no 2.

    Lengths are shares of the image's side: 0.1 is 2.8 pixels of 28. Each number is the largest
    change, but for `erase`; what an image gets is uniform between that and its opposite.

    Parameters
    ----------
    shift : float, default=0.0
        To either side and up or down; 0 to 1.
    rotation : float, default=0.0
        In degrees; 0 to 180.
    scale : float, default=0.0
        Sides are multiplied or divided by up to ``1 + scale``, uniformly in the logarithm.
    shear : float, default=0.0
        Slant: how far a row moves to the side by its distance from the centre.
    elastic : float, default=0.0
        Displacement of the 5 by 5 knots of a grid over the image; between them it is
        interpolated (after Simard et al., 2003); 0 to 1.
    stroke : float, default=0.0
        By how many pixels to either side strokes grow or shrink, 0 to 1: pens and pencils of many
        widths for a classifier of photos.
    erase : float, default=0.0
        Side of a square set to the background, around a random pixel, in a random half of the
        images (after DeVries & Taylor 2017, *Cutout*); 0 to 1.

    See Also
    --------
    CNNClassifier : Takes it as `augment`.

    Examples
    --------
    >>> import torch
    >>> from skdigits import Augmentation
    >>> images = torch.zeros(2, 1, 28, 28)
    >>> images[:, :, 4:24, 13:15] = 255
    >>> augmentation = Augmentation(rotation=10, shift=0.1)
    >>> changed = augmentation(images, torch.Generator().manual_seed(0))
    >>> changed.shape, bool((changed[0] == changed[1]).all())
    (torch.Size([2, 1, 28, 28]), False)

    Its parameters are tuned like those of any part of an estimator:

    >>> from skdigits import CNNClassifier
    >>> cnn = CNNClassifier(augment=augmentation).set_params(augment__rotation=15)
    >>> cnn.augment
    Augmentation(rotation=15, shift=0.1)
    """

    _parameter_constraints = {
        "shift": [Interval(Real, 0, 1, closed="both")],
        "rotation": [Interval(Real, 0, 180, closed="both")],
        "scale": [Interval(Real, 0, None, closed="left")],
        "shear": [Interval(Real, 0, None, closed="left")],
        "elastic": [Interval(Real, 0, 1, closed="both")],
        "stroke": [Interval(Real, 0, 1, closed="both")],
        "erase": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        *,
        shift=0.0,
        rotation=0.0,
        scale=0.0,
        shear=0.0,
        elastic=0.0,
        stroke=0.0,
        erase=0.0,
    ):
        self.shift = shift
        self.rotation = rotation
        self.scale = scale
        self.shear = shear
        self.elastic = elastic
        self.stroke = stroke
        self.erase = erase

    def __call__(self, images, generator):
        """Return changed copies of images.

        Parameters
        ----------
        images : Tensor of shape (n, channels, height, width)
            float32 or float64, in any range.
        generator : torch.Generator
            What is random is drawn from it.

        Returns
        -------
        changed : Tensor of shape (n, channels, height, width)
            Of the same dtype.
        """
        background = edge_level(images)
        ink = images - background
        if any((self.shift, self.rotation, self.scale, self.shear, self.elastic)):
            ink = F.grid_sample(ink, self._sampling_grid(ink, generator), align_corners=False)
        if self.stroke:
            ink = _restroked(ink, self.stroke, generator)
        if self.erase:
            ink.masked_fill_(_squares(ink, self.erase, generator), 0)
        return ink.add_(background)

    def _sampling_grid(self, images, generator):
        """Return where each pixel of each image comes from, as grid_sample has it."""
        n, _, height, width = images.shape
        angle, size, slant, across, down = _uniform((5, n), images, generator)
        angle = angle * math.radians(self.rotation)
        size = torch.exp(size * math.log1p(self.scale))
        slant = slant * self.shear
        cos, sin = size * angle.cos(), size * angle.sin()
        to_x = [cos, (cos * slant - sin) * (height / width), 2 * self.shift * across]
        to_y = [sin * (width / height), sin * slant + cos, 2 * self.shift * down]
        theta = torch.stack([*to_x, *to_y], dim=1).view(n, 2, 3)
        grid = F.affine_grid(theta, [n, 1, height, width], align_corners=False)
        if self.elastic:
            knots = _uniform((n, 2, _KNOTS**2), images, generator) * (2 * self.elastic)
            moves = knots @ _between_knots(images)
            grid.add_(moves.view(n, 2, height, width).permute(0, 2, 3, 1))
        return grid


_STRENGTHS = {
    "light": {"shift": 0.05, "rotation": 8, "scale": 0.08},
    "strong": {
        "shift": 0.07,
        "rotation": 10,
        "scale": 0.1,
        "shear": 0.15,
        "elastic": 0.03,
        "erase": 0.3,
    },
}
STRENGTHS = frozenset(_STRENGTHS)


def make_augmentation(augment):
    """Return the function of (images, generator) that the parameter `augment` stands for."""
    if augment is None:
        return None
    if isinstance(augment, str):
        return Augmentation(**_STRENGTHS[augment])
    if isinstance(augment, Augmentation):
        check_parameters(augment)
        return augment
    if isinstance(augment, type):
        raise ValueError(
            f"The 'augment' parameter expects what changes images, got the class "
            f"{augment.__name__}; give one of its objects."
        )
    return partial(_checked, augment)


def _checked(augment, images, generator):
    """Return what a function of the user's makes of images, if it is images again."""
    changed = augment(images, generator)
    if (
        not isinstance(changed, torch.Tensor)
        or changed.shape != images.shape
        or changed.dtype != images.dtype
    ):
        got = _describe(changed) if isinstance(changed, torch.Tensor) else type(changed).__name__
        raise ValueError(
            f"The function given as 'augment' must return what it gets, {_describe(images)}; "
            f"it returned {got}."
        )
    return changed


def _describe(images):
    return f"a {images.dtype} tensor of shape {tuple(images.shape)}"


def edge_level(images):
    """Return the median of each image's border pixels, (n, channels, 1, 1)."""
    sides = (images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1])
    return torch.cat(sides, dim=-1).median(dim=-1).values[..., None, None]


def shifted(images, across, down):
    """Return images moved by a share of their side, their own background let in."""
    background = edge_level(images)
    theta = images.new_tensor([[1, 0, -2 * across], [0, 1, -2 * down]])
    theta = theta.expand(len(images), 2, 3)
    grid = F.affine_grid(theta, [len(images), 1, *images.shape[2:]], align_corners=False)
    return F.grid_sample(images - background, grid, align_corners=False) + background


def _uniform(shape, like, generator):
    """Return numbers between -1 and 1."""
    drawn = torch.rand(shape, generator=generator, dtype=like.dtype, device=like.device)
    return drawn.mul_(2).sub_(1)


def _between_knots(images):
    """Return the share that each knot has in each pixel, (knots, pixels)."""
    each = torch.eye(_KNOTS**2, dtype=images.dtype, device=images.device)
    side = (_KNOTS, _KNOTS)
    shares = F.interpolate(
        each.view(-1, 1, *side), images.shape[2:], mode="bicubic", align_corners=True
    )
    return shares.flatten(1)


def _restroked(ink, most, generator):
    """Return ink that has grown, or shrunk, by a share of a pixel to every side."""
    change = _uniform((len(ink), 1, 1, 1), ink, generator) * most
    sign = change.sign()
    grown = F.max_pool2d(ink * sign, 3, stride=1, padding=1) * sign
    return torch.lerp(ink, grown, change.abs())


def _squares(images, share, generator):
    """Return a mask of a square in every second image, (n, 1, height, width)."""
    n, _, height, width = images.shape
    half = share * min(height, width) / 2
    row, column, chosen = _uniform((3, n), images, generator)[..., None]
    rows, columns = (torch.arange(side, device=images.device) for side in (height, width))
    in_rows = (rows - (row + 1) / 2 * height).abs() < half
    in_columns = (columns - (column + 1) / 2 * width).abs() < half
    in_square = in_rows[:, :, None] & in_columns[:, None, :] & (chosen > 0)[..., None]
    return in_square[:, None]

"""CharacterNormalizer: any picture of a character as the data sets have theirs."""

from numbers import Integral, Real

import numpy as np

from skdigits._validation import Interval, StrOptions
from skdigits.images._operations import (
    centre,
    cover,
    crop,
    drop_rules,
    drop_specks,
    fit_box,
    lift_ink,
    set_stroke_width,
    shrink,
)
from skdigits.images._pictures import PictureTransformer
from skdigits.images._reading import MAX_PIXELS

_LONGEST_SEARCHED = 800  # pixels of a side, to find the character
_LONGEST_CHARACTER = 240  # pixels of a side, to look at it closely
_MNIST_SIDE, _MNIST_BOX, _MNIST_STROKE = 28, 20, 2.6  # pixels
_SMALLEST_STROKED = 2  # strokes are measured in pictures of so many boxes a side


class CharacterNormalizer(PictureTransformer):
    """Make of any picture of one character what a network trained on MNIST expects.

    A photo of a digit differs from MNIST's in everything but the digit: ink is dark, paper has a
    shade and a shadow, the digit is somewhere, in some size, in thick or thin strokes. This
    transformer finds the ink, crops it, scales it into a box and puts it into the middle of a
    small picture, bright on black, as the makers of MNIST did.

    Parameters
    ----------
    size : int, default=28
        Side of the square pictures that come out, in pixels.
    box : int, default=20
        The longer side of a character in them, in pixels; `size` at most.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether ink is darker or lighter than its paper; "auto" takes what is more frequent, above
        all at the border, for paper.
    specks : float, default=0.02
        Pieces smaller than this share of the largest are dropped.
    rules : bool, default=True
        Whether to drop ruled lines: thin lines from border to border beside a character.
    stroke_width : float or None, default=2.6
        Width of strokes, in pixels of the result; None leaves it as it is. Pictures in which the
        character is less than twice as large as `box` are left as they are.
    centering : {"mass", "box"}, default="mass"
        What comes into the middle: the centre of mass, as in MNIST, or of the box around the ink.
    image_shape : tuple of int, default=None
        Shape of images that come as rows, (height, width) or (channels, height, width). None
        infers a square.
    max_pixels : int, default=50_000_000
        Pictures of more pixels are refused, files before they are decoded.

    Attributes
    ----------
    n_features_in_ : int
        Pixels in a row of `X`, where `fit` saw rows.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the pixels, when `X` has column names that are all strings.

    See Also
    --------
    Deskewer : Sets characters upright.

    Notes
    -----
    Nothing is learnt: `transform` may be called without `fit`. Box and centre are those of LeCun
    et al. (1998). Thresholds are Otsu's (1979), of a picture from which a quadratic surface
    fitted to the paper has been taken off. A picture without ink comes out black.

    Reading files needs Pillow (``pip install "skdigits[images]"``).

    References
    ----------
    - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
      recognition", Proceedings of the IEEE 86, 1998.
    - N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on
      Systems, Man, and Cybernetics 9, 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits import CharacterNormalizer
    >>> photo = np.full((300, 400, 3), 200, dtype=np.uint8)
    >>> photo[50:250, 60:80] = 30, 30, 120  # a blue 1 on grey paper, left of the middle
    >>> row = CharacterNormalizer().transform(photo)
    >>> row.shape, row.dtype
    ((1, 784), dtype('uint8'))
    >>> image = row.reshape(28, 28)
    >>> np.flatnonzero(image.max(axis=1))[[0, -1]]  # 20 pixels high, in the middle
    array([ 4, 23])
    """

    _parameter_constraints = {
        "size": [Interval(Integral, 1, None, closed="left")],
        "box": [Interval(Integral, 1, None, closed="left")],
        "polarity": [StrOptions({"auto", "dark", "light"})],
        "specks": [Interval(Real, 0, 1, closed="both")],
        "rules": ["boolean"],
        "stroke_width": [Interval(Real, 0, None, closed="neither"), None],
        "centering": [StrOptions({"mass", "box"})],
        "image_shape": [tuple, list, None],
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        size=_MNIST_SIDE,
        *,
        box=_MNIST_BOX,
        polarity="auto",
        specks=0.02,
        rules=True,
        stroke_width=_MNIST_STROKE,
        centering="mass",
        image_shape=None,
        max_pixels=MAX_PIXELS,
    ):
        self.size = size
        self.box = box
        self.polarity = polarity
        self.specks = specks
        self.rules = rules
        self.stroke_width = stroke_width
        self.centering = centering
        self.image_shape = image_shape
        self.max_pixels = max_pixels

    def explain(self, picture):
        """Return a picture after every step, for a look at what goes wrong.

        Parameters
        ----------
        picture : str, path-like, PIL.Image.Image or array-like
            One picture; an array of shape (height, width) or (height, width, channels).

        Returns
        -------
        steps : dict of str to ndarray of shape (height, width)
            "grey", "ink", "cover", "specks", "rules", "crop", "stroke", "box" and "centre": the
            picture after each of them, those that did nothing left out.
        """
        self._validate_params()
        return dict(self._steps(self._read(picture)))

    def _transform(self, pictures, n_pictures):
        rows = np.empty((n_pictures, self.size**2), dtype=np.uint8)
        for row, picture in zip(rows, pictures, strict=True):
            *_, (_, result) = self._steps(picture)
            row[:] = result.ravel()
        return rows

    def _steps(self, picture):
        """Yield the name and the outcome of every step."""
        yield "grey", picture
        picture = lift_ink(shrink(picture, _LONGEST_SEARCHED), self.polarity)
        yield "ink", picture
        picture = cover(picture)
        yield "cover", picture
        if self.rules:
            picture = drop_rules(picture)
            yield "rules", picture
        if self.specks:
            picture = drop_specks(picture, self.specks)
            yield "specks", picture
        picture = crop(picture)
        if picture.size:
            yield from self._steps_of_character(shrink(picture, _LONGEST_CHARACTER))
        else:
            yield "centre", np.zeros((self.size, self.size), dtype=np.uint8)

    def _steps_of_character(self, picture):
        yield "crop", picture
        if self.stroke_width is not None and max(picture.shape) >= _SMALLEST_STROKED * self.box:
            width = self.stroke_width * max(picture.shape) / self.box
            picture = set_stroke_width(picture, width)
            yield "stroke", picture
        picture = fit_box(picture, self.box)
        yield "box", picture
        picture = centre(picture, self.size, self.centering)
        yield "centre", np.rint(picture * (255 / picture.max())).astype(np.uint8)

    def _count_features_out(self):
        return int(self.size) ** 2

    def _validate_params(self):
        super()._validate_params()
        if self.box > self.size:
            raise ValueError(
                f"CharacterNormalizer expects a box of at most size={self.size} pixels, "
                f"got box={self.box}."
            )


def usual_normalizer(size, **parameters):
    """Return a normaliser to images of that side as data sets of such images have characters.

    From 28 pixels on in MNIST's proportions. Smaller ones have no pixels to spare: in
    scikit-learn's digits (8) and in USPS (16) the character reaches from border to border.
    """
    box = round(size * _MNIST_BOX / _MNIST_SIDE) if size >= _MNIST_SIDE else size
    return CharacterNormalizer(
        size, box=box, stroke_width=_MNIST_STROKE * box / _MNIST_BOX, **parameters
    )

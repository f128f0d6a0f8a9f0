"""What classical classifiers see better in than pixels: upright characters, gradients."""

from numbers import Integral

import numpy as np

from skdigits._optional import import_optional
from skdigits._validation import Interval, StrOptions, infer_image_shape
from skdigits.images._operations import background_shade, shear, slant
from skdigits.images._pictures import PictureTransformer
from skdigits.images._reading import MAX_PIXELS

_CELLS_A_SIDE = 7  # as in 28x28 pixels with cells of 4


class _OneByOne(PictureTransformer):
    """Base of transformers with a row of features for every picture of one size."""

    _parameter_constraints = {
        "image_shape": [tuple, list, None],
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
    }

    def _transform(self, pictures, n_pictures):
        rows, shapes = [], set()
        for picture in pictures:
            shapes.add(picture.shape)
            if len(shapes) > 1:
                raise ValueError(
                    f"{type(self).__name__} expects pictures of one size, got {sorted(shapes)}; "
                    "put a CharacterNormalizer in front."
                )
            rows.append(self._features(picture))
        return np.stack(rows)

    def _count_features_out(self):
        if not hasattr(self, "n_features_in_"):  # pictures, which were not read yet
            return None
        who = type(self).__name__
        _, *shape = infer_image_shape(self.image_shape, self.n_features_in_, who=who)
        return len(self._features(np.zeros(shape, dtype=np.uint8)))


class Deskewer(_OneByOne):
    """Set slanted characters upright.

    How far the ink leans is read from its second moments; then the rows are moved sideways until
    it leans no more. Size, shades and place of the character stay.

    Parameters
    ----------
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
    HOGFeatures : Gradients, which classical classifiers see well in.

    Notes
    -----
    Nothing is learnt: `transform` may be called without `fit`. What comes out is a row of pixels
    in shades of grey for every picture, uint8 where the picture was, otherwise float32. Ink is
    what differs from the median shade of the border.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits import Deskewer
    >>> slanted = np.eye(5, dtype=np.uint8)[None] * 255  # a backslash
    >>> Deskewer().transform(slanted).reshape(5, 5)
    array([[  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0],
           [  0,   0, 255,   0,   0]], dtype=uint8)
    """

    def __init__(self, image_shape=None, *, max_pixels=MAX_PIXELS):
        self.image_shape = image_shape
        self.max_pixels = max_pixels

    def _features(self, picture):
        paper = background_shade(picture)
        exact = picture.astype(np.float32)
        upright = shear(exact, slant(np.abs(exact - paper)), paper)
        if picture.dtype == np.uint8:
            upright = np.rint(upright).astype(np.uint8)
        return upright.ravel()


class HOGFeatures(_OneByOne):
    """Describe characters by histograms of oriented gradients.

    An image is cut into cells; a cell is described by how much its shades change in which
    direction, in relation to the cells around it. An SVM of these features is the strong classical
    baseline for handwritten characters.

    Parameters
    ----------
    orientations : int, default=9
        Directions that are told apart, over half a turn.
    pixels_per_cell : int or "auto", default="auto"
        Side of a cell; "auto" makes about seven to a side of the image, of two pixels at least.
    cells_per_block : int, default=2
        Side of the blocks in which cells are normalised together.
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
    Deskewer : Sets characters upright first.

    Notes
    -----
    Nothing is learnt: `transform` may be called without `fit`. The features are those of
    :func:`skimage.feature.hog`, in float32; an image smaller than a block is padded with its
    border. Needs scikit-image (``pip install "skdigits[images]"``).

    References
    ----------
    N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.svm import SVC
    >>> from skdigits import Deskewer, HOGFeatures
    >>> X, y = load_digits(return_X_y=True)
    >>> model = make_pipeline(Deskewer(), HOGFeatures(), SVC(C=10)).fit(X[:400], y[:400])
    >>> model[:-1].transform(X[:1]).shape
    (1, 324)
    """

    _parameter_constraints = {
        **_OneByOne._parameter_constraints,
        "orientations": [Interval(Integral, 1, None, closed="left")],
        "pixels_per_cell": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "cells_per_block": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        orientations=9,
        *,
        pixels_per_cell="auto",
        cells_per_block=2,
        image_shape=None,
        max_pixels=MAX_PIXELS,
    ):
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.image_shape = image_shape
        self.max_pixels = max_pixels

    def _features(self, picture):
        feature = import_optional("skimage.feature", extra="images", who=type(self).__name__)
        cell = self.pixels_per_cell
        if cell == "auto":
            cell = max(2, -(-max(picture.shape) // _CELLS_A_SIDE))
        missing = [max(0, cell * self.cells_per_block - side) for side in picture.shape]
        if any(missing):
            picture = np.pad(picture, [(0, n) for n in missing], mode="edge")
        return feature.hog(
            picture.astype(np.float32),
            orientations=self.orientations,
            pixels_per_cell=(cell, cell),
            cells_per_block=(self.cells_per_block, self.cells_per_block),
        )

"""PageReader: a photo or a scan of a page to the characters that are written on it."""

from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skdigits._documentation import DocumentationLinkMixin
from skdigits._validation import HasMethods, Interval, StrOptions
from skdigits.images._cells import find_cells
from skdigits.images._frames import find_frames, without_frames
from skdigits.images._labeller import Labeller
from skdigits.images._layout import (
    LARGE_INK,
    LEAST_TURN,
    ink_threshold,
    large_ink,
    page_ink,
    page_tilt,
    places_in_cells,
    places_in_lines,
    turned,
)
from skdigits.images._operations import shrink
from skdigits.images._page import EMPTY, REJECTED, Character, Page
from skdigits.images._reading import MAX_PIXELS, read_picture
from skdigits.images._splitting import split_touching

_LONGEST_SIDE = 3600  # pixels; an A4 page at 300 dpi
_FEWEST_CELLS = 4


class PageReader(DocumentationLinkMixin, BaseEstimator):
    """Read the characters on a page: free lines, ruled grids, the boxes of forms.

    Parameters
    ----------
    estimator : estimator instance
        A fitted classifier of single characters: one of rows of pixels, bright on black in a
        square as MNIST has them, or a Pipeline that begins with a transformer of pictures such as
        :class:`CharacterNormalizer`.
    layout : {"auto", "lines", "cells"}, default="auto"
        Whether characters stand in free lines or in cells that lines enclose, one in each. "cells"
        takes every rectangle that is not much longer than high, has no other inside it, and is not
        alone in being three times as large as most; "auto" those that another equals in size,
        where there are four or more, and else reads lines.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether ink is darker or lighter than paper.
    classes : array-like, default=None
        The only labels that may be read, of those the classifier knows. What it gives none of
        them a probability, or without probabilities calls otherwise, becomes "?".
    reject : float, default=0.0
        How many of the characters read may be wrong, as a share: those of the lowest
        probabilities become "?" until no more are expected to be. 0 rejects nothing; more
        needs a classifier with `predict_proba`.
    max_pixels : int, default=50_000_000
        A picture of more pixels is refused, a file before it is decoded.

    See Also
    --------
    CharacterNormalizer : Makes of each character what the classifier was trained on.

    Notes
    -----
    The page's light is taken off tile by tile, lines that fall or rise by up to ten degrees are
    levelled, and a grid of which most cells were found is completed where lines are. Frames are
    found by straight lines, whatever touches these, and by closed ones of any shape where nothing
    does. Of cells, what stands outside of them is not read, unless it goes on across a line from
    inside and soon ends. In lines, the lines of frames are taken off, and what crosses them is cut
    off there. How many of the characters are wrong is what their probabilities say: `reject` is as
    good as these are calibrated.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import ndimage
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdigits import CharacterNormalizer, PageReader
    >>> digits = load_digits()
    >>> model = make_pipeline(CharacterNormalizer(), KNeighborsClassifier(3))
    >>> model = model.fit(digits.data[:1000], digits.target[:1000])
    >>> line = np.hstack([np.pad(image, 2) for image in digits.images[1095:1100]])
    >>> page = 16 - ndimage.zoom(line, 4, order=1)  # four times as large, dark on light
    >>> print(PageReader(model, layout="lines").read(page))
    49150
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["predict"])],
        "layout": [StrOptions({"auto", "lines", "cells"})],
        "polarity": [StrOptions({"auto", "dark", "light"})],
        "classes": ["array-like", None],
        "reject": [Interval(Real, 0, 1, closed="left")],
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        estimator,
        *,
        layout="auto",
        polarity="auto",
        classes=None,
        reject=0.0,
        max_pixels=MAX_PIXELS,
    ):
        self.estimator = estimator
        self.layout = layout
        self.polarity = polarity
        self.classes = classes
        self.reject = reject
        self.max_pixels = max_pixels

    def read(self, picture):
        """Read one page.

        Parameters
        ----------
        picture : str, path-like, PIL.Image.Image or array-like
            A file; a Pillow image; an array of shape (height, width) or (height, width, channels).

        Returns
        -------
        page : Page
            The characters, where they stand, and how sure they are.
        """
        self._validate_params()
        check_is_fitted(self.estimator)
        picture = read_picture(picture, max_pixels=self.max_pixels, who="PageReader")
        labeller = Labeller(self.estimator, self.classes)
        if self.reject > 0 and not labeller.has_probabilities:
            raise ValueError(
                f"PageReader expects a classifier with predict_proba for reject={self.reject}, "
                f"got {type(self.estimator).__name__}; reject=0 needs none."
            )
        sheet, places = self._places(picture, labeller)
        probabilities = labeller.probabilities([place.ink for place in places])
        texts = _texts(labeller.classes, probabilities, self.reject)
        return Page(picture, _characters(sheet, places, labeller, probabilities, texts))

    def _places(self, picture, labeller):
        """Return the page as it was searched, and where the characters are, in reading order."""
        sheet = _Sheet.of_page(picture, self.polarity)
        mask = sheet.ink > sheet.threshold
        frames = find_frames(mask)
        if self.layout != "lines":
            cells, rows = find_cells(frames, mask, alike=self.layout == "auto")
            if self.layout == "cells" or len(cells) >= _FEWEST_CELLS:
                return sheet, places_in_cells(sheet.ink, sheet.threshold, cells, rows)
        # How a few large characters are tilted is told by frames around them alone.
        tilt = sheet.tilt if len(frames) else 0.0
        large = _Sheet.of_large(picture, self.polarity, tilt)
        if large is None:
            places = _places_in_lines(sheet, frames)
        else:
            sheet = large
            frames = find_frames(large.ink > large.threshold)
            places = _places_in_lines(large, frames, largest=1.0)
        return sheet, split_touching(places, labeller)


@dataclass(frozen=True)
class _Sheet:
    """A page as it is searched: its ink, levelled, and how to get back to the picture."""

    ink: np.ndarray
    threshold: float
    tilt: float
    scale: int
    shape: tuple

    @classmethod
    def of_page(cls, picture, polarity):
        ink = page_ink(shrink(picture, _LONGEST_SIDE), polarity)
        threshold = ink_threshold(ink)
        tilt = page_tilt(ink > threshold)
        return cls(turned(ink, tilt, 0), threshold, tilt, _scale(picture, ink), picture.shape)

    @classmethod
    def of_large(cls, picture, polarity, tilt):
        ink = large_ink(picture, polarity)
        if ink is None:
            return None
        return cls(turned(ink, tilt, 0), LARGE_INK, tilt, _scale(picture, ink), picture.shape)

    def box_in_picture(self, box):
        """Return the box in the picture around a box in the levelled ink."""
        top, left, bottom, right = box
        corners = np.array([(top, left), (top, right), (bottom, left), (bottom, right)], float)
        if abs(self.tilt) >= LEAST_TURN:
            angle = np.radians(self.tilt)
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            middle = (np.array(self.ink.shape) - 1) / 2
            corners = (corners - middle) @ turn.T + middle
        corners = np.clip(np.rint(corners * self.scale), 0, self.shape).astype(int)
        return (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())


def _places_in_lines(sheet, frames, **options):
    ink = without_frames(sheet.ink, sheet.threshold, frames)
    return places_in_lines(ink, sheet.threshold, **options)


def _scale(picture, ink):
    return max(picture.shape) // max(ink.shape)


def _texts(classes, probabilities, reject):
    """Return the text of every character, those rejected that are most likely wrong."""
    sureness = probabilities.max(axis=1, initial=0)
    is_empty = np.isnan(sureness)
    is_rejected = sureness == 0  # its label is none of the classes
    if reject > 0:
        order = np.argsort(-sureness, kind="stable")[: np.count_nonzero(~is_empty)]  # NaN is last
        errors = np.cumsum(1 - sureness[order]) / np.arange(1, len(order) + 1)
        is_rejected[order] |= errors > reject
    return [
        EMPTY if empty else REJECTED if rejected else str(classes[row.argmax()])
        for row, empty, rejected in zip(probabilities, is_empty, is_rejected, strict=True)
    ]


def _characters(sheet, places, labeller, probabilities, texts):
    spaces = _spaces(places)
    return [
        _character(sheet, place, labeller, row, text, space)
        for place, row, text, space in zip(places, probabilities, texts, spaces, strict=True)
    ]


def _character(sheet, place, labeller, probabilities, text, space):
    box = sheet.box_in_picture(place.box)
    if not probabilities.max() > 0:
        return Character(None, text, float("nan"), box, place.line, space)
    best = np.argsort(-probabilities, kind="stable")[:3]
    likeliest = float(probabilities[best[0]]) if labeller.has_probabilities else float("nan")
    alternatives = {labeller.classes[i]: float(probabilities[i]) for i in best}
    return Character(
        labeller.classes[best[0]],
        text,
        likeliest,
        box,
        place.line,
        space,
        alternatives if labeller.has_probabilities else {},
    )


def _spaces(places):
    """Return whether a wide gap lies before each character of a line."""
    gaps = [
        after.box[1] - before.box[3] if after.line == before.line else None
        for before, after in pairwise(places)
    ]
    usual = np.median([gap for gap in gaps if gap is not None] or [0])
    heights = [place.box[2] - place.box[0] for place in places[1:]]
    wide = [
        gap is not None and gap > max(2 * usual, 0.6 * height)
        for gap, height in zip(gaps, heights, strict=True)
    ]
    return [False, *wide][: len(places)]

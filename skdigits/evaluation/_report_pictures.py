"""Pictures as text that an HTML page holds: charts as SVG, images as PNG, both in data URIs."""

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from skdigits._optional import import_optional
from skdigits._validation import take_rows
from skdigits.evaluation._images import check_images, to_shades

_MAX_SIDE = 32  # of an image in the page, in pixels: 4 kB at the most


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, what it shows in words, and the same for a narrow screen."""

    source: str
    alt: str
    caption: str = ""
    narrow: str = ""


class Album:
    """The images of a data set as pictures of a page.

    Parameters
    ----------
    X : array-like
        The data.
    image_shape : tuple of int or None
        As :func:`check_images` takes it.
    who : str
        The name that an error speaks for.

    Attributes
    ----------
    reason : str
        Why there are no pictures; empty where there are.
    """

    def __init__(self, X, image_shape, *, who):
        self._X, self._image_shape, self._who = X, image_shape, who
        self.reason = _why_not(X, image_shape, who)

    def image(self, row):
        """Return the image in a row of the data, (channels, height, width)."""
        return check_images(take_rows(self._X, [row]), self._image_shape, who=self._who)[0]

    def show(self, row, alt, caption=""):
        """Return the picture of a row."""
        return self.show_image(self.image(row), alt, caption)

    def show_image(self, image, alt, caption="", *, limits=None):
        """Return the picture of an image; `limits` as :func:`encode_image` takes them."""
        return Picture(encode_image(image, limits, who=self._who), alt, caption)


def draw_chart(draw, wide, narrow, alt, *, who):
    """Return a chart as an SVG picture, for wide and for narrow screens.

    Parameters
    ----------
    draw : callable
        Called as ``draw(ax, is_narrow)``.
    wide, narrow : (float, float)
        Sizes in inches.
    alt : str
        What the chart shows, in words.
    who : str
        The name that an error speaks for.

    Returns
    -------
    Picture
        The chart.
    """
    sources = [
        _draw_svg(lambda ax, is_narrow=is_narrow: draw(ax, is_narrow), size, who)
        for size, is_narrow in ((wide, False), (narrow, True))
    ]
    return Picture(sources[0], alt, narrow=sources[1])


def encode_image(image, limits=None, *, who):
    """Return an image as the data URI of a PNG of at most 32 pixels a side.

    Parameters
    ----------
    image : ndarray of shape (channels, height, width)
        Three channels are red, green and blue, of others the mean is shown.
    limits : (float, float), default=None
        The values that become black and white; None takes the lowest and the highest.
    who : str
        The name that an error speaks for.

    Returns
    -------
    str
        The data URI.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.evaluation._report_pictures import encode_image
    >>> encode_image(np.eye(8)[None], who="example")[:30]
    'data:image/png;base64,iVBORw0K'
    """
    pillow = import_optional("PIL.Image", extra="report", who=who)
    shades = np.rint(255 * to_shades(image, limits)).astype(np.uint8)
    picture = pillow.fromarray(np.ascontiguousarray(shades))
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE))
    content = BytesIO()
    picture.save(content, format="PNG", optimize=True)
    return _to_uri("image/png", content.getvalue())


def _why_not(X, image_shape, who):
    if X is None:
        return "the comparison has no data: its X is None."
    try:
        check_images(take_rows(X, [0]), image_shape, who=who)
    except ValueError as error:
        return str(error)
    return ""


def _draw_svg(draw, size, who):
    figures = import_optional("matplotlib.figure", extra="report", who=who)
    figure = figures.Figure(figsize=size, layout="constrained")
    draw(figure.subplots())
    content = BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    return _to_uri("image/svg+xml", content.getvalue())


def _to_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"

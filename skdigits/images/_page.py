"""What was read on a page: characters, lines of text, tables and pictures of them."""

import json
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from skdigits._optional import import_optional

_BOX = ("top", "left", "bottom", "right")
_COLUMNS = ("label", "text", "probability", "line", *_BOX, "space_before", "alternatives")
REJECTED = "?"
EMPTY = "_"


@dataclass(frozen=True)
class Character:
    """One character, or one empty cell, on a page.

    Attributes
    ----------
    label : object
        What the classifier calls it; None for an empty cell, and for what cannot be one of
        the labels that :class:`PageReader` was to read.
    text : str
        The label as text; "?" where it was rejected, "_" for an empty cell.
    probability : float
        Of the label, 0 to 1; NaN where the classifier has no probabilities.
    box : tuple of int
        (top, left, bottom, right) in pixels of the picture, the last two exclusive.
    line : int
        The number of its line or row of cells, from 0 at the top.
    space_before : bool
        Whether a wide gap lies between it and the character before it in its line.
    alternatives : dict
        The probabilities of the three most probable labels.
    """

    label: object
    text: str
    probability: float
    box: tuple
    line: int
    space_before: bool = False
    alternatives: dict = field(default_factory=dict)


class Page:
    """The characters of a page in reading order.

    Printed, it is the text. Made by :meth:`PageReader.read`.

    Attributes
    ----------
    characters : list of Character
        From left to right and from top to bottom, empty cells among them.
    picture : ndarray of shape (height, width)
        The page in shades of grey, upright.
    """

    def __init__(self, picture, characters):
        self.picture = picture
        self.characters = characters

    @property
    def lines(self):
        """The text of every line, a list of str."""
        texts: dict = {}
        for character in self.characters:
            space = " " if character.space_before else ""
            texts[character.line] = texts.get(character.line, "") + space + character.text
        return list(texts.values())

    @property
    def text(self):
        """The lines, one below the other."""
        return "\n".join(self.lines)

    def __str__(self):
        return self.text

    def __repr__(self):
        return f"<Page of {len(self.characters)} characters in {len(self.lines)} lines>"

    def __len__(self):
        return len(self.characters)

    def __iter__(self):
        return iter(self.characters)

    def to_frame(self):
        """Return a row for every character.

        Returns
        -------
        frame : DataFrame
            With the columns label, text, probability, line, top, left, bottom, right,
            space_before and alternatives.
        """
        rows = [
            {**vars(character), **dict(zip(_BOX, character.box, strict=True))}
            for character in self.characters
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def to_json(self, **options):
        """Return text and characters as JSON.

        Parameters
        ----------
        **options
            Passed to :func:`json.dumps`.

        Returns
        -------
        str
            An object with "text", "lines" and "characters".
        """
        characters = [_plain(asdict(character)) for character in self.characters]
        content = {"text": self.text, "lines": self.lines, "characters": characters}
        return json.dumps(content, **{"ensure_ascii": False, **options})

    def plot(self, ax=None):
        """Draw the page, a frame around every character and what was read above it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        matplotlib Axes
            With the drawing.
        """
        pyplot = import_optional("matplotlib.pyplot", extra="plot", who="Page.plot")
        if ax is None:
            height, width = self.picture.shape
            _, ax = pyplot.subplots(figsize=(8, max(2.0, 8 * height / width)), layout="constrained")
        ax.imshow(self.picture, cmap="gray", vmin=0)
        for character in self.characters:
            _draw(ax, character)
        ax.set_axis_off()
        return ax


def _draw(ax, character):
    top, left, bottom, right = character.box
    colour = "tab:red" if character.text == REJECTED else "tab:blue"
    frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    ax.plot(*zip(*frame, strict=True), color=colour, linewidth=0.8)
    if character.label is not None:
        ax.text(left, top, character.text, color=colour, fontsize=8, va="bottom")


def _plain(value):
    """Return a value as JSON has it."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and np.isnan(value):
        return None
    return value

"""What the first layer of a classifier looks for, and what it finds in an image."""

import numpy as np

from skdigits._validation import take_rows
from skdigits.evaluation._first_layer import LABELS, read_first_layer
from skdigits.evaluation._images import draw_image
from skdigits.evaluation._panels import fit_panels, lay_panels
from skdigits.evaluation._style import plain

_N_COLUMNS = 9
_FONT_SIZE = 8


class FiltersDisplay:
    """The first layer of a classifier: its filters, and what they give for one image.

    It is made by :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    image : ndarray of shape (channels, height, width)
        The image, as it comes to the classifier.
    filters : ndarray of shape (n_filters, channels, height, width)
        What is looked for.
    maps : ndarray of shape (n_filters, height, width) or (n_filters,)
        Where, or how much of it, is found in the image.
    names : ndarray of shape (n_filters,)
        What each is called: its label, or its number in the layer.
    n_all_filters : int, default=None
        How many the layer has, where fewer are shown.
    kind : str, default="filters"
        What they are, for the heading: units, say, or support vectors.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or the first panel.
    axes_ : ndarray of matplotlib Axes
        The panels: the image, then the filters, each with its map below where it has one.
    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    SaliencyDisplay : Where a classifier looked in an image.
    CNNClassifier.first_layer : The numbers that are drawn, of a network.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits import FiltersDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> svm = SVC().fit(X[:1000], y[:1000])
    >>> display = FiltersDisplay.from_estimator(svm, X[1000:], n_filters=8)
    >>> display.filters.shape, display.n_all_filters == len(svm.support_vectors_)
    ((8, 1, 8, 8), True)
    """

    def __init__(self, *, image, filters, maps, names, n_all_filters=None, kind="filters"):
        self.image = image
        self.filters = filters
        self.maps = maps
        self.names = names
        self.n_all_filters = n_all_filters
        self.kind = kind

    @classmethod
    def from_estimator(cls, estimator, X, *, row=0, n_filters=17, image_shape=None, ax=None):
        """Draw the filters that give most for an image, the strongest first.

        Those of a convolution are small pictures that are looked for everywhere, and give a map of
        where they were found, after pooling and activation. A unit of a dense layer looks at all
        pixels and gives one number, as does a label of a linear model, whose highest decides; and
        so does a support vector of an SVM: how alike it is to the image by the kernel. The
        headings are their labels or numbers, and what they give.

        Parameters
        ----------
        estimator : estimator instance
            A fitted network of ours, MLPClassifier, linear classifier or SVM, or a Pipeline or
            search that ends in one, whose other steps give pixels.
        X : {array-like, DataFrame} of shape (n_samples, n_pixels), or array-like of shape \
                (n_samples, height, width) or (n_samples, channels, height, width)
            Images.
        row : int, default=0
            The image of `X` to look at.
        n_filters : int, default=17
            How many to show at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        FiltersDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the classifier has no layer of weights, a forest say, or it does not see images.
        """
        who = "FiltersDisplay.from_estimator"
        layer = read_first_layer(estimator, take_rows(X, [row]), image_shape, who=who)
        maps = layer.maps[0]
        found = maps if layer.kind == LABELS else np.abs(maps)  # a label below zero is rejected
        found = found.reshape(len(maps), -1).mean(axis=1)
        shown = np.argsort(-found, kind="stable")[:n_filters]
        return cls(
            image=layer.images[0],
            filters=layer.filters[shown],
            maps=maps[shown],
            names=layer.names[shown],
            n_all_filters=len(maps),
            kind=layer.kind,
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the image, the filters, and what each gives.

        Filters with weights below zero are drawn from blue, below, to red, above. Maps have one
        scale: from nothing, black, to the most that any of them has.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw: the panels are laid in the place of these axes. None makes a figure.

        Returns
        -------
        FiltersDisplay
            The display itself, with `ax_`, `axes_` and `figure_` set.
        """
        n_lines = 2 if self.maps.ndim == 3 else 1
        n_cells = 1 + len(self.filters)
        n_columns = min(_N_COLUMNS, n_cells)
        panels, self.figure_ = lay_panels(
            ax,
            -(-n_cells // n_columns) * n_lines * n_columns,
            n_columns,
            panel_size=(1.0, 1.15),
            margin=(0.2, 0.4),
            who="FiltersDisplay.plot",
        )
        grid = np.array(panels).reshape(-1, n_lines, n_columns).swapaxes(1, 2)
        cells = grid.reshape(-1, n_lines)
        draw_image(cells[0, 0], self.image)
        cells[0, 0].set_title("image", fontsize=_FONT_SIZE)
        for position in range(len(self.filters)):
            self._draw_filter(cells[1 + position], position)
        used = [cells[0, 0], *cells[1:n_cells].ravel()]
        for panel in set(panels) - set(used):
            panel.remove()
        self.axes_ = np.array(used)
        self._dress(ax)
        fit_panels(ax, used)
        return self

    def _draw_filter(self, cell, position):
        kernel, found = self.filters[position], self.maps[position]
        extreme = float(np.abs(kernel).max()) or 1.0
        if kernel.min() < 0:
            draw_image(cell[0], kernel, limits=(-extreme, extreme), cmap="RdBu_r")
        else:
            draw_image(cell[0], kernel)
        name = plain(self.names[position])
        title = name if found.ndim else f"{name}: {found:.3g}"
        cell[0].set_title(title, fontsize=_FONT_SIZE)
        if found.ndim:
            lowest = min(0.0, float(self.maps.min()))
            draw_image(cell[1], found[None], limits=(lowest, float(self.maps.max())), cmap="magma")

    def _dress(self, ax):
        n_shown, n_all = len(self.filters), self.n_all_filters
        few = n_all is not None and n_shown < n_all
        heading = (
            f"The {n_shown} strongest of {n_all:,} {self.kind}" if few else f"{n_shown} {self.kind}"
        )
        self.ax_ = self.axes_[0] if ax is None else ax
        if ax is None:
            self.figure_.suptitle(heading, fontsize=10)
        else:
            ax.set_title(heading, fontsize=10)

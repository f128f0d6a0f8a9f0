"""Pictures of a comparison, after scikit-learn's Display convention."""

import numpy as np
from sklearn.isotonic import isotonic_regression
from sklearn.metrics import ConfusionMatrixDisplay

from skdigits._optional import import_optional
from skdigits.evaluation._panels import fit_into, is_laid_out
from skdigits.evaluation._style import hide_spines, plain

_FONT_SIZE = 9
_LINE_HEIGHT = 1.5  # of a label, in font sizes
_MAX_COUNTED_LABELS = 30  # a larger confusion matrix is drawn without its counts


class ModelComparisonDisplay:
    """Accuracy against fit time, a point for every model.

    It is made by :meth:`ModelComparison.plot` or :meth:`from_comparison`. All parameters are
    stored as attributes.

    Parameters
    ----------
    names : list of str of length n_models
        What the models are called.
    accuracy : array-like of shape (n_models,)
        Mean accuracy over the folds, from 0 to 1.
    fit_seconds : array-like of shape (n_models,)
        Mean seconds of a fit.
    accuracy_sd : array-like of shape (n_models,), default=None
        Standard deviation of the accuracy over the folds, drawn as error bars. None, or NaN
        for a model, draws none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on.
    figure_ : matplotlib Figure
        The figure they are in.
    points_ : list of matplotlib ErrorbarContainer
        The points with their error bars, in the order of `names`.
    labels_ : list of matplotlib Annotation
        The names, in the order of `names`.

    See Also
    --------
    compare_models : Measures what is drawn here.

    Examples
    --------
    >>> from skdigits import ModelComparisonDisplay
    >>> display = ModelComparisonDisplay(
    ...     names=["svm", "knn"], accuracy=[0.99, 0.98], fit_seconds=[0.04, 0.001]
    ... )
    >>> display.plot().ax_.get_xlabel()
    'Fit time (seconds, log scale)'
    """

    def __init__(self, *, names, accuracy, fit_seconds, accuracy_sd=None):
        self.names = names
        self.accuracy = accuracy
        self.fit_seconds = fit_seconds
        self.accuracy_sd = accuracy_sd

    @classmethod
    def from_comparison(cls, comparison, *, ax=None):
        """Draw a comparison.

        Parameters
        ----------
        comparison : ModelComparison
            What :func:`compare_models` returned.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ModelComparisonDisplay
            The display, drawn.
        """
        table = comparison.table
        display = cls(
            names=list(table.index),
            accuracy=table["accuracy"].to_numpy(),
            fit_seconds=table["fit_seconds"].to_numpy(),
            accuracy_sd=table["accuracy_sd"].to_numpy(),
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the points, with their names in a column at the right.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure. The axes are made narrower, as by a color bar,
            so that they keep their place together with the names.

        Returns
        -------
        ModelComparisonDisplay
            The display itself, with `ax_`, `figure_`, `points_` and `labels_` set.
        """
        pyplot = import_optional(
            "matplotlib.pyplot", extra="plot", who="ModelComparisonDisplay.plot"
        )
        if ax is None:
            _, ax = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.points_ = self._draw_points(ax)
        _dress_axes(ax)
        self.labels_ = self._draw_labels(ax)
        if not is_laid_out(ax):
            fit_into(ax.get_position(original=True), [ax], sides=("right",))
        return self

    def _draw_points(self, ax):
        spreads = [np.nan] * len(self.names) if self.accuracy_sd is None else self.accuracy_sd
        return [
            ax.errorbar(
                seconds,
                accuracy,
                yerr=None if np.isnan(spread) else spread,
                fmt="o",
                color=f"C{position % 10}",
                markersize=7,
                elinewidth=1.2,
                capsize=3,
                zorder=3,
            )
            for position, (seconds, accuracy, spread) in enumerate(
                zip(self.fit_seconds, self.accuracy, spreads, strict=True)
            )
        ]

    def _draw_labels(self, ax):
        """Write the names beside the axes, where they cannot cover points or each other."""
        heights = ax.transAxes.inverted().transform(
            ax.transData.transform(list(zip(self.fit_seconds, self.accuracy, strict=True)))
        )[:, 1]
        axes_height = ax.get_window_extent().height * 72 / ax.figure.dpi
        heights = spread_out(heights, _LINE_HEIGHT * _FONT_SIZE / axes_height)
        rows = zip(self.names, self.fit_seconds, self.accuracy, heights, strict=True)
        return [
            ax.annotate(
                plain(f"{name}  {100 * accuracy:.2f} %"),
                xy=(seconds, accuracy),
                xytext=(1.03, height),
                textcoords="axes fraction",
                va="center",
                fontsize=_FONT_SIZE,
                color=f"C{position % 10}",
                arrowprops={
                    "arrowstyle": "-",
                    "color": f"C{position % 10}",
                    "linewidth": 0.6,
                    "alpha": 0.5,
                    "relpos": (0, 0.5),
                    "shrinkA": 1,
                    "shrinkB": 4,
                },
            )
            for position, (name, seconds, accuracy, height) in enumerate(rows)
        ]


def spread_out(heights, gap):
    """Move heights apart until neighbours are `gap` apart, as little as that takes.

    Parameters
    ----------
    heights : array-like of shape (n,)
        Where the labels would be.
    gap : float
        The smallest distance between two labels.

    Returns
    -------
    ndarray of shape (n,)
        Where they can be, in the same order; equal heights keep the order they came in, the
        first on top.

    Examples
    --------
    >>> from skdigits.evaluation._displays import spread_out
    >>> spread_out([0.5, 0.5, 0.9], 0.2).round(2).tolist()
    [0.6, 0.4, 0.9]
    """
    heights = np.asarray(heights, dtype=float)
    order = np.argsort(-heights, kind="stable")[::-1]
    # Least squares under "at least a gap apart" is the isotonic regression of what is left
    # once the gaps are taken out.
    steps = gap * np.arange(len(heights))
    spread = np.empty_like(heights)
    spread[order] = isotonic_regression(heights[order] - steps) + steps
    return spread


def save_comparison(comparison, path):
    """Draw a comparison into a PNG file, without a window."""
    figure = _make_figure("ModelComparison.save", (7, 4.5))
    ModelComparisonDisplay.from_comparison(comparison, ax=figure.subplots())
    figure.savefig(path, format="png", dpi=150)


def save_confusion_matrix(matrix, name, path):
    """Draw a labelled confusion matrix into a PNG file, without a window."""
    n_labels, shows_counts = len(matrix), len(matrix) <= _MAX_COUNTED_LABELS
    side = min(20, 2.5 + 0.42 * n_labels)
    figure = _make_figure("ModelComparison.save", (side, side))
    ax = figure.subplots()
    labels = [plain(label) for label in matrix.index]
    display = ConfusionMatrixDisplay(matrix.to_numpy(), display_labels=labels)
    display.plot(
        ax=ax,
        cmap="Blues",
        include_values=shows_counts,
        colorbar=not shows_counts,
        xticks_rotation=90 if max(len(str(label)) for label in matrix.index) > 2 else 0,
    )
    _hide_zeros(display)
    n_right, n_rows = int(np.trace(matrix)), int(matrix.to_numpy().sum())
    ax.set_title(plain(f"{name}: {n_right:,} of {n_rows:,} right"))
    figure.savefig(path, format="png", dpi=150)


def _hide_zeros(display):
    if display.text_ is None:
        return
    for text in display.text_.ravel():
        if text.get_text() == "0":
            text.set_text("")


def _make_figure(who, size):
    figure = import_optional("matplotlib.figure", extra="plot", who=who)
    return figure.Figure(figsize=size, layout="constrained")


def _dress_axes(ax):
    ax.margins(x=0.08, y=0.08)
    ax.set_xscale("log")
    _label_decades(ax)
    ax.set_xlabel("Fit time (seconds, log scale)")
    ax.set_ylabel("Accuracy (mean ± sd over the folds)")
    # An error bar may pass 100 %, an accuracy cannot.
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %" if value < 1.0001 else "")
    ax.grid(alpha=0.25)
    hide_spines(ax, "top", "right")


def _label_decades(ax):
    """Write 0.01 for 10^-2, and show a whole decade of seconds at least."""
    ticker = import_optional("matplotlib.ticker", extra="plot", who="ModelComparisonDisplay.plot")
    low, high = ax.get_xlim()
    stretch = max(1, np.sqrt(10 * low / high))
    ax.set_xlim(low / stretch, high * stretch)
    steps = (1, 2, 5) if high < 100 * low else (1,)
    ax.xaxis.set_major_locator(ticker.LogLocator(subs=steps))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(ticker.NullFormatter())

"""Accuracy against severity, a panel for every kind of corruption."""

import numpy as np

from skdigits._optional import import_optional
from skdigits.evaluation._panels import fit_panels, lay_panels, write_legend_below
from skdigits.evaluation._robustness import CLEAN, robustness_curve
from skdigits.evaluation._style import MARKERS, hide_spines, plain

_N_COLUMNS = 4
_SHAPE = 1.2  # width by height of a panel with its numbers


class RobustnessDisplay:
    """How accurate models stay as images get worse, a panel for every kind of corruption.

    It is made by :meth:`from_estimator`, :meth:`from_estimators` or :meth:`from_curve`. All
    parameters are stored as attributes.

    Parameters
    ----------
    accuracy : DataFrame
        Accuracies, 0 to 1, with the columns ``model``, ``kind``, ``severity`` and ``accuracy``,
        as :func:`robustness_curve` has them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or the first panel.
    axes_ : ndarray of matplotlib Axes
        The panels, one for every kind.
    figure_ : matplotlib Figure
        The figure they are in.
    legend_ : matplotlib Legend
        The names, below the panels.

    See Also
    --------
    robustness_curve : Measures what is drawn here.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits import RobustnessDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> svm = SVC().fit(X[:1000], y[:1000])
    >>> display = RobustnessDisplay.from_estimator(
    ...     svm, X[1000:], y[1000:], kinds=["noise", "shift"], severities=[1, 3, 5]
    ... )
    >>> [ax.get_title() for ax in display.axes_]
    ['noise', 'shift']
    """

    def __init__(self, *, accuracy):
        self.accuracy = accuracy

    @classmethod
    def from_estimator(cls, estimator, X, y, *, name=None, ax=None, **kwargs):
        """Measure and draw a fitted classifier.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a Pipeline that ends in one.
        X : array-like
            Test images, as :func:`robustness_curve` takes them.
        y : array-like of shape (n_samples,)
            Their labels.
        name : str, default=None
            What the model is called; None takes its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs
            Passed on to :func:`robustness_curve`.

        Returns
        -------
        RobustnessDisplay
            The display, drawn.
        """
        name = name or type(estimator).__name__
        return cls.from_estimators({name: estimator}, X, y, ax=ax, **kwargs)

    @classmethod
    def from_estimators(cls, estimators, X, y, *, ax=None, **kwargs):
        """Measure and draw several fitted classifiers on the same images.

        Parameters
        ----------
        estimators : dict, list of (str, estimator) tuples, or list of estimators
            Fitted classifiers, by name.
        X : array-like
            Test images, as :func:`robustness_curve` takes them.
        y : array-like of shape (n_samples,)
            Their labels.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs
            Passed on to :func:`robustness_curve`.

        Returns
        -------
        RobustnessDisplay
            The display, drawn.
        """
        return cls.from_curve(robustness_curve(estimators, X, y, **kwargs), ax=ax)

    @classmethod
    def from_curve(cls, curve, *, n_cols=4, ax=None):
        """Draw what was measured.

        Parameters
        ----------
        curve : DataFrame
            What :func:`robustness_curve` returned, or :attr:`ModelComparison.robustness`, whose
            folds are averaged.
        n_cols : int, default=4
            Most panels in a row; in narrow axes there are fewer.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RobustnessDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the curve has no corruption.
        """
        keys = ["model", "kind", "severity"]
        accuracy = curve.groupby(keys, sort=False)["accuracy"].mean().reset_index()
        if (accuracy["kind"] == CLEAN).all():
            raise ValueError("RobustnessDisplay expects a curve with corruptions, got none.")
        return cls(accuracy=accuracy).plot(n_cols=n_cols, ax=ax)

    def plot(self, ax=None, *, n_cols=4):
        """Draw a panel for every kind, a line for every model.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw: the panels are laid in the place of these axes. None makes a figure.
        n_cols : int, default=4
            Most panels in a row; in narrow axes there are fewer.

        Returns
        -------
        RobustnessDisplay
            The display itself, with `ax_`, `axes_`, `figure_` and `legend_` set.
        """
        kinds = [kind for kind in self.accuracy["kind"].unique() if kind != CLEAN]
        if ax is not None:
            n_cols = _choose_columns(ax, len(kinds), n_cols)
        panels, self.figure_ = lay_panels(
            ax,
            len(kinds),
            n_cols,
            panel_size=(2.2, 1.8),
            margin=(1.2, 0.9),
            who="RobustnessDisplay.plot",
            sharex=True,
            sharey=True,
        )
        self.axes_ = np.array(panels)
        for kind, panel in zip(kinds, panels, strict=True):
            self._draw_kind(panel, kind)
        self._dress(min(n_cols, len(kinds)))
        names = self.accuracy["model"].unique()
        self.legend_ = write_legend_below(ax, panels, panels[0].lines, names)
        self.ax_ = panels[0] if ax is None else ax
        fit_panels(ax, panels, legend=self.legend_)
        return self

    def _draw_kind(self, panel, kind):
        rows = self.accuracy[self.accuracy["kind"].isin([kind, CLEAN])]
        for position, (_, line) in enumerate(rows.groupby("model", sort=False)):
            line = line.sort_values("severity")
            panel.plot(
                line["severity"],
                line["accuracy"],
                color=f"C{position % 10}",
                marker=MARKERS[position % len(MARKERS)],
                markersize=3.5,
                linewidth=1.3,
            )
        panel.set_title(plain(kind.replace("_", " ")), fontsize=10)
        panel.grid(alpha=0.25)
        hide_spines(panel, "top", "right")

    def _dress(self, n_columns):
        first = self.axes_[0]
        first.set_xticks(sorted(self.accuracy["severity"].unique()))
        first.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        for position, panel in enumerate(self.axes_):
            if position + n_columns >= len(self.axes_):
                panel.set_xlabel("severity")
                panel.tick_params(labelbottom=True)
            if position % n_columns == 0:
                panel.set_ylabel("accuracy")


def _choose_columns(ax, n_panels, n_most):
    """Return the number of columns that makes the panels in a place largest."""
    box = ax.get_window_extent()

    def size(n_columns):
        n_rows = -(-n_panels // n_columns)
        return min(box.width / n_columns, _SHAPE * box.height / n_rows)

    return max(range(1, n_most + 1), key=size)


def save_robustness(curve, path):
    """Draw a curve into a PNG file, without a window."""
    figure = import_optional("matplotlib.figure", extra="plot", who="ModelComparison.save")
    n_kinds = curve["kind"].nunique() - 1
    size = (1.2 + 2.2 * min(_N_COLUMNS, n_kinds), 0.9 + 1.8 * -(-n_kinds // _N_COLUMNS))
    picture = figure.Figure(figsize=size, layout="constrained")
    RobustnessDisplay.from_curve(curve, ax=picture.subplots())
    picture.savefig(path, format="png", dpi=150)

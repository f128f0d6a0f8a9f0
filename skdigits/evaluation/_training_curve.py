"""Loss and score of every epoch, of models, folds and candidates."""

import numpy as np
import pandas as pd

from skdigits._optional import import_optional
from skdigits.evaluation._last_step import last_step
from skdigits.evaluation._naming import name_estimators
from skdigits.evaluation._panels import fit_panels, lay_panels
from skdigits.evaluation._style import MARKERS, hide_spines, plain, write_legend
from skdigits.evaluation._training_records import (
    COLUMNS,
    LEVEL_COLUMNS,
    LOSS,
    read_curves,
    read_fold_levels,
    read_level,
    read_logs,
)

_N_COLUMNS = 2
_MAX_LEGEND_ROWS = 14
_FONT_SIZE = 9
# M. Okabe and K. Ito, "Color universal design", 2008: told apart by the colour-blind too.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_SOLID, _DASHED, _DOTTED = "-", (0, (4, 1.5)), (0, (1, 1.2))
_THIN = {"linewidth": 0.8, "alpha": 0.4}


class TrainingCurveDisplay:
    """How a training went: loss and score of every epoch, a line for every model.

    It is made by :meth:`from_estimator`, :meth:`from_estimators`, :meth:`from_cv_results` or
    :meth:`from_logs`. All parameters are stored as attributes.

    Parameters
    ----------
    curves : DataFrame
        A row for every epoch, with the columns ``model``, ``fold``, ``epoch``, ``part``
        (``"training"`` or ``"validation"``), ``measure`` (``"loss"``, ``"accuracy"``, ...) and
        ``value``. May be empty.
    levels : DataFrame, default=None
        Accuracies without epochs, drawn as horizontal lines, with the columns ``model``,
        ``fold`` and ``accuracy``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or the first panel.
    axes_ : ndarray of matplotlib Axes
        The panels, one for every measure, the loss first.
    figure_ : matplotlib Figure
        The figure they are in.
    legend_ : matplotlib Legend
        The names, beside the panels.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores against the number of images.

    Notes
    -----
    Losses of different kinds of classifier are not quite comparable: MLPClassifier's has its
    penalty in it, ours the smoothing of labels, that of gradient boosting is of all its trees so
    far. Accuracies are.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdigits import ANNClassifier, TrainingCurveDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ANNClassifier((32,), early_stopping=True).fit(X, y)
    >>> display = TrainingCurveDisplay.from_estimator(model)
    >>> [ax.get_title() for ax in display.axes_]
    ['training loss', 'validation accuracy']
    """

    def __init__(self, *, curves, levels=None):
        self.curves = curves
        self.levels = levels

    @classmethod
    def from_estimator(cls, estimator, X=None, y=None, *, name=None, ax=None):
        """Draw what a fitted classifier recorded of its epochs.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a Pipeline or search that ends in one. Epochs are recorded by
            our networks and MLPClassifier (validation scores with ``early_stopping=True``), by
            GradientBoostingClassifier, and by HistGradientBoostingClassifier that stops early,
            whose epochs are its iterations.
        X : array-like, default=None
            Images that the estimator was not trained on: its accuracy on them is drawn as a
            horizontal line, "test" in the legend. Needed where there are no epochs.
        y : array-like of shape (n_samples,), default=None
            Their labels.
        name : str, default=None
            What to call it; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator recorded no epochs and there is no `X` and `y`, or one without the
            other.
        """
        name = name or type(last_step(estimator)).__name__
        return cls._of_estimators({name: estimator}, X, y, ax, "from_estimator")

    @classmethod
    def from_estimators(cls, estimators, X=None, y=None, *, ax=None):
        """Draw several fitted classifiers in one picture.

        Parameters
        ----------
        estimators : dict, list of (str, estimator) tuples, or list of estimators
            Fitted classifiers, as :meth:`from_estimator` takes them, by name.
        X : array-like, default=None
            Images for the horizontal lines, as :meth:`from_estimator` takes them.
        y : array-like of shape (n_samples,), default=None
            Their labels.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If one recorded no epochs and there is no `X` and `y`, or one without the other.
        """
        return cls._of_estimators(estimators, X, y, ax, "from_estimators")

    @classmethod
    def _of_estimators(cls, estimators, X, y, ax, method):
        who = f"TrainingCurveDisplay.{method}"
        _check_pair(X, y, who)
        curves: list[tuple] = []
        levels: list[tuple] = []
        for name, estimator in name_estimators(estimators, who=who):
            found = read_curves(estimator, name)
            if X is None and not found:
                _refuse_no_epochs(estimator, who)
            curves += found
            levels += [] if X is None else read_level(estimator, X, y, name)
        return cls._draw(curves, levels, ax)

    @classmethod
    def from_cv_results(cls, cv_results, X=None, y=None, *, name=None, ax=None):
        """Draw a thin line for every fold of a cross-validation, and their mean in bold.

        The mean ends where the first fold ends. The horizontal lines are accuracies on what a
        fold was not trained on.

        Parameters
        ----------
        cv_results : dict
            What :func:`sklearn.model_selection.cross_validate` returned, with
            ``return_estimator=True``, and for horizontal lines ``return_indices=True``.
        X : array-like, default=None
            The images that were cross-validated, for horizontal lines. Needed where there are no
            epochs.
        y : array-like of shape (n_samples,), default=None
            Their labels.
        name : str, default=None
            What to call the model; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `cv_results` has no estimators or, with `X` and `y`, no indices; if the estimators
            recorded no epochs and there is no `X` and `y`, or one without the other.
        """
        who = "TrainingCurveDisplay.from_cv_results"
        _check_pair(X, y, who)
        if "estimator" not in cv_results:
            raise ValueError(
                f"{who} expects estimators: call cross_validate with return_estimator=True."
            )
        estimators = cv_results["estimator"]
        name = name or type(last_step(estimators[0])).__name__
        curves = [
            row
            for fold, estimator in enumerate(estimators)
            for row in read_curves(estimator, name, fold)
        ]
        if X is None and not curves:
            _refuse_no_epochs(estimators[0], who)
        levels = [] if X is None else read_fold_levels(cv_results, X, y, name, who=who)
        return cls._draw(curves, levels, ax)

    @classmethod
    def from_logs(cls, logs, search=None, *, ax=None):
        """Draw what scikit-learn's ScoringMonitor logged, of every fold and candidate.

        The monitor, new in scikit-learn 1.9, scores every epoch on the data it trains on. It
        reaches our networks inside a Pipeline, a cross-validation or a search.

        Parameters
        ----------
        logs : ScoringMonitorLog or list of ScoringMonitorLog
            What ``monitor.get_logs()`` returned: with ``select="all"`` of a cross-validation,
            whose runs are the folds of one model.
        search : estimator instance, default=None
            The fitted search that was monitored, GridSearchCV say. It names the candidates, whose
            folds are thin lines with their mean in bold; its final fit is left out. Without it
            every fit of a search is a line of its own.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn. Scores that begin with ``neg_`` lose their sign, and the log loss
            goes into the panel of losses.

        Raises
        ------
        TypeError, ValueError
            If these are no logs, they have no epochs, or they are not those of `search`.
        """
        return cls._draw(read_logs(logs, search, who="TrainingCurveDisplay.from_logs"), [], ax)

    @classmethod
    def _draw(cls, curves, levels, ax):
        return cls(
            curves=pd.DataFrame(curves, columns=list(COLUMNS)),
            levels=pd.DataFrame(levels, columns=list(LEVEL_COLUMNS)) if levels else None,
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw a panel for every measure, side by side over the same epochs.

        A loss that falls by more than ten times is drawn on a logarithmic scale. A marker is
        where a training ended.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw: the panels are laid in the place of these axes. None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display itself, with `ax_`, `axes_`, `figure_` and `legend_` set.
        """
        measures, handles = self._measures(), self._handles()
        panels, self.figure_ = lay_panels(
            ax,
            len(measures),
            _N_COLUMNS,
            panel_size=(3.2, 2.7),
            margin=(_estimate_width(handles), 0.3),
            who="TrainingCurveDisplay.plot",
            sharex=True,
        )
        self.axes_ = np.array(panels)
        for measure, panel in zip(measures, panels, strict=True):
            self._draw_measure(panel, measure)
            self._dress(panel, measure)
        self._dress_epochs(panels)
        self.legend_ = _draw_legend(panels[min(_N_COLUMNS, len(panels)) - 1], handles)
        self.ax_ = panels[0] if ax is None else ax
        fit_panels(ax, panels)
        return self

    def _measures(self):
        """Return the panels' measures, the loss first."""
        found = list(self.curves["measure"].unique())
        if self.levels is not None and "accuracy" not in found:
            found.append("accuracy")
        return sorted(found, key=lambda measure: measure != LOSS)

    def _parts(self, measure):
        """Return what a panel shows lines of: training, validation, test."""
        parts = set(self.curves.loc[self.curves["measure"] == measure, "part"])
        if self.levels is not None and measure == "accuracy":
            parts.add("test")
        return parts

    def _styles(self):
        """Return the line style of each part; training gives way where validation is beside it."""
        beside = any({"training", "validation"} <= self._parts(name) for name in self._measures())
        return {
            "training": _DASHED if beside else _SOLID,
            "validation": _SOLID,
            "test": _DOTTED,
        }

    def _models(self):
        """Return the colour and the marker of every model."""
        tables = [self.curves] if self.levels is None else [self.curves, self.levels]
        names = pd.concat([table["model"] for table in tables]).unique()
        if self.levels is not None and set(names) == set(self.levels["model"]):
            names = self.levels["model"].unique()  # in the user's order
        return {
            name: {
                "color": _COLORS[position % len(_COLORS)],
                "marker": MARKERS[position % len(MARKERS)],
            }
            for position, name in enumerate(names)
        }

    def _draw_measure(self, panel, measure):
        models, styles = self._models(), self._styles()
        rows = self.curves[self.curves["measure"] == measure]
        for (name, part), curve in rows.groupby(["model", "part"], sort=False):
            _draw_curve(panel, curve, linestyle=styles[part], **models[name])
        if self.levels is None or measure != "accuracy":
            return
        for name, level in self.levels.groupby("model", sort=False):
            _draw_level(panel, level["accuracy"], color=models[name]["color"])

    def _dress(self, panel, measure):
        parts = self._parts(measure)
        title = measure if len(parts) > 1 else f"{next(iter(parts))} {measure}"
        panel.set_title(plain(title), fontsize=10)
        panel.grid(alpha=0.25)
        hide_spines(panel, "top", "right")
        if "accuracy" in measure:
            panel.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        if measure == LOSS:
            _scale_losses(panel, self.curves.loc[self.curves["measure"] == LOSS, "value"])

    def _dress_epochs(self, panels):
        """Write whole epochs below the lowest panels, nothing where there are none."""
        if self.curves.empty:
            panels[0].set_xticks([])
            return
        panels[0].locator_params(axis="x", integer=True, nbins=6)
        for panel in panels[-_N_COLUMNS:]:
            panel.set_xlabel("epoch")
            panel.tick_params(labelbottom=True)

    def _handles(self):
        """Return what stands in the legend: the models, then the styles."""
        with_epochs = set(self.curves["model"])
        return [
            _handle(name, markersize=5, **look)
            if name in with_epochs
            else _handle(name, linestyle=_DOTTED, color=look["color"])
            for name, look in self._models().items()
        ] + self._keys()

    def _keys(self):
        """Return what the legend says of styles, where there are several."""
        parts = [self._parts(measure) for measure in self._measures()]
        mixed = set().union(*(found for found in parts if len(found) > 1))
        styles = self._styles().items()
        keys = [_handle(part, linestyle=style) for part, style in styles if part in mixed]
        if self._has_folds():
            keys += [_handle("a fold", **_THIN), _handle("mean of folds", linewidth=2.2)]
        return keys

    def _has_folds(self):
        tables = [self.curves] if self.levels is None else [self.curves, self.levels]
        return any(table.groupby("model")["fold"].nunique().max() > 1 for table in tables)


def _check_pair(X, y, who):
    if (X is None) != (y is None):
        raise ValueError(f"{who} expects X and y together, got only {'y' if X is None else 'X'}.")


def _refuse_no_epochs(estimator, who):
    raise ValueError(
        f"{who} expects X and y for {type(last_step(estimator)).__name__}, which recorded no "
        "epochs: its accuracy on them is what can be drawn."
    )


def _draw_curve(panel, curve, **look):
    """Draw one line, or a thin one a fold and a bold one for their mean."""
    marker = {"marker": look.pop("marker"), "markersize": 5, "markevery": [-1]}
    folds = curve.pivot(index="epoch", columns="fold", values="value")
    if folds.shape[1] == 1:
        panel.plot(folds.index, folds.iloc[:, 0], linewidth=1.6, **look, **marker)
        return
    for fold in folds:
        line = folds[fold].dropna()
        panel.plot(line.index, line, **look, **_THIN)
    mean = folds.dropna().mean(axis=1)
    panel.plot(mean.index, mean, linewidth=2.2, **look, **marker)


def _draw_level(panel, accuracy, **look):
    for value in accuracy if len(accuracy) > 1 else ():
        panel.axhline(value, linestyle=_DOTTED, **look, **_THIN)
    panel.axhline(accuracy.mean(), linestyle=_DOTTED, linewidth=1.8, **look)


def _handle(label, **look):
    lines = import_optional("matplotlib.lines", extra="plot", who="TrainingCurveDisplay.plot")
    return lines.Line2D([], [], label=label, **{"color": "0.35", "linewidth": 1.7} | look)


def _draw_legend(panel, handles):
    """Write the names at the right of a panel."""
    return write_legend(
        panel,
        handles,
        [handle.get_label() for handle in handles],
        loc="upper left",
        bbox_to_anchor=(1.04, 1),
        borderaxespad=0,
        frameon=False,
        fontsize=_FONT_SIZE,
        ncols=-(-len(handles) // _MAX_LEGEND_ROWS),
    )


def _estimate_width(handles):
    """Return about how many inches the legend takes, so that the panels keep theirs."""
    n_letters = max(len(handle.get_label()) for handle in handles)
    n_columns = -(-len(handles) // _MAX_LEGEND_ROWS)
    return 0.3 + n_columns * (0.6 + n_letters * 0.6 * _FONT_SIZE / 72)


def _scale_losses(panel, losses):
    """Take a logarithmic scale where losses fall far, and write 0.01 for 10^-2 on it."""
    if losses.min() <= 0 or losses.max() <= 10 * losses.min():
        return
    ticker = import_optional("matplotlib.ticker", extra="plot", who="TrainingCurveDisplay.plot")
    steps = (1, 2, 5) if losses.max() < 100 * losses.min() else (1,)
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(ticker.LogLocator(subs=steps))
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_minor_formatter(ticker.NullFormatter())

"""A picture of what matters in a search: the shares, and the scores value by value."""

import numpy as np
import pandas as pd

from skdigits._optional import import_optional
from skdigits.evaluation._importance import (
    NOISE,
    OTHER,
    hyperparameter_importance,
    hyperparameter_marginals,
)
from skdigits.evaluation._panels import fit_into, is_laid_out, pin, place_of
from skdigits.evaluation._search_results import is_number
from skdigits.evaluation._style import hide_spines, plain

_WHO = "HyperparameterImportanceDisplay.plot"
_MAX_LABELLED = 8  # values of a panel that are written out; of more numbers there is a scale
_MAX_LETTERS = 28  # of a line
_REST = {NOISE: "noise of the folds", OTHER: "all else"}
_COLORS = {"single": "#0072B2", "pair": "#56B4E9", "rest": "#BBBBBB"}  # Okabe and Ito


class HyperparameterImportanceDisplay:
    """What matters in a search: bars of the shares, and beside them the scores of every value.

    It is made by :meth:`from_search`. All parameters are stored as attributes.

    Parameters
    ----------
    importance : DataFrame
        What :func:`hyperparameter_importance` returned.
    marginals : DataFrame
        What :func:`hyperparameter_marginals` returned.
    score_name : str, default="score"
        What the score is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or those of the bars.
    axes_ : ndarray of matplotlib Axes
        The axes of the bars, then the panels of the hyper-parameters, from the top.
    figure_ : matplotlib Figure
        The figure they are in.
    bars_ : matplotlib BarContainer
        The bars, from the top.

    See Also
    --------
    hyperparameter_importance : Measures what is drawn here.

    Examples
    --------
    >>> from skdigits import HyperparameterImportanceDisplay
    >>> results = {"params": [{"C": 1}, {"C": 10}], "mean_test_score": [0.8, 0.9]}
    >>> display = HyperparameterImportanceDisplay.from_search(results)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['C', 'all else']
    """

    def __init__(self, importance, marginals, *, score_name="score"):
        self.importance = importance
        self.marginals = marginals
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search,
        *,
        score="mean_test_score",
        random_state=0,
        max_bars=10,
        max_panels=4,
        ax=None,
    ):
        """Measure what matters in a search, and draw it.

        Parameters
        ----------
        search : fitted search, dict or DataFrame
            A fitted search or its `cv_results_`, as for :func:`hyperparameter_importance`.
        score : str, default="mean_test_score"
            The column of `cv_results_` to explain.
        random_state : int, RandomState instance or None, default=0
            Seeds the trees that stand in for combinations that were not tried.
        max_bars : int, default=10
            How many bars are drawn at most.
        max_panels : int, default=4
            How many hyper-parameters get a panel at most.
        ax : matplotlib Axes, default=None
            In whose place to draw; None makes a figure.

        Returns
        -------
        HyperparameterImportanceDisplay
            The display, drawn.
        """
        display = cls(
            hyperparameter_importance(search, score=score, random_state=random_state),
            hyperparameter_marginals(search, score=score, random_state=random_state),
            score_name=score.removeprefix("mean_").replace("_", " "),
        )
        return display.plot(ax=ax, max_bars=max_bars, max_panels=max_panels)

    def plot(self, ax=None, *, max_bars=10, max_panels=4):
        """Draw the shares with their intervals, and the scores of what matters most.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            In whose place to draw; None makes a figure.
        max_bars : int, default=10
            How many bars are drawn at most, those of noise and all else among them; the shares of
            what gets no bar are added to all else.
        max_panels : int, default=4
            How many hyper-parameters get a panel at most, the ones with the largest shares; 0
            draws the bars only.

        Returns
        -------
        HyperparameterImportanceDisplay
            The display itself, with `ax_`, `axes_`, `figure_` and `bars_` set.
        """
        bars = _choose_bars(self.importance, max_bars)
        panels = _choose_panels(self.importance, self.marginals, max_panels)
        self.axes_ = _lay_out(ax, bars, list(panels.values()))
        self.ax_ = self.axes_[0] if ax is None else ax
        self.figure_ = self.ax_.figure
        self.bars_ = _draw_bars(self.axes_[0], bars)
        for panel, (name, values) in zip(self.axes_[1:], panels.items(), strict=True):
            _draw_values(panel, name, values)
        if panels:
            _share_scores(self.axes_[1:], self.score_name, self.marginals["sd"].notna().any())
        if ax is not None:
            _make_room(ax, self.axes_)
        return self


def _choose_bars(importance, max_bars):
    """Return the largest shares; those of the others are added to the last row."""
    rest = importance.loc[[NOISE, OTHER]].dropna(subset="share")
    effects = importance.drop(index=[NOISE, OTHER])
    n_shown = max(1, max_bars - len(rest))
    shown, left_out = effects[:n_shown], effects[n_shown:]
    rest.loc[OTHER, "share"] += left_out["share"].sum()
    kinds = ["pair" if " × " in name else "single" for name in shown.index] + ["rest"] * len(rest)
    return pd.concat([shown, rest]).assign(kind=kinds)


def _choose_panels(importance, marginals, max_panels):
    """Return the values of the most important hyper-parameters that have several."""
    values = {name: rows for name, rows in marginals.groupby("parameter") if len(rows) > 1}
    names = [name for name in importance.index if name in values]
    return {name: values[name] for name in names[:max_panels]}


def _lay_out(ax, bars, panels):
    """Make axes for the bars at the left, and at the right one for each panel."""
    pyplot = import_optional("matplotlib.pyplot", extra="plot", who=_WHO)
    heights = [_count_lines(values) + 1.8 for values in panels]
    if ax is None:
        inches = max(0.9 + 0.34 * len(bars), 0.8 + 0.3 * sum(heights), 2.6)
        figure = pyplot.figure(figsize=(10 if panels else 6, inches), layout="constrained")
        grid = figure.add_gridspec(1, 2 if panels else 1)
    else:
        ax.set_axis_off()
        figure = ax.figure
        grid = place_of(ax).subgridspec(1, 2 if panels else 1)
    axes = [figure.add_subplot(grid[0])]
    if panels:
        column = grid[1].subgridspec(len(panels), 1, height_ratios=heights)
        axes += [figure.add_subplot(place) for place in column]
    if ax is not None and ax.get_subplotspec() is None:
        pin(axes)
    return np.array(axes)


def _draw_bars(ax, bars):
    rows = np.arange(len(bars))
    drawn = ax.barh(
        rows, bars["share"], height=0.7, color=[_COLORS[kind] for kind in bars["kind"]], zorder=2
    )
    reach = np.abs(bars[["ci_low", "ci_high"]].to_numpy() - bars[["share"]].to_numpy())
    has_interval = np.isfinite(reach).all(axis=1)
    ax.errorbar(
        bars["share"][has_interval],
        rows[has_interval],
        xerr=reach[has_interval].T,
        fmt="none",
        ecolor="#222222",
        elinewidth=1.2,
        capsize=3,
        zorder=3,
    )
    ax.set_yticks(rows, _name_bars(bars))
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.set_xlim(0, min(1.02, 1.08 * np.nanmax(bars[["share", "ci_high"]])))
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    interval = ",\n95 % interval" if has_interval.any() else ""
    ax.set_xlabel(f"Share of the variation{interval}")
    _dress(ax)
    return drawn


def _name_bars(bars):
    """Write step: name, the second of a pair on a line of its own."""
    return [
        _REST.get(name) or "\n× ".join(_write(_spell(part)) for part in name.split(" × "))
        for name in bars.index
    ]


def _spell(name):
    return name.replace("__", ": ")


def _draw_values(ax, name, values):
    draw = _draw_lines if _is_labelled(values["value"]) else _draw_scale
    draw(ax, values["value"], values["mean"].to_numpy(), values["sd"].to_numpy())
    ax.set_title(plain(_spell(name)), fontsize="medium", loc="left")
    _dress(ax)


def _draw_lines(ax, values, means, spreads):
    """Draw a point for every value, with its error bar, line by line."""
    rows = np.arange(len(values))
    ax.errorbar(
        means,
        rows,
        xerr=None if np.isnan(spreads).any() else spreads,
        fmt="o",
        color=_COLORS["single"],
        ecolor="#888888",
        markersize=6,
        elinewidth=1.1,
        capsize=2,
        zorder=3,
    )
    ax.set_yticks(rows, [_write(describe_value(value)) for value in values])
    ax.set_ylim(len(rows) - 0.4, -0.6)


def _draw_scale(ax, values, means, spreads):
    """Draw many numbers as a line, with a band of one deviation."""
    numbers = values.to_numpy(dtype=float)
    ax.plot(means, numbers, ".-", color=_COLORS["single"], linewidth=1, zorder=3)
    ax.fill_betweenx(
        numbers, means - spreads, means + spreads, color="#888888", alpha=0.3, linewidth=0
    )
    if numbers.min() > 0 and numbers.max() > 50 * numbers.min():
        ax.set_yscale("log")


def _is_labelled(values):
    return len(values) <= _MAX_LABELLED or not all(is_number(value) for value in values)


def _count_lines(values):
    return len(values) if _is_labelled(values["value"]) else _MAX_LABELLED - 2


def _share_scores(panels, score_name, has_spread):
    """Give all panels one scale of scores, written below the last."""
    low = min(panel.get_xlim()[0] for panel in panels)
    high = max(panel.get_xlim()[1] for panel in panels)
    for panel in panels:
        panel.set_xlim(low, high)
        panel.tick_params(labelbottom=panel is panels[-1])
    spread = "\n± sd over the folds" if has_spread else ""
    panels[-1].set_xlabel(plain(f"Mean {score_name}{spread}"))


def _make_room(ax, axes):
    """Keep the bars in the left half of given axes and the panels in the right one."""
    if not is_laid_out(ax):
        place = ax.get_position(original=True)
        halves = place.splitx(0.5) if len(axes) > 1 else [place]
        for half, parts in zip(halves, (axes[:1], axes[1:]), strict=False):
            fit_into(half, parts)
    for part in axes:
        inches = part.get_window_extent().width / part.figure.dpi
        part.locator_params(axis="x", nbins=max(1, min(4, int(1.5 * inches))))


def describe_value(value):
    """Write a value of a hyper-parameter as a person would.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    str
        Numbers with four digits, strings without quotes, anything else as Python shows it, on a
        line.

    Examples
    --------
    >>> from skdigits.evaluation._importance_display import describe_value
    >>> [describe_value(value) for value in (0.1 + 0.2, "rbf", None, (64, 32))]
    ['0.3', 'rbf', 'None', '(64, 32)']
    """
    if is_number(value):
        return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
    if isinstance(value, str):
        return value
    return getattr(value, "__name__", None) or " ".join(repr(value).split())


def _write(text):
    return plain(text if len(text) <= _MAX_LETTERS else f"{text[: _MAX_LETTERS - 1]}…")


def _dress(ax):
    ax.grid(axis="x", alpha=0.25)
    ax.locator_params(axis="x", nbins=4)
    ax.tick_params(axis="y", length=0, labelsize="medium")
    hide_spines(ax, "top", "right")

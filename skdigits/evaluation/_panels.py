"""Grids of panels, in a figure of their own or in the place of given axes."""

import numpy as np

from skdigits._optional import import_optional
from skdigits.evaluation._style import write_legend

_SIDES = ("left", "right", "bottom", "top")
_PAD = 4  # points around a panel and what belongs to it
_MOST = 0.7  # of a place that numbers, labels and legends may take


def lay_panels(ax, n_panels, n_columns, *, panel_size, margin, who, **options):
    """Return axes in rows, and their figure.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The panels are laid in their place, :func:`fit_panels` keeps them there once they are
        drawn; None makes a figure.
    n_panels : int
        How many there are; the last row may be shorter.
    n_columns : int
        The most in a row.
    panel_size, margin : (float, float)
        Width and height in inches of a panel in a figure of its own, and what is around them all.
    who : str
        The name that an error speaks for.
    **options
        Passed on to matplotlib's ``subplots``.

    Returns
    -------
    list of matplotlib Axes
        The panels.
    matplotlib Figure
        Their figure.
    """
    n_columns = min(n_columns, n_panels)
    n_rows = -(-n_panels // n_columns)
    if ax is None:
        pyplot = import_optional("matplotlib.pyplot", extra="plot", who=who)
        width, height = panel_size
        size = (margin[0] + n_columns * width, margin[1] + n_rows * height)
        figure = pyplot.figure(figsize=size, layout="constrained")
        grid = figure.add_gridspec(n_rows, n_columns)
    else:
        figure, grid = ax.figure, _divide(ax, n_rows, n_columns)
        ax.set_axis_off()
    panels = grid.subplots(squeeze=False, **options).ravel()
    for unused in panels[n_panels:]:
        unused.remove()
    if ax is not None and ax.get_subplotspec() is None:
        pin(panels[:n_panels])
    return list(panels[:n_panels]), figure


def _divide(ax, n_rows, n_columns):
    """Return a grid in the place of axes."""
    engine = ax.figure.get_layout_engine()
    if is_laid_out(ax) and not engine.adjust_compatible:
        # Constrained layout keeps a figure within a figure clear of the title and the legend of
        # the axes in its place; a grid within a grid it does not.
        inner = ax.figure.add_subfigure(ax.get_subplotspec(), facecolor="none")
        return inner.add_gridspec(n_rows, n_columns)
    return place_of(ax).subgridspec(n_rows, n_columns)


def place_of(ax):
    """Return the cell that axes have in a grid, or one in the same place."""
    if ax.get_subplotspec() is not None:
        return ax.get_subplotspec()
    box = ax.get_position(original=True)
    return ax.figure.add_gridspec(1, 1, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1)[0]


def pin(panels):
    """Keep panels where they are: a layout engine would spread them over the figure."""
    for panel in panels:
        panel.set_position(panel.get_position(original=True))


def is_laid_out(ax):
    """Say whether a layout engine finds the place of axes and of what is laid in it."""
    return ax.figure.get_layout_engine() is not None and ax.get_subplotspec() is not None


def fit_panels(ax, panels, *, legend=None):
    """Keep panels with their labels, and a legend of `ax`, in the place of axes.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The given axes; nothing is done without, or where a layout engine sees to it.
    panels : list of matplotlib Axes
        What is drawn in their place.
    legend : matplotlib Legend, default=None
        What :func:`write_legend_below` returned.
    """
    if ax is None or is_laid_out(ax):
        return
    place = ax.get_position(original=True)
    if legend is not None:
        taken = legend.get_window_extent().height / ax.figure.bbox.height
        place = type(place).from_extents(
            place.x0, place.y0 + min(taken, _MOST * place.height), place.x1, place.y1
        )
    fit_into(place, panels)


def fit_into(place, panels, *, sides=_SIDES):
    """Move panels of one grid so that they are in a place together with what is around them.

    Parameters
    ----------
    place : matplotlib Bbox
        The place, in shares of the figure.
    panels : list of matplotlib Axes
        Panels of a grid, or axes alone.
    sides : tuple of str, default=("left", "right", "bottom", "top")
        Where room is made for what is around them.
    """
    # Twice: the numbers at the ticks change with the size.
    for _ in range(2):
        rows, columns = np.transpose([_cell_of(panel) for panel in panels])
        found = np.transpose([_margins_of(panel) for panel in panels])
        margins = {
            side: margin if side in sides else 0 * margin
            for side, margin in zip(_SIDES, found, strict=True)
        }
        lefts, widths = _spread(
            place.x0, place.width, columns, margins["left"], margins["right"], _ratios(panels, 1)
        )
        tops, heights = _spread(
            0, place.height, rows, margins["top"], margins["bottom"], _ratios(panels, 0)
        )
        for panel, row, column in zip(panels, rows, columns, strict=True):
            bottom = place.y1 - tops[row] - heights[row]
            panel.set_position((lefts[column], bottom, widths[column], heights[row]))


def _cell_of(panel):
    spec = panel.get_subplotspec()
    return (0, 0) if spec is None else (spec.rowspan.start, spec.colspan.start)


def _ratios(panels, axis):
    """Return how high the rows (0) or how wide the columns (1) of the panels' grid are."""
    spec = panels[0].get_subplotspec()
    if spec is None:
        return np.ones(1)
    grid = spec.get_gridspec()
    return np.asarray(grid.get_width_ratios() if axis else grid.get_height_ratios(), dtype=float)


def _margins_of(panel):
    """Return how far labels and titles are outside of a panel, in shares of the figure."""
    around = panel.get_tightbbox(for_layout_only=True)
    box, figure = panel.get_window_extent(), panel.figure
    pad = _PAD * figure.dpi / 72
    across, up = figure.bbox.width, figure.bbox.height
    return (
        (max(0, box.x0 - around.x0) + pad) / across,
        (max(0, around.x1 - box.x1) + pad) / across,
        (max(0, box.y0 - around.y0) + pad) / up,
        (max(0, around.y1 - box.y1) + pad) / up,
    )


def _spread(start, length, places, before, after, ratios):
    """Return where cells start and how long they are, with the widest margins of each."""
    margins = np.zeros((len(ratios), 2))
    np.maximum.at(margins, places, np.column_stack([before, after]))
    margins *= min(1, _MOST * length / max(margins.sum(), np.finfo(float).tiny))
    lengths = ratios / ratios.sum() * (length - margins.sum())
    ends = start + np.cumsum(margins.sum(axis=1) + lengths)
    return ends - margins[:, 1] - lengths, lengths


def write_legend_below(ax, panels, handles, names, *, fontsize=9):
    """Write a legend below panels, in as many columns as there is room for.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The axes that the panels are laid in; None where they have a figure of their own.
    panels : list of matplotlib Axes
        The panels.
    handles : list of matplotlib artists
        What is named.
    names : iterable of str
        Their names.
    fontsize : float, default=9
        In points.

    Returns
    -------
    matplotlib Legend
        The legend: of the figure, or of `ax`.
    """
    names, figure = list(names), panels[0].figure
    owner = figure if ax is None else ax
    room = owner.bbox.width if ax is None else ax.get_window_extent().width
    options = {"frameon": False, "fontsize": fontsize, "borderaxespad": 0}
    if ax is None:
        options["loc"] = "outside lower center"
    elif is_laid_out(ax):
        options |= {"loc": "upper center", "bbox_to_anchor": (0.5, -0.01)}
    else:
        options |= {"loc": "lower center", "bbox_to_anchor": (0.5, 0)}
    for n_columns in range(len(names), 0, -1):
        legend = write_legend(owner, handles, names, ncols=n_columns, **options)
        if n_columns == 1 or legend.get_window_extent().width <= room:
            break
        legend.remove()
    return legend

"""Grids of panels, in a figure of their own or in the place of given axes."""

from skdigits._optional import import_optional


def lay_panels(ax, n_panels, n_columns, *, panel_size, margin, who, **options):
    """Return axes in rows, and their figure.

    Parameters
    ----------
    ax : matplotlib Axes or None
        The panels are laid in their place; None makes a figure.
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
        figure, grid = ax.figure, _place_of(ax, who).subgridspec(n_rows, n_columns)
        ax.set_axis_off()
    panels = grid.subplots(squeeze=False, **options).ravel()
    for unused in panels[n_panels:]:
        unused.remove()
    return list(panels[:n_panels]), figure


def _place_of(ax, who):
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"{who} expects axes of a grid such as pyplot.subplots makes, got axes placed by "
            "hand: give none, or make them by subplots."
        )
    return place

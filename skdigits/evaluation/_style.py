"""What the pictures have in common: markers, frames, names that are written as they are."""

MARKERS = "osD^vPX<>*"


def plain(text):
    r"""Return text that matplotlib writes as it is, where dollars would make it a formula.

    Parameters
    ----------
    text : object
        A name or a label.

    Returns
    -------
    str
        The text, its dollars escaped.

    Examples
    --------
    >>> from skdigits.evaluation._style import plain
    >>> print(plain("a$_$"))
    a\$_\$
    """
    return str(text).replace("$", r"\$")


def hide_spines(ax, *sides):
    """Hide some sides of the frame, or all where none is named."""
    for side in sides or tuple(ax.spines):
        ax.spines[side].set_visible(False)


def write_legend(owner, handles, names, **options):
    """Write a legend of all that is named.

    Parameters
    ----------
    owner : matplotlib Axes or Figure
        Whose legend it is.
    handles : list of matplotlib artists
        What is named.
    names : iterable of str
        Their names.
    **options
        Passed on to matplotlib's ``legend``.

    Returns
    -------
    matplotlib Legend
        The legend.
    """
    # Some versions of matplotlib leave out a name that begins with an underscore.
    legend = owner.legend(handles, ["name"] * len(handles), **options)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(plain(name))
    return legend

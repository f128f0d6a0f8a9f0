"""The command ``skdigits read``."""

import click

from skdigits.app._command_line import BadInput, IntegerRange
from skdigits.app._completion import MODEL, PICTURE
from skdigits.app._problems import say_why


@click.command(epilog="Example: skdigits read photo.jpg form.png --reject 0.01")
@click.argument("images", nargs=-1, required=True, type=PICTURE, metavar="IMAGE...")
@click.option(
    "--model",
    type=MODEL,
    metavar="FILE|NAME",
    help="A file of save_model, or the name of a model that comes with skdigits. "
    "[default: cnn-mnist]",
)
@click.option(
    "--layout",
    type=click.Choice(["auto", "lines", "cells"]),
    default="auto",
    show_default=True,
    help="Free lines of characters, or the cells of a grid or form; auto takes four cells or more "
    "of one size for a form.",
)
@click.option("--classes", metavar="LABELS", help="Read only these, such as 0,1. [default: all]")
@click.option(
    "--reject",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    metavar="RATE",
    help="Print ? in the place of the least certain characters, so many that no more than this "
    "share of the others is expected to be wrong. [default: none]",
)
@click.option(
    "--max-pixels",
    type=IntegerRange(min=1),
    default=50_000_000,
    show_default=True,
    help="Refuse larger pictures before they take memory.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for every picture.")
def read(images, model, layout, classes, reject, max_pixels, as_json):
    """Read the handwritten characters in pictures: photos, scans, forms, drawings.

    They are digits, unless --model knows others. Lines are printed as they stand on the page, _ for
    an empty cell. A picture that cannot be read is told on standard error, the others are read
    nevertheless; the exit status is then 2.
    """
    from skdigits.app._read import format_page, make_reader, read_all, to_json

    how = {"layout": layout, "classes": classes, "reject": reject, "max_pixels": max_pixels}
    try:
        reader = make_reader(model, **how)
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    all_read = True
    for path, page, problem in read_all(reader, images):
        if as_json:
            click.echo(to_json(path, page, problem))
        elif page is not None:
            nothing = "(no cells)" if layout == "cells" else "(nothing written)"
            click.echo(format_page(path, page, with_name=len(images) > 1, nothing=nothing))
        if problem is not None:
            all_read = False
            click.echo(f"Error: {problem}", err=True)
    if not all_read:
        click.get_current_context().exit(BadInput.exit_code)

"""The command ``skdigits predict``."""

import click

from skdigits.app._command_line import BadInput
from skdigits.app._completion import MODEL, PICTURE
from skdigits.app._problems import say_why


@click.command(epilog="Example: skdigits predict letters.safetensors a.png b.jpg")
@click.argument("model", type=MODEL)
@click.argument("images", nargs=-1, required=True, type=PICTURE, metavar="IMAGE...")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for every picture.")
def predict(model, images, as_json):
    """Say what single characters in pictures are, and how probable that is.

    MODEL is a file of a model, or the name of one that comes with skdigits. A picture that cannot
    be read is told on standard error, the others are read nevertheless; the exit status is then 2.
    """
    from skdigits.app._predict import format_reading, make_predictor, predict_all, to_json

    try:
        predictor = make_predictor(model)
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    all_read = True
    for path, reading, problem in predict_all(predictor, images):
        if as_json:
            click.echo(to_json(path, reading, problem))
        elif reading is not None:
            click.echo(format_reading(path, reading))
        if problem is not None:
            all_read = False
            click.echo(f"Error: {problem}", err=True)
    if not all_read:
        click.get_current_context().exit(BadInput.exit_code)

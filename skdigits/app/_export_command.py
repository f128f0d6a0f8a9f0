"""The command ``skdigits export``."""

import click

from skdigits.app._command_line import BadInput
from skdigits.app._completion import MODEL
from skdigits.app._problems import say_why


@click.command(epilog="Example: skdigits export cnn-mnist --onnx digits.onnx --without-normalizer")
@click.argument("model", type=MODEL)
@click.option(
    "--onnx",
    "path",
    type=click.Path(),
    metavar="FILE",
    help="The ONNX file to write; one there goes.",
)
@click.option(
    "--web",
    "folder",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="The folder to write, in place of a file: the drawing page with the model, for any web "
    "server. MODEL begins with a CharacterNormalizer.",
)
@click.option(
    "--runtime",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="For --web, the unpacked npm package onnxruntime-web; without it, that which "
    "SKDIGITS_ORT_WEB names, or npm fetches.",
)
@click.option(
    "--without-normalizer",
    is_flag=True,
    help="Leave out the steps in front that take pictures, such as CharacterNormalizer, which ONNX "
    "has no words for. The file then takes what they return.",
)
@click.option(
    "--verify/--no-verify",
    default=True,
    show_default=True,
    help="Run the file in onnxruntime first, and write it only if it gives what the model gives.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def export(model, path, folder, runtime, without_normalizer, verify, as_json):
    """Write a model as an ONNX file, or as a web page, which run without Python.

    MODEL is a file of a model, or the name of one that comes with skdigits. The file has its
    labels and probabilities as outputs, and takes rows of float32 pixels. The web page is that
    of skdigits demo; its net runs in the browser.
    """
    from skdigits.app._export import export_model, format_export, to_json
    from skdigits.app._export_web import export_web, format_web_export

    _check_options(path, folder, runtime, without_normalizer or not verify)
    try:
        if folder is not None:
            page = export_web(model, folder, runtime=runtime)
            return click.echo(to_json(page) if as_json else format_web_export(page))
        export = export_model(model, path, without_normalizer=without_normalizer, verify=verify)
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    click.echo(to_json(export) if as_json else format_export(export))


def _check_options(path, folder, runtime, is_of_a_file):
    """Refuse options that do not go together."""
    if path is None and folder is None:
        raise BadInput("Missing option '--onnx' or '--web'.")
    if path is not None and folder is not None:
        raise BadInput("skdigits export writes --onnx FILE or --web DIR, not both at once.")
    if folder is None and runtime is not None:
        raise BadInput("--runtime goes with --web.")
    if folder is not None and is_of_a_file:
        raise BadInput("--without-normalizer and --no-verify go with --onnx.")

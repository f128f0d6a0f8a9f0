"""The command ``skdigits demo``."""

import click

from skdigits.app._command_line import BadInput, IntegerRange
from skdigits.app._completion import MODEL
from skdigits.app._demo_limits import MAX_PIXELS
from skdigits.app._problems import say_why


@click.command(epilog="Example: skdigits demo --model my-digits.safetensors --open")
@click.option(
    "--model",
    type=MODEL,
    default="cnn-mnist",
    show_default=True,
    metavar="FILE|NAME",
    help="A file of save_model, or the name of a model that comes with skdigits.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; any but this machine's own lets others in.",
)
@click.option(
    "--port",
    type=IntegerRange(0, 65535),
    default=8028,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--max-pixels",
    type=IntegerRange(min=1),
    default=MAX_PIXELS,
    show_default=True,
    help="Refuse larger pictures before they take memory: the worst take 25 bytes a pixel.",
)
def demo(model, host, port, opens, max_pixels):
    """Serve a page to draw a character on, or to drop a photo of one, and see what it is read as.

    The page is for this machine alone unless --host says otherwise. Nothing is fetched from
    elsewhere, and nothing that is drawn is kept. Ctrl-C ends it.
    """
    from skdigits.app._demo import DemoServer, serve
    from skdigits.app._demo_model import open_model

    try:
        recogniser = open_model(model, max_pixels=max_pixels)
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    try:
        server = DemoServer(recogniser, host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "this is no name of a host"
        raise BadInput(
            f"skdigits demo cannot listen on {host}, port {port}: {reason}; --port 0 takes a free "
            "port."
        ) from error
    if not server.is_local:
        click.echo(
            f"Warning: with --host {host}, whoever can reach this machine can use the page; "
            "it has no password and no encryption.",
            err=True,
        )

    def say_ready():
        click.echo(f"Draw at {server.url} (Ctrl-C ends it)")
        if opens:
            click.launch(server.url)

    serve(server, say_ready)
    click.echo("Ended.", err=True)

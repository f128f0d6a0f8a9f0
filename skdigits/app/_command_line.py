"""What the commands share: sentences for bad input and warnings, a Ctrl-C that nobody swallows."""

import signal
import sys
import threading
import warnings
from contextlib import contextmanager

import click

from skdigits.app._problems import is_full, say_why


class _Interrupted(BaseException):
    """Ctrl-C under a name that no model catches.

    MLPClassifier and skorch take KeyboardInterrupt for "that is training enough", and the
    comparison would go on with a half-trained model.
    """


@contextmanager
def _interrupts_that_pass():
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    previous = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _interrupt(signal_number, frame):
    raise _Interrupted


@contextmanager
def _warnings_in_a_sentence():
    """Show warnings without the file and the line of code that they came from."""
    with warnings.catch_warnings():
        warnings.showwarning = _say_warning
        yield


def _say_warning(message, category, filename, lineno, file=None, line=None):
    click.echo(f"Warning: {message}", err=True)


class Group(click.Group):
    """A group whose commands end in one sentence: 2 for bad input, 130 for Ctrl-C.

    1 where what is printed, or a file, cannot be written to its end.
    """

    def main(self, *args, **kwargs):
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if not is_full(error):
                raise
            click.echo(f"Error: {say_why(error)}", err=True)
            sys.exit(1)

    def invoke(self, ctx):
        try:
            with _interrupts_that_pass(), _warnings_in_a_sentence():
                return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = None  # the sentence alone, without the usage
            raise
        except BadInput as error:
            if not is_full(error.__cause__):
                raise
            error.show()
            ctx.exit(1)
        except (_Interrupted, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            ctx.exit(130)


class IntegerRange(click.IntRange):
    """An integer of a range, which a message calls an integer, not a range, where it is none."""

    name = "integer"


class BadInput(click.ClickException):
    exit_code = 2

"""What the commands share: one sentence on bad input, and Ctrl-C that is not swallowed."""

import signal
import threading
from contextlib import contextmanager

import click


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


class Group(click.Group):
    """A group whose commands end in one sentence: 2 for bad input, 130 for Ctrl-C."""

    def invoke(self, ctx):
        try:
            with _interrupts_that_pass():
                return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = None  # the sentence alone, without the usage
            raise
        except (_Interrupted, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            ctx.exit(130)


class BadInput(click.ClickException):
    exit_code = 2

"""The command ``skdigits train``."""

import shlex
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from skdigits.app._command_line import BadInput, IntegerRange
from skdigits.app._completion import DATA, MODEL
from skdigits.app._problems import say_why

_OF_THE_RECIPE = ("model", "epochs", "augment", "normalize", "start_from", "hold_out", "seed")


@click.command(epilog="Example: skdigits train my-letters --model cnn --out letters.safetensors")
@click.argument("data", type=DATA)
@click.option("--model", type=click.Choice(["cnn", "ann"]), help="The network. [default: cnn]")
@click.option(
    "--out",
    type=click.Path(),
    required=True,
    metavar="FILE",
    help="The file of the model, *.safetensors; its card comes beside it, *.md. Those there go.",
)
@click.option("--epochs", type=IntegerRange(min=1), help="Passes over the pictures.")
@click.option(
    "--augment",
    type=click.Choice(["none", "light", "strong"]),
    help="Change the pictures at random in every pass. [default: the network's own]",
)
@click.option(
    "--normalize",
    is_flag=True,
    help="Put a CharacterNormalizer in front and train on what it makes of the pictures, for a "
    "model of photos; folders of pictures have it by themselves.",
)
@click.option(
    "--start-from",
    type=MODEL,
    metavar="FILE|NAME",
    help="Go on training this model, which knows all labels of DATA.",
)
@click.option(
    "--hold-out",
    type=click.FloatRange(0, 0.5),
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Share of the pictures that is measured on instead of trained on.",
)
@click.option(
    "--seed",
    type=IntegerRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Chooses what is held out and starts the network.",
)
@click.option(
    "--data-home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where data sets are. [default: $SKDIGITS_DATA]",
)
def train(data, model, out, epochs, augment, normalize, start_from, hold_out, seed, data_home):
    """Train a network, and write it and its card to files.

    DATA is "digits" or a name that `skdigits datasets` lists, of which the training images are
    taken, a folder with a sub-folder of pictures for every label, or a CSV file of their paths and
    labels.
    """
    from skdigits.app._labelled_data import load_labelled
    from skdigits.app._train import WHO, check_out, save_trained

    if start_from:
        _refuse_with_start_from(model=model, augment=augment, normalize=normalize)
    try:
        path = check_out(out)
        labelled = load_labelled(data, subset="train", data_home=data_home, who=WHO)
        with _steps_shown() as on_step:
            how = {"epochs": epochs, "share": hold_out, "seed": seed, "on_step": on_step}
            if start_from:
                trained = _train_on(start_from, labelled, **how)
            else:
                trained = _train_new(model or "cnn", labelled, augment, normalize, **how)
        paths = save_trained(trained, path, command=_command(data))
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    _print_trained(trained, paths)


def _refuse_with_start_from(**given):
    for name, value in given.items():
        if value:
            raise click.UsageError(
                f"--start-from brings its own network, --{name} is for a new one: give one of them."
            )


def _train_new(kind, data, augment, normalize, *, epochs, seed, **how):
    from skdigits.app._train import make_net, train_model

    net = make_net(kind, epochs=epochs, augment=augment, seed=seed)
    return train_model(net, data, normalize=normalize, seed=seed, **how)


def _train_on(name, data, **how):
    from skdigits.app._model_argument import open_classifier
    from skdigits.app._train import WHO, train_on

    model = open_classifier(name, who=WHO, what="--start-from")
    return train_on(model, data, name=name, **how)


@contextmanager
def _steps_shown():
    """Give a callback that moves a bar on stderr; None in a pipe."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console, transient=True) as progress:
        tasks = {}

        def on_step(what, n_done, n_all):
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=n_done, total=n_all)

        yield on_step


def _command(data):
    """Return what was typed, without the places of files, for the card."""
    context = click.get_current_context()
    words = ["skdigits", "train", Path(data).resolve().name]
    for option in context.command.get_params(context):
        source = context.get_parameter_source(option.name)
        if option.name in _OF_THE_RECIPE and source == ParameterSource.COMMANDLINE:
            value = context.params[option.name]
            if option.name == "start_from":
                value = Path(value).name
            words += [option.opts[0]] if value is True else [option.opts[0], str(value)]
    return shlex.join(words)


def _print_trained(trained, paths):
    from skdigits.app._evaluate import format_accuracy

    n_trained = len(trained.training.labels)
    click.echo(f"Trained on {n_trained:,} pictures in {trained.seconds:.0f} s.")
    if trained.evaluation is None:
        click.echo("Nothing was held out: it was not measured.")
    else:
        error = trained.evaluation.calibration_error
        click.echo(
            f"Held out: {format_accuracy(trained.evaluation)}, "
            f"expected calibration error {error:.4f}."
        )
    click.echo(f"Written: {', '.join(map(str, paths))}")

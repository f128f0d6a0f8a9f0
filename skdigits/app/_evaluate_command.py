"""The command ``skdigits evaluate``."""

import click

from skdigits.app._command_line import BadInput
from skdigits.app._completion import DATA, MODEL
from skdigits.app._problems import say_why


@click.command(epilog="Example: skdigits evaluate digits.safetensors mnist")
@click.argument("model", type=MODEL)
@click.argument("data", type=DATA)
@click.option(
    "--data-home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where data sets are. [default: $SKDIGITS_DATA]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def evaluate(model, data, data_home, as_json):
    """Say how well a model reads pictures whose labels are known.

    MODEL is a file of a model, or the name of one that comes with skdigits. DATA is
    "digits" or a name that `skdigits datasets` lists, of which the test images are taken, a
    folder with a sub-folder of pictures for every label, or a CSV file of their paths and labels.
    """
    from skdigits.app._evaluate import evaluate_model, format_evaluation, to_json
    from skdigits.app._labelled_data import load_labelled
    from skdigits.app._model_argument import open_classifier
    from skdigits.app._terminal import show_status

    who = "skdigits evaluate"
    try:
        classifier = open_classifier(model, who=who)
        labelled = load_labelled(data, subset="test", data_home=data_home, who=who)
        with show_status(f"reading {len(labelled.labels):,} pictures"):
            evaluation = evaluate_model(classifier, labelled, name=model, who=who)
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    if as_json:
        click.echo(to_json(evaluation, model=model, data=labelled.title))
    else:
        click.echo(f"{model} on {labelled.title}: {format_evaluation(evaluation)}")

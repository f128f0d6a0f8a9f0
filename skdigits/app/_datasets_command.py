"""The command ``skdigits datasets``."""

import click

from skdigits.app._command_line import BadInput
from skdigits.app._data_table import DATA_SETS
from skdigits.app._problems import say_why


@click.command(epilog="Example: skdigits datasets mnist usps")
@click.argument("names", nargs=-1, type=click.Choice(DATA_SETS), metavar="[NAME]...")
@click.option(
    "--data-home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where data sets are. [default: $SKDIGITS_DATA]",
)
@click.option("--json", "as_json", is_flag=True, help="List them as JSON.")
def datasets(names, data_home, as_json):
    """List the data sets, or download some by their names.

    A data set is in its own folder of the data home; files that you put there are found.
    """
    from skdigits.app._datasets import format_datasets, get_dataset, list_datasets

    if names and as_json:
        raise click.UsageError("--json is for the list of all data sets: leave out the names.")
    try:
        if not names:
            table = list_datasets(data_home=data_home)
            click.echo(table.to_json(orient="index") if as_json else format_datasets(table))
        for name in names:
            n_images = get_dataset(name, data_home=data_home)
            click.echo(f"{name}: {n_images:,} images are ready.")
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error

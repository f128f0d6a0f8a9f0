"""Progress and tables on a terminal, by rich."""

from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from skdigits.evaluation._tables import format_scores


@contextmanager
def show_progress(n_fits):
    """Give a callback for `compare_models` that moves a bar on stderr; None in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("fits,"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("comparing", total=n_fits)

        def on_result(name, fold, scores):
            progress.update(
                task, advance=1, description=f"{name} {scores['accuracy']:.2%}".ljust(15)
            )

        yield on_result


@contextmanager
def show_status(text):
    """Show a line on stderr while the block runs; nothing in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


def print_scores(table):
    """Print the table of scores on a terminal, the best model in bold."""
    cells = format_scores(table)
    grid = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)
    grid.add_column("model", no_wrap=True)
    for heading in cells.columns:
        grid.add_column(heading, justify="right", no_wrap=True)
    for position, row in enumerate(cells.itertuples(name=None)):
        grid.add_row(*row, style="bold" if position == 0 else None)
    Console().print(grid)

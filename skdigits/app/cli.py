"""The command ``skdigits``."""

try:
    import click
    import rich  # noqa: F401
except ImportError as error:
    raise SystemExit('skdigits needs click and rich: pip install "skdigits[cli]"') from error

import signal
import sys
import threading
import warnings
from contextlib import contextmanager

from skdigits._version import __version__

# scikit-learn takes a second to import and torch several: the commands import what they need
# themselves, so that --help and a mistyped option answer at once.


_N_FOLDS = 10
_N_QUICK_FOLDS = 3


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


class _Group(click.Group):
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


class _BadInput(click.ClickException):
    exit_code = 2


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="skdigits")
def main():
    """Recognise handwritten characters."""


def _parse_models(ctx, param, value):
    from skdigits.app._compare import default_models, parse_models

    if value is None:
        return default_models()
    try:
        return parse_models(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _check_folder(ctx, param, value):
    if not value:
        raise click.BadParameter("an empty name is no folder.")
    return value


def _check_n_jobs(ctx, param, value):
    if value == 0:
        raise click.BadParameter("0 processes can do nothing.")
    return value


@main.command(epilog="Example: skdigits compare --models cnn,svm,knn --cv 5 --out results")
@click.option(
    "--data",
    type=click.Choice(["digits", "mnist"]),
    default="digits",
    show_default=True,
    help="scikit-learn's 1,797 bundled digits; or MNIST, 60,000 to train and 10,000 to test on, "
    "which takes many minutes.",
)
@click.option(
    "--data-home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where mnist/ is. [default: $SKDIGITS_DATA]",
)
@click.option(
    "--models",
    callback=_parse_models,
    metavar="NAMES",
    help="Some of ann,cnn,logistic,knn,svm,hog,forest,boosting,mlp. [default: all]",
)
@click.option("--cv", type=click.IntRange(min=2), help="Folds of the digits. [default: 10]")
@click.option(
    "--n-jobs",
    type=int,
    callback=_check_n_jobs,
    help="Fits at a time; 1 for times to publish. [default: one a core]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Shuffles the folds and starts the models.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    default="skdigits-comparison",
    show_default=True,
    callback=_check_folder,
    metavar="FOLDER",
    help="Where tables, reports and pictures go.",
)
@click.option(
    "--robustness",
    is_flag=True,
    help="Test every model on its test images made worse too: twelve kinds, five severities each.",
)
@click.option(
    "--report",
    is_flag=True,
    help="Write report.html too: one page with answers, tables and pictures that can be sent to "
    "someone. It takes --robustness along.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="A first look: three folds of the digits, or 6,000 training and 1,000 test images of "
    "MNIST.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def compare(data, data_home, models, cv, n_jobs, seed, out, robustness, report, quick, as_json):
    """Compare neural networks with classical classifiers.

    Every model is fitted and tested on the same folds. Printed are accuracies, times and sizes,
    which differences are more than chance, and a report for every model. After Ctrl-C the scores
    of the fits that had ended are in unfinished.csv.
    """
    from skdigits.app._compare import check_report, load_data, prepare_folder, write_report
    from skdigits.app._terminal import show_status

    if data == "mnist" and cv is not None:
        raise click.UsageError("--cv is for the digits, MNIST has its own split.")
    if data == "digits" and data_home is not None:
        raise click.UsageError("--data-home is for --data mnist, the digits come bundled.")
    if quick and cv is not None:
        raise click.UsageError("--quick takes three folds, --cv another number: give one of them.")
    n_folds = cv or (_N_QUICK_FOLDS if quick else _N_FOLDS)
    try:
        if report:
            check_report()
        X, y, cv = load_data(data, data_home=data_home, n_folds=n_folds, quick=quick)
        folder = prepare_folder(out)
        comparison = _compare(models, X, y, cv, n_jobs, seed, robustness or report, folder)
    except (ImportError, OSError, ValueError) as error:
        raise _BadInput(str(error)) from error
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    paths = comparison.save(folder)
    if report:
        with show_status("writing report.html"):
            paths.append(write_report(comparison, folder, data=data, quick=quick, seed=seed))
    if as_json:
        click.echo(comparison.to_json())
    else:
        _print_comparison(comparison, out, paths)


def _compare(names, X, y, cv, n_jobs, seed, robustness, folder):
    from joblib import cpu_count

    from skdigits.app._compare import make_models
    from skdigits.app._terminal import show_progress
    from skdigits.evaluation import compare_models

    n_folds = cv if isinstance(cv, int) else len(cv)
    with (
        warnings.catch_warnings(),
        show_progress(len(names) * n_folds) as move_bar,
        _kept_on_interrupt(folder, move_bar) as on_result,
    ):
        # What MLPClassifier says in a worker process that Ctrl-C has reached too.
        warnings.filterwarnings("ignore", message="Training interrupted by user")
        return compare_models(
            make_models(names, n_rows=len(X)),
            X,
            y,
            cv=cv,
            corruptions="all" if robustness else None,
            n_jobs=n_jobs or cpu_count(),
            random_state=seed,
            on_result=on_result,
        )


@contextmanager
def _kept_on_interrupt(folder, move_bar):
    """Give a callback for `compare_models`; what it was told is written if the block is stopped."""
    from skdigits.app._compare import save_unfinished

    rows = []

    def on_result(name, fold, scores):
        rows.append({"model": name, "fold": fold, **scores})
        if move_bar is not None:
            move_bar(name, fold, scores)

    try:
        yield on_result
    except BaseException:
        click.echo(save_unfinished(rows, folder), err=True, nl=bool(rows))
        raise


def _print_comparison(comparison, folder, paths):
    from skdigits.app._compare import format_breaks, format_files, format_reports
    from skdigits.app._terminal import print_scores

    if sys.stdout.isatty():
        print_scores(comparison.table)
    else:
        click.echo(f"{comparison}\n")
    click.echo(comparison.describe())
    click.echo()
    if comparison.robustness is not None:
        click.echo(format_breaks(comparison.robustness))
    click.echo(format_reports(comparison))
    click.echo(format_files(folder, paths))


@main.command(epilog="Example: skdigits read photo.jpg form.png --reject 0.01")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "--layout",
    type=click.Choice(["auto", "lines", "cells"]),
    default="auto",
    show_default=True,
    help="Free lines of digits, or the cells of a grid or form.",
)
@click.option("--classes", metavar="DIGITS", help="Read only these, such as 0,1. [default: all]")
@click.option(
    "--reject",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    metavar="RATE",
    help="Print ? in the place of the least certain digits, so many that no more than this share "
    "of the others is expected to be wrong. [default: none]",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    default=50_000_000,
    show_default=True,
    help="Refuse larger pictures before they take memory.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for every picture.")
def read(images, layout, classes, reject, max_pixels, as_json):
    """Read the handwritten digits in pictures: photos, scans, forms, drawings.

    Lines are printed as they stand on the page, _ for an empty cell. A picture that cannot be read
    is told on standard error, the others are read nevertheless; the exit status is then 2.
    """
    from skdigits.app._read import format_page, make_reader, read_all, to_json

    try:
        reader = make_reader(layout=layout, classes=classes, reject=reject, max_pixels=max_pixels)
    except (ImportError, ValueError) as error:
        raise _BadInput(str(error)) from error
    all_read = True
    for path, page, problem in read_all(reader, images):
        if as_json:
            click.echo(to_json(path, page, problem))
        elif page is not None:
            click.echo(format_page(path, page, with_name=len(images) > 1))
        if problem is not None:
            all_read = False
            click.echo(f"Error: {problem}", err=True)
    if not all_read:
        click.get_current_context().exit(_BadInput.exit_code)


@main.command(epilog="Example: skdigits datasets mnist usps")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--data-home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where data sets are. [default: $SKDIGITS_DATA]",
)
@click.option("--json", "as_json", is_flag=True, help="List them as JSON.")
def datasets(names, data_home, as_json):
    """List the data sets, or download some: mnist, usps, emnist, kmnist, fashion-mnist.

    A data set is in its own folder of the data home; files that you put there are found.
    """
    from skdigits.app._datasets import DATASET_NAMES, format_datasets, get_dataset, list_datasets

    for name in names:
        if name not in DATASET_NAMES:
            known = ", ".join(DATASET_NAMES)
            raise click.UsageError(f"unknown data set {name!r}, choose from {known}.")
    if not names:
        table = list_datasets(data_home=data_home)
        click.echo(table.to_json(orient="index") if as_json else format_datasets(table))
    for name in names:
        try:
            n_images = get_dataset(name, data_home=data_home)
        except (ImportError, OSError, ValueError) as error:
            raise _BadInput(str(error)) from error
        click.echo(f"{name}: {n_images:,} images are ready.")

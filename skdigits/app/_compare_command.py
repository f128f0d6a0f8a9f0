"""The command ``skdigits compare``."""

import sys
import warnings
from contextlib import contextmanager

import click

from skdigits.app._command_line import BadInput, IntegerRange
from skdigits.app._completion import NameList
from skdigits.app._data_table import DATA_NAMES
from skdigits.app._models import MODEL_NAMES, default_models, make_models, parse_models
from skdigits.app._problems import say_why

_N_FOLDS = 10
_N_QUICK_FOLDS = 3
_N_CANDIDATES = 10


def _parse_models(ctx, param, value):
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


@click.command(epilog="Example: skdigits compare --models cnn,svm,knn --cv 5 --out results")
@click.option(
    "--data",
    type=click.Choice(DATA_NAMES),
    metavar="NAME",
    default="digits",
    show_default=True,
    help="scikit-learn's 1,797 bundled digits; or the training and the test images of a set that "
    "`skdigits datasets` lists, which takes many minutes.",
)
@click.option(
    "--data-home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Where data sets are. [default: $SKDIGITS_DATA]",
)
@click.option(
    "--models",
    type=NameList(MODEL_NAMES),
    callback=_parse_models,
    metavar="NAMES",
    help=f"Some of {','.join(MODEL_NAMES)}. [default: all]",
)
@click.option("--cv", type=IntegerRange(min=2), help="Folds of the digits. [default: 10]")
@click.option(
    "--n-jobs",
    type=int,
    callback=_check_n_jobs,
    help="Fits at a time; 1 for times to publish. [default: one a core]",
)
@click.option(
    "--seed",
    type=IntegerRange(0, 2**32 - 1),
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
    "--tune",
    type=IntegerRange(min=2),
    is_flag=False,
    flag_value=_N_CANDIDATES,
    metavar="[N]",
    help=f"Tune every model in every fold first, each by the same number of candidates "
    f"({_N_CANDIDATES} unless given), which takes some thirty times as long.",
)
@click.option(
    "--robustness",
    is_flag=True,
    help="Test every model on its test images made worse too: shifted, turned, noisy, faint...",
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
def compare(
    data, data_home, models, cv, n_jobs, seed, out, tune, robustness, report, quick, as_json
):
    """Compare neural networks with classical classifiers.

    Every model is fitted and tested on the same folds. Printed are accuracies, times and sizes,
    which differences are more than chance, and a report for every model. Until it ends, the scores
    of the fits that have ended are in unfinished.csv.
    """
    from skdigits.app._compare import (
        check_report,
        load_data,
        prepare_folder,
        write_report,
    )
    from skdigits.app._terminal import show_status

    if data != "digits" and cv is not None:
        raise click.UsageError(f"--cv is for the digits, {data} has its own split.")
    if data == "digits" and data_home is not None:
        raise click.UsageError("--data-home is for other data sets, the digits come bundled.")
    if quick and cv is not None:
        raise click.UsageError("--quick takes three folds, --cv another number: give one of them.")
    n_folds = cv or (_N_QUICK_FOLDS if quick else _N_FOLDS)
    try:
        if report:
            check_report()
        X, y, cv = load_data(data, data_home=data_home, n_folds=n_folds, quick=quick)
        folder = prepare_folder(out)
        comparison = _compare(models, X, y, cv, n_jobs, seed, tune, robustness or report, folder)
    except (ImportError, OSError, ValueError) as error:
        raise BadInput(say_why(error)) from error
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    paths = comparison.save(folder)
    if report:
        with show_status("writing report.html"):
            page = write_report(comparison, folder, data=data, quick=quick, seed=seed, tune=tune)
            paths.append(page)
    if as_json:
        click.echo(comparison.to_json())
    else:
        _print_comparison(comparison, out, paths)


def _compare(names, X, y, cv, n_jobs, seed, tune, robustness, folder):
    from sklearn.exceptions import ConvergenceWarning

    from skdigits.app._tuning import describe_budget, make_searches

    models = make_models(names, n_rows=len(X))
    with warnings.catch_warnings():
        if tune is not None:
            models = make_searches(
                models, largest=float(X.max()), n_pixels=X.size, n_candidates=tune, seed=seed
            )
            click.echo(describe_budget(models, n_folds=_count_folds(cv)), err=True)
            # A candidate that needs more iterations is scored as it is.
            warnings.simplefilter("ignore", ConvergenceWarning)
        return _run(models, X, y, cv, n_jobs, seed, robustness, folder)


def _count_folds(cv):
    return cv if isinstance(cv, int) else len(cv)


def _run(models, X, y, cv, n_jobs, seed, robustness, folder):
    from joblib import cpu_count

    from skdigits.app._terminal import show_progress
    from skdigits.evaluation import compare_models

    with (
        warnings.catch_warnings(),
        show_progress(len(models) * _count_folds(cv)) as move_bar,
        _kept_on_interrupt(folder, move_bar) as on_result,
    ):
        # What MLPClassifier says in a worker process that Ctrl-C has reached too.
        warnings.filterwarnings("ignore", message="Training interrupted by user")
        return compare_models(
            models,
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
    """Give a callback for `compare_models` that keeps what it is told, and say so on an error."""
    from skdigits.app._compare import Unfinished

    unfinished = Unfinished(folder)

    def on_result(name, fold, scores):
        unfinished.add(name, fold, scores)
        if move_bar is not None:
            move_bar(name, fold, scores)

    try:
        yield on_result
    except BaseException:
        sentence = unfinished.describe()
        click.echo(sentence, err=True, nl=bool(sentence))
        raise
    unfinished.remove()


def _print_comparison(comparison, folder, paths):
    from skdigits.app._compare import format_breaks, format_files, format_reports
    from skdigits.app._terminal import print_scores
    from skdigits.app._tuning import format_choices

    if sys.stdout.isatty():
        print_scores(comparison.table)
    else:
        click.echo(f"{comparison}\n")
    click.echo(comparison.describe())
    click.echo()
    if comparison.tuning is not None:
        click.echo(f"{format_choices(comparison.tuning, comparison.table.index)}\n")
    if comparison.robustness is not None:
        click.echo(format_breaks(comparison.robustness))
    click.echo(format_reports(comparison))
    click.echo(format_files(folder, paths))

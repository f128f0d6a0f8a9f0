"""The card of a trained model: what it is, what made it, and how well it reads."""

import datetime

import numpy as np

from skdigits._files import atomic_path
from skdigits.app._evaluate import format_accuracy
from skdigits.evaluation._versions import find_versions

_TITLE = "# Model card"
_N_SHOWN = 5  # kinds of mistakes


def is_card(path):
    """Return whether a file is the card of a model."""
    try:
        with path.open("rb") as file:
            return file.read(len(_TITLE)) == _TITLE.encode()
    except OSError:
        return False


def write_card(trained, path, *, name, command):
    """Write the card of a model.

    Parameters
    ----------
    trained : Trained
        The model and how it came about.
    path : Path
        The file, Markdown.
    name : str
        The name of the model.
    command : str
        What made it.
    """
    text = format_card(trained, name=name, command=command, date=datetime.date.today())
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def format_card(trained, *, name, command, date):
    """Return the card of a model as Markdown.

    Parameters
    ----------
    trained : Trained
        The model and how it came about.
    name : str
        The name of the model.
    command : str
        What made it.
    date : datetime.date
        When.

    Returns
    -------
    str
        Data, recipe, how well it reads, limits, versions.
    """
    versions = ", ".join(f"{package} {number}" for package, number in find_versions().items())
    return "\n\n".join(
        [
            f"{_TITLE}: {name}",
            f"Made on {date.isoformat()} in {trained.seconds:.0f} s by `{command}`.",
            "## Data",
            _describe_data(trained),
            _table_of_labels(trained),
            "## Recipe",
            _describe_recipe(trained),
            "## How well it reads",
            _describe_accuracy(trained),
            "## Limits",
            "It knows the labels above and no other: whatever it is shown is read as one of them.\n"
            "It was measured on pictures of the kind that it was trained on; on others it is less\n"
            "accurate, and surer than it should be.",
            "## Versions",
            f"{versions}.\n",
        ]
    )


def _describe_data(trained):
    n_trained, n_held_out = len(trained.training.labels), len(trained.held_out.labels)
    text = (
        f"{n_trained + n_held_out:,} pictures ({trained.training.title}): {n_trained:,} to train "
        f"on, {n_held_out:,} held out."
    )
    if trained.started_from is None:
        return text
    return (
        f"{text} The training went on from the model {trained.started_from}, which may have been "
        "trained on some of these before."
    )


def _table_of_labels(trained):
    parts = (trained.training, trained.held_out)
    rows = [
        f"| {_escaped(label)} | {' | '.join(_count(part, label) for part in parts)} |"
        for label in np.unique(trained.training.labels)
    ]
    return "\n".join(["| label | to train on | held out |", "|---|---:|---:|", *rows])


def _count(data, label):
    return f"{np.sum(data.labels == label):,}"


def _escaped(label):
    return str(label).replace("\\", "\\\\").replace("|", "\\|")


def _describe_recipe(trained):
    recipe = f"```\n{trained.model.__repr__(N_CHAR_MAX=10**6)}\n```"  # whole, however long
    if trained.epochs is None:
        return recipe
    passes = "a pass" if trained.epochs == 1 else f"{trained.epochs} passes"
    return (
        f"Trained before, by a recipe of its own; then {passes} over the pictures to train on, "
        f"whatever `max_iter` says:\n\n{recipe}"
    )


def _describe_accuracy(trained):
    evaluation = trained.evaluation
    if evaluation is None:
        return "Nothing was held out: it was not measured."
    lines = [
        f"- {format_accuracy(evaluation)}",
        f"- expected calibration error {evaluation.calibration_error:.4f}, "
        f"{100 * evaluation.certainty:.2f} % certain on average",
    ]
    mistakes = [
        f"{row.true_label} taken for {row.predicted_label} ({row.count})"
        for row in evaluation.confusions.head(_N_SHOWN).itertuples()
    ]
    if mistakes:
        lines.append(f"- most frequent mistakes: {', '.join(mistakes)}")
    heading = "On the pictures held out:"
    if trained.started_from is not None:
        heading = (
            f"On the pictures held out; too good if {trained.started_from} was trained on them "
            "before:"
        )
    return "\n".join([heading, "", *lines])

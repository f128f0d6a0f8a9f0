"""What the HTML report says of each model: its confusion matrix and the images behind it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skdigits.evaluation._confusions import count_confusions
from skdigits.evaluation._predicted import of_comparison
from skdigits.evaluation._repeats import first_of_each
from skdigits.evaluation._report_pictures import Picture
from skdigits.evaluation._wording import say_count, say_list, say_percent

_N_PICTURES = 600  # in the page
_N_PICTURES_EACH = 12  # of one kind of mistake
_N_KINDS = 50  # of mistakes a model
_N_STRIP = 12
_MAX_LABELS = 100  # of a confusion matrix that is shown
RIGHT, WRONG = (0, 114, 178), (213, 94, 0)  # two colours that colour-blind people tell apart
_MEASURES = ("precision", "recall", "f1-score")


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, its colour, and the part of the page it leads to."""

    text: str
    color: str = "transparent"
    target: str = ""


@dataclass(frozen=True)
class Confusion:
    """One label taken for another, how often, and images of it, the surest mistake first."""

    anchor: str
    true: str
    guess: str
    count: int
    pictures: list[Picture]
    n_unshown: int  # images: one that was misread several times is shown once


@dataclass(frozen=True)
class ModelPart:
    """What the page says of one model."""

    anchor: str
    name: str
    summary: str
    labels: list[str]
    matrix: list[list[Cell]]  # empty where there are too many labels
    confusions: list[Confusion]
    n_kinds: int
    report: pd.DataFrame


def describe_models(comparison, album):
    """Return the parts of all models, the best first."""
    n_each = _N_PICTURES // len(comparison.table)
    return [
        _describe_model(comparison, name, f"model-{number}", album, n_each)
        for number, name in enumerate(comparison.table.index, start=1)
    ]


def tint(share, color):
    """Mix a colour with white.

    Parameters
    ----------
    share : float
        How much of the colour, 0 to 1.
    color : tuple of int
        Red, green and blue, 0 to 255.

    Returns
    -------
    str
        As CSS writes it.

    Examples
    --------
    >>> from skdigits.evaluation._report_models import tint
    >>> tint(0.5, (0, 114, 178))
    '#80b8d8'
    """
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in color)


def show_mistakes(comparison, album):
    """Return strips of pictures: what the best model misreads, and what most models do."""
    if album.reason:
        return []
    strips = [(f"Misread by {comparison.best}, the surest first", _show_worst(comparison, album))]
    if len(comparison.table) > 1:
        strips.append(("Misread by most models", _show_hardest(comparison, album)))
    return [strip for strip in strips if strip[1]]


def _show_worst(comparison, album):
    predicted = of_comparison(comparison, comparison.best, who="ModelComparison.to_html")
    worst = predicted.worst_first(predicted.truth != predicted.predicted)
    shown = first_of_each(predicted.rows, worst)[:_N_STRIP]
    return [_show(predicted, position, album) for position in shown]


def _show_hardest(comparison, album):
    names = np.array(comparison.table.index, dtype=object)
    truth = comparison.predictions["true_label"].to_numpy()
    guesses = comparison.predictions[list(names)].to_numpy()
    is_wrong = guesses != truth[:, None]
    rows = comparison.predictions["row"].to_numpy()
    hardest = np.argsort(-is_wrong.sum(axis=1), kind="stable")
    hardest = first_of_each(rows, hardest)[:_N_STRIP]
    return [
        album.show(
            rows[position],
            f"{truth[position]}, misread by {say_list(list(names[is_wrong[position]]))}",
            f"{truth[position]}\nby {is_wrong[position].sum()}",
        )
        for position in hardest
        if is_wrong[position].sum() > 1
    ]


def _describe_model(comparison, name, anchor, album, n_pictures):
    predicted = of_comparison(comparison, name, who="ModelComparison.to_html")
    matrix = comparison.confusion_matrix(name)
    confusions = _find_confusions(predicted, anchor, album, n_pictures)
    n_mistakes = int((predicted.truth != predicted.predicted).sum())
    accuracy = say_percent(comparison.table.loc[name, "accuracy"])
    return ModelPart(
        anchor,
        str(name),
        f"{accuracy} right, {say_count(n_mistakes, 'mistake')}",
        [str(label) for label in matrix.index],
        _color_matrix(matrix, confusions) if len(matrix) <= _MAX_LABELS else [],
        confusions,
        len(count_confusions(predicted.truth, predicted.predicted)),
        _tabulate_report(comparison, name),
    )


def _find_confusions(predicted, anchor, album, n_pictures):
    """Return the most frequent kinds of mistake, with pictures while there are some left."""
    confusions: list[Confusion] = []
    kinds = count_confusions(predicted.truth, predicted.predicted).head(_N_KINDS)
    for kind in kinds.to_dict("records"):
        true, guess = kind["true_label"], kind["predicted_label"]
        is_kind = (predicted.truth == true) & (predicted.predicted == guess)
        n_shown = 0 if album.reason else min(_N_PICTURES_EACH, n_pictures)
        images = first_of_each(predicted.rows, predicted.worst_first(is_kind))
        shown = images[:n_shown]
        n_pictures -= len(shown)
        confusions.append(
            Confusion(
                f"{anchor}-{len(confusions) + 1}",
                str(true),
                str(guess),
                kind["count"],
                [_show(predicted, position, album) for position in shown],
                len(images) - len(shown),
            )
        )
    return confusions


def _show(predicted, position, album):
    true, guess = predicted.truth[position], predicted.predicted[position]
    row, alt, caption = predicted.rows[position], f"{true}, read as {guess}", f"{true} → {guess}"
    if predicted.probability is not None:
        sure = say_percent(predicted.probability[position], 0)
        alt, caption = f"{alt}, {sure} sure", f"{caption}\n{sure}"
    return album.show(row, f"{alt} (row {row})", caption)


def _color_matrix(matrix, confusions):
    """Return the cells of a confusion matrix: the wrong ones lead to their images."""
    counts, labels = matrix.to_numpy(), [str(label) for label in matrix.index]
    targets = {(confusion.true, confusion.guess): confusion.anchor for confusion in confusions}
    most = max((counts - np.diag(np.diag(counts))).max(), 1)
    totals = np.maximum(counts.sum(axis=1), 1)
    return [
        [
            _make_cell(
                count,
                0.3 * count / totals[true] if true == guess else 0.15 + 0.5 * count / most,
                RIGHT if true == guess else WRONG,
                targets.get((labels[true], labels[guess]), ""),
            )
            for guess, count in enumerate(row)
        ]
        for true, row in enumerate(counts)
    ]


def _make_cell(count, share, color, target):
    return Cell(f"{count}", tint(share, color), target) if count else Cell("")


def _tabulate_report(comparison, name):
    found = comparison.classification_report(name, output_dict=True)
    labels = [label for label in found if isinstance(found[label], dict)]
    return pd.DataFrame(
        {measure: [f"{found[label][measure]:.3f}" for label in labels] for measure in _MEASURES}
        | {"images": [f"{found[label]['support']:,.0f}" for label in labels]},
        index=labels,
    )

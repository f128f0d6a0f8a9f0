"""A comparison as one HTML page that needs no network."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from skdigits._optional import import_optional
from skdigits.evaluation._corruptions import corrupt
from skdigits.evaluation._displays import ModelComparisonDisplay
from skdigits.evaluation._findings import CONFUSED, find_all
from skdigits.evaluation._leftovers import mark_comparison
from skdigits.evaluation._recipe import write_recipe
from skdigits.evaluation._report_models import WRONG, Cell, describe_models, show_mistakes, tint
from skdigits.evaluation._report_pictures import Album, Picture, draw_chart
from skdigits.evaluation._robustness import CLEAN
from skdigits.evaluation._robustness_display import RobustnessDisplay
from skdigits.evaluation._tables import format_scores
from skdigits.evaluation._wording import say_count, say_list, say_percent, say_seconds

_WHO = "ModelComparison.to_html"
_N_CARD_PICTURES = 6
_SHOWN_SEVERITY = 3  # of the pictures that show what a corruption is
_HEIGHT_OF_ROW, _HEIGHT_OF_LEGEND = 1.5, 0.9  # in inches, of the robustness chart


@dataclass(frozen=True)
class Card:
    """A question, its answer, and pictures to it."""

    question: str
    answer: str
    pictures: list[Picture]


@dataclass(frozen=True)
class KindRow:
    """A kind of corruption: an image of it, and each model's mean accuracy."""

    name: str
    picture: Picture | None
    cells: list[Cell]


@dataclass(frozen=True)
class Robustness:
    """The table of kinds, and the chart of all severities."""

    models: list[str]
    rows: list[KindRow]
    chart: Picture


def check_packages(*, who):
    """Raise an ImportError where a package is missing that the page takes."""
    for package in ("jinja2", "matplotlib", "PIL"):
        import_optional(package, extra="report", who=who)


def render(comparison, *, title, note):
    """Return the page.

    Parameters
    ----------
    comparison : ModelComparison
        What is reported.
    title : str or None
        The heading; None says how many models were compared.
    note : str or None
        A line below it.

    Returns
    -------
    str
        HTML.
    """
    check_packages(who=_WHO)
    jinja2 = import_optional("jinja2", extra="report", who=_WHO)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("skdigits.evaluation", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    album = Album(comparison.X, comparison.image_shape, who=_WHO)
    findings, strips = find_all(comparison), show_mistakes(comparison, album)
    return environment.get_template("report.html").render(
        title=title or f"{say_count(len(comparison.table), 'classifier')} compared",
        note=note,
        data=_describe_data(comparison),
        today=date.today().isoformat(),
        findings=findings,
        cards=_make_cards(findings, strips),
        strips=strips,
        is_repeated=comparison.predictions["row"].duplicated().any(),
        no_pictures=album.reason,
        scores=format_scores(comparison.table),
        scores_chart=_draw_scores(comparison),
        models=describe_models(comparison, album),
        robustness=_describe_robustness(comparison, album),
        recipe=write_recipe(comparison),
        mark=mark_comparison(comparison),
        versions=comparison.versions,
        folds=_format_folds(comparison.fold_scores),
    )


def _make_cards(findings, strips):
    """Put the best model's worst mistakes beside the sentence that counts them."""
    pictures = strips[0][1][:_N_CARD_PICTURES] if strips else []
    return [
        Card(finding.question, finding.answer, pictures if finding.question == CONFUSED else [])
        for finding in findings
    ]


def _describe_data(comparison):
    scores = comparison.fold_scores
    n_folds = scores["fold"].nunique()
    n_labels = comparison.predictions["true_label"].nunique()
    n_train, n_test = (round(scores[column].mean()) for column in ("n_train", "n_test"))
    folds = f"{n_folds} folds, each" if n_folds > 1 else "one split,"
    return (
        f"{say_count(len(comparison.table), 'model')}, {say_count(n_labels, 'label')}; {folds} "
        f"trained on {n_train:,} rows and tested on {n_test:,} others"
    )


def _draw_scores(comparison):
    points = [
        f"{name} {say_percent(row.accuracy)} after {say_seconds(row.fit_seconds)}"
        for name, row in zip(comparison.table.index, comparison.table.itertuples(), strict=True)
    ]
    return draw_chart(
        lambda ax, is_narrow: ModelComparisonDisplay.from_comparison(comparison, ax=ax),
        wide=(8.5, 4.6),
        narrow=(4.6, 4.6),
        alt=f"Accuracy against the time of a fit: {say_list(points)}.",
        who=_WHO,
    )


def _describe_robustness(comparison, album):
    if comparison.robustness is None:
        return None
    means = comparison.robustness.pivot_table("accuracy", "kind", "model", sort=False)
    corrupted = means.drop(index=CLEAN)
    means.loc["mean"] = corrupted.mean()
    means = means[means.loc["mean"].sort_values(ascending=False, kind="stable").index]
    lost = means.loc[CLEAN] - means
    rows = [
        KindRow(
            kind.replace("_", " "),
            None if kind == "mean" else _show_kind(kind, comparison, album),
            [
                Cell(f"{100 * accuracy:.1f}", tint(0.75 * min(1, max(0, loss)), WRONG))
                for accuracy, loss in zip(means.loc[kind], lost.loc[kind], strict=True)
            ],
        )
        for kind in means.index
    ]
    # In the order, and so in the colours, of the chart of the scores.
    curve = comparison.robustness.set_index("model").loc[list(comparison.table.index)]
    return Robustness(
        list(map(str, means.columns)), rows, _draw_robustness(curve.reset_index(), means)
    )


def _show_kind(kind, comparison, album):
    if album.reason:
        return None
    image = album.image(comparison.predictions["row"].iloc[0])
    if kind == CLEAN:
        return album.show_image(image, "an image as it is")
    worse = corrupt(image[None], kind, _SHOWN_SEVERITY, random_state=0)[0]
    alt = f"the image after {kind.replace('_', ' ')} of severity {_SHOWN_SEVERITY}"
    # Stretched to its own limits, an image of less contrast would be the clean one again.
    return album.show_image(worse, alt, limits=(image.min(), image.max()))


def _draw_robustness(robustness, means):
    n_kinds = robustness["kind"].nunique() - 1
    averages = [f"{name} {say_percent(mean, 1)}" for name, mean in means.loc["mean"].items()]

    def draw(ax, is_narrow):
        RobustnessDisplay.from_curve(robustness, n_cols=2 if is_narrow else 4, ax=ax)

    def height(n_columns):
        return _HEIGHT_OF_LEGEND + _HEIGHT_OF_ROW * -(-n_kinds // n_columns)

    return draw_chart(
        draw,
        wide=(8.5, height(4)),
        narrow=(4.6, height(2)),
        alt=f"Accuracy against severity, a panel for each of {n_kinds} kinds of corruption. "
        f"Mean over all: {say_list(averages)}.",
        who=_WHO,
    )


def _format_folds(fold_scores):
    accuracy = fold_scores.pivot(index="fold", columns="model", values="accuracy")
    names = list(dict.fromkeys(fold_scores["model"]))
    seeds = fold_scores.groupby("fold")["seed"].first()
    table = accuracy[names].map("{:.4f}".format)
    texts = ["–" if pd.isna(seed) else str(seed) for seed in seeds]
    table.insert(0, "seed", texts, allow_duplicates=True)  # a model may be called so too
    return table

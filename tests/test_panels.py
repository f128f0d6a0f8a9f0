"""Every display in any axes, and with any names."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from skdigits import (
    ConfusionImagesDisplay,
    HyperparameterImportanceDisplay,
    MisclassifiedDisplay,
    ModelComparisonDisplay,
    RejectCurveDisplay,
    ReliabilityDisplay,
    RobustnessDisplay,
    TrainingCurveDisplay,
)

NAMES = ["_knn", "a$_$", "$", "50 $ or 60 $"]


def draw_comparison(ax):
    places = np.arange(len(NAMES)) / 10
    return ModelComparisonDisplay(names=NAMES, accuracy=places, fit_seconds=1 + places).plot(ax)


def draw_robustness(ax):
    rows = [
        (name, kind, severity, 0.9 - severity / 10)
        for name in NAMES
        for kind, severity in (("clean", 0), ("blur", 1), ("noise", 1), ("shift", 1))
    ]
    columns = ["model", "kind", "severity", "accuracy"]
    return RobustnessDisplay.from_curve(pd.DataFrame(rows, columns=columns), ax=ax)


def draw_reliability(ax):
    bins = [
        {"model": name, "certainty": certainty, "accuracy": certainty, "share": 0.5}
        for name in NAMES
        for certainty in (0.4, 0.8)
    ]
    return ReliabilityDisplay(bins=pd.DataFrame(bins)).plot(ax)


def draw_rejects(ax):
    curves = [
        {"model": name, "threshold": share, "share_rejected": share, "error": 0.2 - share / 5}
        for name in NAMES
        for share in (0, 0.5)
    ]
    return RejectCurveDisplay(curves=pd.DataFrame(curves)).plot(ax)


def draw_training(ax):
    rows = [
        (name, 0, epoch, "validation", measure, 1 / epoch)
        for name in NAMES
        for measure in ("loss", "accuracy")
        for epoch in (1, 2)
    ]
    columns = ["model", "fold", "epoch", "part", "measure", "value"]
    return TrainingCurveDisplay(curves=pd.DataFrame(rows, columns=columns)).plot(ax)


def draw_mistakes(ax):
    labels = np.array(NAMES)
    images = np.eye(16).repeat(4, axis=0)[:4]
    return MisclassifiedDisplay.from_predictions(labels, np.roll(labels, 1), images, ax=ax)


def draw_confusions(ax):
    labels = np.array(NAMES)
    images = np.eye(16).repeat(4, axis=0)[:4]
    return ConfusionImagesDisplay.from_predictions(labels, np.roll(labels, 1), images, ax=ax)


def draw_importance(ax):
    candidates = [
        dict.fromkeys(NAMES, value) | {"x": x}
        for value, x in [("$_a$", 1), ("_", 1), ("$", 2), ("b$", 2)]
    ]
    results = {"params": candidates, "mean_test_score": [0.8, 0.9, 0.7, 0.95]}
    return HyperparameterImportanceDisplay.from_search(results, ax=ax, max_panels=2)


OF_PANELS = [draw_robustness, draw_reliability, draw_training, draw_mistakes, draw_importance]
ALL = [draw_comparison, draw_rejects, draw_confusions, *OF_PANELS]


@pytest.mark.parametrize("draw", ALL)
def test_names_are_written_as_they_are(pyplot, draw):
    from matplotlib.text import Text

    figure = draw(None).figure_
    figure.canvas.draw()  # a formula that is none would fail here
    written = " ".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())
    for name in NAMES:
        assert name.replace("$", r"\$") in written
    assert written.count("$") == written.count(r"\$")


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("draw", OF_PANELS)
def test_panels_stay_in_the_place_of_axes_that_were_placed_by_hand(pyplot, draw, layout):
    figure = pyplot.figure(figsize=(12, 6), layout=layout)
    figure.subplots(2, 2)  # gives a layout engine something to lay out
    ax = figure.add_axes((0.2, 0.3, 0.5, 0.5))
    display = draw(ax)
    figure.draw_without_rendering()
    assert display.ax_ is ax
    assert display.figure_ is figure
    place = figure.transFigure.transform([(0.2, 0.3), (0.7, 0.8)])
    for panel in display.axes_:
        box = panel.get_tightbbox(for_layout_only=True)
        assert (place[0] - 1 <= box.p0).all()
        assert (box.p1 <= place[1] + 1).all()


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("draw", OF_PANELS)
def test_two_side_by_side_do_not_touch(pyplot, draw, layout):
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 4), layout=layout)
    panels = []
    for display in map(draw, axes):
        panels.append(display.axes_)
    figure.draw_without_rendering()
    first, second = ([panel.get_tightbbox() for panel in part] for part in panels)
    assert not any(a.overlaps(b) for a, b in combinations(first + second, 2))
    assert max(box.x1 for box in first) <= min(box.x0 for box in second)


@pytest.mark.parametrize("draw", ALL)
def test_all_are_drawn_in_a_figure_within_a_figure(pyplot, draw):
    figure = pyplot.figure(figsize=(12, 4))
    left, right = figure.subfigures(1, 2)
    display = draw(right.subplots())
    figure.draw_without_rendering()
    assert display.figure_ is right
    panels = getattr(display, "axes_", [display.ax_])
    assert all(panel.get_window_extent().x0 > left.bbox.x1 for panel in panels)

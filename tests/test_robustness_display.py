"""The picture of robustness: a panel a kind, a line a model; and its sentences and table."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, RobustnessDisplay, robustness_curve
from skdigits.evaluation._tables import describe_robustness, format_robustness


@pytest.fixture(scope="module")
def models(digits):
    X, y = digits
    net = make_pipeline(MinMaxScaler(), ANNClassifier((16,), max_iter=3, random_state=0))
    return {"svm": SVC().fit(X[:200], y[:200]), "net": net.fit(X[:200], y[:200])}


@pytest.fixture(scope="module")
def curve(models, digits):
    X, y = digits
    return robustness_curve(models, X[200:], y[200:], kinds=["shift", "noise", "ruled_line"])


def test_a_panel_has_a_line_for_every_model_at_its_accuracies(pyplot, curve):
    display = RobustnessDisplay.from_curve(curve)
    assert [ax.get_title() for ax in display.axes_] == ["shift", "noise", "ruled line"]
    for kind, ax in zip(["shift", "noise", "ruled_line"], display.axes_, strict=True):
        for line, name in zip(ax.lines, ["svm", "net"], strict=True):
            rows = curve[(curve["model"] == name) & curve["kind"].isin(["clean", kind])]
            np.testing.assert_allclose(line.get_xydata(), rows[["severity", "accuracy"]])
    assert [text.get_text() for text in display.legend_.get_texts()] == ["svm", "net"]


@pytest.mark.parametrize("name", ["svm", "net"])
def test_any_estimator_is_measured_and_drawn(pyplot, models, digits, name):
    X, y = digits
    labels = np.array([f"digit {label}" for label in y])
    model = models[name] if name == "net" else SVC().fit(X[:200], labels[:200])
    y = y if name == "net" else labels
    display = RobustnessDisplay.from_estimator(model, X[200:], y[200:], kinds=["blur"])
    assert display.accuracy["model"].unique().tolist() == [type(model).__name__]
    assert display.axes_[0].lines[0].get_ydata()[0] == model.score(X[200:], y[200:])


def test_folds_are_averaged(pyplot, curve):
    folds = pd.concat([curve.assign(fold=0), curve.assign(fold=1, accuracy=0.0)])
    display = RobustnessDisplay.from_curve(folds)
    line = display.axes_[0].lines[0]
    clean = curve.loc[curve["kind"] == "clean", "accuracy"].iloc[0]
    assert line.get_ydata()[0] == pytest.approx(clean / 2)


def test_panels_are_laid_in_the_place_of_given_axes(pyplot, curve):
    figure, axes = pyplot.subplots(1, 2, layout="constrained")
    display = RobustnessDisplay.from_curve(curve, ax=axes[1])
    assert display.ax_ is axes[1]
    assert display.figure_ is figure
    figure.draw_without_rendering()
    place = figure.bbox.width / 2
    assert all(panel.get_window_extent().x0 > place for panel in display.axes_)


def test_lines_are_seen_in_their_colours(pyplot, curve):
    from matplotlib.colors import to_rgb

    figure = RobustnessDisplay.from_curve(curve).figure_
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    for color in ("C0", "C1"):
        shade = np.rint(np.multiply(to_rgb(color), 255))
        assert (np.abs(pixels - shade).max(axis=2) < 3).sum() > 200


def test_a_curve_without_corruptions_is_refused(curve):
    with pytest.raises(ValueError, match="expects a curve with corruptions, got none"):
        RobustnessDisplay.from_curve(curve[curve["kind"] == "clean"])


@pytest.mark.parametrize("layout", ["constrained", None])
def test_two_in_a_figure_keep_their_legends_and_panels_apart(pyplot, curve, layout):
    figure, axes = pyplot.subplots(1, 2, figsize=(8, 4), layout=layout)
    displays = [RobustnessDisplay.from_curve(curve, ax=ax) for ax in axes]
    figure.draw_without_rendering()
    boxes = [
        [display.legend_.get_window_extent(), *(ax.get_tightbbox() for ax in display.axes_)]
        for display in displays
    ]
    assert not any(a.overlaps(b) for a, b in combinations(boxes[0] + boxes[1], 2))
    assert max(box.x1 for box in boxes[0]) < min(box.x0 for box in boxes[1])
    for box in boxes[0] + boxes[1]:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


def test_sentences_and_table_follow_the_numbers(curve):
    first = describe_robustness(curve)[0]
    worst = curve[curve["kind"] != "clean"].groupby(["model", "kind"])["accuracy"].mean()
    name = first.partition(":")[0]
    assert f"loses most by {worst[name].idxmin()} ({100 * worst[name].min():.1f} %)" in first
    table = format_robustness(curve)
    assert table.columns[0] == name
    assert table.loc["mean", name] == f"{100 * worst[name].mean():.1f}"
    swapped = curve.replace({"kind": {"shift": "noise", "noise": "shift"}})
    assert describe_robustness(swapped) != describe_robustness(curve)


def test_what_breaks_nothing_is_not_said_to_break(curve):
    steady = curve.assign(accuracy=0.9)
    assert describe_robustness(steady)[0] == "svm: 90.0 % right, 90.0 % on worse images."

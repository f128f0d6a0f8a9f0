"""The comparison's picture: it follows scikit-learn's convention and can be read."""

import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, ModelComparisonDisplay, compare_models
from skdigits.evaluation._displays import spread_out


@pytest.fixture
def display():
    return ModelComparisonDisplay(
        names=["svm", "knn", "tree"],
        accuracy=[0.99, 0.98, 0.85],
        fit_seconds=[0.04, 0.001, 0.02],
        accuracy_sd=[0.006, 0.007, np.nan],
    )


@pytest.fixture(scope="module")
def comparison(digits):
    """An SVC, and a net in a Pipeline, on string labels."""
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    net = make_pipeline(MinMaxScaler(), ANNClassifier((8,), max_iter=2))
    return compare_models({"svm": SVC(), "net": net}, X, names, cv=3, random_state=0)


def test_any_models_are_drawn_the_best_first(pyplot, comparison):
    display = ModelComparisonDisplay.from_comparison(comparison)
    scores = comparison.fold_scores.groupby("model")
    accuracy = scores["accuracy"].mean()
    assert display.names == ["svm", "net"]
    np.testing.assert_allclose(display.accuracy, accuracy[display.names])
    np.testing.assert_allclose(display.accuracy_sd, scores["accuracy"].std()[display.names])
    np.testing.assert_allclose(display.fit_seconds, scores["fit_seconds"].mean()[display.names])
    texts = [label.get_text() for label in display.labels_]
    assert texts == [f"{name}  {100 * accuracy[name]:.2f} %" for name in display.names]


def test_one_fold_has_no_error_bars(pyplot, digits):
    X, y = digits
    split = [(np.arange(200), np.arange(200, 300))]
    comparison = compare_models({"svm": SVC()}, X, y, cv=split)
    display = ModelComparisonDisplay.from_comparison(comparison)
    assert display.points_[0].lines[2] == ()


@pytest.mark.parametrize("layout", ["constrained", None])
def test_points_are_seen_where_their_numbers_are(pyplot, comparison, layout):
    from matplotlib.colors import to_rgb

    figure, ax = pyplot.subplots(figsize=(7, 4.5), layout=layout)
    display = ModelComparisonDisplay.from_comparison(comparison, ax=ax)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    points = zip(display.fit_seconds, display.accuracy, ("C0", "C1"), strict=True)
    for seconds, accuracy, color in points:
        x, height = ax.transData.transform((seconds, accuracy)).round().astype(int)
        shade = np.rint(np.multiply(to_rgb(color), 255))
        np.testing.assert_array_equal(pixels[len(pixels) - height, x], shade)


def test_plot_returns_the_display_with_axes_and_figure(pyplot, display):
    assert display.plot() is display
    assert display.figure_ is display.ax_.figure


def test_plot_draws_on_given_axes(pyplot, display):
    figure, axes = pyplot.subplots(1, 2)
    assert display.plot(ax=axes[1]).ax_ is axes[1]
    assert not axes[0].lines
    assert pyplot.get_fignums() == [figure.number]


def test_points_are_where_the_numbers_say(pyplot, display):
    display.plot()
    points = [container.lines[0].get_xydata()[0] for container in display.points_]
    np.testing.assert_allclose(points, [[0.04, 0.99], [0.001, 0.98], [0.02, 0.85]])


def test_error_bars_are_one_deviation_and_absent_where_there_is_none(pyplot, display):
    display.plot()
    (bar,) = display.points_[0].lines[2]
    np.testing.assert_allclose(bar.get_segments()[0][:, 1], [0.984, 0.996])
    assert display.points_[2].lines[2] == ()


def test_a_display_without_deviations_can_be_drawn(pyplot):
    display = ModelComparisonDisplay(names=["a"], accuracy=[0.5], fit_seconds=[1])
    assert not display.plot().points_[0].lines[2]


@pytest.mark.parametrize("n_models", [2, 8, 16])
def test_labels_never_overlap_each_other_nor_leave_the_picture(pyplot, n_models):
    accuracy = np.where(np.arange(n_models) % 5 == 4, 0.8, 0.98)
    names = [f"model number {position}" for position in range(n_models)]
    display = ModelComparisonDisplay(names=names, accuracy=accuracy, fit_seconds=[1] * n_models)
    display.plot().figure_.draw_without_rendering()
    extents = [text_extent(label) for label in display.labels_]
    assert not any(first.overlaps(second) for first, second in combinations(extents, 2))
    picture, axes = display.figure_.bbox, display.ax_.get_window_extent()
    assert all(extent.x0 > axes.x1 and extent.x1 <= picture.x1 for extent in extents)
    assert all(picture.y0 <= extent.y0 and extent.y1 <= picture.y1 for extent in extents)


def test_labels_stay_in_the_place_of_given_axes(pyplot, display):
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 4))
    places = [ax.get_window_extent().frozen() for ax in axes]
    display.plot(ax=axes[0])
    figure.draw_without_rendering()
    assert all(text_extent(label).x1 <= places[0].x1 for label in display.labels_)
    assert axes[1].get_window_extent().bounds == places[1].bounds


@pytest.mark.parametrize("seconds", [[1e-3, 1e-3], [0.28, 0.3], [0.5, 4], [0.001, 300]])
def test_times_are_labelled_in_plain_seconds(pyplot, seconds):
    display = ModelComparisonDisplay(names="ab", accuracy=[0.5, 0.6], fit_seconds=seconds)
    display.plot().figure_.draw_without_rendering()
    ticks = display.ax_.get_xticklabels() + display.ax_.get_xticklabels(minor=True)
    texts = [float(tick.get_text()) for tick in ticks if tick.get_text()]
    low, high = display.ax_.get_xlim()
    assert 1 <= sum(low <= value <= high for value in texts) <= 8


def text_extent(annotation):
    from matplotlib.text import Text

    # The text alone: an annotation's own extent has its line in it.
    return Text.get_window_extent(annotation)


def test_a_display_holds_data_only(display):
    assert vars(display).keys() == {"names", "accuracy", "fit_seconds", "accuracy_sd"}


def test_without_matplotlib_plot_names_the_extra(monkeypatch, display):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "skdigits\[plot\]"'):
        display.plot()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0.01, 0.1))
def test_spread_heights_are_a_gap_apart_and_in_order(heights, gap):
    spread = spread_out(heights, gap)
    order = np.argsort(spread)
    assert (np.diff(spread[order]) >= gap * (1 - 1e-9)).all()
    assert (np.diff(np.asarray(heights)[order]) >= 0).all()


def test_heights_that_are_apart_stay():
    np.testing.assert_allclose(spread_out([0.9, 0.1, 0.5], 0.2), [0.9, 0.1, 0.5])


def test_pictures_are_saved_of_any_names_and_labels(pyplot, digits, tmp_path):
    X, y = digits
    labels = np.array([f"$_{label}$" for label in y[:60]])
    comparison = compare_models({"a$_$": SVC(), "_b": SVC()}, X[:60], labels, cv=2)
    names = {path.name for path in comparison.save(tmp_path)}
    assert {"comparison.png", "confusion_a-_.png", "confusion__b.png"} <= names

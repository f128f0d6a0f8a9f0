"""The picture of what matters in a search: bars as long as the shares, panels of the values."""

import sys
from itertools import pairwise

import made_up_searches
import numpy as np
import pytest
from made_up_searches import grid, search_results, with_folds
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from skdigits import ANNClassifier, HyperparameterImportanceDisplay
from skdigits.evaluation._importance_display import describe_value

pipeline_search = made_up_searches.pipeline_search

BLUE = (0, 114, 178)  # of the bar of a single hyper-parameter


@pytest.fixture(scope="module")
def net_search(digits):
    X, y = digits
    pipeline = Pipeline([("scale", MinMaxScaler()), ("net", ANNClassifier((8,), max_iter=2))])
    values = {
        "scale": [MinMaxScaler(), "passthrough"],
        "net__hidden_layer_sizes": [(4,), (16,)],
    }
    return GridSearchCV(pipeline, values, cv=3).fit(X[:150], y[:150].astype(str))


@pytest.fixture(params=["pipeline_search", "net_search"])
def search(request):
    return request.getfixturevalue(request.param)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def part(picture, ax):
    """Return the pixels of axes."""
    x0, y0, x1, y1 = ax.get_window_extent().extents.round().astype(int)
    return picture[len(picture) - y1 : len(picture) - y0, x0:x1]


def is_color(picture, color):
    return (picture == color).all(axis=-1)


def test_bars_are_as_long_as_the_shares(pyplot, search):
    display = HyperparameterImportanceDisplay.from_search(search)
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    first = display.importance.iloc[0]
    assert display.bars_[0].get_width() == first["share"]
    assert names[0] == first.name.replace("__", ": ").replace(" × ", "\n× ")
    assert names[-2:] == ["noise of the folds", "all else"]
    longest = display.importance["share"].filter(regex="^[^ (]*$").iloc[0]
    drawn = is_color(part(pixels(display.figure_), display.ax_), BLUE)
    expected = longest / display.ax_.get_xlim()[1]
    # The error bar of the longest may hide some of it.
    assert drawn.sum(axis=1).max() / drawn.shape[1] == pytest.approx(expected, abs=0.03)


def test_every_parameter_has_a_panel_with_its_values(pyplot, search):
    display = HyperparameterImportanceDisplay.from_search(search)
    picture = pixels(display.figure_)
    singles = [name for name in display.importance.index if " × " not in name and name[0] != "("]
    assert [ax.get_title(loc="left") for ax in display.axes_[1:]] == [
        name.replace("__", ": ") for name in singles
    ]
    by_name = display.marginals.groupby("parameter")
    for name, ax in zip(singles, display.axes_[1:], strict=True):
        values = by_name.get_group(name)
        labels = [text.get_text() for text in ax.get_yticklabels()]
        assert labels == [describe_value(value) for value in values["value"]]
        rows = is_color(part(picture, ax), BLUE).any(axis=1)
        assert np.diff(rows.astype(int)).clip(0).sum() + rows[0] == len(values)


def test_no_text_leaves_the_picture_or_overlaps_its_neighbour(pyplot, search):
    figure = HyperparameterImportanceDisplay.from_search(search).figure_
    figure.canvas.draw()
    for ax in figure.axes:
        labels = [text.get_window_extent() for text in ax.get_yticklabels()]
        assert not any(a.overlaps(b) for a, b in pairwise(labels))
        box = ax.get_tightbbox()
        assert box.x0 >= 0 <= box.y0
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y1 <= figure.bbox.y1 + 1
    bars, *panels = figure.axes
    assert not any(bars.get_tightbbox().overlaps(panel.get_tightbbox()) for panel in panels)


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_given_axes_give_their_place(pyplot, pipeline_search, layout):
    figure, axes = pyplot.subplots(1, 2, figsize=(16, 5), layout=layout)
    display = HyperparameterImportanceDisplay.from_search(pipeline_search, ax=axes[1])
    picture = pixels(figure)
    assert display.figure_ is figure
    assert not axes[1].axison
    assert not is_color(part(picture, axes[0]), BLUE).any()
    assert all(is_color(part(picture, ax), BLUE).any() for ax in display.axes_)
    left = axes[0].get_window_extent().x1
    assert all(ax.get_tightbbox().x0 > left for ax in display.axes_)
    assert display.ax_ is axes[1]
    assert not display.axes_[0].get_tightbbox().overlaps(display.axes_[1].get_tightbbox())
    for ax in display.axes_:
        ticks = [text.get_window_extent() for text in ax.get_xticklabels() if text.get_text()]
        assert not any(a.overlaps(b) for a, b in pairwise(ticks))
        assert ax.xaxis.label.get_window_extent().y0 >= 0
    assert pyplot.get_fignums() == [figure.number]


def test_axes_outside_a_grid_give_their_place_too(pyplot, pipeline_search):
    figure = pyplot.figure(figsize=(12, 6))
    place = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    display = HyperparameterImportanceDisplay.from_search(pipeline_search, ax=place, max_panels=0)
    assert display.ax_ is place
    (bars,) = display.axes_
    box = bars.get_tightbbox()
    assert 0.1 * 1200 <= box.x0 < box.x1 <= 0.9 * 1200


def test_what_gets_no_bar_is_added_to_all_else(pyplot, pipeline_search):
    display = HyperparameterImportanceDisplay.from_search(pipeline_search, max_bars=4)
    widths = [bar.get_width() for bar in display.bars_]
    assert len(widths) == 4
    assert sum(widths) == pytest.approx(1)


def test_many_numbers_are_drawn_on_a_scale(pyplot):
    candidates = grid(C=np.logspace(-2, 2, 20).tolist(), size=range(10))
    results = search_results(candidates, with_folds(np.arange(200), noise=0.1))
    display = HyperparameterImportanceDisplay.from_search(results)
    assert [ax.get_yscale() for ax in display.axes_[1:]] == ["log", "linear"]
    assert is_color(part(pixels(display.figure_), display.axes_[1]), BLUE).any()


def test_scores_without_folds_are_drawn_without_deviations(pyplot, pipeline_search):
    display = HyperparameterImportanceDisplay.from_search(pipeline_search, score="mean_fit_time")
    assert display.axes_[-1].get_xlabel() == "Mean fit time"
    assert display.ax_.get_xlabel() == "Share of the variation"
    assert [text.get_text() for text in display.ax_.get_yticklabels()][-1] == "all else"


def test_plot_returns_the_display_which_held_data_only(pyplot, pipeline_search):
    drawn = HyperparameterImportanceDisplay.from_search(pipeline_search)
    display = HyperparameterImportanceDisplay(drawn.importance, drawn.marginals)
    assert vars(display).keys() == {"importance", "marginals", "score_name"}
    assert display.plot() is display
    assert display.ax_ is display.axes_[0]
    assert display.figure_ is not drawn.figure_


def test_without_matplotlib_plot_names_the_extra(monkeypatch, pipeline_search):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "skdigits\[plot\]"'):
        HyperparameterImportanceDisplay.from_search(pipeline_search)

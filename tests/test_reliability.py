"""Calibration: the error against a loop written out, the picture against the numbers."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    ReliabilityDisplay,
    compare_models,
    expected_calibration_error,
)


def draw_probabilities(n, n_classes, seed=0):
    return np.random.RandomState(seed).dirichlet(np.ones(n_classes), size=n)


def expected(y, y_proba, n_bins):
    """Naeini's sum, bin by bin."""
    total = 0.0
    for low in range(n_bins):
        rows = [
            row
            for row, shares in enumerate(y_proba)
            if low / n_bins < max(shares) <= (low + 1) / n_bins or (low == 0 and max(shares) == 0)
        ]
        if rows:
            right = np.mean([np.argmax(y_proba[row]) == y[row] for row in rows])
            sure = np.mean([max(y_proba[row]) for row in rows])
            total += len(rows) / len(y) * abs(right - sure)
    return total


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_the_error_is_the_weighted_gap_of_the_bins(n_bins):
    y_proba = draw_probabilities(500, 4)
    y = np.random.RandomState(1).randint(4, size=500)
    found = expected_calibration_error(y, y_proba, labels=range(4), n_bins=n_bins)
    assert found == pytest.approx(expected(y, y_proba, n_bins))


def test_a_model_that_keeps_its_word_has_nearly_no_error():
    rng = np.random.RandomState(0)
    y_proba = draw_probabilities(20_000, 3)
    y = (rng.rand(20_000, 1) > y_proba.cumsum(axis=1)).sum(axis=1)
    assert expected_calibration_error(y, y_proba) < 0.01
    assert expected_calibration_error(y, np.eye(3)[y_proba.argmax(axis=1)]) > 0.2


def test_labels_may_be_anything():
    y_proba = draw_probabilities(200, 3)
    numbers = np.random.RandomState(1).randint(3, size=200)
    words = np.array(["a", "b", "c"])[numbers]
    assert expected_calibration_error(words, y_proba) == expected_calibration_error(
        numbers, y_proba
    )
    turned = y_proba[:, [2, 0, 1]]
    of_words = expected_calibration_error(words, turned, labels=["c", "a", "b"])
    frame = pd.DataFrame(turned, columns=["c", "a", "b"])
    assert of_words == expected_calibration_error(words, frame)
    assert of_words == expected_calibration_error(numbers, y_proba)


def test_one_column_is_that_of_the_second_of_two_labels():
    second = np.array([0.9, 0.2, 0.6])
    both = np.column_stack([1 - second, second])
    y = [True, False, False]
    assert expected_calibration_error(y, second) == expected_calibration_error(y, both)


def test_quantile_bins_hold_about_as_many_rows_each(pyplot):
    y_proba = draw_probabilities(300, 4)
    display = ReliabilityDisplay.from_predictions(
        np.zeros(300, dtype=int), y_proba, labels=range(4), n_bins=6, strategy="quantile"
    )
    np.testing.assert_allclose(display.bins["share"], 1 / 6, atol=0.01)


@pytest.mark.parametrize(
    ("y", "y_proba", "kwargs", "message"),
    [
        ([0, 1], [[0.5, 0.6], [1, 0]], {}, "expects probabilities from 0 to 1 that sum to one"),
        ([0, 1], [[1.5, -0.5], [1, 0]], {}, "expects probabilities .* from -0.5 to 1.5"),
        ([0, 1], [[np.nan, 1], [1, 0]], {}, "y_proba contains NaN"),
        ([0, 1], [[1, 0]], {}, "inconsistent numbers of samples"),
        ([0, 0], [[1, 0], [1, 0]], {}, "a column of probabilities for each label, got 2 columns"),
        ([0, 3], [[1, 0], [1, 0]], {"labels": [0, 1]}, "finds the label .*3.* no column is of"),
        ([0, 1], [[1, 0], [1, 0]], {"labels": [1, 1]}, "a column of probabilities for each label"),
        ([0, 1], [[1, 0], [1, 0]], {"n_bins": 0}, "expects n_bins as a number of at least 1"),
        ([0, 1], [[1, 0], [1, 0]], {"strategy": "x"}, "strategy 'uniform' or 'quantile', got 'x'"),
    ],
)
def test_what_cannot_be_is_refused(y, y_proba, kwargs, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(y, y_proba, **kwargs)


@given(
    st.integers(1, 40),
    st.integers(2, 6),
    st.integers(1, 30),
    st.sampled_from(["uniform", "quantile"]),
)
def test_the_error_is_a_share(n, n_classes, n_bins, strategy):
    y_proba = draw_probabilities(n, n_classes, seed=n)
    y = np.random.RandomState(n).randint(n_classes, size=n)
    error = expected_calibration_error(
        y, y_proba, labels=range(n_classes), n_bins=n_bins, strategy=strategy
    )
    assert 0 <= error <= 1


NET = make_pipeline(MinMaxScaler(), ANNClassifier((8,), max_iter=2, random_state=0))


def test_the_display_has_the_bins_of_every_model(pyplot, digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    models = {"net": NET.fit(X[:150], names[:150]), "bayes": GaussianNB().fit(X[:150], names[:150])}
    display = ReliabilityDisplay.from_estimators(models, X[150:], names[150:], n_bins=8)
    for name, model in models.items():
        error = expected_calibration_error(
            names[150:], model.predict_proba(X[150:]), labels=model.classes_, n_bins=8
        )
        assert display.errors[name] == pytest.approx(error)
        assert display.bins.query("model == @name")["share"].sum() == pytest.approx(1)
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == [f"{n}, ECE {100 * error:.1f} %" for n, error in display.errors.items()]
    assert display.figure_ is display.ax_.figure


def test_folds_and_a_comparison_are_drawn_out_of_fold(pyplot, digits):
    X, y = digits
    results = cross_validate(NET, X, y, cv=3, return_estimator=True, return_indices=True)
    display = ReliabilityDisplay.from_cv_results(results, X, y)
    rows = np.concatenate(results["indices"]["test"])
    folds = zip(results["estimator"], results["indices"]["test"], strict=True)
    y_proba = np.concatenate([model.predict_proba(X[test]) for model, test in folds])
    assert display.errors["Pipeline"] == pytest.approx(expected_calibration_error(y[rows], y_proba))

    models = {"svm": SVC(), "bayes": GaussianNB()}
    comparison = compare_models(models, X, y, cv=3, random_state=0)
    display = ReliabilityDisplay.from_comparison(comparison)
    truth, y_proba = comparison.predictions["true_label"], comparison.probabilities["bayes"]
    assert display.errors.to_dict() == {
        "bayes": pytest.approx(expected_calibration_error(truth, y_proba))
    }


def test_an_svc_is_told_how_to_get_probabilities(pyplot, digits):
    X, y = digits
    svm = SVC().fit(X, y)
    with pytest.raises(ValueError, match="with predict_proba, got an SVC: Calibrated"):
        ReliabilityDisplay.from_estimator(svm, X, y)
    results = cross_validate(svm, X, y, cv=2, return_estimator=True, return_indices=True)
    with pytest.raises(ValueError, match="from_cv_results expects a classifier with predict_proba"):
        ReliabilityDisplay.from_cv_results(results, X, y)
    comparison = compare_models([svm], X, y, cv=2)
    with pytest.raises(ValueError, match="the comparison has none"):
        ReliabilityDisplay.from_comparison(comparison)


@pytest.mark.parametrize("own_axes", [False, True])
def test_points_are_seen_where_the_bins_are(pyplot, own_axes):
    from matplotlib.colors import to_rgb

    y_proba = draw_probabilities(200, 4)
    y = np.random.RandomState(1).randint(4, size=200)
    ax = pyplot.subplots(figsize=(8, 4))[1] if own_axes else None
    display = ReliabilityDisplay.from_predictions(y, y_proba, n_bins=5, name="m", ax=ax)
    display.figure_.canvas.draw()
    pixels = np.asarray(display.figure_.canvas.buffer_rgba())[..., :3]
    panel = display.axes_[0]
    for certainty, accuracy in display.bins[["certainty", "accuracy"]].to_numpy():
        x, height = panel.transData.transform((certainty, accuracy)).round().astype(int)
        shade = np.rint(np.multiply(to_rgb("C0"), 255))
        np.testing.assert_array_equal(pixels[len(pixels) - height, x], shade)


@pytest.mark.parametrize("layout", ["constrained", None])
def test_narrow_axes_hold_panels_labels_and_legend(pyplot, layout):
    y_proba = draw_probabilities(200, 4)
    display = ReliabilityDisplay.from_predictions(
        np.zeros(200, dtype=int), y_proba, labels=range(4), name="a name that is rather long"
    )
    figure, ax = pyplot.subplots(figsize=(4.5, 3), layout=layout)
    display.plot(ax=ax)
    figure.draw_without_rendering()
    boxes = [panel.get_tightbbox() for panel in display.axes_]
    boxes.append(display.legend_.get_window_extent())
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1

"""Mistakes as pictures: the right ones, the worst first, for any classifier."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, MisclassifiedDisplay, compare_models


@pytest.fixture(params=["net", "svm", "bayes", "knn"])
def model(request):
    return {
        "net": make_pipeline(MinMaxScaler(), ANNClassifier((8,), max_iter=1, random_state=0)),
        "svm": SVC(C=0.05),
        "bayes": GaussianNB(),
        "knn": KNeighborsClassifier(15),
    }[request.param]


def test_all_mistakes_and_nothing_else_are_shown(pyplot, model, digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    model.fit(X[:150], names[:150])
    display = MisclassifiedDisplay.from_estimator(model, X[150:], names[150:], n_images=150)
    wrong = np.flatnonzero(model.predict(X[150:]) != names[150:])
    assert display.n_mistakes == len(wrong) > 3
    assert sorted(display.rows) == wrong.tolist()
    np.testing.assert_array_equal(display.true_labels, names[150:][display.rows])
    np.testing.assert_array_equal(display.predicted_labels, model.predict(X[150:])[display.rows])
    np.testing.assert_array_equal(display.images, X[150:][display.rows].reshape(-1, 1, 8, 8))
    assert f"{len(wrong)} of 150 wrong" == display.figure_.get_suptitle()


def test_the_surest_mistakes_come_first(pyplot, digits):
    X, y = digits
    model = GaussianNB(var_smoothing=0.1).fit(X[:150], y[:150])
    display = MisclassifiedDisplay.from_estimator(model, X[150:], y[150:], n_images=5)
    certainty = model.predict_proba(X[150:]).max(axis=1)
    wrong = model.predict(X[150:]) != y[150:]
    assert display.probabilities.tolist() == sorted(certainty[wrong])[::-1][:5]
    assert f"{100 * display.probabilities[0]:.1f} % sure" in display.axes_[0].get_title()
    assert display.figure_.get_suptitle().endswith("wrong, the worst 5")


def test_without_probabilities_margins_decide(pyplot, digits):
    X, y = digits
    model = RidgeClassifier().fit(X[:150], y[:150])
    display = MisclassifiedDisplay.from_estimator(model, X[150:], y[150:], n_images=5)
    two = np.sort(model.decision_function(X[150:]), axis=1)[:, -2:]
    margins = np.where(model.predict(X[150:]) != y[150:], two[:, 1] - two[:, 0], -1)
    assert display.probabilities is None
    assert display.rows.tolist() == np.argsort(-margins, kind="stable")[:5].tolist()


def test_predictions_of_any_origin_are_taken(pyplot, digits):
    X, y = digits
    guess = y.copy()
    guess[[3, 5]] = (y[[3, 5]] + 1) % 10
    certainty = np.linspace(0, 1, 300)
    frame = pd.DataFrame(X, index=np.arange(300) + 1000)
    display = MisclassifiedDisplay.from_predictions(y, guess, frame, y_proba=certainty)
    assert display.rows.tolist() == [5, 3]
    np.testing.assert_array_equal(display.images[0, 0], X[5].reshape(8, 8))


def test_cross_validation_shows_rows_that_were_not_trained_on(pyplot, digits):
    X, y = digits
    folds = cross_validate(GaussianNB(), X, y, cv=3, return_estimator=True, return_indices=True)
    display = MisclassifiedDisplay.from_cv_results(folds, X, y, n_images=300)
    wrong = [
        row
        for model, test in zip(folds["estimator"], folds["indices"]["test"], strict=True)
        for row in test[model.predict(X[test]) != y[test]]
    ]
    assert sorted(display.rows) == sorted(wrong)
    assert (display.true_labels == y[display.rows]).all()


def test_a_comparison_shows_its_best_or_a_named_model(pyplot, digits):
    X, y = digits
    comparison = compare_models({"svm": SVC(), "nb": GaussianNB()}, X, y, cv=3, random_state=0)
    for name, shown in {None: "svm", "nb": "nb"}.items():
        display = MisclassifiedDisplay.from_comparison(comparison, name, n_images=300)
        wrong = comparison.predictions["true_label"] != comparison.predictions[shown]
        assert sorted(display.rows) == sorted(comparison.predictions["row"][wrong])
        assert (display.probabilities is None) == (shown == "svm")
    with pytest.raises(ValueError, match="finds no model 'cnn', it has: svm, nb"):
        MisclassifiedDisplay.from_comparison(comparison, "cnn")


def test_pictures_are_seen_where_their_panels_are(pyplot, digits):
    X, y = digits
    display = MisclassifiedDisplay.from_predictions(y, (y + 1) % 10, X, n_images=7)
    figure = display.figure_
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    for image, panel in zip(display.images, display.axes_, strict=True):
        box = panel.get_window_extent()
        across = box.x0 + (np.arange(8) + 0.5) / 8 * box.width
        down = len(pixels) - box.y1 + (np.arange(8) + 0.5) / 8 * box.height
        shades = pixels[np.ix_(down.astype(int), across.astype(int))].mean(axis=2)
        expected = 255 * (image[0] / image.max())
        np.testing.assert_allclose(shades, expected, atol=2)


def test_no_mistakes_are_said_to_be_none(pyplot, digits):
    X, y = digits
    display = MisclassifiedDisplay.from_predictions(y, y, X)
    assert display.figure_.get_suptitle() == "0 of 300 wrong"
    assert display.images.shape == (0, 1, 8, 8)


def test_no_mistakes_in_a_list_of_rows_are_none_too(pyplot, digits):
    X, y = digits
    display = MisclassifiedDisplay.from_predictions(y[:9], y[:9], X[:9].tolist())
    assert (display.n_mistakes, display.images.shape) == (0, (0, 1, 8, 8))


@pytest.mark.parametrize("with_certainty", [False, True])
def test_a_row_that_was_predicted_several_times_is_shown_once(pyplot, digits, with_certainty):
    X, y = digits
    model = GaussianNB(var_smoothing=0.1)
    folds = RepeatedKFold(n_splits=3, n_repeats=3, random_state=0)
    results = cross_validate(model, X, y, cv=folds, return_estimator=True, return_indices=True)
    if not with_certainty:
        results["estimator"] = [Silent(model) for model in results["estimator"]]
    display = MisclassifiedDisplay.from_cv_results(results, X, y, n_images=300)
    surest = {}
    for model, rows in zip(results["estimator"], results["indices"]["test"], strict=True):
        found = model.predict(X[rows]) != y[rows]
        for row in rows[found]:
            surest.setdefault(row, []).append(model)
    assert sorted(display.rows) == sorted(surest)
    assert display.n_mistakes == sum(map(len, surest.values())) > len(surest)
    assert display.n_samples == 900
    if with_certainty:
        expected = [
            max(model.predict_proba(X[[row]]).max() for model in surest[row])
            for row in display.rows
        ]
        np.testing.assert_allclose(display.probabilities, expected)


class Silent:
    """A model that does not tell how sure it is."""

    def __init__(self, model):
        self.predict = model.predict


@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: make_pipeline(MinMaxScaler(), net)])
def test_images_have_the_shape_that_the_classifier_was_told(pyplot, digits, wrap):
    X, y = digits
    model = wrap(ANNClassifier((4,), image_shape=(4, 16), max_iter=1, random_state=0)).fit(X, y)
    assert MisclassifiedDisplay.from_estimator(model, X, y).images.shape[1:] == (1, 4, 16)
    results = {"estimator": [model], "indices": {"test": [np.arange(100)]}}
    assert MisclassifiedDisplay.from_cv_results(results, X, y).images.shape[1:] == (1, 4, 16)
    told = MisclassifiedDisplay.from_estimator(model, X, y, image_shape=(2, 32))
    assert told.images.shape[1:] == (1, 2, 32)


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("labels", ["digit", "the digit called"])
def test_titles_do_not_overlap_in_given_axes(pyplot, digits, layout, labels):
    X, y = digits
    truth = np.array([f"{labels} {label}" for label in y])
    certainty = np.ones(300)
    guess = np.roll(truth, 1)
    figure, axes = pyplot.subplots(1, 2, layout=layout)
    display = MisclassifiedDisplay.from_predictions(truth, guess, X, y_proba=certainty, ax=axes[0])
    figure.draw_without_rendering()
    boxes = [panel.title.get_window_extent() for panel in display.axes_]
    boxes += [panel.get_window_extent() for panel in display.axes_]
    boxes.append(axes[0].title.get_window_extent())
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_long_titles_do_not_overlap_in_a_figure_of_their_own(pyplot, digits):
    X, y = digits
    truth = np.array([f"the digit called {label}" for label in y])
    display = MisclassifiedDisplay.from_predictions(truth, np.roll(truth, 1), X)
    display.figure_.draw_without_rendering()
    boxes = [panel.title.get_window_extent() for panel in display.axes_]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_panels_are_laid_in_the_place_of_given_axes(pyplot, digits):
    X, y = digits
    figure, axes = pyplot.subplots(1, 2, layout="constrained")
    display = MisclassifiedDisplay.from_predictions(y, (y + 1) % 10, X, n_images=4, ax=axes[1])
    assert (display.ax_, display.figure_) == (axes[1], figure)
    assert axes[1].get_title() == "300 of 300 wrong, the worst 4"
    figure.draw_without_rendering()
    assert all(panel.get_window_extent().x0 > figure.bbox.width / 2 for panel in display.axes_)


def test_what_cannot_be_shown_is_refused(digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"MisclassifiedDisplay.from_predictions.* rows of 60"):
        MisclassifiedDisplay.from_predictions(y, y, X[:, :60])
    with pytest.raises(ValueError, match="expects n_images of at least 1, got -1"):
        MisclassifiedDisplay.from_predictions(y, y, X, n_images=-1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MisclassifiedDisplay.from_predictions(y, y[1:], X)
    with pytest.raises(ValueError, match="expects estimators and indices: call cross_validate"):
        MisclassifiedDisplay.from_cv_results({"test_score": [1]}, X, y)

"""The confusion matrix of pictures: scikit-learn's counts, the right picture in each cell."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, ConfusionImagesDisplay, compare_models


@pytest.fixture
def bayes(digits):
    X, y = digits
    return GaussianNB(var_smoothing=0.1).fit(X[:150], y[:150])


@pytest.mark.parametrize("kind", ["net", "svm"])
def test_counts_are_scikit_learns_for_any_classifier(pyplot, kind, digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    net = make_pipeline(MinMaxScaler(), ANNClassifier((8,), max_iter=1, random_state=0))
    model = {"net": net, "svm": SVC(C=0.05)}[kind].fit(X[:150], names[:150])
    display = ConfusionImagesDisplay.from_estimator(model, X[150:], names[150:])
    expected = confusion_matrix(names[150:], model.predict(X[150:]))
    np.testing.assert_array_equal(display.counts, expected)
    texts = [int(text.get_text()) for text in display.text_.ravel() if text is not None]
    assert texts == expected[expected > 0].tolist()
    assert display.ax_.get_yticklabels()[0].get_text() == "digit 0"


def test_cells_hold_the_surest_mistake_and_the_mean_of_what_is_right(pyplot, digits, bayes):
    X, y = digits[0][150:], digits[1][150:]
    display = ConfusionImagesDisplay.from_estimator(bayes, X, y)
    guess, certainty = bayes.predict(X), bayes.predict_proba(X).max(axis=1)
    for true, read in np.ndindex(10, 10):
        rows = np.flatnonzero((y == true) & (guess == read))
        if true == read:
            expected = X[rows].mean(axis=0)
        elif len(rows):
            expected = X[rows[certainty[rows].argmax()]]
        else:
            expected = np.full(64, np.nan)
        np.testing.assert_allclose(display.images[true, read].ravel(), expected)


def test_of_many_labels_the_most_confused_are_shown(pyplot, digits):
    X, _ = digits
    y = np.arange(300) % 36
    guess = y.copy()
    guess[y == 7] = 30
    guess[np.flatnonzero(y == 2)[:3]] = 11
    display = ConfusionImagesDisplay.from_predictions(y, guess, X, max_labels=4)
    assert display.labels.tolist() == [2, 7, 11, 30]
    assert display.ax_.get_title() == "The 4 most confused of 36 labels"


def test_folds_and_comparisons_are_taken(pyplot, digits):
    X, y = digits
    folds = cross_validate(GaussianNB(), X, y, cv=3, return_estimator=True, return_indices=True)
    counts = ConfusionImagesDisplay.from_cv_results(folds, X, y).counts
    assert counts.sum() == 300
    comparison = compare_models({"svm": SVC(), "nb": GaussianNB()}, X, y, cv=3, random_state=0)
    display = ConfusionImagesDisplay.from_comparison(comparison, "nb")
    np.testing.assert_array_equal(display.counts, comparison.confusion_matrix("nb"))


def test_rows_that_were_predicted_several_times_count_each_time_and_are_averaged_once(
    pyplot, digits
):
    X, y = digits
    folds = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    results = cross_validate(
        GaussianNB(), X, y, cv=folds, return_estimator=True, return_indices=True
    )
    display = ConfusionImagesDisplay.from_cv_results(results, X, y)
    assert display.counts.sum() == 600
    parts = zip(results["estimator"], results["indices"]["test"], strict=True)
    right = {row for model, test in parts for row in test[model.predict(X[test]) == y[test]]}
    for label in range(10):
        expected = X[[row for row in right if y[row] == label]].mean(axis=0)
        np.testing.assert_allclose(display.images[label, label].ravel(), expected)


def test_images_have_the_shape_that_the_classifier_was_told(pyplot, digits):
    X, y = digits
    model = ANNClassifier((4,), image_shape=(4, 16), max_iter=1, random_state=0).fit(X, y)
    display = ConfusionImagesDisplay.from_estimator(model, X, y)
    assert display.images.shape[2:] == (1, 4, 16)
    results = {"estimator": [model], "indices": {"test": [np.arange(100)]}}
    assert ConfusionImagesDisplay.from_cv_results(results, X, y).images.shape[2:] == (1, 4, 16)


def test_no_mistakes_leave_the_diagonal(pyplot, digits):
    X, y = digits
    display = ConfusionImagesDisplay.from_predictions(y, y, X)
    assert sum(text is not None for text in display.text_.ravel()) == 10


def test_pictures_and_colours_are_seen_in_their_cells(pyplot, digits):
    X, y = digits
    guess = np.where(y == 4, 9, y)
    display = ConfusionImagesDisplay.from_predictions(y, guess, X)
    display.figure_.canvas.draw()
    pixels = np.asarray(display.figure_.canvas.buffer_rgba())[..., :3].astype(int)

    def shade_at(across, down):
        x, y = display.ax_.transData.transform((across, down))
        return pixels[len(pixels) - 1 - round(y), round(x)]

    image = display.images[4, 9, 0]
    steps = 0.08 + (np.arange(6) + 0.5) / 8 * 0.84  # the count covers the last two
    shades = [[shade_at(9 + x, 4 + y)[0] for x in steps] for y in steps]
    np.testing.assert_allclose(shades, 255 * image[:6, :6] / image.max(), atol=2)
    red, _, blue = shade_at(9.04, 4.5)
    assert red > 200 > 50 > blue  # orange: the most frequent mistake
    assert (shade_at(3.5, 4.5) == 255).all()


def test_what_cannot_be_shown_is_refused(digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"ConfusionImagesDisplay.from_predictions.* rows of 60"):
        ConfusionImagesDisplay.from_predictions(y, y, X[:, :60])
    with pytest.raises(ValueError, match="expects max_labels of at least 1, got 0"):
        ConfusionImagesDisplay.from_predictions(y, y, X, max_labels=0)
    with pytest.raises(ValueError, match="expects estimators and indices"):
        ConfusionImagesDisplay.from_cv_results({}, X, y)

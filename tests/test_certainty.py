"""Certainty without probabilities: whatever the classifier, its mistakes are less certain."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC, LinearSVC, NuSVC

from skdigits.evaluation._certainty import measure_certainty


def train_and_predict(model, digits):
    X, y = digits
    model.fit(X[:150], y[:150])
    predicted = model.predict(X[150:])
    return model, X[150:], predicted, predicted == y[150:]


@pytest.mark.parametrize(
    "model",
    [
        SVC(),
        NuSVC(),
        SVC(decision_function_shape="ovo"),
        make_pipeline(MinMaxScaler(), SVC()),
        make_pipeline(SVC()),
        GridSearchCV(SVC(), {"C": [1.0]}, cv=2),
        LinearSVC(),
        make_pipeline(MinMaxScaler(), RidgeClassifier()),
    ],
    ids=str,
)
def test_mistakes_are_less_certain(model, digits):
    model, X, predicted, is_right = train_and_predict(model, digits)
    certainty = measure_certainty(model, X, predicted)
    assert certainty.shape == predicted.shape
    assert np.median(certainty[~is_right]) < 0.5 * np.median(certainty[is_right])


def test_of_an_svc_it_is_the_nearest_boundary_of_the_predicted_label(digits):
    model, X, predicted, _ = train_and_predict(SVC(decision_function_shape="ovo"), digits)
    certainty = measure_certainty(model, X, predicted)
    values = model.decision_function(X)
    for row in range(20):
        against = []
        column = 0
        for first in range(10):
            for second in range(first + 1, 10):
                if predicted[row] == first:
                    against.append(values[row, column])
                if predicted[row] == second:
                    against.append(-values[row, column])
                column += 1
        assert certainty[row] == min(against)


@pytest.mark.parametrize("model", [SVC(), LinearSVC()])
def test_of_two_labels_it_is_the_distance_from_the_boundary(model, digits):
    X, y = digits
    model.fit(X, y < 5)
    certainty = measure_certainty(model, X, model.predict(X))
    np.testing.assert_array_equal(certainty, np.abs(model.decision_function(X)))


def test_the_estimator_stays_as_it_was(digits):
    model, X, predicted, _ = train_and_predict(SVC(), digits)
    before = model.decision_function(X)
    measure_certainty(model, X, predicted)
    assert model.decision_function_shape == "ovr"
    np.testing.assert_array_equal(model.decision_function(X), before)


def test_string_labels_are_labels(digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    by_number, by_name = SVC().fit(X, y), SVC().fit(X, names)
    np.testing.assert_allclose(
        measure_certainty(by_name, X, by_name.predict(X)),
        measure_certainty(by_number, X, by_number.predict(X)),
    )

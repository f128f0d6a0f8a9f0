"""Wrong labels are found, from probabilities that did not see them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skdigits import compare_models, find_label_mistakes

N_CHANGED = 54  # 3 %


@pytest.fixture(scope="module")
def changed():
    X, y = load_digits(return_X_y=True)
    rng = np.random.RandomState(0)
    rows = rng.choice(len(y), N_CHANGED, replace=False)
    wrong = y.copy()
    wrong[rows] = (y[rows] + rng.randint(1, 10, size=N_CHANGED)) % 10
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(C=0.01, max_iter=1000)
    return wrong, y, rows, cross_val_predict(model, X, wrong, cv=folds, method="predict_proba")


def test_most_changed_labels_are_found_and_little_else(changed):
    wrong, y, rows, y_proba = changed
    found = find_label_mistakes(wrong, y_proba)
    is_changed = found["row"].isin(rows)
    assert is_changed.mean() > 0.9  # 0.92 when written: precision
    assert is_changed.sum() / N_CHANGED > 0.85  # 0.91: recall
    right = found["suggested"].to_numpy() == y[found["row"]]
    assert right[is_changed].mean() > 0.9
    assert is_changed[:20].all()  # the clearest first


def test_the_table_says_what_was_found(changed):
    wrong, _, _, y_proba = changed
    found = find_label_mistakes(wrong, y_proba)
    rows = found["row"].to_numpy()
    np.testing.assert_array_equal(found["label"], wrong[rows])
    np.testing.assert_array_equal(found["label_probability"], y_proba[rows, found["label"]])
    np.testing.assert_array_equal(found["suggested_probability"], y_proba[rows, found["suggested"]])
    margin = found["label_probability"] - found["suggested_probability"]
    assert margin.is_monotonic_increasing


def test_labels_may_be_words(changed):
    wrong, _, _, y_proba = changed
    words = np.array([f"digit {label}" for label in wrong])
    by_word, by_number = find_label_mistakes(words, y_proba), find_label_mistakes(wrong, y_proba)
    assert by_word["row"].tolist() == by_number["row"].tolist()
    assert by_word["suggested"].tolist() == [f"digit {label}" for label in by_number["suggested"]]


def test_a_comparison_has_what_it_takes(digits):
    X, y = digits
    wrong = y.copy()
    wrong[:4] = (y[:4] + 5) % 10
    model = LogisticRegression(C=0.01, max_iter=1000)
    comparison = compare_models({"m": model}, X, wrong, cv=3, random_state=0)
    found = find_label_mistakes(comparison.predictions["true_label"], comparison.probabilities["m"])
    rows = comparison.predictions["row"].to_numpy()[found["row"]]
    assert len(set(range(4)) & set(rows)) >= 3


def test_certain_and_right_probabilities_suggest_nothing():
    found = find_label_mistakes([0, 1, 2], np.eye(3))
    assert found.empty
    assert list(found) == [
        "row",
        "label",
        "suggested",
        "label_probability",
        "suggested_probability",
    ]


def test_a_label_that_no_row_has_is_suggested_for_none():
    y_proba = pd.DataFrame([[0.1, 0.0, 0.9], [0.0, 1.0, 0.0]], columns=["a", "b", "c"])
    assert find_label_mistakes(["a", "b"], y_proba).empty


def test_what_are_no_probabilities_is_refused():
    with pytest.raises(ValueError, match="find_label_mistakes expects probabilities from 0 to 1"):
        find_label_mistakes([0, 1], [[3.0, -2.0], [0.5, 0.5]])


def test_rows_of_a_comparison_are_those_of_the_data(digits):
    X, y = digits
    wrong = y.copy()
    wrong[150] = (y[150] + 5) % 10
    models = {"logistic": LogisticRegression(C=0.01, max_iter=1000)}
    comparison = compare_models(models, X, wrong, cv=3, random_state=0)
    predictions = comparison.predictions
    found = find_label_mistakes(predictions["true_label"], comparison.probabilities["logistic"])
    rows = predictions["row"].to_numpy()[found["row"]]
    assert 150 in rows
    np.testing.assert_array_equal(found["label"], wrong[rows])

"""Predictions as displays and reports take them, from an estimator, a comparison or arrays."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from skdigits.evaluation import compare_models
from skdigits.evaluation._certainty import measure_certainty
from skdigits.evaluation._predicted import of_comparison, of_estimator, of_predictions


def test_without_probabilities_margins_order_the_mistakes_of_a_comparison(digits):
    X, y = digits
    folds = [(np.arange(200), np.arange(200, 300)), (np.arange(100, 300), np.arange(100))]
    comparison = compare_models({"svm": SVC(C=0.05)}, X, y, cv=folds)
    predicted = of_comparison(comparison, "svm", who="test")
    for fold, (train, test) in enumerate(folds):
        svm = SVC(C=0.05).fit(X[train], y[train])
        expected = measure_certainty(svm, X[test], svm.predict(X[test]))
        of_fold = (comparison.predictions["fold"] == fold).to_numpy()
        np.testing.assert_allclose(predicted.certainty[of_fold], expected)


def test_how_sure_a_model_is_is_the_probability_of_what_it_said(digits):
    X, y = digits
    model = FixedThresholdClassifier(
        LogisticRegression(C=1e-3, max_iter=500), threshold=0.1, response_method="predict_proba"
    )
    comparison = compare_models({"low": model}, X / 16, y == 8, cv=3, random_state=0)
    predicted = of_comparison(comparison, "low", who="test")
    table = comparison.probabilities["low"]
    expected = np.where(predicted.predicted, table[True], table[False])
    np.testing.assert_array_equal(predicted.probability, expected)
    assert predicted.probability.min() < 0.5
    fitted = model.fit(X / 16, y == 8)
    one = of_estimator(fitted, X / 16, y == 8)
    proba = fitted.predict_proba(X / 16)
    np.testing.assert_array_equal(
        one.probability, np.where(one.predicted, proba[:, 1], proba[:, 0])
    )
    two = of_predictions(y == 8, one.predicted, X, proba)
    np.testing.assert_array_equal(two.probability, one.probability)


def test_labels_of_another_type_than_the_models_are_refused(digits):
    X, y = digits
    model = GaussianNB().fit(X, y)
    with pytest.raises(ValueError, match="Mix of label input types"):
        of_estimator(model, X, y.astype(str))

"""Accuracy on corrupted images, and the mean corruption error."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    compare_models,
    corrupt,
    mean_corruption_error,
    robustness_curve,
)
from skdigits.evaluation._corruptions import KINDS


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    models = {
        "svm": SVC(),
        "ann": make_pipeline(MinMaxScaler(), ANNClassifier((16,), max_iter=3, random_state=0)),
    }
    return {name: model.fit(X[:200], y[:200]) for name, model in models.items()}


def test_a_curve_has_a_row_for_all_that_was_measured(fitted, digits):
    X, y = digits
    curve = robustness_curve(fitted, X[200:], y[200:])
    assert list(curve) == ["model", "kind", "severity", "accuracy", "n_samples"]
    assert len(curve) == 2 * (1 + 5 * len(KINDS))
    assert set(curve["kind"]) == {"clean", *KINDS}
    assert curve["accuracy"].between(0, 1).all()
    assert (curve["n_samples"] == 100).all()


def test_accuracies_are_those_of_the_corrupted_images(fitted, digits):
    X, y = digits[0][200:], digits[1][200:]
    curve = robustness_curve(fitted, X, y, kinds=["contrast"], severities=[4])
    expected = [
        *(fitted["svm"].score(images, y) for images in (X, corrupt(X, "contrast", 4))),
        *(fitted["ann"].score(images, y) for images in (X, corrupt(X, "contrast", 4))),
    ]
    np.testing.assert_allclose(curve["accuracy"], expected)


def test_string_labels_and_parallel_work_change_nothing(fitted, digits):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    model = SVC().fit(X[:200], names[:200])
    options = {"kinds": ["noise", "shift"], "random_state": 7}
    curves = [
        robustness_curve([model], X[200:], names[200:], n_jobs=2, **options),
        robustness_curve([fitted["svm"]], X[200:], y[200:], **options),
    ]
    pd.testing.assert_frame_equal(*curves)


def test_what_was_measured_is_told_as_it_comes(fitted, digits):
    told = []

    def stop_after_three(*result):
        told.append(result)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        robustness_curve(fitted, *digits, kinds=["blur"], on_result=stop_after_three)
    assert [result[:3] for result in told] == [
        ("svm", "clean", 0),
        ("ann", "clean", 0),
        ("svm", "blur", 1),
    ]


def test_bad_input_measures_nothing(fitted, digits):
    X, y = digits
    with pytest.raises(ValueError, match="robustness_curve knows no corruption 'flip'"):
        robustness_curve(fitted, X, y, kinds=["flip"])
    with pytest.raises(ValueError, match="robustness_curve expects a severity from 1 to 5, got 0"):
        robustness_curve(fitted, X, y, severities=[0])
    with pytest.raises(ValueError, match="robustness_curve expects at least one estimator"):
        robustness_curve({}, X, y)
    with pytest.raises(TypeError, match="got an SVC: put it in a list"):
        robustness_curve(fitted["svm"], X, y)
    with pytest.raises(NotFittedError):
        robustness_curve([SVC()], X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        robustness_curve(fitted, X, y[1:])


def curve_of(accuracies):
    """A curve from {model: (clean, {kind: accuracies by severity})}."""
    rows = []
    for model, (clean, kinds) in accuracies.items():
        rows.append((model, "clean", 0, clean, 10))
        for kind, values in kinds.items():
            rows += [(model, kind, i, value, 10) for i, value in enumerate(values, start=1)]
    return pd.DataFrame(rows, columns=["model", "kind", "severity", "accuracy", "n_samples"])


def test_the_mean_corruption_error_is_that_of_hendrycks_and_dietterich():
    curve = curve_of(
        {
            "a": (0.9, {"blur": [0.8, 0.6], "noise": [0.9, 0.7]}),
            "base": (0.95, {"blur": [0.7, 0.5], "noise": [0.8, 0.4]}),
        }
    )
    table = mean_corruption_error(curve, "base")
    of_kinds = [(0.2 + 0.4) / (0.3 + 0.5), (0.1 + 0.3) / (0.2 + 0.6)]
    np.testing.assert_allclose(table.loc["a", ["blur", "noise"]], of_kinds)
    assert table.loc["a", "mce"] == pytest.approx(np.mean(of_kinds))
    relative = [(0.6 - 2 * 0.1) / (0.8 - 2 * 0.05), (0.4 - 2 * 0.1) / (0.8 - 2 * 0.05)]
    assert table.loc["a", "relative_mce"] == pytest.approx(np.mean(relative))
    assert table.loc["base", ["mce", "relative_mce"]].tolist() == [1, 1]
    assert list(table.index) == ["a", "base"]


def test_a_baseline_without_errors_has_no_ratio():
    curve = curve_of({"a": (0.9, {"blur": [0.8]}), "base": (1.0, {"blur": [1.0]})})
    assert mean_corruption_error(curve, "base")[["mce", "relative_mce"]].isna().all(axis=None)


def test_the_error_needs_its_baseline_and_a_corruption():
    curve = curve_of({"a": (0.9, {"blur": [0.8]})})
    with pytest.raises(ValueError, match="finds no model 'b', it has: a"):
        mean_corruption_error(curve, "b")
    with pytest.raises(ValueError, match="expects a curve with corruptions, got none"):
        mean_corruption_error(curve.head(1), "a")


@pytest.mark.parametrize("seed", [0, None])
def test_a_comparison_measures_robustness_on_its_test_images(seed, digits):
    models = {"knn": KNeighborsClassifier(1), "same": KNeighborsClassifier(1), "nb": GaussianNB()}
    comparison = compare_models(
        models, *digits, cv=3, random_state=seed, corruptions=["shift", "noise"]
    )
    curve = comparison.robustness
    assert len(curve) == 3 * 3 * 11
    clean = curve[curve["severity"] == 0].set_index(["model", "fold"])["accuracy"]
    scores = comparison.fold_scores.set_index(["model", "fold"])["accuracy"]
    pd.testing.assert_series_equal(clean, scores)
    by_model = curve.set_index(["model", "fold", "kind", "severity"])["accuracy"]
    pd.testing.assert_series_equal(by_model["knn"], by_model["same"])  # the same images
    assert mean_corruption_error(curve, "knn").loc["same", "mce"] == 1


def test_a_comparison_refuses_corruptions_before_it_fits(digits):
    class Untouched(GaussianNB):
        def fit(self, X, y):
            raise AssertionError

    with pytest.raises(ValueError, match="compare_models knows no corruption 'flip'"):
        compare_models([Untouched()], *digits, corruptions=["flip"])
    with pytest.raises(ValueError, match="compare_models expects rows of 60 pixels"):
        compare_models([Untouched()], *digits, corruptions="all", image_shape=(6, 10))


def test_a_comparison_keeps_probabilities_of_models_that_have_them(digits):
    X, y = digits
    comparison = compare_models({"svm": SVC(), "nb": GaussianNB()}, X, y, cv=3, random_state=0)
    assert list(comparison.probabilities) == ["nb"]
    table = comparison.probabilities["nb"]
    assert table.index.equals(comparison.predictions.index)
    assert table.columns.tolist() == list(range(10))
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert (table.idxmax(axis=1) == comparison.predictions["nb"]).all()


def test_kinds_may_have_different_numbers_of_severities():
    rows = [("knn", "clean", 0, 0.95), ("svm", "clean", 0, 0.98)]
    rows += [("knn", "shift", level, 0.95 - 0.1 * level) for level in (1, 2)]
    rows += [("svm", "shift", level, 0.98 - 0.05 * level) for level in (1, 2)]
    rows += [("knn", "noise", level, 0.95 - 0.02 * level) for level in range(1, 6)]
    rows += [("svm", "noise", level, 0.98 - 0.04 * level) for level in range(1, 6)]
    curve = pd.DataFrame(rows, columns=["model", "kind", "severity", "accuracy"])
    relative = mean_corruption_error(curve, "knn")["relative_mce"]
    assert relative["knn"] == pytest.approx(1)
    assert relative["svm"] == pytest.approx((0.5 + 2) / 2)

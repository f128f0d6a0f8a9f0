"""The paired test on data where the truth is known: how often it is wrong, how often it sees.

Two Gaussian classes have two blocks of features, drawn alike and independently. A model that sees
the one block is exactly as good as a model that sees the other, whatever the sample.
"""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedShuffleSplit

from skdigits import compare_models

N_FEATURES = 5
LEVEL = 0.05


class NearestCentroids(ClassifierMixin, BaseEstimator):
    """The nearer of two centroids, in some of the features."""

    def __init__(self, start=0, stop=N_FEATURES):
        self.start = start
        self.stop = stop

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        centroids = np.array([X[y == label].mean(axis=0) for label in self.classes_])
        self.centroids_ = centroids[:, self.start : self.stop]
        return self

    def predict(self, X):
        gaps = X[:, None, self.start : self.stop] - self.centroids_
        return self.classes_[(gaps**2).sum(axis=2).argmin(axis=1)]


def draw_data(rng, n_samples, distance, n_features):
    """Two classes whose means are `distance` apart in each feature."""
    y = np.arange(n_samples) % 2
    return rng.normal(size=(n_samples, n_features)) + distance * y[:, None], y


def p_values(models, X, y, cv, seed):
    """The corrected p value, and that of the t-test that takes folds for independent."""
    comparison = compare_models(models, X, y, cv=cv, random_state=seed)
    accuracy = comparison.fold_scores.pivot(index="fold", columns="model", values="accuracy")
    first, second = models
    gaps = accuracy[first] - accuracy[second]
    if np.ptp(gaps) < 1e-9:  # which scipy warns of: its test takes it for certainty
        plain = float(abs(gaps.mean()) < 1e-9)
    else:
        plain = stats.ttest_1samp(gaps, 0).pvalue
    return comparison.differences["p_value"].iloc[0], plain


def called_different(n_repetitions, make_cv):
    """The shares of repetitions in which either test calls equal models different."""
    halves = {"a": NearestCentroids(), "b": NearestCentroids(N_FEATURES, 2 * N_FEATURES)}
    rng = np.random.default_rng(0)
    tests = [
        p_values(halves, *draw_data(rng, 200, 0.7, 2 * N_FEATURES), make_cv(seed), seed)
        for seed in range(n_repetitions)
    ]
    return (np.array(tests) < LEVEL).mean(axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [2, 3, 10])
def test_equal_models_are_rarely_called_different_on_folds(n_folds):
    ours, plain = called_different(500, lambda seed: n_folds)
    assert ours <= 0.05
    assert ours <= plain


@pytest.mark.slow
def test_equal_models_are_rarely_called_different_on_random_splits():
    # Test sets overlap too, and the uncorrected test is wrong several times as often as it says.
    ours, plain = called_different(
        500, lambda seed: StratifiedShuffleSplit(10, test_size=0.2, random_state=seed)
    )
    assert ours <= 0.08
    assert plain > 0.15


@pytest.mark.slow
def test_a_model_that_is_two_points_better_is_seen():
    # Accuracy of the best possible rule: the normal distribution at half the distance of means.
    distance, n_better = 1.2, 6
    better, worse = (stats.norm.cdf(distance * np.sqrt(n) / 2) for n in (n_better, n_better - 1))
    assert better - worse == pytest.approx(0.02, abs=0.001)
    models = {"better": NearestCentroids(0, n_better), "worse": NearestCentroids(0, n_better - 1)}
    rng = np.random.default_rng(1)
    seen = [
        p_values(models, *draw_data(rng, 6000, distance, n_better), 10, seed)[0] < LEVEL
        for seed in range(40)
    ]
    assert np.mean(seen) >= 0.9

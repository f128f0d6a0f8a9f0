"""The corrected t-test and Holm's adjustment against SciPy and their definitions."""

import numpy as np
import pytest
from scipy import stats

from skdigits.evaluation._statistics import adjust_holm, corrected_t_test


@pytest.fixture
def differences():
    return np.random.default_rng(0).normal(0.01, 0.02, size=10)


def test_without_overlap_it_is_the_plain_t_test(differences):
    # n_test / n_train -> 0 leaves variance / k, which is SciPy's test.
    ours = corrected_t_test(differences, n_train=1, n_test=0, confidence=0.9)
    oracle = stats.ttest_1samp(differences, 0)
    interval = oracle.confidence_interval(0.9)
    expected = [differences.mean(), interval.low, interval.high, oracle.statistic, oracle.pvalue]
    np.testing.assert_allclose(ours, expected)


def test_the_correction_widens_the_variance_by_test_over_train(differences):
    ours = corrected_t_test(differences, n_train=90, n_test=10)
    plain = stats.ttest_1samp(differences, 0).statistic
    t = plain * np.sqrt((1 / 10) / (1 / 10 + 10 / 90))
    standard_error = differences.mean() / t
    interval = stats.t.interval(0.95, df=9, loc=differences.mean(), scale=standard_error)
    np.testing.assert_allclose(ours.t, t)
    np.testing.assert_allclose(ours.p_value, 2 * (1 - stats.t.cdf(abs(t), df=9)))
    np.testing.assert_allclose([ours.ci_low, ours.ci_high], interval)


def test_swapping_the_models_swaps_the_signs(differences):
    ours = corrected_t_test(differences, n_train=9, n_test=1)
    swapped = corrected_t_test(-differences, n_train=9, n_test=1)
    expected = [-ours.mean_difference, -ours.ci_high, -ours.ci_low, -ours.t, ours.p_value]
    np.testing.assert_allclose(swapped, expected)


def test_overlapping_folds_without_a_difference_are_told_apart_one_time_in_twenty():
    # Nadeau and Bengio take n_test / (n_test + n_train) for the correlation of two folds, here
    # 0.1: under it the test keeps its 5 %, and the plain t-test does not.
    rng = np.random.default_rng(0)
    folds = rng.normal(0, 1 / 3, size=(1000, 1)) + rng.normal(size=(1000, 10))
    ours = [corrected_t_test(scores, n_train=9, n_test=1).p_value for scores in folds]
    plain = stats.ttest_1samp(folds, 0, axis=1).pvalue
    assert np.mean(np.array(ours) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(plain < 0.05) > 0.1


def test_one_fold_has_a_mean_and_nothing_else():
    assert corrected_t_test([0.02], n_train=6, n_test=1)[0] == 0.02
    assert np.isnan(corrected_t_test([0.02], n_train=6, n_test=1)[1:]).all()


def test_no_difference_at_all_is_no_evidence():
    test = corrected_t_test([0, 0, 0], n_train=9, n_test=1)
    assert (test.t, test.p_value) == (0, 1)
    assert test.ci_low == test.mean_difference == test.ci_high == 0


@pytest.mark.parametrize("difference", [0.1, -0.1])
def test_equal_differences_have_the_variance_of_rows_that_differ(difference):
    # 100 rows of which ten are judged otherwise, all in favour of one model
    rows = np.zeros(100)
    rows[:10] = np.sign(difference)
    test = corrected_t_test([difference] * 5, n_train=400, n_test=100)
    expected = difference / np.sqrt(rows.var() / 100 * (1 / 5 + 100 / 400))
    assert test.t == pytest.approx(expected)
    assert test.ci_low < test.mean_difference < test.ci_high


def test_rounding_is_no_variance():
    differences = np.array([0.95, 0.85, 0.75]) - np.array([0.9, 0.8, 0.7])
    assert np.ptp(differences) > 0
    equal = corrected_t_test([0.05] * 3, n_train=2, n_test=1)
    assert corrected_t_test(differences, n_train=2, n_test=1).t == pytest.approx(equal.t)


@pytest.mark.parametrize("n_folds", [2, 3])
def test_few_folds_of_few_rows_do_not_decide_by_being_equal(n_folds):
    rng = np.random.default_rng(0)
    shares = rng.binomial(30, 0.9, size=(2000, n_folds, 2)) / 30
    tests = [
        corrected_t_test(gaps, n_train=30 * (n_folds - 1), n_test=30)
        for gaps in shares[..., 0] - shares[..., 1]
    ]
    assert np.mean([test.p_value < 0.05 for test in tests]) <= 0.05


def test_holm_is_its_definition():
    p_values = np.random.default_rng(1).uniform(0, 0.3, size=7)
    expected, running = {}, 0
    for rank, position in enumerate(sorted(range(7), key=lambda i: p_values[i])):
        running = max(running, (7 - rank) * p_values[position])
        expected[position] = min(1, running)
    np.testing.assert_allclose(adjust_holm(p_values), [expected[i] for i in range(7)])


def test_holm_of_one_or_none_changes_nothing():
    assert adjust_holm([0.03]).tolist() == [0.03]
    assert adjust_holm([]).tolist() == []

"""What matters in a search: shares that agree with known ones, for any search and any values."""

import made_up_searches
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_searches import SCORES, grid, search_results, with_folds
from scipy.stats import loguniform
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from skdigits import hyperparameter_importance, hyperparameter_marginals

pipeline_search = made_up_searches.pipeline_search

REST = ["(noise)", "(other)"]


def shares(candidates, scores, **options):
    return hyperparameter_importance(search_results(candidates, scores), **options)["share"]


# Shares that are known


def test_shares_of_a_sum_are_those_of_its_terms():
    candidates = grid(a=[0, 1, 2], b=[0, 1, 2], c=[0, 1])
    found = shares(candidates, with_folds([2 * p["a"] + p["b"] for p in candidates]))
    np.testing.assert_allclose(found[["a", "b", "c"]], [0.8, 0.2, 0], atol=1e-12)
    assert found.drop(["a", "b"]).max() < 1e-12


def test_a_product_of_centred_values_is_all_interaction():
    candidates = grid(a=[-1, 0, 1], b=[-1, 0, 1], c=[0, 1])
    found = shares(candidates, with_folds([p["a"] * p["b"] for p in candidates]))
    assert found["a × b"] == pytest.approx(1)
    assert found.drop("a × b").max() < 1e-12


def test_a_product_of_three_is_other():
    candidates = grid(a=[-1, 1], b=[-1, 1], c=[-1, 1])
    found = shares(candidates, with_folds([p["a"] * p["b"] * p["c"] for p in candidates]))
    assert found["(other)"] == pytest.approx(1)


def test_shares_without_noise_are_the_sobol_indices_of_a_product():
    a, b = np.array([1.0, 2, 4]), np.array([1.0, 3])
    candidates = grid(a=[0, 1, 2], b=[0, 1])
    found = shares(candidates, with_folds([a[p["a"]] * b[p["b"]] for p in candidates]))
    variance = (a**2).mean() * (b**2).mean() - (a.mean() * b.mean()) ** 2
    expected = [a.var() * b.mean() ** 2, b.var() * a.mean() ** 2, a.var() * b.var()]
    np.testing.assert_allclose(found[["a", "b", "a × b"]], np.array(expected) / variance)


def test_noise_is_told_from_what_matters():
    candidates = grid(a=[0, 1, 2], b=[0, 1, 2], c=[0, 1, 2])
    values = np.array([p["a"] for p in candidates])
    found = np.mean(
        [shares(candidates, with_folds(values, 1, seed=seed))[["a", *REST]] for seed in range(20)],
        axis=0,
    )
    expected = values.var() / (values.var() + 1 / 5)
    assert found[0] == pytest.approx(expected, abs=0.05)
    assert found[1] == pytest.approx(1 - expected, abs=0.08)
    assert found[2] < 0.03


@pytest.mark.parametrize(("n_candidates", "n_seeds"), [(27, 30), (20, 2)])
def test_intervals_of_pure_noise_hold_zero(n_candidates, n_seeds):
    candidates = grid(a=[0, 1, 2], b=[0, 1, 2], c=[0, 1, 2])[:n_candidates]
    tables = [
        hyperparameter_importance(
            search_results(candidates, with_folds([0] * n_candidates, noise=1, seed=seed))
        )
        for seed in range(n_seeds)
    ]
    lows = np.array([table["ci_low"].drop(REST) for table in tables])
    assert (lows > 0).mean() < 0.05
    assert np.mean([table.loc["(noise)", "share"] for table in tables]) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [3, 5, 10])
def test_intervals_hold_the_share_as_often_as_they_say(n_folds):
    candidates = grid(a=[-1, 0, 1], b=[-1, 0, 1], c=[-1, 0, 1])
    values = np.array([2 * p["a"] + p["b"] * p["c"] for p in candidates])
    expected = np.var([-2, 0, 2]) / (values.var() + 1 / n_folds)
    tables = [
        hyperparameter_importance(
            search_results(candidates, with_folds(values, 1, n_folds, seed=seed))
        )
        for seed in range(200)
    ]
    holds = [table.loc["a", "ci_low"] <= expected <= table.loc["a", "ci_high"] for table in tables]
    assert 0.90 <= np.mean(holds) <= 0.99


def test_a_random_search_finds_the_order_of_known_shares():
    rng = np.random.default_rng(0)
    values = rng.random((60, 4))
    candidates = [dict(zip("abcd", row, strict=True)) for row in values.tolist()]
    table = hyperparameter_importance(
        search_results(candidates, with_folds(2 * values[:, 0] + values[:, 1], noise=0.02))
    )
    assert list(table.index[:2]) == ["a", "b"]
    assert table.loc["a", "ci_low"] <= 0.8 <= table.loc["a", "ci_high"]
    assert 0.6 < table.loc["a", "share"] < 0.95
    assert table.loc[["c", "d"], "share"].max() < 0.02


def test_a_grid_with_a_gap_is_close_to_the_whole_grid():
    candidates = grid(a=[0, 1, 2], b=["x", "y", "z"], c=[0, 1])
    scores = with_folds([2 * p["a"] + "xyz".index(p["b"]) for p in candidates], noise=0.01)
    whole, gap = shares(candidates, scores), shares(candidates[1:], scores[1:])
    np.testing.assert_allclose(gap[["a", "b", "c"]], whole[["a", "b", "c"]], atol=0.15)


# Properties

values = st.lists(st.floats(0, 1), min_size=24, max_size=24)


@given(values, st.integers(0, 6))
@settings(max_examples=20, deadline=None)
def test_shares_are_parts_of_one(scores, n_missing):
    kept = slice(n_missing, None)
    candidates = grid(a=[0, 1], b=["u", "v"])[kept] if n_missing < 3 else grid(a=[0, 1], b=[0, 1])
    scores = np.reshape(scores, (4, 6))[4 - len(candidates) :]
    found = shares(candidates, scores)
    assert found.between(0, 1).all()
    assert found.sum() == pytest.approx(1) or (found == 0).all()


@given(st.permutations(range(12)), st.integers(0, 1))
@settings(max_examples=4, deadline=None)
def test_order_of_candidates_does_not_matter(order, n_missing):
    candidates = grid(a=[0, 1, 2], b=["u", None], c=[0.5, "auto"])
    scores = with_folds(np.arange(12) ** 2, noise=5)
    kept = [row for row in order if row >= n_missing]
    first = shares(candidates[n_missing:], scores[n_missing:])
    second = shares([candidates[row] for row in kept], scores[kept])
    np.testing.assert_allclose(second[first.index], first, atol=1e-9)


def test_names_do_not_matter():
    candidates = grid(a=[0, 1, 2], b=["u", None])[1:]
    renamed = [{"z": p["a"], "b__y": p["b"]} for p in candidates]
    scores = with_folds(np.arange(5) ** 2, noise=5)
    found, other = shares(candidates, scores), shares(renamed, scores)
    assert other.to_numpy().tolist() == found.to_numpy().tolist()
    assert [name.replace("b__y", "b").replace("z", "a") for name in other.index] == [*found.index]


def test_scale_and_offset_of_the_scores_do_not_matter():
    candidates, scores = grid(a=[0, 1, 2], b=[0, 1, 2])[1:], with_folds(np.arange(8) ** 2, 3)
    expected = shares(candidates, scores)
    np.testing.assert_allclose(shares(candidates, 1e-6 * scores - 7), expected, atol=1e-6)


# Values and searches of every kind


def test_values_may_be_anything():
    different = [1, 2.5, np.float64(7), "a", None, True, (64, 32), [1, 2], SVC(), len]
    candidates = grid(value=different, other=[0, 1])
    found = shares(candidates, with_folds(np.repeat(np.arange(10), 2)))
    assert found["value"] == pytest.approx(1)
    marginals = hyperparameter_marginals(search_results(candidates, with_folds(range(20))))
    of_value = marginals[marginals["parameter"] == "value"]
    assert list(of_value["value"])[:3] == [1, 2.5, 7]
    assert {repr(value) for value in of_value["value"]} == {repr(value) for value in different}


def test_equal_numbers_are_one_value_and_true_is_not_one():
    candidates = [{"a": 1}, {"a": 1.0}, {"a": np.int64(1)}, {"a": True}]
    marginals = hyperparameter_marginals(search_results(candidates, with_folds(range(4))))
    assert marginals["n_candidates"].tolist() == [3, 1]


def test_a_constant_explains_nothing():
    candidates = grid(a=[0, 1], constant=["x"])
    table = hyperparameter_importance(search_results(candidates, with_folds([0, 1], noise=0.1)))
    assert table.loc["constant", ["share", "ci_low", "ci_high"]].tolist() == [0, 0, 0]
    assert "a × constant" not in table.index


def test_equal_scores_have_nothing_to_explain():
    table = hyperparameter_importance(search_results(grid(a=[0, 1], b=[0, 1]), np.ones((4, 3))))
    assert (table["share"] == 0).all()


def test_a_parameter_that_is_not_set_makes_no_difference():
    candidates = [*grid(net=["ann"], width=[8, 16]), *grid(net=["cnn"], channels=[2, 4])]
    found = shares(candidates, with_folds([0, 0, 1, 1]))
    assert found["net"] == pytest.approx(1)
    nested = shares(candidates, with_folds([0, 0, 1, 2]))
    assert nested["net"] > nested["channels"] > 0
    assert nested["net × channels"] > 0
    assert nested["width"] < 1e-12


def test_many_unset_parameters_are_no_problem():
    rng = np.random.default_rng(0)
    candidates = [
        {"net": "ann", "a": a, "b": b, "c": c} if row % 2 else {"net": "cnn", "d": a}
        for row, (a, b, c) in enumerate(rng.random((30, 3)).tolist())
    ]
    found = shares(candidates, with_folds(np.arange(30) % 2, noise=0.01))
    assert found.index[0] == "net"


def test_shares_of_steps_can_be_summed(pipeline_search):
    table = hyperparameter_importance(pipeline_search)
    assert table.loc["svc__C × svc__gamma", "step"] == "svc"
    assert table.loc["scale × svc__C", "step"] == "scale × svc"
    by_step = table.groupby("step")["share"].sum()
    assert by_step.sum() == pytest.approx(1)
    assert by_step["svc"] > 0.5


@pytest.mark.parametrize("convert", [lambda results: results, pd.DataFrame])
def test_the_search_its_results_and_their_frame_are_the_same(pipeline_search, convert):
    expected = hyperparameter_importance(pipeline_search)
    found = hyperparameter_importance(convert(pipeline_search.cv_results_))
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("convert", [lambda results: results, pd.DataFrame])
def test_columns_of_parameters_are_enough(digits, convert):
    values = [{"kernel": ["linear"]}, {"kernel": ["rbf"], "gamma": [1e-4, 1e-3]}]
    search = GridSearchCV(SVC(), values, cv=3).fit(*digits)
    expected = hyperparameter_importance(search)["share"]
    columns = {name: column for name, column in search.cv_results_.items() if name != "params"}
    found = hyperparameter_importance(convert(columns))["share"]
    np.testing.assert_allclose(found[expected.index], expected)


def test_a_dropped_column_is_left_out(pipeline_search):
    frame = pd.DataFrame(pipeline_search.cv_results_).drop(columns="param_scale")
    assert "scale" not in hyperparameter_importance(frame).index


def test_a_random_search_can_be_explained(digits):
    values = {"C": loguniform(0.01, 100), "gamma": loguniform(1e-5, 1)}
    search = RandomizedSearchCV(SVC(), values, n_iter=12, cv=3, random_state=0).fit(*digits)
    table = hyperparameter_importance(search)
    assert table.index[0] == "gamma"
    assert table["share"].sum() == pytest.approx(1)


def test_the_same_seed_gives_the_same_shares():
    results = search_results(grid(a=[0, 1, 2], b=[0, 1])[1:], with_folds(range(5), noise=1))
    first, second, third = (hyperparameter_importance(results, random_state=s) for s in (0, 0, 1))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(third)


def test_a_halving_search_is_judged_by_its_first_iteration(digits):
    search = HalvingGridSearchCV(
        SVC(), {"C": [0.1, 1, 10], "gamma": [1e-4, 1e-3]}, cv=3, min_resources=90, random_state=0
    ).fit(*digits)
    results = pd.DataFrame(search.cv_results_)
    assert results["iter"].max() > 0
    expected = hyperparameter_importance(results[results["iter"] == 0])
    pd.testing.assert_frame_equal(hyperparameter_importance(search), expected)


def test_any_score_of_a_search_can_be_explained(digits):
    search = GridSearchCV(
        GaussianNB(),
        {"var_smoothing": [1e-9, 1e-2]},
        scoring=["accuracy", "f1_macro"],
        refit=False,
        cv=3,
    ).fit(*digits)
    marginals = hyperparameter_marginals(search, score="mean_test_f1_macro")
    np.testing.assert_allclose(marginals["mean"], search.cv_results_["mean_test_f1_macro"])


def test_times_have_shares_without_intervals(pipeline_search):
    table = hyperparameter_importance(pipeline_search, score="mean_fit_time")
    assert table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert np.isnan(table.loc["(noise)", "share"])
    assert table["share"].sum() == pytest.approx(1)


def test_two_folds_give_no_interval():
    candidates = grid(a=[0, 1], b=[0, 1])
    table = hyperparameter_importance(search_results(candidates, with_folds(range(4), n_folds=2)))
    assert table["ci_low"].isna().all()
    assert table.loc["a", "share"] == pytest.approx(0.8)


def test_marginals_are_means_over_the_grid(pipeline_search):
    marginals = hyperparameter_marginals(pipeline_search)
    frame = pd.DataFrame(pipeline_search.cv_results_)
    folds = frame.groupby(frame["param_svc__C"].astype(float))[
        [f"split{fold}_test_score" for fold in range(3)]
    ].mean()
    found = marginals[marginals["parameter"] == "svc__C"]
    assert found["value"].tolist() == [0.1, 10]
    np.testing.assert_allclose(found["mean"], folds.mean(axis=1))
    np.testing.assert_allclose(found["sd"], folds.std(axis=1))
    assert found["n_candidates"].tolist() == [6, 6]


# Errors


def test_failed_fits_are_left_out_and_said():
    scores = with_folds([0, 1, 2, np.nan])
    with pytest.warns(UserWarning, match="leaves out 1 of 4 candidates: they have no score"):
        found = shares(grid(a=[0, 1], b=[0, 1]), scores)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("function", [hyperparameter_importance, hyperparameter_marginals])
def test_a_single_candidate_has_nothing_to_compare(function):
    with pytest.raises(
        ValueError, match=f"{function.__name__} expects at least two candidates with scores, got 1"
    ):
        function(search_results([{"a": 1}], [[1, 2]]))


def test_a_score_that_is_not_there_is_named_with_those_that_are():
    results = search_results(grid(a=[0, 1]), with_folds([0, 1]))
    with pytest.raises(ValueError, match="no score 'mean_test_f1', it has: mean_test_score"):
        hyperparameter_importance(results, score="mean_test_f1")
    with pytest.raises(ValueError, match="no score 'split0_test_score', it has: mean_test_score"):
        hyperparameter_importance(results, score="split0_test_score")


def test_results_without_parameters_are_refused():
    with pytest.raises(ValueError, match=r"expects columns param_\* in cv_results_, got none"):
        hyperparameter_importance({SCORES: [1, 2]})


def test_what_is_no_search_is_refused():
    with pytest.raises(TypeError, match="expects a fitted search or its cv_results_, got a list"):
        hyperparameter_importance([1, 2])


def test_what_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        hyperparameter_importance(GridSearchCV(SVC(), {"C": [1, 2]}))


def test_a_classifier_is_no_search(digits):
    for model in (SVC().fit(*digits), DummyClassifier()):
        name = type(model).__name__
        with pytest.raises(TypeError, match=f"expects a fitted search, got an? {name}"):
            hyperparameter_importance(model)

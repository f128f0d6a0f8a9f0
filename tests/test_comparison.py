"""What compare_models measures and finds, with scikit-learn's own functions as the oracle."""

import pickle

import compared_models
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Perceptron
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdigits import ANNClassifier
from skdigits.evaluation import compare_models
from skdigits.evaluation._statistics import corrected_t_test

comparison = compared_models.comparison

SCORES = ["accuracy", "macro_f1", "log_loss"]
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def test_scores_are_those_of_cross_validate(comparison, digits):
    scoring = ["accuracy", "f1_macro", "neg_log_loss"]
    oracle = cross_validate(KNeighborsClassifier(3), *digits, cv=FOLDS, scoring=scoring)
    ours = comparison.fold_scores.query("model == 'knn'")
    np.testing.assert_allclose(ours["accuracy"], oracle["test_accuracy"])
    np.testing.assert_allclose(ours["macro_f1"], oracle["test_f1_macro"])
    np.testing.assert_allclose(ours["log_loss"], -oracle["test_neg_log_loss"])


def test_the_table_has_means_and_deviations_best_first(comparison):
    accuracy = comparison.fold_scores.groupby("model")["accuracy"]
    assert comparison.table["accuracy"].is_monotonic_decreasing
    assert comparison.table.index[-1] == "bayes"
    for name, scores in accuracy:
        assert comparison.table.loc[name, "accuracy"] == pytest.approx(np.mean(scores))
        assert comparison.table.loc[name, "accuracy_sd"] == pytest.approx(np.std(scores, ddof=1))


def test_times_and_sizes_are_measured(comparison, digits):
    assert (comparison.fold_scores[["fit_seconds", "predict_seconds_per_1000"]] > 0).all(axis=None)
    X, y = digits
    train = comparison.predictions.query("fold != 0")["row"].sort_values()
    fitted = GaussianNB().fit(X[train], y[train])
    size = comparison.fold_scores.query("model == 'bayes' and fold == 0")["size_bytes"].item()
    assert size == len(pickle.dumps(fitted, protocol=pickle.HIGHEST_PROTOCOL))


def test_a_model_without_probabilities_has_no_log_loss(comparison):
    assert comparison.table["log_loss"].isna().to_dict() == {
        "svm": True,
        "knn": False,
        "bayes": False,
    }


def test_differences_are_the_corrected_test_of_the_best_against_each(comparison):
    scores = comparison.fold_scores.pivot(index="fold", columns="model", values="accuracy")
    assert comparison.differences.index.tolist() == comparison.table.index[1:].tolist()
    expected = corrected_t_test(scores[comparison.best] - scores["bayes"], n_train=200, n_test=100)
    ours = comparison.differences.loc["bayes", list(expected._fields)].astype(float)
    np.testing.assert_allclose(ours, expected)
    assert (comparison.differences["best"] == comparison.best).all()


def test_two_equal_models_do_not_differ(digits):
    comparison = compare_models({"a": GaussianNB(), "b": GaussianNB()}, *digits, cv=3)
    assert comparison.differences.loc["b", ["mean_difference", "t", "p_value"]].tolist() == [
        0,
        0,
        1,
    ]
    assert "a and b cannot be told apart" in comparison.describe()


def test_predictions_are_those_of_cross_val_predict(comparison, digits):
    predictions = comparison.predictions.sort_values("row")
    oracle = cross_val_predict(KNeighborsClassifier(3), *digits, cv=FOLDS)
    assert predictions["row"].tolist() == list(range(300))
    np.testing.assert_array_equal(predictions["knn"], oracle)
    np.testing.assert_array_equal(predictions["true_label"], digits[1])


def test_reports_and_matrices_are_scikit_learns(comparison, digits):
    predicted = cross_val_predict(KNeighborsClassifier(3), *digits, cv=FOLDS)
    report = classification_report(digits[1], predicted, digits=3)
    assert comparison.classification_report("knn", digits=3) == report
    matrix = comparison.confusion_matrix("knn")
    np.testing.assert_array_equal(matrix, confusion_matrix(digits[1], predicted))
    assert matrix.index.tolist() == matrix.columns.tolist() == list(range(10))
    assert matrix.index.name == "true"
    assert comparison.confusion_matrix("knn", normalize="true").sum(axis=1).round(6).eq(1).all()


def test_an_unknown_model_has_no_report(comparison):
    with pytest.raises(ValueError, match="has no model 'tree', it has: bayes, svm, knn"):
        comparison.classification_report("tree")


def test_a_label_that_is_never_predicted_is_no_warning(digits):
    comparison = compare_models([DummyClassifier()], *digits, cv=2)
    assert "0.00" in comparison.classification_report("dummyclassifier")


def test_repeated_folds_predict_a_row_each_time(digits):
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    predictions = compare_models([GaussianNB()], *digits, cv=folds).predictions
    assert (predictions["row"].value_counts() == 2).all()
    assert predictions["fold"].nunique() == 6


def test_rows_that_are_never_tested_are_not_predicted(digits):
    folds = ShuffleSplit(n_splits=2, test_size=20, random_state=0)
    predictions = compare_models([GaussianNB()], *digits, cv=folds).predictions
    tested = np.concatenate([test for _, test in folds.split(digits[0])])
    np.testing.assert_array_equal(predictions["row"], tested)


@pytest.mark.parametrize("as_mask", [False, True])
def test_a_fixed_split_has_no_deviation_and_no_test(digits, as_mask):
    X, y = digits
    train = np.arange(300) < 200
    split = (train, ~train) if as_mask else (np.arange(200), np.arange(200, 300))
    comparison = compare_models([GaussianNB(), KNeighborsClassifier()], X, y, cv=[split])
    accuracy = GaussianNB().fit(X[:200], y[:200]).score(X[200:], y[200:])
    assert comparison.table.loc["gaussiannb", "accuracy"] == pytest.approx(accuracy)
    assert comparison.table["accuracy_sd"].isna().all()
    assert comparison.differences[["ci_low", "ci_high", "t", "p_value"]].isna().all(axis=None)
    assert "–" in repr(comparison)
    assert "one split" in comparison.describe()


@pytest.mark.parametrize("cv", [3, GroupKFold(3)])
def test_groups_are_never_divided(digits, cv):
    groups = np.arange(300) // 5
    predictions = compare_models(
        [GaussianNB()], *digits, groups=groups, cv=cv, random_state=0
    ).predictions
    assert (predictions.groupby(groups[predictions["row"]])["fold"].nunique() == 1).all()


def test_the_same_seed_gives_the_same_bits(digits):
    models = {
        "forest": RandomForestClassifier(3),
        "pipeline": make_pipeline(StandardScaler(), DecisionTreeClassifier(max_features=3)),
    }
    first, second, other = (
        compare_models(models, *digits, cv=2, random_state=seed) for seed in (7, 7, 8)
    )
    pd.testing.assert_frame_equal(first.predictions, second.predictions)
    pd.testing.assert_frame_equal(first.fold_scores[SCORES], second.fold_scores[SCORES])
    assert not first.predictions.equals(other.predictions)


def test_a_fold_can_be_repeated_by_hand_from_its_seed(digits):
    X, y = digits
    forest = RandomForestClassifier(3)
    comparison = compare_models({"forest": forest}, X, y, cv=3, random_state=0)
    seed = int(comparison.fold_scores["seed"][1])
    train, test = list(FOLDS.split(X, y))[1]
    by_hand = clone(forest).set_params(random_state=seed).fit(X[train], y[train]).predict(X[test])
    np.testing.assert_array_equal(comparison.predictions.query("fold == 1")["forest"], by_hand)


def test_a_random_state_of_ones_own_is_kept_and_the_estimators_stay_as_they_were(digits):
    forest, tree = RandomForestClassifier(3, random_state=5), DecisionTreeClassifier()
    comparison = compare_models({"forest": forest, "tree": tree}, *digits, cv=3, random_state=0)
    oracle = cross_val_predict(forest, *digits, cv=FOLDS)
    ours = comparison.predictions.sort_values("row")["forest"]
    np.testing.assert_array_equal(ours, oracle)
    assert tree.random_state is None
    assert not hasattr(tree, "tree_")


def test_without_a_seed_nothing_is_seeded(digits):
    comparison = compare_models([Perceptron(random_state=None)], *digits, cv=2)
    assert comparison.fold_scores["seed"].isna().all()


@pytest.mark.slow
def test_two_processes_find_what_one_finds(digits):
    models = [RandomForestClassifier(3), GaussianNB()]
    one, two = (
        compare_models(models, *digits, cv=3, random_state=0, n_jobs=n_jobs) for n_jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one.predictions, two.predictions)
    pd.testing.assert_frame_equal(one.fold_scores[SCORES], two.fold_scores[SCORES])


def test_on_result_hears_of_every_fit_once(digits):
    heard = []
    comparison = compare_models(
        [GaussianNB(), DummyClassifier()],
        *digits,
        cv=3,
        on_result=lambda name, fold, scores: heard.append((name, fold, scores["accuracy"])),
    )
    told = comparison.fold_scores[["model", "fold", "accuracy"]].itertuples(index=False, name=None)
    assert sorted(heard) == sorted(told)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_on_result_raises_ends_the_comparison(digits, n_jobs):
    def stop(name, fold, scores):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        compare_models([GaussianNB()], *digits, n_jobs=n_jobs, on_result=stop)


def test_the_log_loss_of_a_label_that_was_never_trained_on_is_large_and_finite(digits):
    X, y = digits
    split = (np.flatnonzero(y != 3), np.flatnonzero(y == 3))
    comparison = compare_models([GaussianNB()], X, y, cv=[split])
    assert 10 < comparison.table["log_loss"].item() < np.inf


def test_a_model_that_cannot_be_pickled_has_no_size(digits):
    model = make_pipeline(FunctionTransformer(lambda X: X), GaussianNB())
    comparison = compare_models({"lambda": model}, *digits, cv=2)
    assert comparison.table["size_bytes"].isna().all()
    assert comparison.table["accuracy"].item() > 0.5


class NotFinite(GaussianNB):
    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), np.nan)


def test_probabilities_that_are_not_finite_are_none(digits):
    comparison = compare_models({"bayes": NotFinite()}, *digits, cv=2)
    assert comparison.fold_scores["log_loss"].isna().all()
    assert comparison.probabilities == {}
    assert comparison.table.loc["bayes", "accuracy"] > 0.5


class Network(DummyClassifier):
    """What explains its pixels is taken for a network."""

    n_rows = []

    def fit(self, X, y):
        self.n_rows.append(len(X))
        return super().fit(X, y)

    def attribute(self, X):
        return np.zeros((len(X), 8, 8))


def test_what_a_networks_first_fit_imports_is_not_timed(digits):
    for _ in range(2):
        compare_models([make_pipeline(StandardScaler(), Network())], *digits, cv=3)
    assert Network.n_rows == [30, *[200] * 6]


def test_what_is_not_timed_draws_nothing_from_the_callers_random_state(digits, monkeypatch):
    monkeypatch.setattr("skdigits.evaluation._measuring._WARM", set())
    models = {"ann": ANNClassifier((4,), max_iter=1)}
    scores = []
    for _ in range(2):  # of which only the first warms up
        np.random.seed(0)  # noqa: NPY002  (the global state is the point)
        comparison = compare_models(models, *digits, cv=2, random_state=None)
        scores.append(comparison.table["log_loss"].tolist())
    assert scores[0] == scores[1]


def test_what_searches_chose_on_each_fold_is_kept(digits):
    """In a Pipeline too; by hand, a search of the training rows of each fold."""
    X, y = digits
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 30]}, cv=2)
    models = {
        "bayes": GaussianNB(),
        "search": search,
        "pipeline": make_pipeline(StandardScaler(), search),
    }
    comparison = compare_models(models, X, y, cv=FOLDS, n_jobs=2)
    tuning = comparison.tuning
    assert list(tuning["model"]) == ["search"] * 3 + ["pipeline"] * 3
    assert list(tuning["fold"]) == [0, 1, 2] * 2
    for chosen, (train, _) in zip(tuning.itertuples(), FOLDS.split(X, y), strict=False):
        expected = clone(search).fit(X[train], y[train])
        assert chosen.parameters == expected.best_params_
        assert chosen.inner_score == expected.best_score_
    assert comparison.to_dict()["tuning"][0]["parameters"] == {"n_neighbors": 1}


def test_a_comparison_without_searches_has_no_tuning(comparison):
    assert comparison.tuning is None
    assert comparison.to_dict()["tuning"] == []

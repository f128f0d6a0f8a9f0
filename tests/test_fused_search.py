"""Searches that train networks together give what scikit-learn's give."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from fused_searches import ann, assert_as_grid_search, assert_same_results, cnn, unconverged
from joblib import parallel_config
from numpy.testing import assert_array_equal
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    TimeSeriesSplit,
)

from skdigits import ANNClassifier, FusedGridSearchCV, FusedRandomizedSearchCV

GRIDS = {
    "rates": {"learning_rate_init": [0.001, 0.02], "learning_rate": ["one_cycle", "constant"]},
    "regularized": {"alpha": [0.0, 1.0], "dropout": [0.0, 0.3], "label_smoothing": [0.0, 0.2]},
    "augmented": {"augment": [None, "light", "strong"]},
    "weighted": {"class_weight": [None, "balanced", {1: 3.0}]},
    "shapes": {"hidden_layer_sizes": [(8,), (6, 4)], "activation": ["relu", "tanh"]},
    "solvers": [{"solver": ["adam", "adamw"], "alpha": [0.0, 0.1]}, {"solver": ["sgd"]}],
    "seeds": {"random_state": [0, 1], "batch_size": [20, 50, "auto"]},
    "epochs": {"max_iter": [1, 3], "shuffle": [True, False]},
    "stopped": {"early_stopping": [True], "validation_fraction": [0.2, 0.4], "max_iter": [3]},
}


@unconverged
@pytest.mark.parametrize("model", [ann(), cnn()], ids=["ann", "cnn"])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_results_are_those_of_grid_search(model, grid, X, y):
    search = assert_as_grid_search(
        model, grid, X, y, return_train_score=True, scoring="neg_log_loss", tolerance={"rtol": 1e-4}
    )
    assert search.fused_["fused"].all()
    assert list(search.fused_) == ["fused", "trained_together", "why_not"]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", ">f4", "float64"])
def test_accuracies_are_those_of_grid_search_in_every_type(dtype, X, y):
    grid = {"learning_rate_init": [0.005, 0.02], "dropout": [0.0, 0.2]}
    search = assert_as_grid_search(ann(), grid, X.astype(dtype), y, cv=3)
    assert search.fused_["fused"].all()


@pytest.mark.parametrize(("n_jobs", "n_together"), [(None, 12), (2, 6), (3, 4), (12, 1), (64, 1)])
def test_each_worker_trains_a_part_of_the_networks(n_jobs, n_together, X, y):
    grid = {"learning_rate_init": [0.005, 0.02], "dropout": [0.0, 0.2]}
    search = FusedGridSearchCV(ann(device="cpu"), grid, cv=3, refit=False, n_jobs=n_jobs)
    with parallel_config("threading"):
        search.fit(X, y)
    assert search.fused_["trained_together"].tolist() == [n_together] * 4


@pytest.mark.slow
@unconverged
def test_processes_change_no_score(X, y):
    grid = {"alpha": [0.0, 1.0], "dropout": [0.0, 0.2], "learning_rate": ["adaptive", "auto"]}
    options = {"cv": 2, "refit": False, "scoring": "neg_log_loss"}
    expected = GridSearchCV(ann(), grid, **options).fit(X, y)
    found = FusedGridSearchCV(ann(), grid, n_jobs=2, **options).fit(X, y)
    assert found.fused_["trained_together"].max() == 8
    assert_same_results(found.cv_results_, expected.cv_results_)


def data_frame(X):
    return pd.DataFrame(X, columns=[f"pixel{i}" for i in range(X.shape[1])])


def polars_frame(X):
    return pytest.importorskip("polars").DataFrame({f"pixel{i}": x for i, x in enumerate(X.T)})


@pytest.mark.parametrize(
    "form",
    [
        data_frame,
        polars_frame,
        sparse.csr_matrix,
        sparse.coo_array,
        lambda X: X.reshape(-1, 8, 8),
        lambda X: X.reshape(-1, 1, 8, 8),
        np.ndarray.tolist,
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=0)[::2],
    ],
)
@pytest.mark.parametrize("model", [ann(max_iter=2), cnn(max_iter=1)], ids=["ann", "cnn"])
def test_images_may_be_of_any_form(form, model, X, y):
    search = assert_as_grid_search(model, {"alpha": [0.0, 1.0]}, form(X), y)
    assert search.n_features_in_ == 64
    assert hasattr(search, "feature_names_in_") == (form in (data_frame, polars_frame))
    assert search.fused_["fused"].all()


def test_images_of_a_memory_mapped_file_are_searched(X, y, tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, mapped, y)


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: np.array(["zero", "one", "two", "many"])[np.minimum(y, 3)],
        lambda y: np.array(["zero", "one", "two", "many"])[np.minimum(y, 3)].astype(object),
        lambda y: y > 4,
        lambda y: y * 10 - 5,
        list,
    ],
    ids=["strings", "objects", "booleans", "integers", "list"],
)
def test_labels_may_be_of_any_kind(labels, X, y):
    search = assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, X, labels(y))
    assert_array_equal(search.classes_, np.unique(labels(y)))


def test_labels_may_be_a_series(X, y):
    assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, X, pd.Series(y, index=np.arange(150)[::-1]))


@pytest.mark.parametrize(
    "cv",
    [
        3,
        KFold(7),
        ShuffleSplit(2, random_state=0),
        TimeSeriesSplit(4),
        [(np.arange(100), np.arange(100, 150)), (np.arange(50, 150), np.arange(50))],
        [(np.arange(150) < 90, np.arange(150) >= 90)],
        [(list(range(90)), list(range(90, 150)))] * 2,
        [(np.r_[0:60, 0:60], np.arange(60, 150))],
    ],
    ids=["three", "seven", "random", "time", "indices", "masks", "lists", "twice"],
)
def test_folds_may_be_of_any_kind(cv, X, y):
    assert_as_grid_search(ann(batch_size=40), {"alpha": [0.0, 1.0]}, X, y, cv=cv)


def test_folds_without_a_class_are_searched(X, y):
    order = np.argsort(y, kind="stable")
    assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, X[order], y[order], cv=KFold(3))


def test_images_of_a_group_stay_together(X, y):
    groups = np.arange(150) % 7
    fit_params = {"groups": groups}
    assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, X, y, fit_params, cv=GroupKFold(3))


def test_sample_weights_are_cut_to_the_folds(X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=150)
    weights[:20] = 0
    fit_params = {"sample_weight": weights}
    search = assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, X, y, fit_params)
    assert search.fused_["fused"].all()
    unweighted = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    assert (
        search.cv_results_["mean_test_score"] != unweighted.cv_results_["mean_test_score"]
    ).any()


def test_sample_weights_may_be_a_series(X, y):
    weights = pd.Series(np.linspace(0.5, 2.0, len(y)))  # whose array pandas lets no one write to
    assert_as_grid_search(ann(), {"alpha": [0.0]}, X, y, {"sample_weight": weights})


def test_metadata_is_routed(X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=150)
    groups = np.arange(150) % 7
    with sklearn.config_context(enable_metadata_routing=True):
        for fit, score in [(True, True), (True, False), (False, True)]:
            model = ann().set_fit_request(sample_weight=fit).set_score_request(sample_weight=score)
            params = {"sample_weight": weights, "groups": groups}
            cv = GroupKFold(3).set_split_request(groups=True)
            search = assert_as_grid_search(model, {"alpha": [0.0, 1.0]}, X, y, params, cv=cv)
            assert search.fused_["fused"].all()


@pytest.mark.parametrize(
    "options",
    [
        {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
        {"scoring": ["accuracy", "f1_macro"], "refit": False},
        {"scoring": {"a": "accuracy", "b": make_scorer(accuracy_score)}, "refit": "b"},
        {"scoring": "accuracy", "refit": False},
        {"scoring": "accuracy", "refit": lambda results: results["rank_test_score"].argmax()},
        {
            "scoring": make_scorer(
                log_loss, response_method="predict_proba", greater_is_better=False
            )
        },
        {"scoring": lambda model, X, y: -model.loss_curve_[-1]},
        {"scoring": lambda model, X, y: model.get_params()["alpha"]},
        {
            "scoring": lambda model, X, y: {"n": model.n_iter_, "acc": model.score(X, y)},
            "refit": "acc",
        },
    ],
    ids=[
        "two",
        "no refit of two",
        "dict",
        "no refit",
        "own choice",
        "log",
        "own",
        "asks",
        "own two",
    ],
)
def test_scorers_and_refit_are_those_of_grid_search(options, X, y):
    options = {"return_train_score": True, **options}
    search = assert_as_grid_search(ann(), {"alpha": [0.0, 5.0]}, X, y, **options)
    assert search.fused_["fused"].all()
    scorers = GridSearchCV(ann(), {"alpha": [0.0]}, **options).fit(X, y).scorer_
    assert type(search.scorer_) is type(scorers)


def test_folds_may_be_ranges(X, y):
    cv = [(range(75), range(75, 150)), (range(75, 150), range(75))]
    assert_as_grid_search(ann(), {"alpha": [0.0, 1.0]}, X, y, cv=cv)


def set_and_score(model, X, y):
    return model.set_params(tta=True).score(X, y)


def fit_again_and_score(model, X, y):
    assert isinstance(model, ANNClassifier)
    return clone(model).fit(X[:40], y[:40]).score(X[40:], y[40:])


@pytest.mark.parametrize("scoring", [set_and_score, fit_again_and_score])
@pytest.mark.parametrize("several", [False, True])
def test_a_scorer_has_the_estimator_in_its_hands(scoring, several, X, y):
    if several:
        scoring = {"own": scoring, "accuracy": "accuracy"}
    model = ann(tta=False, max_iter=8)
    assert_as_grid_search(model, {"alpha": [0.0, 5.0]}, X, y, scoring=scoring, refit=False)


def test_random_search_draws_the_same_candidates(X, y):
    distributions = {"learning_rate_init": stats.loguniform(1e-3, 1e-1), "dropout": [0.0, 0.3]}
    options = {"n_iter": 4, "cv": 2, "random_state": 1}
    expected = RandomizedSearchCV(ann(), distributions, **options).fit(X, y)
    found = FusedRandomizedSearchCV(ann(), distributions, **options).fit(X, y)
    assert_same_results(found.cv_results_, expected.cv_results_)
    assert found.best_params_ == expected.best_params_
    assert found.fused_["fused"].all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "alphas"),
    [(ann(max_iter=5), [0.0, 0.1, 0.5, 1.0]), (cnn(max_iter=3), [0.1])],
    ids=["ann", "cnn"],
)
def test_fold_scores_are_those_of_grid_search_within_the_spread_over_seeds(model, alphas, digits):
    """Of 60 candidates (of the CNN 15) in 5 folds, below a tenth of the deviation in the mean.

    The deviation is that of a fold's score over seeds, its mean over candidates and folds.
    """
    X, y = digits[0].astype(np.float32), digits[1]
    grid = {
        "learning_rate_init": [0.003, 0.005, 0.01, 0.02, 0.03],
        "dropout": [0.0, 0.1, 0.2],
        "alpha": alphas,
    }
    names = [f"split{fold}_test_score" for fold in range(5)]

    def scores(Search, seed):
        search = Search(clone(model).set_params(random_state=seed), grid, cv=5, refit=False)
        search.fit(X, y)
        return np.array([search.cv_results_[name] for name in names])

    plain = np.array([scores(GridSearchCV, seed) for seed in range(3)])
    spread = plain.std(axis=0, ddof=1).mean()
    fused = scores(FusedGridSearchCV, 0)
    assert spread > 0.005
    assert np.abs(fused - plain[0]).mean() < spread / 10

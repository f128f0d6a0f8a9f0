"""Searches that train networks together give what scikit-learn's give."""

import doctest
import os
import pickle
import re
import signal
import subprocess
import sys
import warnings
from time import perf_counter

import numpy as np
import pandas as pd
import pytest
import sklearn
import skorch
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdigits import (
    ANNClassifier,
    CNNClassifier,
    EnsembleClassifier,
    FusedGridSearchCV,
    FusedRandomizedSearchCV,
    ImageReshaper,
)
from skdigits._search_support import Trained
from skdigits.neural import _fused_folds, _fused_jobs, _hardware
from skdigits.neural._fused_training import train_together

TIMES = re.compile("_time$")
BOTH = pytest.mark.parametrize("Search", [GridSearchCV, FusedGridSearchCV])
unconverged = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.fixture
def X(digits):
    return digits[0][:150].astype(np.float64)


@pytest.fixture
def y(digits):
    return digits[1][:150]


def ann(**parameters):
    settings = {"max_iter": 4, "learning_rate_init": 0.02, "random_state": 0, **parameters}
    return ANNClassifier(settings.pop("hidden_layer_sizes", (8,)), **settings)


def cnn(**parameters):
    settings = {"max_iter": 2, "learning_rate_init": 0.02, "random_state": 0, **parameters}
    return CNNClassifier(settings.pop("channels", (4,)), **settings)


def assert_same_results(found, expected, **tolerance):
    """Compare two `cv_results_`, times apart."""
    assert list(found) == list(expected)
    for key, theirs in expected.items():
        ours = found[key]
        assert type(ours) is type(theirs)
        if key == "params":
            assert len(ours) == len(theirs)
            assert all(map(same_parameters, ours, theirs))
        elif np.ma.isMaskedArray(theirs):
            assert ours.dtype == theirs.dtype
            assert_array_equal(ours.mask, theirs.mask)
            assert [repr(value) for value in ours] == [repr(value) for value in theirs]
        elif TIMES.search(key):
            assert ours.dtype == theirs.dtype
            assert (ours >= 0).all()
        else:
            assert ours.dtype == theirs.dtype
            assert_allclose(ours, theirs, err_msg=key, **{"rtol": 1e-6, "atol": 1e-6, **tolerance})


def same_parameters(ours, theirs):
    return list(ours) == list(theirs) and repr(ours) == repr(theirs)


def assert_as_grid_search(estimator, grid, X, y, fit_params=None, *, tolerance=None, **options):
    """Search both ways; return the fused one."""
    options = {"cv": 2, **options}
    fit_params = fit_params or {}
    expected = GridSearchCV(estimator, grid, **options).fit(X, y, **fit_params)
    found = FusedGridSearchCV(estimator, grid, **options).fit(X, y, **fit_params)
    assert_same_results(found.cv_results_, expected.cv_results_, **(tolerance or {}))
    assert found.n_splits_ == expected.n_splits_
    assert found.multimetric_ == expected.multimetric_
    for name in ("best_index_", "best_score_"):
        assert hasattr(found, name) == hasattr(expected, name)
        if hasattr(expected, name):
            assert getattr(found, name) == pytest.approx(getattr(expected, name))
    if hasattr(expected, "best_estimator_"):
        assert_array_equal(found.predict(X), expected.predict(X))
    ours, theirs = vars(found).keys() - {"fused_"}, vars(expected).keys()
    assert ours == theirs
    assert len(found.fused_) == len(found.cv_results_["params"])
    return found


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


def test_ctrl_c_ends_a_program_as_it_would_another():
    program = """
from sklearn.datasets import load_digits
from skdigits import ANNClassifier, FusedGridSearchCV

def interrupted(model, X, y):
    raise KeyboardInterrupt

X, y = load_digits(return_X_y=True)
FusedGridSearchCV(ANNClassifier(max_iter=1), {}, scoring=interrupted).fit(X[:100], y[:100])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr.endswith("KeyboardInterrupt\n")
    assert ended.returncode == -signal.SIGINT


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


def first_columns(X):
    return X.iloc[:, :36].to_numpy() if hasattr(X, "iloc") else X


def test_transformers_that_differ_in_more_than_parameters_are_told_apart(X, y):
    pipeline = Pipeline(
        [("s", StandardScaler()), ("f", FunctionTransformer(first_columns)), ("a", ann())]
    )
    grid = {"s": [StandardScaler(), StandardScaler().set_output(transform="pandas")]}
    found = assert_as_grid_search(pipeline, grid, X, y, refit=False, scoring="neg_log_loss")
    assert np.ptp(found.cv_results_["mean_test_score"]) > 0


class Noise(TransformerMixin, BaseEstimator):
    """A transformer whose state goes on with every use."""

    def fit(self, X, y=None):
        self.random_ = np.random.default_rng(0)
        return self

    def transform(self, X):
        return X + self.random_.normal(0, 6, X.shape)


def scale_and_score(model, X, y):
    if hasattr(model[0], "scale_"):
        model[0].scale_ *= 3
    return model.score(X, y)


@pytest.mark.parametrize("transformer", [Noise(), MinMaxScaler()])
def test_a_candidate_leaves_nothing_in_the_transformers_of_the_next(transformer, X, y):
    pipeline = make_pipeline(transformer, ann(max_iter=15))
    grid = {"annclassifier__alpha": [0.0, 1e-9, 2e-9]}
    assert_as_grid_search(pipeline, grid, X, y, scoring=scale_and_score, refit=False)


def test_the_memory_of_a_pipeline_keeps_its_last_transformer(X, y, tmp_path):
    pipeline = Pipeline([("s", MinMaxScaler()), ("a", ann())], memory=str(tmp_path))
    n_kept = []
    for _ in range(2):
        FusedGridSearchCV(pipeline, {"a__alpha": [0.0, 1.0]}, cv=3, refit=False).fit(X, y)
        n_kept.append(len(list(tmp_path.rglob("output.pkl"))))
    assert n_kept == [3, 3]


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


def test_a_pipeline_is_one_to_its_scorer(X, y):
    def count_steps(model, X, y):
        return len(model) + isinstance(model, Pipeline)

    pipeline = make_pipeline(MinMaxScaler(), ann())
    grid = {"annclassifier__alpha": [0.0, 1.0]}
    assert_as_grid_search(pipeline, grid, X, y, scoring=count_steps, refit=False)


@pytest.mark.slow
def test_the_configuration_reaches_the_processes(X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=150)
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        net = ann().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler, net)
        grid = {"annclassifier__alpha": [0.0, 1.0]}
        scoring = make_scorer(accuracy_score).set_score_request(sample_weight=False)
        options = {"n_jobs": 2, "scoring": scoring}
        search = assert_as_grid_search(pipeline, grid, X, y, {"sample_weight": weights}, **options)
    assert not search.fused_["fused"].any()


@pytest.mark.parametrize("most", [0, 2000])
def test_what_takes_too_much_memory_is_trained_in_parts(most, X, y, monkeypatch):
    monkeypatch.setattr(_fused_folds, "_MOST_WAITING", most)
    grid = {"annclassifier__alpha": [0.0, 1.0, 2.0], "minmaxscaler__clip": [False, True]}
    pipeline = make_pipeline(MinMaxScaler(), ann())
    search = assert_as_grid_search(pipeline, grid, X, y, return_train_score=True)
    assert search.fused_["fused"].all()
    assert search.fused_["trained_together"].max() < 12


def test_no_data_come_back_from_a_process(X, y):
    images = _fused_folds._Images(X)
    data = _fused_folds._FoldData(X, y, np.arange(100), {}, images)
    job = data.job(ann(), None)
    _, outcomes = _fused_jobs._train_group([job])
    assert len(pickle.dumps(outcomes)) < X.nbytes / 4


def test_many_shapes_are_not_cut_for_many_workers(X, y):
    grid = {"hidden_layer_sizes": [(4,), (5,), (6,)], "alpha": [0.0, 1.0]}
    search = FusedGridSearchCV(ann(device="cpu"), grid, cv=3, refit=False, n_jobs=3)
    with parallel_config("threading"):
        search.fit(X, y)
    assert search.fused_["trained_together"].tolist() == [6] * 6


@unconverged
def test_a_fold_has_the_threads_that_its_own_fit_would_have(X, y, monkeypatch):
    """Folds are small where all images are not."""
    monkeypatch.setattr(_hardware, "SMALL", 100 * 64)
    monkeypatch.setattr(_hardware, "_large_fit", None)
    FusedGridSearchCV(ann(early_stopping=True), {"alpha": [0.0]}, cv=3, refit=False).fit(X, y)


def test_random_search_draws_the_same_candidates(X, y):
    distributions = {"learning_rate_init": stats.loguniform(1e-3, 1e-1), "dropout": [0.0, 0.3]}
    options = {"n_iter": 4, "cv": 2, "random_state": 1}
    expected = RandomizedSearchCV(ann(), distributions, **options).fit(X, y)
    found = FusedRandomizedSearchCV(ann(), distributions, **options).fit(X, y)
    assert_same_results(found.cv_results_, expected.cv_results_)
    assert found.best_params_ == expected.best_params_
    assert found.fused_["fused"].all()


class Counted(TransformerMixin, BaseEstimator):
    """Divides the pixels, and counts the fits."""

    n_fits = 0

    def __init__(self, divisor=16.0):
        self.divisor = divisor

    def fit(self, X, y=None):
        type(self).n_fits += 1
        self.fitted_ = True
        return self

    def transform(self, X):
        return X / self.divisor


def test_transformers_are_fitted_once_for_each_setting_and_fold(X, y, monkeypatch):
    monkeypatch.setattr(Counted, "n_fits", 0)
    pipeline = make_pipeline(Counted(), StandardScaler(), ann())
    grid = {"counted__divisor": [1.0, 16.0], "annclassifier__alpha": [0.0, 0.1, 1.0]}
    options = {"cv": 3, "refit": False}
    found = FusedGridSearchCV(pipeline, grid, **options).fit(X, y)
    assert Counted.n_fits == 2 * 3
    expected = GridSearchCV(pipeline, grid, **options).fit(X, y)
    assert Counted.n_fits == 2 * 3 + 6 * 3
    assert_same_results(found.cv_results_, expected.cv_results_)
    assert found.fused_["fused"].all()


PIPELINES = {
    "scaler": make_pipeline(MinMaxScaler(), ann()),
    "images": make_pipeline(MinMaxScaler(), ImageReshaper(), ann()),
    "passthrough": make_pipeline("passthrough", ann()),
    "alone": make_pipeline(ann()),
    "lambda": make_pipeline(FunctionTransformer(lambda X: X / 16), ann()),
    "nested": make_pipeline(make_pipeline(MinMaxScaler(), StandardScaler()), ann()),
    "frames": make_pipeline(StandardScaler().set_output(transform="pandas"), ann()),
}


@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
def test_pipelines_are_searched(pipeline, X, y):
    grid = {"annclassifier__alpha": [0.0, 1.0], "annclassifier__dropout": [0.0, 0.2]}
    search = assert_as_grid_search(pipeline, grid, X, y)
    assert search.fused_["fused"].all()


def test_steps_of_a_pipeline_may_differ(X, y):
    pipeline = Pipeline([("scale", MinMaxScaler()), ("clf", ann())])
    grid = {"scale": ["passthrough", StandardScaler(), MinMaxScaler()], "clf__alpha": [0.0, 1.0]}
    search = assert_as_grid_search(pipeline, grid, X, y)
    assert search.fused_["fused"].all()


def test_pipelines_with_a_memory_are_searched(X, y, tmp_path):
    pipeline = make_pipeline(StandardScaler(), ann(), memory=str(tmp_path))
    assert_as_grid_search(pipeline, {"annclassifier__alpha": [0.0, 1.0]}, X, y)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_candidates_may_be_other_estimators(n_jobs, X, y):
    pipeline = Pipeline([("scale", MinMaxScaler()), ("clf", SVC())])
    grid = [{"clf": [SVC(), ann(), cnn(), ann(alpha=1.0)]}, {"clf__C": [0.1, 1.0]}]
    search = assert_as_grid_search(pipeline, grid, X, y, n_jobs=n_jobs)
    assert search.fused_["fused"].tolist() == [False, True, True, True, False, False]
    svc = "SVC is neither an ANNClassifier nor a CNNClassifier"
    assert search.fused_["why_not"].tolist() == [svc, "", "", "", svc, svc]
    alone = search.fused_["trained_together"][~search.fused_["fused"]]
    assert alone.tolist() == [1, 1, 1]


def brighter(pixels, generator):
    return pixels + torch.rand(1, generator=generator, dtype=pixels.dtype)


def broken(pixels, generator):
    raise RuntimeError("out of paint")


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_an_augmentation_that_fails_harms_no_other(X, y):
    with pytest.warns(FitFailedWarning, match="out of paint"):
        search = FusedGridSearchCV(ann(), {"augment": [None, broken, "light"]}, cv=2).fit(X, y)
    assert search.fused_["fused"].tolist() == [True, False, True]
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True, False]


class OwnFit(ANNClassifier):
    """Trains on the first class only."""

    def fit(self, X, y):
        return super().fit(X, np.full_like(y, y[0]))


class OwnPipeline(Pipeline):
    """Fits on the first half only."""

    def fit(self, X, y):
        return super().fit(X[::2], y[::2])


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (lambda: ann(callbacks=[skorch.callbacks.Callback()]), "it has callbacks"),
        (lambda: ann(verbose=True), "it has verbose=True"),
        (lambda: ann(ema=0.9), "it has ema=0.9"),
        (lambda: ann(augment=brighter), "it has a function of one's own as augment"),
        (lambda: ann(precision="bfloat16"), "it trains in bfloat16"),
        (
            lambda: OwnFit((8,), max_iter=1, random_state=0),
            "OwnFit is neither an ANNClassifier nor a CNNClassifier",
        ),
        (lambda: LogisticRegression(max_iter=20), "LogisticRegression is neither"),
    ],
    ids=["callbacks", "verbose", "ema", "function", "bfloat16", "own fit", "linear"],
)
@pytest.mark.filterwarnings("ignore:lbfgs failed")
def test_what_cannot_be_fused_is_trained_alone(model, why, X, y):
    name = "C" if why.startswith("Log") else "alpha"
    search = assert_as_grid_search(model(), {name: [0.1, 1.0]}, X, y)
    assert not search.fused_["fused"].any()
    assert all(reason.startswith(why) for reason in search.fused_["why_not"])
    assert search.fused_["trained_together"].tolist() == [1, 1]


def test_pipelines_of_another_kind_fit_in_their_own_way(X, y):
    pipeline = OwnPipeline([("scale", MinMaxScaler()), ("ann", ann())])
    search = assert_as_grid_search(pipeline, {"ann__alpha": [0.0, 1.0]}, X, y)
    assert search.fused_["why_not"].unique().tolist() == ["OwnPipeline may fit in a way of its own"]


def test_fit_parameters_of_a_pipeline_are_passed_through_it(X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=150)
    pipeline = Pipeline([("scale", MinMaxScaler()), ("ann", ann())])
    fit_params = {"ann__sample_weight": weights}
    search = assert_as_grid_search(pipeline, {"ann__alpha": [0.0, 1.0]}, X, y, fit_params)
    assert set(search.fused_["why_not"]) == {"fit parameters go through a Pipeline"}


def test_torch_tensors_are_searched_alone():
    script = """
import sklearn, torch
from skdigits import ANNClassifier, EnsembleClassifier, FusedGridSearchCV

X, y = torch.rand(60, 64), torch.arange(60) % 3
model = ANNClassifier((8,), max_iter=2, random_state=0)
with sklearn.config_context(array_api_dispatch=True):
    search = FusedGridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    assert isinstance(search.predict(X), torch.Tensor)
    plain = sklearn.model_selection.GridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
print(set(search.fused_["why_not"]))
assert (search.cv_results_["mean_test_score"] == plain.cv_results_["mean_test_score"]).all()
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "{'the images are a torch tensor'}\n", done.stderr


@pytest.mark.parametrize(
    ("estimator", "grid", "labelled"),
    [
        (Ridge(), {"alpha": [0.1, 1.0]}, True),
        (KMeans(2, random_state=0), {"n_clusters": [2, 3]}, False),
    ],
    ids=["regressor", "clusterer"],
)
def test_estimators_of_any_kind_are_searched_alone(estimator, grid, labelled, X, y):
    targets = y.astype(float) if labelled else None
    search = assert_as_grid_search(estimator, grid, X, targets)
    assert not search.fused_["fused"].any()


DIVERGING = {"solver": "sgd", "activation": "identity", "learning_rate": "one_cycle"}


@pytest.mark.filterwarnings("ignore:One or more of the (test|train) scores are non-finite")
@pytest.mark.parametrize("error_score", [np.nan, -1.0])
@BOTH
def test_a_network_that_diverges_has_the_score_of_an_error(Search, error_score, X, y):
    model = ann(**DIVERGING, max_iter=2)
    grid = {"learning_rate_init": [0.01, 1e200, 0.02]}
    search = Search(model, grid, cv=2, error_score=error_score, return_train_score=True)
    with pytest.warns(
        FitFailedWarning, match=r"2 fits failed out of a total of 6(.|\n)*non-finite"
    ):
        search.fit(X, y)
    unharmed = GridSearchCV(
        model, {"learning_rate_init": [0.01, 0.02]}, cv=2, return_train_score=True
    ).fit(X, y)
    for key in ("split0_test_score", "split1_train_score"):
        scores = search.cv_results_[key]
        assert_array_equal(scores[1], error_score)
        assert_array_equal(scores[[0, 2]], unharmed.cv_results_[key])


def fit_strictly(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit(X, y)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@BOTH
def test_a_warning_that_is_an_error_fails_its_fit_alone(Search, X, y):
    grid = {"max_iter": [1, 200]}
    search = Search(ann(learning_rate="constant", n_iter_no_change=3, tol=0.1), grid, cv=2)
    with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 4"):
        fit_strictly(search, X, y)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [True, False]


def out_of_memory(jobs):
    if jobs[0].module.n_layers == 3:
        raise RuntimeError("out of memory")
    train_together(jobs)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_group_that_fails_harms_no_other(X, y, monkeypatch):
    monkeypatch.setattr(_fused_jobs, "train_together", out_of_memory)
    search = FusedGridSearchCV(ann(), {"hidden_layer_sizes": [(8,), ()]}, cv=2)
    with pytest.warns(FitFailedWarning, match=r"2 fits failed(.|\n)*out of memory"):
        search.fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [True, False]


def test_what_is_to_be_raised_is_raised_before_anything_is_trained(X, y, monkeypatch):
    monkeypatch.setattr(_fused_jobs, "train_together", None)
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0, -1.0]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="'alpha' parameter"):
        search.fit(X, y)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"learning_rate_init": [0.01, 1e200]}, "non-finite"),
        ({"alpha": [0.0, -1.0]}, "The 'alpha' parameter of ANNClassifier must be"),
        ({"image_shape": [None, (3, 3)]}, "3"),
    ],
    ids=["diverges", "invalid", "unfit"],
)
@BOTH
def test_errors_are_raised_where_asked(Search, grid, message, X, y):
    search = Search(ann(**DIVERGING), grid, cv=2, error_score="raise")
    with pytest.raises(ValueError, match=message):
        search.fit(X, y)


@pytest.mark.parametrize("grid", [{"alpha": [0.0, -1.0]}, {"image_shape": [None, (3, 3)]}], ids=str)
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_an_invalid_candidate_harms_no_other(grid, X, y):
    with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 4"):
        found = FusedGridSearchCV(ann(), grid, cv=2).fit(X, y)
    with pytest.warns(FitFailedWarning, match="2 fits failed out of a total of 4"):
        expected = GridSearchCV(ann(), grid, cv=2).fit(X, y)
    assert_same_results(found.cv_results_, expected.cv_results_)


class Failing(Counted):
    def transform(self, X):
        if self.divisor == 0:
            raise ValueError("no division by zero")
        return super().transform(X)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_transformer_that_fails_harms_no_other(X, y):
    pipeline = make_pipeline(Failing(), ann())
    grid = {"failing__divisor": [0, 16]}
    with pytest.warns(FitFailedWarning, match="no division by zero"):
        search = FusedGridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.best_params_ == {"failing__divisor": 16}
    assert np.isnan(search.cv_results_["mean_test_score"][0])


@BOTH
def test_a_search_whose_fits_all_fail_says_so(Search, X, y):
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        Search(ann(), {"alpha": [-1.0, -2.0]}, cv=2).fit(X, y)


@BOTH
def test_images_that_are_not_finite_are_refused(Search, X, y):
    X[:, 3] = np.nan
    with pytest.raises(ValueError, match="All the 2 fits failed") as raised:
        Search(ann(), {"alpha": [0.0]}, cv=2).fit(X, y)
    assert "Input X contains NaN" in str(raised.value)


@pytest.mark.parametrize("error_score", [np.nan, "raise"])
@BOTH
def test_labels_are_asked_for(Search, error_score, X):
    with pytest.raises((TypeError, ValueError), match="missing 1 required positional argument"):
        Search(ann(), {"alpha": [0.0]}, cv=2, error_score=error_score).fit(X)


@pytest.mark.filterwarnings("ignore:One or more of the (test|train) scores are non-finite")
@pytest.mark.filterwarnings("ignore:Scoring failed")
def test_an_image_that_is_not_finite_fails_the_folds_that_train_on_it(X, y):
    X[0, 3] = np.nan
    searches = []
    for Search in (GridSearchCV, FusedGridSearchCV):
        search = Search(ann(), {"alpha": [0.0, 1.0]}, cv=3, refit=False, return_train_score=True)
        with pytest.warns(FitFailedWarning, match="4 fits failed out of a total of 6"):
            searches.append(search.fit(X, y))
    plain, fused = (search.cv_results_ for search in searches)
    assert np.isfinite(plain["split0_train_score"]).all()
    assert_same_results(fused, plain)


@BOTH
def test_unknown_parameters_are_refused(Search, X, y):
    with pytest.raises(ValueError, match="Invalid parameter 'beta'"):
        Search(ann(), {"beta": [0.0]}, cv=2).fit(X, y)


def test_a_search_expects_candidates_and_splits(X, y):
    with pytest.raises(ValueError, match="expects candidates and splits, got 1 and 0"):
        FusedGridSearchCV(ann(), {"alpha": [0.0]}, cv=[]).fit(X, y)


class TwoOfThree(KFold):
    def split(self, X, y=None, groups=None):
        yield from list(super().split(X, y, groups))[:2]


def test_a_splitter_has_to_know_its_splits(X, y):
    with pytest.raises(ValueError, match=r"as many splits of cv.split as .* 3, got 2"):
        FusedGridSearchCV(ann(), {"alpha": [0.0]}, cv=TwoOfThree(3)).fit(X, y)


@pytest.mark.parametrize("verbose", [0, 1, 2, 4, 10])
def test_what_is_printed_is_what_grid_search_prints(verbose, X, y, capsys):
    grid, options = {"alpha": [0.0, 1.0]}, {"cv": 2, "verbose": verbose}
    printed = []
    for Search in (GridSearchCV, FusedGridSearchCV):
        Search(ann(), grid, **options, return_train_score=True).fit(X, y)
        out = capsys.readouterr().out
        printed.append(re.sub(r"\.*total time=.*|\.{2,}", "", out))
    assert printed[0] == printed[1]
    assert bool(printed[0]) == bool(verbose)


def test_times_are_shares_of_the_time_of_all(X, y):
    start = perf_counter()
    search = FusedGridSearchCV(ann(max_iter=40), {"alpha": [0.0, 1.0]}, cv=2, refit=False).fit(X, y)
    seconds = perf_counter() - start
    times = search.cv_results_["mean_fit_time"]
    assert (times > 0).all()
    assert (search.cv_results_["mean_score_time"] > 0).all()
    assert 0.5 * seconds < 2 * times.sum() < seconds


def test_the_time_of_the_last_fit_is_told(X, y):
    assert FusedGridSearchCV(ann(), {"alpha": [0.0]}, cv=2).fit(X, y).refit_time_ > 0


class TooLarge(LogisticRegression):
    """Fits folds of 150 images, and not all of them."""

    def fit(self, X, y):
        if len(X) == 150:
            raise MemoryError
        return super().fit(X, y)


@BOTH
def test_the_best_estimator_is_known_before_its_last_fit(Search, X, y):
    search = Search(TooLarge(), {"C": [0.1]}, cv=2)
    with pytest.raises(MemoryError):
        search.fit(X / 16, y)
    assert search.best_estimator_.C == 0.1
    assert not hasattr(search.best_estimator_, "classes_")


def test_the_api_is_that_of_grid_search(X, y):
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    model = search.best_estimator_
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        assert_array_equal(getattr(search, method)(X), getattr(model, method)(X))
    assert not hasattr(search, "transform")
    assert search.score(X, y) == model.score(X, y)
    assert_array_equal(search.classes_, np.arange(10))
    assert search.n_features_in_ == 64
    assert sklearn.base.is_classifier(search)
    assert search.get_params()["estimator__max_iter"] == 4
    assert search.set_params(estimator__alpha=3.0).estimator.alpha == 3.0
    assert repr(search).startswith("FusedGridSearchCV(cv=2,")
    assert "FusedGridSearchCV" in search._repr_html_()


def test_the_constructor_is_that_of_grid_search():
    for ours, theirs in [
        (FusedGridSearchCV(ann(), {}), GridSearchCV(ann(), {})),
        (FusedRandomizedSearchCV(ann(), {}), RandomizedSearchCV(ann(), {})),
    ]:
        assert ours.get_params(deep=False).keys() == theirs.get_params(deep=False).keys()
        assert isinstance(ours, type(theirs))


@pytest.mark.parametrize("Search", [FusedGridSearchCV, FusedRandomizedSearchCV])
@pytest.mark.parametrize(
    ("parameter", "value"), [("cv", 1.5), ("error_score", "drop"), ("return_train_score", 3)]
)
def test_parameters_are_checked(Search, parameter, value, X, y):
    search = Search(ann(), {"alpha": [0.0]}).set_params(**{parameter: value})
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of {Search.__name__}"):
        search.fit(X, y)


def test_a_search_is_cloned_and_pickled(X, y):
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2)
    assert clone(search).get_params().keys() == search.get_params().keys()
    fitted = search.fit(X, y)
    copied = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(copied.predict_proba(X), fitted.predict_proba(X))
    assert copied.fused_.equals(fitted.fused_)
    assert not hasattr(clone(fitted), "fused_")


def test_nothing_that_is_given_is_changed(X, y):
    model, grid = ann(random_state=np.random.RandomState(0)), {"alpha": [0.0, 1.0]}
    estimators = [ann(), SVC()]
    pipeline = Pipeline([("clf", model)])
    before = X.copy(), y.copy(), torch.random.get_rng_state(), torch.get_num_threads()
    FusedGridSearchCV(model, grid, cv=2).fit(X, y)
    FusedGridSearchCV(pipeline, {"clf": estimators}, cv=2).fit(X, y)
    assert_array_equal(X, before[0])
    assert_array_equal(y, before[1])
    assert_array_equal(torch.random.get_rng_state(), before[2])
    assert torch.get_num_threads() == before[3]
    assert torch.is_grad_enabled()
    assert model.random_state.randint(2**31) == np.random.RandomState(0).randint(2**31)
    assert all(not hasattr(estimator, "classes_") for estimator in [model, *estimators])
    X.flags.writeable = y.flags.writeable = False
    FusedGridSearchCV(model, grid, cv=2).fit(X, y)


def test_a_random_state_begins_anew_in_every_fit(X, y):
    model = ann(random_state=np.random.RandomState(0))
    assert_as_grid_search(model, {"alpha": [0.0, 1.0]}, X, y)


def test_without_a_random_state_every_network_is_another(X, y):
    search = FusedGridSearchCV(
        ann(random_state=None), {"alpha": [0.0] * 3}, cv=2, scoring="neg_log_loss", refit=False
    ).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 3


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_score(n_threads, X, y):
    before = torch.get_num_threads()
    grid = {"alpha": [0.0, 1.0], "dropout": [0.0, 0.2], "hidden_layer_sizes": [(8,), (6,)]}
    options = {"cv": 2, "refit": False, "scoring": "neg_log_loss"}
    expected = GridSearchCV(ann(), grid, **options).fit(X, y)
    try:
        torch.set_num_threads(n_threads)
        found = FusedGridSearchCV(ann(), grid, **options).fit(X, y)
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    assert_same_results(found.cv_results_, expected.cv_results_)


def test_a_search_may_be_fitted_again(X, y):
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2)
    first = search.fit(X, y).cv_results_["mean_test_score"]
    search.fit(X[:100, :49], y[:100])
    assert search.n_features_in_ == 49
    assert_array_equal(search.fit(X, y).cv_results_["mean_test_score"], first)


def test_a_search_is_scored_by_cross_validation(X, y):
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2)
    plain = GridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2)
    scores = [cross_val_score(s, X, y, cv=2) for s in (search, plain)]
    assert_array_equal(*scores)


class TwoRounds(FusedGridSearchCV):
    """A search of one's own, with more results than the usual, written before scikit-learn 1.9."""

    def _run_search(self, evaluate_candidates):
        evaluate_candidates([{"alpha": 0.0}, {"alpha": 1.0}], more_results={"round": [0, 0]})
        evaluate_candidates([{"alpha": 2.0}], more_results={"round": [1]})


def test_candidates_may_come_in_rounds(X, y):
    search = TwoRounds(ann(), {}, cv=2).fit(X, y)
    assert search.cv_results_["round"].tolist() == [0, 0, 1]
    assert search.cv_results_["param_alpha"].tolist() == [0.0, 1.0, 2.0]
    assert len(search.fused_) == 3


def test_a_trained_model_stands_for_its_estimator(X, y):
    model = ann().fit(X, y)
    trained = Trained(model)
    assert trained.set_params(alpha=5.0) is trained.fit(X, y) is trained
    assert model.alpha == 0.0
    with pytest.raises(RuntimeError, match="broken"):
        Trained(model, RuntimeError("broken")).fit(X, y)


def searches_to_check():
    """Return searches as scikit-learn's own checks have them, and the same of networks."""
    options = {"cv": 2, "error_score": "raise"}
    grids = [
        (Ridge(), {"alpha": [0.1, 1.0]}),
        (LogisticRegression(), {"C": [0.1, 1.0]}),
        (make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1]}),
        (ANNClassifier((10,), random_state=0), {"learning_rate_init": [0.01, 0.02]}),
        (
            make_pipeline(StandardScaler(), ANNClassifier((10,), random_state=0)),
            {"annclassifier__alpha": [0.0]},
        ),
    ]
    for estimator, grid in grids:
        yield FusedGridSearchCV(estimator, grid, **options)
    yield FusedRandomizedSearchCV(*grids[1], n_iter=2, random_state=0, **options)


# These fail for scikit-learn's own searches, of some estimators.
SEARCH_FAILURES = {"check_supervised_y_2d", "check_requires_y_none"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@parametrize_with_checks(list(searches_to_check()))
def test_scikit_learn_checks_pass(estimator, check):
    if check.func.__name__ in SEARCH_FAILURES:
        pytest.skip("fails for scikit-learn's own searches")
    check(estimator)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "documented", [FusedGridSearchCV, FusedRandomizedSearchCV, EnsembleClassifier]
)
def test_an_example_brings_all_that_it_needs(documented):
    """`--doctest-modules` runs it among the names of its module, a reader has none of them."""
    (example,) = doctest.DocTestFinder(recurse=False).find(documented, globs={})
    assert doctest.DocTestRunner().run(example).failed == 0
    assert len(example.examples) > 5


HAS_CALLBACKS = hasattr(FusedGridSearchCV, "set_callbacks")
callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn 1.9 brought callbacks")


class Recorder:
    """A callback of scikit-learn's that writes down what it is told."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append(("setup", context.task_name, context.max_subtasks))

    def teardown(self, estimator, context):
        self.told.append(("teardown", context.task_name, context.max_subtasks))

    def on_fit_task_begin(self, estimator, context, *, X, y, metadata):
        self._write("begin", context, X, y, metadata)

    def on_fit_task_end(self, estimator, context, *, X, y, metadata):
        self._write("end", context, X, y, metadata)

    def _write(self, what, context, X, y, metadata):
        weights = None if metadata is None else metadata["sample_weight"]
        seen = [None if values is None else float(np.sum(values)) for values in (X, y, weights)]
        self.told.append((what, context.task_name, context.task_id, context.max_subtasks, *seen))


@callbacks
@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("make", [ann, SVC], ids=["fused", "alone"])
def test_callbacks_are_told_what_those_of_grid_search_are(make, refit, X, y):
    recorders = Recorder(), Recorder()
    grid = {"alpha": [0.0, 1.0]} if make is ann else {"C": [0.1, 1.0]}
    weights = np.arange(len(y)) + 1.0
    for Search, recorder in zip((GridSearchCV, FusedGridSearchCV), recorders, strict=True):
        search = Search(make(), grid, cv=2, refit=refit).set_callbacks(recorder)
        search.fit(X, y, sample_weight=weights)
    assert recorders[0].told[-1][0] == "teardown"
    assert recorders[1].told == [
        tuple(what if what != "GridSearchCV" else "FusedGridSearchCV" for what in told)
        for told in recorders[0].told
    ]


@callbacks
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.parametrize("error_score", [np.nan, "raise"])
def test_callbacks_are_torn_down_after_a_failure(error_score, X, y):
    recorder = Recorder()
    search = FusedGridSearchCV(ann(), {"alpha": [-1.0]}, cv=2, error_score=error_score)
    with pytest.raises(ValueError, match="'alpha' parameter"):
        search.set_callbacks(recorder).fit(X, y)
    assert recorder.told[-1][0] == "teardown"
    told = [what[0] for what in recorder.told if what[1] == "candidate-split-evaluation"]
    assert told.count("begin") == told.count("end")


@callbacks
def test_the_progress_of_a_search_is_shown(X, y, capsys):
    pytest.importorskip("rich")
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2)
    search.set_callbacks(sklearn.callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    out = capsys.readouterr().out
    assert "FusedGridSearchCV" in out
    assert "refit-with-best-params" in out


@callbacks
@pytest.mark.parametrize("part", [0, 1])
def test_callbacks_of_a_pipeline_hear_of_every_fit(part, X, y):
    counts = []
    for Search in (GridSearchCV, FusedGridSearchCV):
        recorder = Recorder()
        pipeline = make_pipeline(ImageReshaper(), ann())
        if part == 0:
            pipeline.set_callbacks(recorder)
        else:
            pipeline[-1].set_callbacks(recorder)
        search = Search(pipeline, {"annclassifier__alpha": [0.0, 1.0]}, cv=2).fit(X, y)
        counts.append(len(recorder.told))
    assert counts[0] == counts[1] > 0
    assert search.fused_["why_not"].str.contains("callbacks").all()


@callbacks
def test_a_monitor_of_the_network_trains_it_alone(X, y):
    monitor = sklearn.callback.ScoringMonitor(scoring="accuracy")
    model = ann().set_callbacks(monitor)
    search = FusedGridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    assert search.fused_["why_not"].tolist() == ["it has callbacks"] * 2
    logs = monitor.get_logs(select="all")
    assert sum(len(log.data_as_pandas.query("task_name == 'epoch'")) for log in logs) == 5 * 4


def test_searches_may_run_beside_each_other(X, y):
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0], "dropout": [0.0, 0.2]}, cv=2)
    before = torch.get_num_threads()
    one_by_one = cross_val_score(search, X, y, cv=3)
    with parallel_config("threading", n_jobs=3):
        assert_array_equal(cross_val_score(search, X, y, cv=3), one_by_one)
    assert torch.get_num_threads() == before


class WiderByItself(ANNClassifier):
    def _module_spec(self):
        return super()._module_spec() | {"hidden_layer_sizes": (9,)}


def test_a_derived_class_is_trained_its_own_way(digits):
    grid = {"alpha": [0.0, 0.1]}
    net = WiderByItself((4,), max_iter=3, random_state=0)
    fused = FusedGridSearchCV(net, grid, cv=2).fit(*digits)
    assert not fused.fused_["fused"].any()
    alone = GridSearchCV(net, grid, cv=2).fit(*digits)
    assert_array_equal(fused.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])

"""Pipelines in searches that train networks together, and what is not trained so."""

import os
import subprocess
import sys

import numpy as np
import pytest
import skorch
import torch
from fused_searches import (
    Counted,
    Recorder,
    ann,
    assert_as_grid_search,
    assert_same_results,
    callbacks,
    cnn,
)
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, FusedGridSearchCV, ImageReshaper


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


def test_a_pipeline_is_one_to_its_scorer(X, y):
    def count_steps(model, X, y):
        return len(model) + isinstance(model, Pipeline)

    pipeline = make_pipeline(MinMaxScaler(), ann())
    grid = {"annclassifier__alpha": [0.0, 1.0]}
    assert_as_grid_search(pipeline, grid, X, y, scoring=count_steps, refit=False)


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

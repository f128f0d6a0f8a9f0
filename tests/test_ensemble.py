"""Ensembles: the mean of networks that are what each would be alone."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdigits import ANNClassifier, CNNClassifier, EnsembleClassifier, FusedGridSearchCV

unconverged = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.fixture
def X(digits):
    return digits[0].astype(np.float64)


@pytest.fixture
def y(digits):
    return digits[1]


def ann(**parameters):
    return ANNClassifier((8,), **{"max_iter": 3, "learning_rate_init": 0.02, **parameters})


def cnn(**parameters):
    return CNNClassifier((4,), **{"max_iter": 2, "learning_rate_init": 0.02, **parameters})


def alone(ensemble, X, y, **fit_params):
    """Return the members of a fitted ensemble, each fitted anew and alone."""
    return [clone(member).fit(X, y, **fit_params) for member in ensemble.estimators_]


def mean_of(members, X):
    return np.mean([member.predict_proba(X) for member in members], axis=0)


@pytest.mark.parametrize("base", [ann(), cnn(), ann(dropout=0.2, augment="light")], ids=str)
def test_an_ensemble_is_the_mean_of_members_fitted_alone(base, X, y):
    ensemble = EnsembleClassifier(base, 3, random_state=0).fit(X, y)
    assert ensemble.why_not_fused_ is None
    members = alone(ensemble, X, y)
    for found, expected in zip(ensemble.estimators_, members, strict=True):
        assert found.random_state == expected.random_state
        assert_allclose(found.loss_curve_, expected.loss_curve_, atol=1e-9)
    probabilities = ensemble.predict_proba(X)
    assert_allclose(probabilities, mean_of(members, X), atol=1e-3)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert_array_equal(ensemble.predict(X), ensemble.classes_[probabilities.argmax(axis=1)])
    assert_allclose(ensemble.predict_log_proba(X), np.log(probabilities))


def test_members_differ(X, y):
    ensemble = EnsembleClassifier(ann(), 4, random_state=0).fit(X, y)
    assert len(ensemble.estimators_) == 4
    assert len({member.random_state for member in ensemble.estimators_}) == 4
    assert len({member.loss_curve_[-1] for member in ensemble.estimators_}) == 4


def test_a_random_state_repeats_an_ensemble(X, y):
    ensembles = [EnsembleClassifier(ann(), 2, random_state=s).fit(X, y) for s in (0, 0, 1)]
    first, again, other = (ensemble.predict_proba(X) for ensemble in ensembles)
    assert_array_equal(first, again)
    assert (first != other).any()
    instance = np.random.RandomState(0)
    assert_array_equal(
        EnsembleClassifier(ann(), 2, random_state=instance).fit(X, y).predict_proba(X), first
    )


def test_the_random_state_of_the_base_has_no_part(X, y):
    bases = [ann(random_state=seed) for seed in (0, 1)]
    fits = [EnsembleClassifier(base, 2, random_state=0).fit(X, y) for base in bases]
    assert_array_equal(*[fit.predict_proba(X) for fit in fits])


def test_more_members_begin_with_those_of_fewer(X, y):
    few, many = (EnsembleClassifier(ann(), n, random_state=0).fit(X, y) for n in (2, 4))
    seeds = [[m.random_state for m in ensemble.estimators_] for ensemble in (few, many)]
    assert seeds[0] == seeds[1][:2]


def test_an_ensemble_is_right_more_often_than_its_members(X, y):
    base = ann(max_iter=8, learning_rate_init=0.05)
    ensemble = EnsembleClassifier(base, 7, random_state=0).fit(X[:150], y[:150])
    scores = [member.score(X[150:], y[150:]) for member in ensemble.estimators_]
    assert ensemble.score(X[150:], y[150:]) > np.mean(scores)


@pytest.mark.parametrize("steps", [[MinMaxScaler()], [], ["passthrough"]], ids=str)
def test_pipelines_are_averaged(steps, X, y):
    pipeline = make_pipeline(*steps, ann())
    ensemble = EnsembleClassifier(pipeline, 2, random_state=0).fit(X, y)
    assert ensemble.why_not_fused_ is None
    assert all(isinstance(member, Pipeline) for member in ensemble.estimators_)
    assert_allclose(ensemble.predict_proba(X), mean_of(alone(ensemble, X, y), X), atol=1e-3)
    if "passthrough" not in steps:  # which a Pipeline does not look behind
        assert ensemble.n_features_in_ == 64


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (LogisticRegression(max_iter=1000, C=1e-3), "LogisticRegression is neither"),
        (GaussianNB(var_smoothing=0.1), "GaussianNB is neither"),
        (RandomForestClassifier(5), "RandomForestClassifier is neither"),
        (ann(ema=0.5), "it has ema=0.5"),
        (make_pipeline(MinMaxScaler(), GaussianNB(var_smoothing=0.1)), "GaussianNB is neither"),
        (CalibratedClassifierCV(SVC(), cv=2), "CalibratedClassifierCV is neither"),
    ],
    ids=["logistic", "bayes", "forest", "ema", "pipeline", "calibrated"],
)
def test_other_classifiers_are_fitted_alone(base, why, X, y):
    ensemble = EnsembleClassifier(base, 2, random_state=0).fit(X, y)
    assert ensemble.why_not_fused_.startswith(why)
    assert_allclose(ensemble.predict_proba(X), mean_of(alone(ensemble, X, y), X), atol=1e-12)


def test_every_random_state_of_a_pipeline_is_determined(X, y):
    base = make_pipeline(sklearn.decomposition.PCA(10, svd_solver="randomized"), ann())
    fits = [EnsembleClassifier(base, 2, random_state=0).fit(X, y) for _ in range(2)]
    assert_array_equal(*[fit.predict_proba(X) for fit in fits])
    first, second = fits[0].estimators_
    assert first[0].random_state != second[0].random_state
    assert_allclose(fits[0].predict_proba(X), mean_of(alone(fits[0], X, y), X), atol=1e-3)


@pytest.mark.slow
def test_other_classifiers_are_fitted_by_several_processes(X, y):
    base = RandomForestClassifier(5)
    one, two = (EnsembleClassifier(base, 3, n_jobs=n, random_state=0).fit(X, y) for n in (1, 2))
    assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_the_default_is_a_cnn(X, y):
    ensemble = EnsembleClassifier(n_estimators=1, random_state=0).fit(X[:60], y[:60])
    assert isinstance(ensemble.estimators_[0], CNNClassifier)
    assert ensemble.estimator is None
    assert EnsembleClassifier().n_estimators == 5


@pytest.mark.parametrize("base", [ann(), GaussianNB(var_smoothing=0.1)], ids=["fused", "alone"])
def test_sample_weights_reach_every_member(base, X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=len(y))
    ensemble = EnsembleClassifier(base, 2, random_state=0).fit(X, y, sample_weight=weights)
    members = alone(ensemble, X, y, sample_weight=weights)
    assert_allclose(ensemble.predict_proba(X), mean_of(members, X), atol=1e-3)
    unweighted = EnsembleClassifier(base, 2, random_state=0).fit(X, y)
    assert (ensemble.predict_proba(X) != unweighted.predict_proba(X)).any()


@pytest.mark.parametrize("last", [ann(), GaussianNB()], ids=["fused", "alone"])
def test_sample_weights_do_not_go_through_a_pipeline(last, X, y):
    ensemble = EnsembleClassifier(make_pipeline(MinMaxScaler(), last), 2)
    with pytest.raises(ValueError, match=r"Pipeline.fit does not accept the sample_weight"):
        ensemble.fit(X, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("base", [ann(), GaussianNB(var_smoothing=0.1)], ids=["fused", "alone"])
@pytest.mark.parametrize(
    "labels",
    [
        lambda y: np.array(["zero", "one", "many"])[np.minimum(y, 2)],
        lambda y: np.array(["zero", "one", "many"], dtype=object)[np.minimum(y, 2)],
        lambda y: y > 4,
        lambda y: (y - 5).tolist(),
        pd.Series,
    ],
    ids=["strings", "objects", "booleans", "list", "series"],
)
def test_labels_may_be_of_any_kind(base, labels, X, y):
    ensemble = EnsembleClassifier(base, 2, random_state=0).fit(X, labels(y))
    assert_array_equal(ensemble.classes_, np.unique(labels(y)))
    assert set(ensemble.predict(X)) <= set(np.asarray(labels(y)).tolist())
    assert ensemble.predict(X).dtype == clone(base).fit(X, labels(y)).predict(X).dtype


@pytest.mark.parametrize(
    "form",
    [
        lambda X: X.astype(np.uint8),
        lambda X: X.astype(np.float32),
        lambda X: X.reshape(-1, 8, 8),
        sklearn.utils.fixes.CSR_CONTAINERS[0],
        np.ndarray.tolist,
    ],
    ids=["uint8", "float32", "images", "sparse", "lists"],
)
def test_images_may_be_of_any_form(form, X, y):
    ensemble = EnsembleClassifier(ann(), 2, random_state=0).fit(form(X), y)
    assert ensemble.why_not_fused_ is None
    expected = mean_of(alone(ensemble, form(X), y), form(X))
    assert_allclose(ensemble.predict_proba(form(X)), expected, atol=1e-2)


def test_names_of_pixels_are_those_of_the_last_fit(X, y):
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(64)])
    ensemble = EnsembleClassifier(ann(), 2, random_state=0).fit(frame, y)
    assert_array_equal(ensemble.feature_names_in_, frame.columns)
    ensemble.fit(X[:, :49], y)
    assert ensemble.n_features_in_ == 49
    assert not hasattr(ensemble, "feature_names_in_")


def test_a_member_goes_on_as_any_network(X, y):
    ensemble = EnsembleClassifier(ann(label_smoothing=0.0), 2, random_state=0).fit(X, y)
    for member, expected in zip(ensemble.estimators_, alone(ensemble, X, y), strict=True):
        for model in (member, expected):
            model.partial_fit(X[:50], y[:50])
        assert_allclose(member.predict_proba(X), expected.predict_proba(X), atol=1e-6)


def test_an_ensemble_is_cloned_and_pickled(X, y):
    ensemble = EnsembleClassifier(ann(), 2, random_state=0).fit(X, y)
    copied = pickle.loads(pickle.dumps(ensemble))
    assert_array_equal(copied.predict_proba(X), ensemble.predict_proba(X))
    assert not hasattr(clone(ensemble), "estimators_")
    assert repr(EnsembleClassifier(n_estimators=2)) == "EnsembleClassifier(n_estimators=2)"
    assert ensemble.get_params()["estimator__max_iter"] == 3
    assert ensemble.set_params(estimator__max_iter=1).estimator.max_iter == 1


@unconverged
def test_members_stop_each_in_its_time(X, y):
    base = ann(
        early_stopping=True, max_iter=8, tol=0.05, n_iter_no_change=1, validation_fraction=0.3
    )
    ensemble = EnsembleClassifier(base, 4, random_state=0).fit(X, y)
    for member, expected in zip(ensemble.estimators_, alone(ensemble, X, y), strict=True):
        assert member.n_iter_ == expected.n_iter_
        assert_array_equal(member.validation_scores_, expected.validation_scores_)


def test_a_search_tries_ensembles(X, y):
    grid = {"estimator__alpha": [0.0, 1.0], "n_estimators": [1, 2]}
    search = GridSearchCV(EnsembleClassifier(ann(), random_state=0), grid, cv=2).fit(X, y)
    fused = FusedGridSearchCV(search.estimator, grid, cv=2).fit(X, y)
    assert_array_equal(fused.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])
    assert not fused.fused_["fused"].any()


def test_an_ensemble_is_cross_validated(X, y):
    assert cross_val_score(EnsembleClassifier(ann(), 2, random_state=0), X, y, cv=2).shape == (2,)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_estimators": 0}, "'n_estimators' parameter of EnsembleClassifier"),
        ({"estimator": SVC()}, "'estimator' parameter of EnsembleClassifier"),
        ({"estimator": 3}, "'estimator' parameter of EnsembleClassifier"),
        ({"random_state": "a"}, "'random_state' parameter of EnsembleClassifier"),
        ({"n_jobs": 1.5}, "'n_jobs' parameter of EnsembleClassifier"),
        ({"estimator": ann(alpha=-1.0)}, "'alpha' parameter of ANNClassifier"),
        ({"estimator": ann(image_shape=(3, 3))}, "image_shape"),
    ],
    ids=str,
)
def test_parameters_are_checked(parameters, message, X, y):
    with pytest.raises(ValueError, match=message):
        EnsembleClassifier(**parameters).fit(X, y)


@pytest.mark.parametrize("base", [ann(), GaussianNB()], ids=["fused", "alone"])
def test_what_is_no_image_is_refused(base, X, y):
    X[3, 3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        EnsembleClassifier(base).fit(X, y)


def test_a_member_that_diverges_is_an_error(X, y):
    base = ann(solver="sgd", activation="identity", learning_rate_init=1e200, max_iter=2)
    with pytest.raises(ValueError, match="non-finite"):
        EnsembleClassifier(base, 2).fit(X, y)


def test_nothing_of_the_caller_is_touched(X, y):
    base, before = ann(), (torch.random.get_rng_state(), torch.get_num_threads())
    EnsembleClassifier(base, 2, random_state=0).fit(X, y)
    assert_array_equal(torch.random.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    assert not hasattr(base, "classes_")
    assert base.random_state is None


def test_metadata_is_routed(X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=len(y))
    plain = EnsembleClassifier(ann(), 2, random_state=0)
    with sklearn.config_context(enable_metadata_routing=True):
        ensemble = clone(plain).set_fit_request(sample_weight=True)
        ensemble.set_score_request(sample_weight=True)
        pipeline = make_pipeline(MinMaxScaler(), ensemble).fit(X, y, sample_weight=weights)
    expected = plain.fit(MinMaxScaler().fit_transform(X), y, sample_weight=weights)
    assert_allclose(
        pipeline.predict_proba(X), expected.predict_proba(MinMaxScaler().fit_transform(X))
    )


@pytest.mark.slow
@parametrize_with_checks(
    [
        EnsembleClassifier(n_estimators=2),
        EnsembleClassifier(ANNClassifier(), n_estimators=2),
        EnsembleClassifier(LogisticRegression(), n_estimators=2),
        EnsembleClassifier(make_pipeline(MinMaxScaler(), ANNClassifier()), n_estimators=2),
    ]
)
def test_scikit_learn_checks_pass(estimator, check):
    if "sample_weight" in check.func.__name__ and isinstance(estimator.estimator, Pipeline):
        pytest.skip("a Pipeline takes no sample_weight")
    check(estimator)


def test_members_share_no_transformer(X, y):
    members = EnsembleClassifier(make_pipeline(MinMaxScaler(), ann()), 2).fit(X, y).estimators_
    before = members[1].predict_proba(X)
    members[0][0].fit(X / 3)
    assert_array_equal(members[1].predict_proba(X), before)

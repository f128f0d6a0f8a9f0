"""Searches that train networks together behave as scikit-learn's do: its checks, its interface."""

import doctest
import pickle

import numpy as np
import pytest
import sklearn
import torch
from fused_searches import BOTH, ann, assert_as_grid_search
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdigits import ANNClassifier, EnsembleClassifier, FusedGridSearchCV, FusedRandomizedSearchCV
from skdigits._search_support import Trained


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
    "documented", [FusedGridSearchCV, FusedRandomizedSearchCV, EnsembleClassifier]
)
def test_an_example_brings_all_that_it_needs(documented):
    """`--doctest-modules` runs it among the names of its module, a reader has none of them."""
    (example,) = doctest.DocTestFinder(recurse=False).find(documented, globs={})
    assert doctest.DocTestRunner().run(example).failed == 0
    assert len(example.examples) > 5

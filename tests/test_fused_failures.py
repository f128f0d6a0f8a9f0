"""What fails in a search that trains networks together, and harms no other."""

import warnings

import numpy as np
import pytest
from fused_searches import BOTH, Counted, ann, assert_same_results
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from skdigits import FusedGridSearchCV
from skdigits.neural import _fused_jobs
from skdigits.neural._fused_training import train_together

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

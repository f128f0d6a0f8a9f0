"""What compare_models takes: labels, data and names of any form; and what it refuses."""

import json

import compared_models
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skdigits.evaluation import compare_models

comparison = compared_models.comparison


class Failing(ClassifierMixin, BaseEstimator):
    """A classifier that fails on its second fit."""

    n_fits = 0

    def fit(self, X, y):
        type(self).n_fits += 1
        if type(self).n_fits == 2:
            raise ZeroDivisionError("no more")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def as_words(y):
    return np.array(["zero", "one", "two", "three", "four", *"56789"])[y]


@pytest.mark.parametrize(
    "convert",
    [as_words, list, pd.Series, lambda y: pd.Series(as_words(y), index=range(300, 0, -1)), np.int8],
    ids=["strings", "list", "series", "series of strings", "int8"],
)
def test_any_labels_give_the_same_accuracy(comparison, digits, convert):
    X, y = digits
    other = compare_models([GaussianNB()], X, convert(y), cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["bayes", "accuracy"]
    assert set(other.predictions["gaussiannb"]) <= set(convert(y))
    json.loads(other.to_json())


def test_booleans_are_labels(digits):
    X, y = digits
    comparison = compare_models([GaussianNB()], X, y == 3, cv=2)
    assert comparison.confusion_matrix("gaussiannb").index.tolist() == [False, True]
    assert json.loads(comparison.to_json())["labels"] == [False, True]


def flatten(images):
    return np.asarray(images).reshape(len(images), -1)


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: pd.DataFrame(X).set_index(np.arange(300)[::-1]),
        lambda X: X.reshape(-1, 8, 8),
        lambda X: X.reshape(-1, 1, 8, 8),
        lambda X: X.tolist(),
    ],
    ids=["frame", "3-D", "4-D", "list"],
)
def test_any_form_of_the_data_gives_the_same_scores(comparison, digits, convert):
    X, y = digits
    model = make_pipeline(FunctionTransformer(flatten), GaussianNB())
    other = compare_models({"bayes": model}, convert(X), y, cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["bayes", "accuracy"]


def test_polars_frames_are_data(comparison, digits):
    polars = pytest.importorskip("polars")
    X, y = digits
    other = compare_models([GaussianNB()], polars.DataFrame(X), y, cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["bayes", "accuracy"]


@pytest.mark.parametrize("form", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_sparse_data_give_the_same_scores(comparison, digits, form):
    X, y = digits
    other = compare_models([KNeighborsClassifier(3)], form(X), y, cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["knn", "accuracy"]


def test_a_list_is_named_as_make_pipeline_names_its_steps(digits):
    models = [GaussianNB(), DummyClassifier(), GaussianNB()]
    steps = [name for name, _ in make_pipeline(*models).steps]
    names = compare_models(models, *digits, cv=2).fold_scores["model"].unique()
    assert names.tolist() == steps


def test_pairs_are_named_as_they_say(digits):
    comparison = compare_models([("a", GaussianNB()), ("b", DummyClassifier())], *digits, cv=2)
    assert comparison.table.index.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("estimators", "error", "message"),
    [
        ([], ValueError, "expects at least one estimator, got none"),
        ({}, ValueError, "expects at least one estimator, got none"),
        ([("a", SVC()), ("a", SVC())], ValueError, "expects distinct names, got 'a' twice"),
        ({"a": LinearRegression()}, TypeError, "a classifier for 'a', got a LinearRegression"),
        ({"a": StandardScaler()}, TypeError, "a classifier for 'a', got a StandardScaler"),
        ({"a": SVC}, TypeError, r"for 'a', got the class itself: write SVC\(\)"),
        ({"a": "svm"}, TypeError, "expects a classifier for 'a', got a str"),
        ({"a": None}, TypeError, "expects a classifier for 'a', got a NoneType"),
        ({1: SVC()}, TypeError, "names that are non-empty strings, got 1"),
        ({" ": SVC()}, TypeError, "names that are non-empty strings, got ' '"),
        ({"fold": SVC()}, ValueError, "cannot call a model 'fold'"),
        (SVC(), TypeError, "expects a dict or a list of estimators, got an SVC: put it in a list"),
        ("svm", TypeError, "expects a dict or a list of estimators, got a str"),
        ([("a", SVC()), SVC()], TypeError, "names for all of the estimators or for none"),
    ],
)
def test_what_is_no_classifier_is_refused_before_any_fit(digits, estimators, error, message):
    with pytest.raises(error, match=message):
        compare_models(estimators, *digits)


@pytest.mark.parametrize(
    ("y", "cv", "error", "message"),
    [
        ([None] * 300, 3, ValueError, "expects a label for every row, got missing values in y"),
        (np.arange(300) + 0.5, 3, ValueError, "Unknown label type: continuous"),
        (np.arange(200) % 2, 3, ValueError, "inconsistent numbers of samples"),
        (np.arange(300) % 2, 1, ValueError, "n_splits=2 or more, got n_splits=1"),
        (np.arange(300) % 2, None, TypeError, "cv as a number, splitter or iterable, got None"),
        (np.arange(300) % 2, [], ValueError, "expects at least one .* split in cv, got none"),
        (np.arange(300) % 2, [([0], [300])], ValueError, "row numbers from 0 to 299"),
        (np.arange(300) % 2, [([0], [-1])], ValueError, "row numbers from 0 to 299"),
        (np.arange(300) % 2, [([0], [])], ValueError, "row numbers from 0 to 299"),
        (np.arange(300) % 2, [([0.5], [1.5])], ValueError, "row numbers from 0 to 299"),
    ],
)
def test_labels_and_folds_that_cannot_be_are_refused(digits, y, cv, error, message):
    with pytest.raises(error, match=message):
        compare_models([GaussianNB()], digits[0], y, cv=cv)


def test_a_failing_model_is_named_with_its_fold_and_cause(digits):
    Failing.n_fits = 0
    with pytest.raises(RuntimeError, match=r"^Model 'bad' failed on fold 1: no more$") as caught:
        compare_models({"good": GaussianNB(), "bad": Failing()}, *digits, cv=3)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_no_kinds_of_corruption_are_refused_before_the_work(digits):
    with pytest.raises(ValueError, match='expects kinds of corruption, "all" or None, got none'):
        compare_models([GaussianNB()], *digits, cv=2, corruptions=[])

"""A warning names the line of the user's code, however deep inside it arises."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdigits import (
    ANNClassifier,
    FusedGridSearchCV,
    ImageReshaper,
    hyperparameter_importance,
    load_model,
    save_model,
)
from skdigits._warnings import warn_user

unfinished = ANNClassifier((4,), solver="sgd", max_iter=2, random_state=0)
grid = {"alpha": [0.0, 0.1]}


def line_of(function):
    """The line of a one-line lambda."""
    return function.__code__.co_firstlineno


@pytest.mark.parametrize(
    "estimator",
    [
        unfinished,
        make_pipeline(ImageReshaper(), unfinished),
        GridSearchCV(unfinished, grid, cv=2),
        FusedGridSearchCV(unfinished, grid, cv=2),
    ],
    ids=["alone", "Pipeline", "GridSearchCV", "FusedGridSearchCV"],
)
def test_unfinished_training(digits, estimator):
    fit = lambda: estimator.fit(*digits)  # noqa: E731
    with pytest.warns(ConvergenceWarning) as caught:
        fit()
    assert {warning.filename for warning in caught} == {__file__}
    assert {warning.lineno for warning in caught} == {line_of(fit)}


def test_candidates_without_a_score():
    results = {"param_C": [1, 2, 3], "mean_test_score": [0.5, np.nan, 0.6]}
    results["split0_test_score"] = results["split1_test_score"] = results["mean_test_score"]
    results["params"] = [{"C": value} for value in results["param_C"]]
    measure = lambda: hyperparameter_importance(results)  # noqa: E731
    with pytest.warns(UserWarning, match="leaves out 1 of 3") as caught:
        measure()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line_of(measure))


def test_model_of_another_version(digits, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    with monkeypatch.context() as patched:
        patched.setattr("sklearn.__version__", "1.6.1")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            save_model(LogisticRegression(max_iter=300).fit(digits[0] / 16, digits[1]), path)
    load = lambda: load_model(path)  # noqa: E731
    with pytest.warns(UserWarning, match="1.6.1") as caught:
        load()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line_of(load))


def test_nothing_but_our_own_frames():
    with pytest.warns(UserWarning, match="from the outermost frame"):
        exec(
            "warn_user('from the outermost frame')",
            {"warn_user": warn_user, "__name__": "skdigits.somewhere"},
        )

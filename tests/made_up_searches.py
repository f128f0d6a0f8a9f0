"""What tests of hyper-parameters' importance share: results of searches, made up and real."""

from itertools import product

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

SCORES = "mean_test_score"


def search_results(candidates, scores):
    """Return what a search would have: `scores` are (n_candidates, n_folds)."""
    scores = np.asarray(scores, dtype=float)
    folds = {f"split{fold}_test_score": scores[:, fold] for fold in range(scores.shape[1])}
    return {"params": candidates, SCORES: scores.mean(axis=1), **folds}


def grid(**values):
    return [dict(zip(values, choice, strict=True)) for choice in product(*values.values())]


def with_folds(scores, noise=0.0, n_folds=5, seed=0):
    rng = np.random.default_rng(seed)
    scores = np.asarray(scores, dtype=float)[:, np.newaxis]
    return scores + rng.normal(size=n_folds) + noise * rng.normal(size=(len(scores), n_folds))


@pytest.fixture(scope="module")
def pipeline_search(digits):
    pipeline = Pipeline([("scale", MinMaxScaler()), ("svc", SVC())])
    values = {
        "scale": [MinMaxScaler(), StandardScaler(), "passthrough"],
        "svc__C": [0.1, 10],
        "svc__gamma": [1e-4, "scale"],
    }
    return GridSearchCV(pipeline, values, cv=3).fit(*digits)

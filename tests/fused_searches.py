"""What tests of fused searches share: small networks, and searches beside scikit-learn's."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV

from skdigits import ANNClassifier, CNNClassifier, FusedGridSearchCV

TIMES = re.compile("_time$")
BOTH = pytest.mark.parametrize("Search", [GridSearchCV, FusedGridSearchCV])
unconverged = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


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

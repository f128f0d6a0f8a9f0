"""scikit-learn's own tests of MLPClassifier, run with ANNClassifier in its place.

Left out are those of `MLPRegressor`, of L-BFGS, of several labels an image, and those that read
or set the weights as NumPy matrices (`coefs_`) or the optimiser (`_optimizer`).
"""

import importlib.util
import inspect

import pytest
from sklearn.neural_network.tests import test_mlp as original

from skdigits import ANNClassifier

AS_THEY_ARE = [
    "test_partial_fit_classes_error",
    "test_partial_fit_classification",
    "test_partial_fit_unseen_classes",
    "test_predict_proba_binary",
    "test_predict_proba_multiclass",
    "test_tolerance",
    "test_verbose_sgd",
    "test_n_iter_no_change",
    "test_n_iter_no_change_inf",
    "test_early_stopping_stratified",
    "test_mlp_early_stopping_string_labels",
    "test_mlp_classifier_dtypes_casting",
]
WITH_THE_CLASS = [
    "test_early_stopping",
    "test_warm_start_full_iteration",
    "test_preserve_feature_names",
    "test_mlp_warm_start_with_early_stopping",
    "test_mlp_partial_fit_after_fit",
]


@pytest.fixture(scope="module")
def swapped():
    """A copy of scikit-learn's test module in which MLPClassifier is ANNClassifier."""
    spec = importlib.util.spec_from_file_location("test_mlp_swapped", original.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.MLPClassifier = ANNClassifier
    return module


def _get(module, name):
    if not hasattr(module, name):
        pytest.skip(f"this scikit-learn has no {name}")
    return getattr(module, name)


@pytest.mark.parametrize("name", AS_THEY_ARE)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learns_own_test_passes(swapped, name, capsys):
    test = _get(swapped, name)
    test(**({"capsys": capsys} if "capsys" in inspect.signature(test).parameters else {}))


@pytest.mark.parametrize("name", WITH_THE_CLASS)
def test_scikit_learns_own_test_of_both_classes_passes(swapped, name):
    _get(swapped, name)(ANNClassifier)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_warm_start_stops_at_max_iter_and_warns(swapped, solver):
    _get(swapped, "test_mlp_warm_start_no_convergence")(ANNClassifier, solver)

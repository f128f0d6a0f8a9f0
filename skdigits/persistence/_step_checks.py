"""What scikit-learn's own estimators may hold before they are let work: C code trusts the numbers.

skops sees to it that a file holds trusted types alone; what is in their attributes it cannot know.
"""

import math
import os

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.neighbors._base import NeighborsBase
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM
from sklearn.utils.validation import check_is_fitted

from skdigits._validation import check_parameters
from skdigits.neural._state_check import MOST_PIXELS
from skdigits.persistence._values import Damaged, are_labels, cut, quoted

_TAKE_NAN = ("sklearn.impute.", "sklearn.preprocessing._encoders")  # for a value like others
_NOT_LEARNT = ("_sklearn_output_config", "_metadata_request")


def check_step(step):
    """Check a fitted estimator of scikit-learn and all that it holds.

    Parameters
    ----------
    step : estimator instance
        What skops has read. How many processes it may start is set to what this machine has.

    Raises
    ------
    Damaged
        If a number in it would lead its code astray: wrong shapes, labels out of order, values
        that are not finite, parameters out of range, a method overwritten.
    """
    for part, owner in _walk(step):
        if isinstance(part, np.ndarray):
            _check_array(part, owner)
        elif isinstance(part, BaseEstimator):
            _check_estimator(part)
    try:
        check_is_fitted(step)
    except Exception as error:  # what the step's own check stumbles over, too
        raise Damaged(f"{type(step).__name__} of it is not fitted") from error


def _walk(step):
    """Yield all that an estimator holds, once, with the estimator that holds it."""
    seen, parts = set(), [(step, step)]
    while parts:
        part, owner = parts.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part, owner
        owner = part if isinstance(part, BaseEstimator) else owner
        parts += [(inner, owner) for inner in _parts(part)]


def _parts(value):
    if isinstance(value, list | tuple | set):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype == object else ()
    if isinstance(value, type):
        return ()
    return getattr(value, "__dict__", {}).values()


def _check_array(array, owner):
    """Refuse floats that are not finite, but for estimators that take NaN for a value."""
    if array.dtype.kind not in "fc" or type(owner).__module__.startswith(_TAKE_NAN):
        return
    if not isinstance(array, np.ma.MaskedArray) and not np.isfinite(array).all():
        raise Damaged(f"an array of {type(owner).__name__} is not finite")


def _check_estimator(estimator):
    kind = type(estimator)
    name = kind.__name__
    if not kind.__module__.startswith("sklearn."):
        raise Damaged(f"a step of it holds a {quoted(name)}")
    try:
        parameters = set(estimator.get_params(deep=False))
    except AttributeError as error:
        raise Damaged(f"{name} lacks a parameter") from error
    overwritten = sorted(key for key in set(vars(estimator)) - parameters if hasattr(kind, key))
    if overwritten:
        raise Damaged(f"{name} has its {quoted(overwritten[0])} overwritten")
    _check_parameters(estimator)
    _bind_to_this_machine(estimator)
    if set(vars(estimator)) - parameters - set(_NOT_LEARNT):
        _check_learnt(estimator)


def _check_learnt(estimator):
    try:
        _check_common(estimator)
        for kinds, check in _CHECKS:
            if isinstance(estimator, kinds):
                check(estimator)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise Damaged(f"what {type(estimator).__name__} has learnt makes no sense") from error


def _check_parameters(estimator):
    if not hasattr(estimator, "_parameter_constraints"):  # a FeatureUnion
        return
    try:
        check_parameters(estimator)
    except (AttributeError, TypeError, ValueError) as error:
        raise Damaged(cut(str(error).rstrip("."), 200)) from error


def _bind_to_this_machine(estimator):
    """Refuse folders of others, whose caches run code; let it start no more threads than are here.

    joblib's caches are pickles: a Pipeline that is given a folder reads those that lie there.
    """
    if getattr(estimator, "memory", None) is not None:
        raise Damaged(f"{type(estimator).__name__} of it has a cache in a folder")
    n_processors = os.cpu_count() or 1
    for key in ("n_jobs", "_n_threads"):
        value = vars(estimator).get(key)
        if isinstance(value, int | np.integer) and value > n_processors:
            setattr(estimator, key, n_processors)


def _check_common(estimator):
    """Check what estimators of all kinds call by the same name."""
    n_features = vars(estimator).get("n_features_in_")
    is_count = isinstance(n_features, int | np.integer) and 0 < n_features <= MOST_PIXELS
    _demand(n_features is None or is_count, estimator, "n_features_in_")
    classes = vars(estimator).get("classes_")
    if isinstance(classes, np.ndarray):
        _demand(are_labels(classes), estimator, "classes_")


def _check_linear(model):
    """Check a linear classifier: a row of coefficients for each class, or one for two classes."""
    _demand(isinstance(model.coef_, np.ndarray) and model.coef_.ndim == 2, model, "coef_")
    if isinstance(model.classes_, np.ndarray):
        n_rows = 1 if len(model.classes_) == 2 else len(model.classes_)
        _demand(len(model.coef_) == n_rows, model, "coef_")
    shape = model.coef_.shape
    _demand(shape[1] == model.n_features_in_, model, "coef_")
    for key in ("coef", "_standard_coef", "_average_coef"):  # the latter two are SGD's
        _demand_shape(model, key, shape)
    for key in ("intercept_", "_standard_intercept", "_average_intercept"):
        if np.ndim(vars(model).get(key)) > 0:  # 0.0 without one
            _demand_shape(model, key, shape[:1])


def _check_svm(svm):
    """Check an SVM, whose numbers libsvm follows through memory without a look."""
    state = vars(svm)
    _demand(isinstance(svm.kernel, str) and svm.kernel != "precomputed", svm, "kernel")
    _demand(state.get("_sparse") is False, svm, "_sparse")
    vectors = state.get("support_vectors_")
    _demand(isinstance(vectors, np.ndarray) and vectors.ndim == 2, svm, "support_vectors_")
    n_vectors, n_classes = len(vectors), 2
    n_support = _array(svm, "_n_support", np.int32)
    if isinstance(svm, SVC | NuSVC):
        n_classes = len(_array(svm, "classes_", None))
        _demand(n_classes >= 2 and n_support.sum(dtype=object) == n_vectors, svm, "n_support_")
    else:
        _demand((n_support == n_vectors).all(), svm, "n_support_")
    _demand(n_support.shape == (n_classes,) and (n_support >= 0).all(), svm, "n_support_")
    n_pairs = n_classes * (n_classes - 1) // 2
    shapes = {
        "support_vectors_": (n_vectors, svm.n_features_in_),
        "_dual_coef_": (n_classes - 1, n_vectors),
        "_intercept_": (n_pairs,),
    }
    for key, shape in shapes.items():
        _demand(_array(svm, key, np.float64).shape == shape, svm, key)
    for key in ("dual_coef_", "intercept_"):  # whose signs differ for two classes
        public, private = _array(svm, key, np.float64), state[f"_{key}"]
        _demand(np.array_equal(np.abs(public), np.abs(private)), svm, key)
    _demand(_array(svm, "support_", np.int32).shape == (n_vectors,), svm, "support_")
    sizes = {_array(svm, key, np.float64).shape for key in ("_probA", "_probB")}
    has_probabilities = svm.probability is True
    _demand(sizes == {(n_pairs,)} or (sizes == {(0,)} and not has_probabilities), svm, "probA_")
    _demand(np.isfinite(state.get("_gamma", np.nan)), svm, "_gamma")
    shape_fit = state.get("shape_fit_")
    is_shape = isinstance(shape_fit, tuple) and shape_fit[1:] == (svm.n_features_in_,)
    _demand(is_shape, svm, "shape_fit_")


def _check_neighbors(model):
    """Check a nearest-neighbours model, whose labels' numbers are taken for places in memory."""
    state = vars(model)
    if "_fit_X" not in state:
        return
    rows = state["_fit_X"]
    _demand(isinstance(rows, np.ndarray) and rows.ndim == 2, model, "_fit_X")
    _demand(rows.shape == (state.get("n_samples_fit_"), model.n_features_in_), model, "_fit_X")
    _demand(state.get("_tree") is None and state.get("_fit_method") == "brute", model, "_tree")
    _demand(isinstance(state.get("effective_metric_"), str), model, "effective_metric_")
    if "classes_" in state:
        _check_neighbors_labels(model, len(rows))
    elif "_y" in state:
        _demand(isinstance(model._y, np.ndarray) and len(model._y) == len(rows), model, "_y")


def _check_neighbors_labels(model, n_rows):
    codes = _array(model, "_y", np.intp)
    are_many = isinstance(model.classes_, list)
    _demand(vars(model).get("outputs_2d_") is are_many, model, "outputs_2d_")
    classes = model.classes_ if are_many else [model.classes_]
    _demand(len(codes) == n_rows, model, "_y")
    columns = codes.reshape(n_rows, -1).T
    _demand(len(columns) == len(classes), model, "_y")
    for column, labels in zip(columns, classes, strict=True):
        is_code = (column >= 0) & (column < len(labels))
        _demand(isinstance(labels, np.ndarray) and bool(is_code.all()), model, "_y")


def _check_means(model):
    centres = _array(model, "cluster_centers_", None)
    shape = (model.n_clusters, model.n_features_in_)
    _demand(centres.shape == shape and centres.dtype.kind == "f", model, "cluster_centers_")


def _check_scaler(scaler):
    for key in ("scale_", "min_", "mean_", "var_", "center_", "data_min_", "data_max_"):
        _demand_shape(scaler, key, (scaler.n_features_in_,))
    scale = vars(scaler).get("scale_")
    _demand(scale is None or bool(np.all(scale)), scaler, "scale_")


def _check_polynomial(features):
    """Check how many columns come out, which a few bytes of a file could say are billions."""
    degree, n_features = int(np.max(features.degree)), features.n_features_in_
    is_low = degree <= 64
    _demand(is_low and math.comb(n_features + degree, degree) <= MOST_PIXELS, features, "degree")


_CHECKS = (
    (LinearClassifierMixin, _check_linear),
    ((SVC, NuSVC, SVR, NuSVR, OneClassSVM), _check_svm),
    (NeighborsBase, _check_neighbors),
    ((KMeans, MiniBatchKMeans), _check_means),
    ((MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler), _check_scaler),
    (PolynomialFeatures, _check_polynomial),
)


def _array(estimator, key, dtype):
    """Return an attribute that must be an array of that dtype."""
    value = vars(estimator).get(key)
    is_one = isinstance(value, np.ndarray) and value.ndim > 0 and dtype in (None, value.dtype)
    _demand(is_one, estimator, key)
    return value


def _demand_shape(estimator, key, shape):
    """Demand that an attribute has that shape, where it is there at all."""
    value = vars(estimator).get(key)
    _demand(value is None or np.shape(value) == shape, estimator, key)


def _demand(holds, estimator, key):
    if not holds:
        raise Damaged(f"{key} of {type(estimator).__name__} makes no sense")

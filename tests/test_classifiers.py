"""The contracts of ANNClassifier and CNNClassifier: bits, weights, state, threads."""

import copy
import io
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
import skorch
import torch
from both_classifiers import BOTH, quick
from joblib import Parallel, delayed, effective_n_jobs
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.class_weight import compute_sample_weight

from skdigits import ANNClassifier, CNNClassifier, ImageReshaper
from skdigits.neural._modules import BatchNorm


@BOTH
def test_net_is_a_skorch_net_that_agrees(Classifier, digits):
    X, y = digits
    X = X.astype(np.float64)  # where folding the normalisation rounds to nothing
    classifier = quick(Classifier).fit(X, y)
    net = classifier.net_
    assert isinstance(net, skorch.NeuralNetClassifier)
    images = X.reshape(-1, 1, 8, 8)
    assert_allclose(net.predict_proba(images), classifier.predict_proba(X), atol=1e-6)
    assert [epoch["train_loss"] for epoch in net.history] == classifier.loss_curve_


@BOTH
def test_same_seed_same_bits_and_other_seed_other_bits(Classifier, digits):
    X, y = digits
    first, again, other = (
        quick(Classifier, dropout=0.2, random_state=seed).fit(X, y).predict_proba(X)
        for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def _numpy_state():
    return np.random.get_state()[1].copy()  # noqa: NPY002  (the global state is the point)


@BOTH
def test_the_callers_random_states_threads_and_modes_are_left_alone(Classifier, digits):
    X, y = digits
    torch.manual_seed(5)
    before = torch.get_rng_state(), _numpy_state(), torch.get_num_threads()
    classifier = quick(Classifier, dropout=0.2, early_stopping=True, max_iter=30).fit(X, y)
    classifier.predict(X)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert_array_equal(_numpy_state(), before[1])
    assert torch.get_num_threads() == before[2]
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_do_not_depend_on_batch_mates_or_order(Classifier, dtype, digits):
    X, y = digits
    X = X.astype(dtype)
    classifier = quick(Classifier).fit(X, y)
    whole = classifier.predict_proba(X)
    order = np.random.default_rng(0).permutation(len(X))
    assert_array_equal(classifier.predict_proba(X[order]), whole[order])
    for n in (1, 2, 63, 64, 65):
        assert_array_equal(classifier.predict_proba(X[:n]), whole[:n])
    singly = np.vstack([classifier.predict_proba(row[None]) for row in X[:20]])
    assert_array_equal(singly, whole[:20])


@BOTH
def test_weights_may_be_a_series(Classifier, digits):
    X, y = digits
    weights = np.linspace(0.5, 2.0, len(y))
    expected = quick(Classifier).fit(X, y, sample_weight=weights).predict_proba(X)
    weights = pd.Series(weights.copy())  # whose array pandas lets no one write to
    found = quick(Classifier).fit(X, y, sample_weight=weights).predict_proba(X)
    assert_array_equal(found, expected)


@BOTH
def test_weights_repeat_rows_and_zeros_leave_them_out(Classifier, digits):
    X, y = digits
    X, y = X[:60].astype(float), y[:60]
    weights = np.random.default_rng(0).integers(0, 4, size=60)
    settings = {"batch_size": 200, "max_iter": 30}
    weighted = quick(Classifier, **settings).fit(X, y, sample_weight=weights)
    repeated = quick(Classifier, **settings).fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-7)
    left_out = quick(Classifier).fit(X[weights > 0], y[weights > 0], weights[weights > 0])
    zeros = quick(Classifier).fit(X, y, sample_weight=weights)
    assert_array_equal(zeros.predict_proba(X), left_out.predict_proba(X))


@BOTH
def test_ones_weigh_as_no_weights_do(Classifier, digits):
    X, y = digits
    plain = quick(Classifier).fit(X, y)
    ones = quick(Classifier).fit(X, y, sample_weight=np.ones(len(y)))
    assert_array_equal(plain.predict_proba(X), ones.predict_proba(X))


@BOTH
def test_only_proportions_of_weights_matter_but_for_alpha_and_smoothing(Classifier, digits):
    X, y = digits
    weights = np.random.default_rng(0).uniform(0.1, 2, size=len(y))
    small, large = (
        quick(Classifier, alpha=0, label_smoothing=0).fit(
            X.astype(float), y, sample_weight=weights * factor
        )
        for factor in (1e-3, 1e3)
    )
    # Batch normalisation's running variance counts images, weights or not: n / (n - 1).
    tolerance = 1e-3 if Classifier is CNNClassifier else 1e-8
    assert_allclose(small.predict_proba(X), large.predict_proba(X), atol=tolerance)


@BOTH
def test_class_weight_equals_the_sample_weights_it_stands_for(Classifier, digits):
    X, y = digits
    y = np.where(y == 3, "three", "other")
    balanced = quick(Classifier, class_weight="balanced").fit(X, y)
    by_hand = quick(Classifier).fit(X, y, sample_weight=compute_sample_weight("balanced", y))
    assert_allclose(balanced.predict_proba(X), by_hand.predict_proba(X), atol=1e-6)
    weights = {"three": 5.0}
    by_dict = quick(Classifier, class_weight=weights).fit(X, y)
    by_hand = quick(Classifier).fit(X, y, sample_weight=np.where(y == "three", 5.0, 1.0))
    assert_allclose(by_dict.predict_proba(X), by_hand.predict_proba(X), atol=1e-6)


@BOTH
def test_probabilities_scores_and_predictions_agree(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X, y)
    probabilities = classifier.predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert_allclose(np.log(probabilities), classifier.predict_log_proba(X), rtol=1e-3, atol=1e-5)
    scores = classifier.decision_function(X)
    assert_array_equal(classifier.classes_[scores.argmax(axis=1)], classifier.predict(X))
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert_allclose(expected, probabilities, rtol=1e-4, atol=1e-6)


@BOTH
def test_embed_gives_what_the_last_layer_sees(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X, y)
    module = classifier.net_.module_
    features = classifier.embed(X)
    logits = features @ module.head.weight.detach().numpy().T + module.head.bias.detach().numpy()
    logits *= module.sharpness.numpy()
    assert_allclose(logits, classifier.decision_function(X), rtol=1e-4, atol=1e-4)


@BOTH
@pytest.mark.parametrize(
    "copied",
    [lambda c: pickle.loads(pickle.dumps(c)), copy.deepcopy, copy.copy],
    ids=["pickle", "deepcopy", "copy"],
)
def test_copies_predict_the_same_bits(Classifier, copied, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X, y)
    twin = copied(classifier)
    assert_array_equal(twin.predict_proba(X), classifier.predict_proba(X))
    assert list(twin.net_.history) == list(classifier.net_.history)
    assert_array_equal(clone(twin).fit(X, y).predict_proba(X), classifier.predict_proba(X))


@BOTH
def test_a_pickle_goes_on_training_as_the_original_does(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).partial_fit(X, y, classes=np.unique(y))
    twin = pickle.loads(pickle.dumps(classifier))
    for c in (classifier, twin):
        c.partial_fit(X, y).partial_fit(X, y)
    assert_array_equal(twin.predict_proba(X), classifier.predict_proba(X))


@BOTH
def test_a_pickle_holds_neither_torch_nor_skorch_objects(Classifier, digits):
    names = set()

    class Listing(pickle.Unpickler):
        def find_class(self, module, name):
            names.add(module.split(".")[0])
            return super().find_class(module, name)

    X, y = digits
    for classifier in (quick(Classifier).fit(X, y), quick(Classifier).partial_fit(X, y, range(10))):
        Listing(io.BytesIO(pickle.dumps(classifier))).load()
    assert names <= {"skdigits", "numpy", "builtins", "copyreg", "sklearn", "collections"}


@BOTH
def test_a_fit_writes_nothing_to_disk(Classifier, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.warns(ConvergenceWarning):
        quick(Classifier, early_stopping=True).fit(*digits)
    quick(Classifier).fit(*digits)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("Classifier", [ANNClassifier, CNNClassifier])
def test_grid_search_scores_the_same_with_any_number_of_jobs(Classifier):
    X, y = load_digits(return_X_y=True)
    X, y = X[:500], y[:500]
    grid = {"alpha": [1e-4, 1.0], "learning_rate_init": [0.001, 0.01]}
    results = []
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    for n_jobs in (1, 2):
        pipeline = make_pipeline(ImageReshaper(), quick(Classifier, max_iter=4))
        names = {f"{Classifier.__name__.lower()}__{key}": value for key, value in grid.items()}
        search = GridSearchCV(pipeline, names, cv=3, n_jobs=n_jobs).fit(X, y)
        assert torch.get_num_threads() == threads
        assert torch.equal(torch.get_rng_state(), state)
        results.append(search)
    first, second = (search.cv_results_ for search in results)
    for key in first:
        if key.startswith(("split", "mean_test", "std_test", "rank")):
            assert_array_equal(first[key], second[key])
    twin = pickle.loads(pickle.dumps(results[0]))
    assert_array_equal(twin.predict_proba(X), results[1].predict_proba(X))
    assert_array_equal(copy.deepcopy(twin).predict_proba(X), twin.predict_proba(X))


def test_a_worker_has_one_thread():
    if effective_n_jobs(-1) > 2:
        pytest.skip("with more cores a worker may have several")
    n_threads = Parallel(n_jobs=2)(delayed(torch.get_num_threads)() for _ in range(2))
    assert n_threads == [1, 1]


def test_concurrent_fits_in_threads_put_the_number_of_threads_back(digits):
    X, y = digits
    before = torch.get_num_threads()
    alone = quick(ANNClassifier, dropout=0.3).fit(X, y).predict_proba(X)
    fits = Parallel(n_jobs=4, backend="threading")(
        delayed(quick(ANNClassifier, dropout=0.3).fit)(X, y) for _ in range(8)
    )
    for classifier in fits:
        assert_array_equal(classifier.predict_proba(X), alone)
    assert torch.get_num_threads() == before


def test_sample_weights_are_routed_through_cross_validation(digits):
    X, y = digits
    seen = []

    class Spy(ANNClassifier):
        def fit(self, X, y, sample_weight=None):
            seen.append(sample_weight.sum())
            return super().fit(X, y, sample_weight)

    weights = np.arange(1.0, len(y) + 1)
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = quick(Spy).set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        cross_validate(
            make_pipeline(ImageReshaper(), classifier),
            X,
            y,
            params={"sample_weight": weights},
            scoring=scorer,
            cv=2,
        )
    assert sum(seen) == weights.sum()


def test_large_memory_mapped_arrays_go_to_workers():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, size=(600, 2500), dtype=np.uint8)  # over joblib's limit of 1 MB
    y = rng.integers(0, 2, size=600)
    settings = {"hidden_layer_sizes": 4, "max_iter": 1}
    scores = cross_val_score(quick(ANNClassifier, **settings), X, y, cv=2, n_jobs=2)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("class_weight", "sample_weight"),
    [
        (dict.fromkeys(range(10), 0), None),
        ({3: -1.0}, None),
        ({3: np.nan}, None),
        (None, np.full(300, 1e-60)),
        (None, np.full(300, 1e39)),
    ],
    ids=["all zero", "negative", "NaN", "tiny", "huge"],
)
def test_weights_that_make_no_sense_are_refused(class_weight, sample_weight, digits):
    classifier = quick(ANNClassifier, class_weight=class_weight)
    message = "finite, not negative and not all zero"
    with pytest.raises(ValueError, match=message):
        classifier.fit(*digits, sample_weight=sample_weight)


def test_weighted_batch_statistics_are_those_of_numpy():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(3, 2, size=(5, 2, 4, 4)), rng.uniform(0, 3, size=5)
    norm = BatchNorm(2).double().train()
    out = norm(torch.from_numpy(x), torch.from_numpy(weights)).detach().numpy()
    mean = np.average(x.transpose(1, 0, 2, 3).reshape(2, -1), axis=1, weights=weights.repeat(16))
    centred = x - mean[:, None, None]
    squares = (centred**2).transpose(1, 0, 2, 3).reshape(2, -1)
    var = np.average(squares, axis=1, weights=weights.repeat(16))
    assert_allclose(out, centred / np.sqrt(var + norm.eps)[:, None, None], rtol=1e-10)
    assert_allclose(norm.running_mean, 0.1 * mean, rtol=1e-10)
    half = BatchNorm(2).train()
    in_half = half(torch.from_numpy(x).bfloat16(), torch.from_numpy(weights)).detach().numpy()
    assert_allclose(in_half, out, atol=0.02)  # the rounding of x itself

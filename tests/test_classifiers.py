"""The contracts of ANNClassifier and CNNClassifier: bits, weights, state, stopping."""

import copy
import io
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
import skorch
import torch
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

BOTH = pytest.mark.parametrize("Classifier", [ANNClassifier, CNNClassifier])


def quick(Classifier, **parameters):
    return Classifier(**{"max_iter": 5, "random_state": 0, **parameters})


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


@BOTH
def test_partial_fits_are_the_epochs_of_one_fit(Classifier, digits):
    X, y = digits
    settings = {"learning_rate": "constant", "batch_size": 100, "dropout": 0.1}
    parts = quick(Classifier, **settings)
    for _ in range(5):
        parts.partial_fit(X, y, classes=np.unique(y))
    with pytest.warns(ConvergenceWarning):
        whole = quick(Classifier, **settings).fit(X, y)
    assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.t_ == whole.t_ == 5 * len(X)


def test_partial_fit_refuses_what_it_cannot_do(digits):
    X, y = digits
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        quick(ANNClassifier).partial_fit(X, y)
    with pytest.raises(ValueError, match=r"classes not in `self\.classes_`"):
        quick(ANNClassifier).partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="does not support class_weight='balanced'"):
        quick(ANNClassifier, class_weight="balanced").partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        quick(ANNClassifier, early_stopping=True).partial_fit(X, y, classes=range(10))


@BOTH
def test_warm_start_goes_on_and_cold_start_does_not(Classifier, digits):
    X, y = digits
    with pytest.warns(ConvergenceWarning):
        warm = quick(Classifier, warm_start=True).fit(X, y)
    first = list(warm.loss_curve_)
    with pytest.warns(ConvergenceWarning):
        warm.fit(X, y)
    assert warm.loss_curve_[:5] == first
    assert warm.loss_curve_[5] < first[0] / 2
    assert warm.n_iter_ == 5
    cold = quick(Classifier).fit(X, y)
    before = cold.predict_proba(X)
    assert_array_equal(cold.fit(X, y).predict_proba(X), before)


@BOTH
def test_going_on_with_another_network_is_refused(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X, y).set_params(hidden_layer_sizes=(7,))
    message = r"cannot go on training its network with hidden_layer_sizes=\(7,\)"
    with pytest.raises(ValueError, match=message):
        classifier.set_params(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=message):
        classifier.partial_fit(X, y)
    assert classifier.set_params(warm_start=False).fit(X, y).embed(X).shape[1] == 7


@BOTH
def test_a_trained_net_is_tuned_on_few_new_images(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier, max_iter="auto").fit(X[:250], y[:250])
    inverted = 16 - X
    before = classifier.score(inverted[250:], y[250:])
    classifier.set_params(warm_start=True, max_iter=30, learning_rate="one_cycle")
    classifier.fit(inverted[:250], y[:250])
    assert classifier.score(inverted[250:], y[250:]) > before


@BOTH
def test_early_stopping_keeps_the_best_weights(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier, early_stopping=True, max_iter=100).fit(X, y)
    scores = classifier.validation_scores_
    assert len(scores) == classifier.n_iter_ < 100
    assert classifier.best_validation_score_ == max(scores)
    assert classifier.best_loss_ is None
    # The weights are those of the best epoch: training that stops there gives the same bits.
    best = scores.index(max(scores)) + 1
    with pytest.warns(ConvergenceWarning):
        again = quick(Classifier, early_stopping=True, max_iter=best).fit(X, y)
    assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_early_stopping_names_the_class_that_is_too_small(digits):
    X, y = digits
    labels = np.array(["lone" if i == 0 else "many" for i in range(len(y))])
    with pytest.raises(ValueError, match="of which 'lone' has 1"):
        quick(ANNClassifier, early_stopping=True).fit(X, labels)


def test_the_validation_set_must_hold_two_images():
    with pytest.raises(ValueError, match="The validation set is too small"):
        quick(ANNClassifier, early_stopping=True).fit(np.eye(3), [1, 1, 1])


@BOTH
def test_a_failed_fit_leaves_an_earlier_one_as_it_was(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X, y)
    state = set(vars(classifier))
    before = classifier.predict_proba(X)
    bad_fits = [
        ({}, (X[:, :36], y[:-1])),
        ({}, (np.full((4, 64), np.nan), [0, 1, 0, 1])),
        ({"image_shape": (3, 3)}, (X[:, :36], y)),
        ({"early_stopping": True}, (X[:11], np.arange(11))),
        ({"device": "abacus"}, (X[:, :36], y)),
        ({"class_weight": {"nobody": 2}}, (X[:, :36], y > 3)),
    ]
    for parameters, data in bad_fits:
        damaged = clone(classifier).get_params()
        classifier.set_params(**parameters)
        with pytest.raises(ValueError, match=r"."):
            classifier.fit(*data)
        classifier.set_params(**damaged)
        assert set(vars(classifier)) == state
        assert_array_equal(classifier.predict_proba(X), before)


@BOTH
def test_a_failed_first_fit_leaves_it_unfitted(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier, image_shape=(3, 3))
    parameters = set(vars(classifier))
    with pytest.raises(ValueError, match="expects rows of 9 pixels"):
        classifier.fit(X, y)
    assert set(vars(classifier)) == parameters


class Interrupt(skorch.callbacks.Callback):
    """Raises in the middle of an epoch, as Ctrl-C does."""

    def on_batch_end(self, net, **kwargs):
        raise KeyboardInterrupt


@BOTH
def test_an_interrupted_fit_leaves_the_weights_as_they_were(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).partial_fit(X, y, classes=np.unique(y)).partial_fit(X, y)
    before, n_epochs = classifier.predict_proba(X), len(classifier.net_.history)
    classifier.set_params(warm_start=True, callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert_array_equal(classifier.predict_proba(X), before)
    assert len(classifier.net_.history) == n_epochs
    classifier.set_params(callbacks=None).partial_fit(X, y)


def test_diverging_training_is_an_error(digits):
    X, y = digits
    message = "Solver produced non-finite parameter weights"
    with pytest.raises(ValueError, match=message), np.errstate(all="ignore"):
        quick(ANNClassifier).fit(X * (np.finfo(float).max / 20), y)
    diverging = {"solver": "sgd", "learning_rate_init": 1e30, "activation": "identity"}
    with pytest.raises(ValueError, match=message):
        quick(ANNClassifier, **diverging).fit(X, y)


def test_diverging_training_keeps_the_best_epoch_under_early_stopping(digits):
    X, y = digits
    classifier = ANNClassifier(
        activation="identity",
        solver="sgd",
        learning_rate_init=3,
        momentum=0,
        max_iter=12,
        early_stopping=True,
        n_iter_no_change=20,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning):
        classifier.fit(X.astype(np.float32), y)
    assert np.isnan(classifier.validation_scores_[-1])
    assert np.isfinite(classifier.predict_proba(X)).all()


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


@BOTH
def test_the_defaults_learn_the_digits(Classifier):
    X, y = load_digits(return_X_y=True)
    scores = cross_val_score(Classifier(random_state=0), X.astype(np.uint8), y, cv=2)
    assert scores.mean() > 0.93


@BOTH
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd"])
def test_alpha_shrinks_the_weights(Classifier, solver, digits):
    X, y = digits
    settings = {"solver": solver, "learning_rate": "one_cycle", "max_iter": 20}
    norms = []
    for alpha in (0, 5.0):
        classifier = quick(Classifier, alpha=alpha, **settings).fit(X, y)
        norms.append(float(classifier.net_.module_.head.weight.detach().norm()))
    assert norms[1] < norms[0]


@pytest.mark.parametrize("schedule", ["one_cycle", "constant", "invscaling", "adaptive"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_schedule_learns(schedule, digits):
    X, y = digits
    classifier = quick(
        ANNClassifier, solver="sgd", learning_rate=schedule, learning_rate_init=0.1, max_iter=60
    )
    if schedule == "invscaling":
        classifier.set_params(power_t=0.1)
    assert classifier.fit(X, y).score(X, y) > 0.9


def test_normalizations_and_shapes_of_the_cnn(digits):
    X, y = digits
    for parameters in [
        {"normalization": "group"},
        {"normalization": None, "channels": 16},
        {"channels": (8, 16, 16, 16, 16)},
        {"pooling": 1, "channels": (4,), "kernel_size": 5},
        {"hidden_layer_sizes": (32, 16), "dropout": 0.1, "activation": "gelu"},
        {"channels": (), "hidden_layer_sizes": 32},
    ]:
        classifier = quick(CNNClassifier, max_iter=30, **parameters).fit(X, y)
        assert classifier.score(X, y) > 0.8, parameters


def test_dropout_and_label_smoothing_soften_probabilities(digits):
    X, y = digits
    sharp = quick(ANNClassifier, max_iter=40, dropout=0, label_smoothing=0).fit(X, y)
    soft = quick(ANNClassifier, max_iter=40, label_smoothing=0.2).fit(X, y)
    assert soft.predict_proba(X).max(axis=1).mean() < sharp.predict_proba(X).max(axis=1).mean()


def test_bfloat16_learns_and_predicts_in_float32(digits):
    X, y = digits
    classifier = quick(CNNClassifier, precision="bfloat16", max_iter=20).fit(X, y)
    assert classifier.embed(X).dtype == np.float32
    assert classifier.score(X, y) > 0.9


def test_verbose_prints_as_mlp_classifier_does(digits, capsys):
    quick(ANNClassifier, max_iter=2, verbose=True).fit(*digits)
    assert capsys.readouterr().out.startswith("Iteration 1, loss = ")
    quick(ANNClassifier, max_iter=2).fit(*digits)
    assert capsys.readouterr().out == ""


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


@BOTH
@pytest.mark.parametrize(
    "change", [{"alpha": 1e-3}, {"solver": "sgd"}, {"beta_1": 0.5}, {}], ids=str
)
def test_parameters_set_between_partial_fits_count_and_copies_go_on(Classifier, change, digits):
    X, y = digits
    classifier = quick(Classifier).partial_fit(X, y, classes=range(10))
    classifier.set_params(**change).partial_fit(X, y)
    twin = pickle.loads(pickle.dumps(classifier))
    for c in (classifier, twin):
        c.partial_fit(X[:100], y[:100])
    assert_array_equal(twin.predict_proba(X), classifier.predict_proba(X))
    groups = classifier.net_.optimizer_.param_groups
    assert all(group.get("betas", (0.5,))[0] == 0.5 for group in groups) or change != {
        "beta_1": 0.5
    }
    assert (type(classifier.net_.optimizer_) is torch.optim.SGD) == ("solver" in change)
    assert len(classifier.net_.history) == len(classifier.loss_curve_) == 3
    with pytest.raises(ValueError, match="cannot go on training its network"):
        classifier.set_params(hidden_layer_sizes=(3,)).partial_fit(X, y)


@BOTH
def test_a_failed_partial_fit_leaves_the_optimiser_too(Classifier, digits):
    X, y = digits
    failed, plain = (quick(Classifier).partial_fit(X, y, classes=range(10)) for _ in range(2))
    failed.set_params(callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        failed.partial_fit(X, y)
    failed.set_params(callbacks=None)
    for classifier in (failed, plain):
        classifier.partial_fit(X, y)
    assert_array_equal(failed.predict_proba(X), plain.predict_proba(X))


def test_scores_that_are_no_numbers_are_no_improvement(digits):
    X, y = digits
    settings = {"activation": "identity", "solver": "sgd", "momentum": 0, "max_iter": 60}
    classifier = quick(ANNClassifier, **settings, learning_rate_init=3, n_iter_no_change=3)
    classifier.set_params(early_stopping=True).fit(X.astype(np.float32), y)
    assert classifier.n_iter_ < 60


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

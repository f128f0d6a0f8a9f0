"""Training of ANNClassifier and CNNClassifier: going on, stopping, failing, schedules, layers."""

import pickle

import numpy as np
import pytest
import skorch
import torch
from both_classifiers import BOTH, quick
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

from skdigits import ANNClassifier, CNNClassifier


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

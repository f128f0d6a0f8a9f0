"""Networks trained as one become what `fit` makes of each alone."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skdigits import ANNClassifier, Augmentation, CNNClassifier
from skdigits.neural._augment import STRENGTHS
from skdigits.neural._fused_jobs import keep_job, prepare_job, shared_rows, train_jobs
from skdigits.neural._fused_training import train_together
from skdigits.neural._modules import ACTIVATIONS
from skdigits.neural._training import OPTIMIZERS

EXACT = {"rtol": 0, "atol": 1e-8}  # of weights in float64
ROUNDED = {"rtol": 0, "atol": 2e-3}  # in float32, where a step of Adam's has hardly any gradient

unconverged = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.fixture
def X(digits):
    return digits[0].astype(np.float64)


@pytest.fixture
def y(digits):
    return digits[1]


def ann(**parameters):
    settings = {"max_iter": 2, "batch_size": 40, "random_state": 0, **parameters}
    return ANNClassifier(settings.pop("hidden_layer_sizes", (8,)), **settings)


def cnn(**parameters):
    settings = {"max_iter": 1, "batch_size": 40, "random_state": 0, **parameters}
    return CNNClassifier(settings.pop("channels", (4, 6)), **settings)


def folds(n_rows, *sizes):
    """Return rows to train on, from everywhere in the data."""
    rng = np.random.default_rng(0)
    return [rng.permutation(n_rows)[:size] for size in sizes]


def jobs_of(models, X, y, rows, weights=None):
    """Return estimators and their jobs, all of one shape."""
    models = [clone(model) for model in models]
    shared = shared_rows(models[0], X)
    jobs = [
        prepare_job(model, X[r], y[r], None if weights is None else weights[r], shared, r)
        for model, r in zip(models, rows, strict=True)
    ]
    return models, jobs


def fit_as_one(models, X, y, rows, weights=None):
    """Return the estimators, trained as one model."""
    models, jobs = jobs_of(models, X, y, rows, weights)
    assert len({job.shape() for job in jobs}) == 1
    train_together(jobs)
    for model, job in zip(models, jobs, strict=True):
        keep_job(model, job)
    return models


def fit_alone(models, X, y, rows, weights=None):
    return [
        clone(model).fit(X[r], y[r], None if weights is None else weights[r])
        for model, r in zip(models, rows, strict=True)
    ]


def assert_same_fit(found, expected, **tolerance):
    """Compare all that a fit leaves: weights, statistics, curves, what is predicted."""
    weights = found.net_.module_.state_dict()
    for name, weight in expected.net_.module_.state_dict().items():
        assert weights[name].dtype == weight.dtype
        atol = max(tolerance["atol"], 1e-3 if name == "sharpness" else 0)  # found by search
        assert_allclose(weights[name], weight, rtol=tolerance["rtol"], atol=atol, err_msg=name)
    assert_allclose(found.loss_curve_, expected.loss_curve_, **tolerance)
    assert found.n_iter_ == expected.n_iter_
    assert found.t_ == expected.t_
    assert found.validation_scores_ == expected.validation_scores_
    assert_array_equal(found.classes_, expected.classes_)
    assert set(vars(found)) == set(vars(expected))


def assert_as_alone(models, X, y, rows, weights=None, **tolerance):
    together = fit_as_one(models, X, y, rows, weights)
    alone = fit_alone(models, X, y, rows, weights)
    for found, expected in zip(together, alone, strict=True):
        assert_same_fit(found, expected, **(tolerance or EXACT))


@pytest.mark.parametrize("model", [ann(), ann(hidden_layer_sizes=()), cnn()], ids=repr)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_one_job_is_one_fit(model, dtype, X, y):
    tolerance = EXACT if dtype == "float64" else {"rtol": 0, "atol": 1e-5}
    model = clone(model).set_params(dropout=0.0, augment=None, max_iter=1)
    assert_as_alone([model], X.astype(dtype), y, folds(300, 120), **tolerance)


@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.parametrize("make", [ann, cnn])
def test_every_solver_with_decay_of_its_own(make, solver, X, y):
    models = [
        make(solver=solver, alpha=alpha, learning_rate_init=rate)
        for alpha, rate in [(0.0, 0.01), (0.5, 0.01), (0.5, 0.002), (5.0, 0.01), (0.0, 0.01)]
    ]
    models = [model.set_params(learning_rate="one_cycle") for model in models]
    assert_as_alone(models, X, y, folds(300, *[100] * 5))


@unconverged
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("momentum", [0.0, 0.5, 0.9]),
        ("nesterovs_momentum", [True, False]),
        ("power_t", [0.1, 0.5]),
    ],
)
def test_every_setting_of_sgd_may_differ(name, values, X, y):
    schedule = "invscaling" if name == "power_t" else "constant"
    shared = {"solver": "sgd", "learning_rate": schedule, "learning_rate_init": 0.05}
    models = [ann(**shared, **{name: value}) for value in values]
    assert_as_alone(models, X, y, folds(300, *[100] * len(values)))


@pytest.mark.parametrize(
    ("name", "values"), [("beta_1", [0.5, 0.9]), ("beta_2", [0.9, 0.999]), ("epsilon", [1e-8, 0.1])]
)
def test_every_setting_of_adam_may_differ(name, values, X, y):
    models = [ann(**{name: value}) for value in values]
    assert_as_alone(models, X, y, folds(300, 100, 100))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("make", [ann, cnn])
def test_every_activation(make, activation, X, y):
    models = [make(activation=activation, random_state=seed) for seed in range(2)]
    assert_as_alone(models, X, y, folds(300, 90, 90))


@pytest.mark.parametrize("normalization", ["batch", "group", None])
@pytest.mark.parametrize("sizes", [(120, 120), (119, 120, 118)])
def test_every_normalization(normalization, sizes, X, y):
    models = [cnn(normalization=normalization, channels=(4, 8))] * len(sizes)
    assert_as_alone(models, X, y, folds(300, *sizes))


@pytest.mark.parametrize("layers", [(), (8,), (8, 6, 4)])
def test_any_number_of_dense_layers(layers, X, y):
    models = [ann(hidden_layer_sizes=layers, dropout=p) for p in (0.1, 0.3)]
    assert_as_alone(models, X, y, folds(300, 80, 80))
    models = [cnn(hidden_layer_sizes=layers, dropout=p) for p in (0.1, 0.3)]
    assert_as_alone(models, X, y, folds(300, 80, 80))


@pytest.mark.parametrize(
    "parameters", [{"kernel_size": (5, 1)}, {"pooling": (1, 2)}, {"pooling": (2, 1)}], ids=str
)
def test_any_kernels_and_windows(parameters, X, y):
    models = [cnn(**parameters, random_state=seed) for seed in range(2)]
    assert_as_alone(models, X, y, folds(300, 80, 80))


@pytest.mark.parametrize("make", [ann, cnn])
@pytest.mark.parametrize("shares", [(0.2, 0.2), (0.0, 0.5, 0.1), (0.0, 0.0)])
def test_dropout_may_differ(make, shares, X, y):
    models = [make(dropout=share) for share in shares]
    assert_as_alone(models, X, y, folds(300, *(100 + i for i in range(len(shares)))))


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@pytest.mark.parametrize("make", [ann, cnn])
def test_augmentation_may_differ(make, dtype, X, y):
    changes = [*STRENGTHS, None, Augmentation(shift=0.2), "auto"]
    models = [make(augment=change, batch_size=50) for change in changes]
    tolerance = EXACT if dtype == "float64" else ROUNDED
    assert_as_alone(models, X.astype(dtype), y, folds(300, *[100] * len(models)), **tolerance)


@pytest.mark.parametrize("make", [ann, cnn])
def test_label_smoothing_may_differ(make, X, y):
    models = [make(label_smoothing=share) for share in (0.0, 0.1, "auto", 0.3)]
    assert_as_alone(models, X, y, folds(300, 100, 99, 100, 100))


@pytest.mark.parametrize("make", [ann, cnn])
def test_class_weights_may_differ(make, X, y):
    class_weights = [None, "balanced", {3: 5.0}, {3: 0.0}]
    models = [make(class_weight=weights, batch_size=100) for weights in class_weights]
    assert_as_alone(models, X, y, folds(300, 80, 80, 79, 80))


@pytest.mark.parametrize("make", [ann, cnn])
def test_sample_weights_go_with_the_images(make, X, y):
    weights = np.random.default_rng(1).gamma(1.0, size=len(y))
    weights[::50] = 0
    models = [make(alpha=alpha, batch_size=60) for alpha in (0.0, 1.0, 1.0)]
    assert_as_alone(models, X, y, folds(300, 100, 100, 101), weights)


def test_weights_smaller_than_the_number_of_images_make_the_same_statistics(X, y):
    weights = np.full(len(y), 1e-3)
    assert_as_alone([cnn(), cnn(random_state=1)], X, y, folds(300, 80, 79), weights)


@pytest.mark.parametrize("make", [ann, cnn])
@pytest.mark.parametrize("sizes", [(133, 134), (121, 160, 140)])
def test_folds_may_be_of_unequal_size(make, sizes, X, y):
    models = [make(dropout=0.2) for _ in sizes]
    assert_as_alone(models, X, y, folds(300, *sizes))


@pytest.mark.parametrize("make", [ann, cnn])
def test_a_fold_may_be_many_times_as_large_as_another(make, X, y):
    """In a single batch, as folds of `TimeSeriesSplit` are."""
    rows = [np.flatnonzero(y < 2)[:size] for size in (40, 2, 3, 21)]
    assert_as_alone([make(dropout=0.2) for _ in rows], X, y, rows)


def test_an_image_of_one_pixel_is_normalized(y):
    """One image in a batch and one pixel in a map: there torch has no statistics."""
    X = np.random.default_rng(0).random((6, 4))
    codes = np.array([0, 1, 0, 1, 0, 1])
    models = [
        CNNClassifier((4,), image_shape=(2, 2), batch_size=1, max_iter=1, random_state=seed)
        for seed in range(2)
    ]
    assert_as_alone(models, X, codes, [np.arange(6), np.arange(6)[::-1]])


@unconverged
@pytest.mark.parametrize("schedule", ["one_cycle", "constant", "invscaling"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_every_schedule_with_rates_of_its_own(schedule, solver, X, y):
    models = [
        ann(learning_rate=schedule, solver=solver, learning_rate_init=rate, max_iter=3)
        for rate in (0.02, 0.001, 0.02)
    ]
    assert_as_alone(models, X, y, folds(300, 100, 100, 101))


@unconverged
@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_jobs_of_different_schedules_train_as_one(solver, X, y):
    schedules = ["one_cycle", "constant", "invscaling", "adaptive", "adaptive"]
    models = [ann(learning_rate=s, solver=solver, learning_rate_init=0.01) for s in schedules]
    assert_as_alone(models, X, y, folds(300, *[100] * 5))


@unconverged
@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.parametrize("make", [ann, cnn])
def test_who_stops_does_not_disturb_the_others(make, solver, X, y):
    """Jobs stop after different numbers of epochs; moments of the others go on."""
    models = [
        make(
            solver=solver,
            learning_rate="constant",
            learning_rate_init=0.02,
            alpha=alpha,
            dropout=0.1,
            tol=tol,
            n_iter_no_change=1,
            max_iter=6,
        )
        for tol, alpha in [(9.0, 0.0), (0.0, 0.1), (0.3, 0.0), (0.6, 0.1), (0.0, 0.1)]
    ]
    assert_as_alone(models, X, y, folds(300, *[100] * 5))
    n_epochs = {model.n_iter_ for model in fit_as_one(models, X, y, folds(300, *[100] * 5))}
    assert len(n_epochs) > 1


def test_all_may_stop_in_the_same_epoch(X, y):
    models = [ann(learning_rate="constant", tol=9.0, n_iter_no_change=1, max_iter=9)] * 3
    together = fit_as_one(models, X, y, folds(300, 100, 100, 100))
    assert [model.n_iter_ for model in together] == [3] * 3


@unconverged
def test_adaptive_rates_fall_for_each_job_alone(X, y):
    models = [
        ann(learning_rate="adaptive", tol=tol, n_iter_no_change=1, max_iter=9, solver="sgd")
        for tol in (9.0, 0.0, 0.01, 9.0)
    ]
    assert_as_alone(models, X, y, folds(300, *[100] * 4))


@unconverged
@pytest.mark.parametrize("make", [ann, cnn])
@pytest.mark.parametrize("schedule", ["one_cycle", "constant", "adaptive"])
def test_early_stopping_keeps_the_best_epoch_of_each(make, schedule, X, y):
    models = [
        make(
            early_stopping=True,
            learning_rate=schedule,
            validation_fraction=0.2,
            n_iter_no_change=1,
            tol=0.02,
            learning_rate_init=rate,
            max_iter=6,
        )
        for rate in (1e-6, 0.02, 0.005)
    ]
    rows = [np.arange(100), np.arange(100, 200), np.arange(200, 300)]
    assert_as_alone(models, X, y, rows)


DIVERGING = {"solver": "sgd", "activation": "identity"}


@pytest.mark.parametrize("make", [ann, cnn])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_job_that_diverges_harms_no_other(make, dtype, X, y):
    rates = (0.01, 1e200 if dtype == "float64" else 1e30, 0.001)
    models = [
        make(**DIVERGING, learning_rate="one_cycle", learning_rate_init=rate) for rate in rates
    ]
    X, rows = X.astype(dtype), folds(300, 100, 100, 100)
    found, jobs = jobs_of(models, X, y, rows)
    train_together(jobs)
    with pytest.raises(ValueError, match="non-finite"):
        clone(models[1]).fit(X[rows[1]], y[rows[1]])
    with pytest.raises(ValueError, match="non-finite"):
        keep_job(found[1], jobs[1])
    assert not math.isfinite(jobs[1].progress.loss_curve[-1])
    tolerance = EXACT if dtype == "float64" else {"rtol": 0, "atol": 1e-5}
    for number in (0, 2):
        keep_job(found[number], jobs[number])
        alone = clone(models[number]).fit(X[rows[number]], y[rows[number]])
        assert_same_fit(found[number], alone, **tolerance)


@unconverged
@pytest.mark.parametrize("rate", [1e3, 1e5])
def test_the_best_epoch_before_a_divergence_is_kept(rate, X, y):
    stopping = {"early_stopping": True, "n_iter_no_change": 4, "max_iter": 8}
    settings = {**stopping, "momentum": 0, "batch_size": 200}
    models = [ann(**DIVERGING, **settings, learning_rate_init=r) for r in (rate, 0.001)]
    X, rows = X.astype(np.float32), folds(300, 200, 200)
    found = fit_as_one(models, X, y, rows)
    alone = fit_alone(models, X, y, rows)
    assert not all(np.isfinite(found[0].loss_curve_))
    assert found[0].n_iter_ == alone[0].n_iter_
    assert_array_equal(found[0].validation_scores_, alone[0].validation_scores_)
    assert_same_fit(found[1], alone[1], **ROUNDED)


def test_who_has_not_converged_warns(X, y):
    models = [ann(learning_rate="constant", tol=tol, n_iter_no_change=1) for tol in (9.0, 0.0)]
    models = [*models, ann(learning_rate="one_cycle")]
    for fit in (fit_as_one, fit_alone):
        with pytest.warns(ConvergenceWarning, match=r"\(2\) reached") as warned:
            fit(models, X, y, folds(300, 100, 100, 100))
        assert len(warned) == 2


@pytest.mark.parametrize("tta", [False, True])
@pytest.mark.parametrize("make", [ann, cnn])
def test_predictions_are_those_of_fit(make, tta, X, y):
    rows = folds(300, 100, 100)
    models = [make(tta=tta, random_state=seed, max_iter=4) for seed in range(2)]
    for found, expected in zip(
        fit_as_one(models, X, y, rows), fit_alone(models, X, y, rows), strict=True
    ):
        for method in ("predict_proba", "decision_function", "embed"):
            theirs = getattr(expected, method)(X)
            assert_allclose(getattr(found, method)(X), theirs, rtol=0, atol=1e-2 * theirs.std())
        assert_array_equal(found.predict(X), expected.predict(X))


def test_a_fit_as_one_goes_on_as_any_fit(X, y):
    rows = folds(300, 100, 100)
    models = [ann(label_smoothing=0.0, random_state=seed) for seed in range(2)]
    for found, expected in zip(
        fit_as_one(models, X, y, rows), fit_alone(models, X, y, rows), strict=True
    ):
        for model in (found, expected):
            model.partial_fit(X[:50], y[:50])
        assert_same_fit(found, expected, **EXACT)
        assert [row["train_loss"] for row in found.net_.history] == found.loss_curve_


def test_images_with_channels_train_as_one(y):
    X = np.random.default_rng(0).random((60, 3, 6, 5))
    models = [cnn(image_shape=None, channels=(4,), random_state=seed) for seed in range(2)]
    assert_as_alone(models, X, y[:60], [np.arange(50), np.arange(10, 60)])


def test_without_shuffling_batches_stay_in_order(X, y):
    models = [ann(shuffle=False), ann(shuffle=True)]
    assert_as_alone(models, X, y, folds(300, 100, 100))


@pytest.mark.parametrize(
    ("parameters", "alike"),
    [
        ({"learning_rate_init": 0.1, "alpha": 3.0, "dropout": 0.5, "random_state": 7}, True),
        ({"learning_rate": "constant", "label_smoothing": 0.3, "augment": "strong"}, True),
        ({"batch_size": 45}, True),  # three batches, too
        ({"class_weight": "balanced", "tol": 0.1, "n_iter_no_change": 3, "beta_1": 0.5}, True),
        ({"hidden_layer_sizes": (9,)}, False),
        ({"activation": "tanh"}, False),
        ({"solver": "adamw"}, False),
        ({"max_iter": 5}, False),
        ({"batch_size": 20}, False),
        ({"early_stopping": True}, False),
    ],
    ids=str,
)
def test_what_is_alike_is_trained_as_one(parameters, alike, X, y):
    _, jobs = jobs_of([ann(), ann().set_params(**parameters)], X, y, folds(300, 100, 100))
    assert (jobs[0].shape() == jobs[1].shape()) == alike
    trained = train_jobs(jobs)
    assert [n_together for n_together, _ in trained.values()] == ([2, 2] if alike else [1, 1])


def test_groups_are_as_large_as_memory_is_good_for(X, y, monkeypatch):
    models = [ann(random_state=seed) for seed in range(5)]
    rows = folds(300, *[100] * 5)
    found, jobs = jobs_of(models, X, y, rows)
    monkeypatch.setattr("skdigits.neural._fused_jobs._MOST_WEIGHTS", 1)
    trained = train_jobs(jobs)
    assert [n_together for n_together, _ in trained.values()] == [1] * 5
    for model, job, expected in zip(found, jobs, fit_alone(models, X, y, rows), strict=True):
        keep_job(model, job)
        assert_same_fit(model, expected, **EXACT)


def global_state():
    return np.random.get_state()[1].copy()  # noqa: NPY002  (the global state is the point)


def test_no_random_state_of_the_caller_is_touched(X, y):
    before = torch.random.get_rng_state(), global_state()
    random = np.random.RandomState(3)
    models = [ann(dropout=0.1, augment="light", random_state=random), ann()]
    fit_as_one(models, X, y, folds(300, 100, 100))
    assert random.randint(2**31) == np.random.RandomState(3).randint(2**31)
    assert_array_equal(torch.random.get_rng_state(), before[0])
    assert_array_equal(global_state(), before[1])


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_threads_change_neither_results_nor_their_number(n_threads, X, y):
    before = torch.get_num_threads()
    models = [ann(random_state=seed, dropout=0.1) for seed in range(4)]
    rows = folds(300, *[100] * 4)
    try:
        torch.set_num_threads(n_threads)
        found, jobs = jobs_of(models, X, y, rows)
        train_jobs(jobs)
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    for model, job, expected in zip(found, jobs, fit_alone(models, X, y, rows), strict=True):
        keep_job(model, job)
        assert_same_fit(model, expected, **EXACT)

"""More than one process: Dask's workers, one of which dies; threads in workers of any kind."""

import os
import signal
import time
from threading import Event, Thread

import numpy as np
import pytest
import skorch
import torch
from joblib import cpu_count, parallel_config
from joblib.parallel import ThreadingBackend
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB

from skdigits import ANNClassifier, CNNClassifier, FusedGridSearchCV, compare_models
from skdigits.neural._hardware import one_thread


@pytest.fixture(scope="module")
def client():
    """A client of two Dask workers, processes of one thread each, that keep all data they get."""
    distributed = pytest.importorskip("distributed")
    workers = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**workers) as cluster, distributed.Client(cluster) as client:
        client.amm.stop()
        yield client


def kill(client, position):
    """Kill the process of one of the workers; return its number."""
    pid = list(client.run(os.getpid).values())[position]
    os.kill(pid, signal.SIGKILL)
    return pid


def assert_replaced(client, pid):
    client.wait_for_workers(2)
    assert pid not in client.run(os.getpid).values()


def search_grid(X, y, scoring=None):
    folds = StratifiedKFold(3)
    rows = [(train.tolist(), test.tolist()) for train, test in folds.split(X, y)]
    net = ANNClassifier((16,), max_iter=4, random_state=0)
    grid = {"alpha": [0.0, 0.1, 1.0, 10.0], "learning_rate_init": [0.001, 0.01]}
    return GridSearchCV(net, grid, cv=rows, scoring=scoring, refit=False).fit(X, y)


def assert_same_scores(search, expected):
    for key, scores in expected.cv_results_.items():
        if "test" in key:
            assert_array_equal(search.cv_results_[key], scores)


@pytest.mark.slow
def test_a_grid_search_loses_nothing_with_a_worker(client, digits, tmp_path):
    def slow_accuracy(estimator, X, y):
        time.sleep(0.2)
        (tmp_path / os.urandom(8).hex()).touch()
        return estimator.score(X, y)

    def n_fits():
        return len(list(tmp_path.iterdir()))

    def kill_on_the_way():
        while n_fits() < 4:
            time.sleep(0.01)
        died.append((kill(client, 0), n_fits()))

    died = []
    killer = Thread(target=kill_on_the_way)
    killer.start()
    with parallel_config("dask", scatter=list(digits)):
        search = search_grid(*digits, scoring=slow_accuracy)
    killer.join()
    [(pid, n_fits_before)] = died
    assert n_fits_before < 24 <= n_fits()
    assert_same_scores(search, search_grid(*digits))
    assert_replaced(client, pid)


@pytest.mark.slow
def test_networks_trained_together_lose_nothing_with_a_worker(client, digits):
    X, y = digits
    net = ANNClassifier((16,), max_iter=200, batch_size=20, random_state=0)
    search = FusedGridSearchCV(net, {"alpha": [0.0, 0.1, 1.0]}, cv=3, refit=False)
    ended = Event()

    def kill_on_the_way():
        time.sleep(1)
        died.append((kill(client, 0), ended.is_set()))

    died = []
    killer = Thread(target=kill_on_the_way)
    killer.start()
    with parallel_config("dask"):
        found = clone(search).fit(X, y)
    ended.set()
    killer.join()
    [(pid, too_late)] = died
    assert not too_late
    assert found.fused_["trained_together"].max() == 5
    assert_same_scores(found, clone(search).fit(X, y))
    assert_replaced(client, pid)


def compare(X, y, **arguments):
    models = {"ann": ANNClassifier((16,), max_iter=4), "cnn": CNNClassifier((4,), max_iter=2)}
    return compare_models(models, X, y, cv=6, random_state=0, **arguments)


def assert_same_comparison(comparison, expected):
    assert_frame_equal(comparison.predictions, expected.predictions)
    for name, probabilities in expected.probabilities.items():
        assert_frame_equal(comparison.probabilities[name], probabilities)
    columns = ["model", "fold", "accuracy", "macro_f1", "log_loss", "n_train", "seed"]
    assert_frame_equal(comparison.fold_scores[columns], expected.fold_scores[columns])


@pytest.mark.slow
def test_a_comparison_loses_nothing_with_a_worker(client, digits):
    X, y = digits
    died, done = [], []

    def kill_at_the_first(name, fold, scores):
        done.append((name, fold))
        if not died:
            died.append(kill(client, 1))

    with parallel_config("dask", scatter=[X]):
        comparison = compare(X, y, on_result=kill_at_the_first)
    assert sorted(done) == [(name, fold) for name in ("ann", "cnn") for fold in range(6)]
    assert_same_comparison(comparison, compare(X, y))
    assert_replaced(client, died[0])


class WithoutGenerator(ThreadingBackend):
    """A backend that gives its results at the end, as Ray's does."""

    supports_return_generator = False


def test_a_backend_may_give_all_results_at_the_end(digits):
    X, y = digits
    done = []
    with parallel_config(WithoutGenerator(), n_jobs=2):
        comparison = compare_models(
            [GaussianNB()], X, y, cv=3, on_result=lambda *result: done.append(result[:2])
        )
    assert done == [("gaussiannb", fold) for fold in range(3)]
    assert len(comparison.predictions) == len(y)


@pytest.fixture
def n_threads_in_fits():
    """A function that cross-validates on large folds; returns torch's threads in each fit."""

    class Counter(skorch.callbacks.Callback):
        def on_epoch_end(self, net, **kwargs):
            net.history.record("n_threads", torch.get_num_threads())

    def read(estimator, X, y):
        return estimator.net_.history[-1, "n_threads"]

    def measure(**arguments):
        rng = np.random.default_rng(0)
        X = rng.integers(0, 256, size=(5200, 784), dtype=np.uint8)
        y = np.arange(5200) % 2
        net = ANNClassifier((4,), batch_size=1300, max_iter=1, callbacks=[Counter()])
        return cross_validate(net, X, y, cv=2, scoring=read, **arguments)["test_score"]

    return measure


def test_a_fit_in_this_process_takes_all_threads(n_threads_in_fits):
    assert_array_equal(n_threads_in_fits(n_jobs=1), torch.get_num_threads())


def test_a_fit_in_a_thread_of_joblib_takes_one(n_threads_in_fits, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with parallel_config("threading", n_jobs=2):
        assert_array_equal(n_threads_in_fits(), 1)


@pytest.mark.slow
def test_fits_in_processes_of_joblib_share_the_processors(n_threads_in_fits):
    with parallel_config("loky", n_jobs=2):
        assert n_threads_in_fits().sum() <= max(2, cpu_count())


@pytest.mark.slow
def test_a_fit_in_a_dask_worker_takes_one_thread(client, n_threads_in_fits):
    with parallel_config("dask"):
        assert_array_equal(n_threads_in_fits(), 1)


def test_fits_side_by_side_leave_the_number_of_threads_as_it_was():
    before = torch.get_num_threads()
    first_in, second_in, first_out = Event(), Event(), Event()

    def first():
        with one_thread():
            first_in.set()
            second_in.wait()
        first_out.set()

    def second():  # a new thread starts with what the first one has set
        first_in.wait()
        with one_thread():
            second_in.set()
            first_out.wait()

    run_together(first, second)
    found = []
    run_together(lambda: found.append(torch.get_num_threads()))
    assert found == [before]


def run_together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

"""Searches that train networks together: memory, processes, callbacks, what is printed."""

import pickle
import re
import signal
import subprocess
import sys
from time import perf_counter

import numpy as np
import pytest
import sklearn
import torch
from fused_searches import (
    Recorder,
    ann,
    assert_as_grid_search,
    assert_same_results,
    callbacks,
    unconverged,
)
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skdigits import FusedGridSearchCV
from skdigits.neural import _fused_folds, _fused_jobs, _hardware


def test_ctrl_c_ends_a_program_as_it_would_another():
    program = """
from sklearn.datasets import load_digits
from skdigits import ANNClassifier, FusedGridSearchCV

def interrupted(model, X, y):
    raise KeyboardInterrupt

X, y = load_digits(return_X_y=True)
FusedGridSearchCV(ANNClassifier(max_iter=1), {}, scoring=interrupted).fit(X[:100], y[:100])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr.endswith("KeyboardInterrupt\n")
    assert ended.returncode == -signal.SIGINT


@pytest.mark.slow
def test_the_configuration_reaches_the_processes(X, y):
    weights = np.random.default_rng(0).gamma(1.0, size=150)
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        net = ann().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler, net)
        grid = {"annclassifier__alpha": [0.0, 1.0]}
        scoring = make_scorer(accuracy_score).set_score_request(sample_weight=False)
        options = {"n_jobs": 2, "scoring": scoring}
        search = assert_as_grid_search(pipeline, grid, X, y, {"sample_weight": weights}, **options)
    assert not search.fused_["fused"].any()


@pytest.mark.parametrize("most", [0, 2000])
def test_what_takes_too_much_memory_is_trained_in_parts(most, X, y, monkeypatch):
    monkeypatch.setattr(_fused_folds, "_MOST_WAITING", most)
    grid = {"annclassifier__alpha": [0.0, 1.0, 2.0], "minmaxscaler__clip": [False, True]}
    pipeline = make_pipeline(MinMaxScaler(), ann())
    search = assert_as_grid_search(pipeline, grid, X, y, return_train_score=True)
    assert search.fused_["fused"].all()
    assert search.fused_["trained_together"].max() < 12


def test_no_data_come_back_from_a_process(X, y):
    images = _fused_folds._Images(X)
    data = _fused_folds._FoldData(X, y, np.arange(100), {}, images)
    job = data.job(ann(), None)
    _, outcomes = _fused_jobs._train_group([job])
    assert len(pickle.dumps(outcomes)) < X.nbytes / 4


def test_many_shapes_are_not_cut_for_many_workers(X, y):
    grid = {"hidden_layer_sizes": [(4,), (5,), (6,)], "alpha": [0.0, 1.0]}
    search = FusedGridSearchCV(ann(device="cpu"), grid, cv=3, refit=False, n_jobs=3)
    with parallel_config("threading"):
        search.fit(X, y)
    assert search.fused_["trained_together"].tolist() == [6] * 6


@unconverged
def test_a_fold_has_the_threads_that_its_own_fit_would_have(X, y, monkeypatch):
    """Folds are small where all images are not."""
    monkeypatch.setattr(_hardware, "SMALL", 100 * 64)
    monkeypatch.setattr(_hardware, "_large_fit", None)
    FusedGridSearchCV(ann(early_stopping=True), {"alpha": [0.0]}, cv=3, refit=False).fit(X, y)


@pytest.mark.parametrize("verbose", [0, 1, 2, 4, 10])
def test_what_is_printed_is_what_grid_search_prints(verbose, X, y, capsys):
    grid, options = {"alpha": [0.0, 1.0]}, {"cv": 2, "verbose": verbose}
    printed = []
    for Search in (GridSearchCV, FusedGridSearchCV):
        Search(ann(), grid, **options, return_train_score=True).fit(X, y)
        out = capsys.readouterr().out
        printed.append(re.sub(r"\.*total time=.*|\.{2,}", "", out))
    assert printed[0] == printed[1]
    assert bool(printed[0]) == bool(verbose)


def test_times_are_shares_of_the_time_of_all(X, y):
    start = perf_counter()
    search = FusedGridSearchCV(ann(max_iter=40), {"alpha": [0.0, 1.0]}, cv=2, refit=False).fit(X, y)
    seconds = perf_counter() - start
    times = search.cv_results_["mean_fit_time"]
    assert (times > 0).all()
    assert (search.cv_results_["mean_score_time"] > 0).all()
    assert 0.5 * seconds < 2 * times.sum() < seconds


def test_the_time_of_the_last_fit_is_told(X, y):
    assert FusedGridSearchCV(ann(), {"alpha": [0.0]}, cv=2).fit(X, y).refit_time_ > 0


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_score(n_threads, X, y):
    before = torch.get_num_threads()
    grid = {"alpha": [0.0, 1.0], "dropout": [0.0, 0.2], "hidden_layer_sizes": [(8,), (6,)]}
    options = {"cv": 2, "refit": False, "scoring": "neg_log_loss"}
    expected = GridSearchCV(ann(), grid, **options).fit(X, y)
    try:
        torch.set_num_threads(n_threads)
        found = FusedGridSearchCV(ann(), grid, **options).fit(X, y)
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    assert_same_results(found.cv_results_, expected.cv_results_)


@callbacks
@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("make", [ann, SVC], ids=["fused", "alone"])
def test_callbacks_are_told_what_those_of_grid_search_are(make, refit, X, y):
    recorders = Recorder(), Recorder()
    grid = {"alpha": [0.0, 1.0]} if make is ann else {"C": [0.1, 1.0]}
    weights = np.arange(len(y)) + 1.0
    for Search, recorder in zip((GridSearchCV, FusedGridSearchCV), recorders, strict=True):
        search = Search(make(), grid, cv=2, refit=refit).set_callbacks(recorder)
        search.fit(X, y, sample_weight=weights)
    assert recorders[0].told[-1][0] == "teardown"
    assert recorders[1].told == [
        tuple(what if what != "GridSearchCV" else "FusedGridSearchCV" for what in told)
        for told in recorders[0].told
    ]


@callbacks
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.parametrize("error_score", [np.nan, "raise"])
def test_callbacks_are_torn_down_after_a_failure(error_score, X, y):
    recorder = Recorder()
    search = FusedGridSearchCV(ann(), {"alpha": [-1.0]}, cv=2, error_score=error_score)
    with pytest.raises(ValueError, match="'alpha' parameter"):
        search.set_callbacks(recorder).fit(X, y)
    assert recorder.told[-1][0] == "teardown"
    told = [what[0] for what in recorder.told if what[1] == "candidate-split-evaluation"]
    assert told.count("begin") == told.count("end")


@callbacks
def test_the_progress_of_a_search_is_shown(X, y, capsys):
    pytest.importorskip("rich")
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0]}, cv=2)
    search.set_callbacks(sklearn.callback.ProgressBar(max_propagation_depth=None)).fit(X, y)
    out = capsys.readouterr().out
    assert "FusedGridSearchCV" in out
    assert "refit-with-best-params" in out


@callbacks
def test_a_monitor_of_the_network_trains_it_alone(X, y):
    monitor = sklearn.callback.ScoringMonitor(scoring="accuracy")
    model = ann().set_callbacks(monitor)
    search = FusedGridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    assert search.fused_["why_not"].tolist() == ["it has callbacks"] * 2
    logs = monitor.get_logs(select="all")
    assert sum(len(log.data_as_pandas.query("task_name == 'epoch'")) for log in logs) == 5 * 4


def test_searches_may_run_beside_each_other(X, y):
    search = FusedGridSearchCV(ann(), {"alpha": [0.0, 1.0], "dropout": [0.0, 0.2]}, cv=2)
    before = torch.get_num_threads()
    one_by_one = cross_val_score(search, X, y, cv=3)
    with parallel_config("threading", n_jobs=3):
        assert_array_equal(cross_val_score(search, X, y, cv=3), one_by_one)
    assert torch.get_num_threads() == before

"""How save_model writes: whole, for those who may read it, only what load_model would open."""

import os
from threading import Thread

import numpy as np
import pytest
import saved_models
import torch
from numpy.testing import assert_array_equal
from saved_models import QUICK, X, Y
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.svm import SVC
from skorch.callbacks import Callback

from skdigits import (
    ANNClassifier,
    CNNClassifier,
    EnsembleClassifier,
    FusedGridSearchCV,
    ImageReshaper,
    load_model,
    save_model,
)
from skdigits.persistence import _container

saved = saved_models.saved


class OfMyOwn(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self


def change(images, *others):
    return images


def with_cache():
    return make_pipeline(MinMaxScaler(), SVC()).fit(X, Y).set_params(memory="cache")


def with_function_step():
    return make_pipeline(FunctionTransformer(change), SVC()).fit(X, Y)


UNWRITABLE = {
    "random_state of ANNClassifier, RandomState.* numbers, text and arrays": lambda: ANNClassifier(
        max_iter=1, random_state=np.random.RandomState(0)
    ).fit(X, Y),
    "augment of CNNClassifier, <function change": lambda: CNNClassifier(
        (2,), augment=change, **QUICK
    ).fit(X, Y),
    "callbacks of ANNClassifier, <": lambda: ANNClassifier(callbacks=[Callback()], **QUICK).fit(
        X, Y
    ),
    "step 'functiontransformer' of Pipeline, FunctionTransformer with": with_function_step,
    "RandomForestClassifier with sklearn.tree.* in it: scikit-learn takes the numbers of": lambda: (
        RandomForestClassifier(2).fit(X, Y)
    ),
    "AdaBoostClassifier with .* in it: skops knows no estimator of skdigits": lambda: (
        AdaBoostClassifier(ANNClassifier(**QUICK), n_estimators=1).fit(X, Y)
    ),
    "KNeighborsClassifier with .* in it: .* algorithm='brute'": lambda: KNeighborsClassifier(
        algorithm="kd_tree"
    ).fit(X, Y),
    "SVC with scipy.sparse.* in it: it was fitted on a sparse matrix": lambda: SVC().fit(
        csr_matrix(X), Y
    ),
    "OfMyOwn": lambda: make_pipeline(MinMaxScaler(), OfMyOwn()).fit(X, Y),
    "GridSearchCV with skdigits.* in it: a search is no model, so save its best": lambda: (
        GridSearchCV(ANNClassifier(**QUICK), {"alpha": [0.0]}, cv=2).fit(X, Y)
    ),
    "FusedGridSearchCV.*: a search is no model, so save its best_estimator_": lambda: (
        FusedGridSearchCV(ANNClassifier(**QUICK), {"alpha": [0.0]}, cv=2).fit(X, Y)
    ),
    "memory of Pipeline: a cache": with_cache,
}


@pytest.mark.parametrize("named", UNWRITABLE)
def test_code_is_not_written_and_is_named(named, tmp_path):
    model = UNWRITABLE[named]()
    with pytest.raises(TypeError, match=f"save_model cannot write .*{named}"):
        save_model(model, tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_what_is_not_fitted_is_not_written(tmp_path):
    with pytest.raises(NotFittedError):
        save_model(make_pipeline(MinMaxScaler(), ANNClassifier()), tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_a_file_is_replaced_whole_or_left_as_it_was(saved, tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_bytes(saved[0].read_bytes())

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(ANNClassifier(**QUICK).fit(X, Y), path)
    assert path.read_bytes() == saved[0].read_bytes()
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.skipif(os.name == "nt", reason="modes and links are of POSIX")
def test_a_file_that_is_replaced_leaves_its_mode_and_a_link_is_followed(tmp_path):
    model = ANNClassifier(**QUICK).fit(X, Y)
    path, link = tmp_path / "model", tmp_path / "link"
    path.write_bytes(b"")
    path.chmod(0o600)
    link.symlink_to(path)
    save_model(model, link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert_array_equal(load_model(path).predict(X), model.predict(X))


@pytest.mark.skipif(os.name == "nt", reason="pipes are of POSIX")
def test_what_is_no_regular_file_is_neither_replaced_nor_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file"):
        save_model(ANNClassifier(**QUICK).fit(X, Y), tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"load_model cannot read .*: it is no regular file\.$"):
        load_model(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError, match=r"none'$"):
        save_model(ANNClassifier(**QUICK).fit(X, Y), tmp_path / "none" / "model")


def test_two_threads_may_save_to_one_path(saved, tmp_path):
    model = load_model(saved[0])
    threads = [Thread(target=save_model, args=(model, tmp_path / "model")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.listdir(tmp_path) == ["model"]
    assert_array_equal(load_model(tmp_path / "model").predict_proba(X), saved[1])


@pytest.mark.parametrize("step", [MinMaxScaler(), ImageReshaper()], ids=repr)
def test_equal_models_make_equal_files(step, tmp_path):
    contents = {
        save_model(make_pipeline(clone(step), ANNClassifier(**QUICK)).fit(X, Y), path).read_bytes()
        for path in [tmp_path / f"model {i}" for i in range(4)]
    }
    assert len(contents) == 1


def with_attribute(model):
    model.my_note = "hello"
    return model


def with_weights_that_are_none(model):
    with torch.no_grad():
        model.net_.module_.head.weight.fill_(np.nan)
    return model


UNOPENABLE = {
    "has an unknown my_note": with_attribute,
    "head.weight is not finite": with_weights_that_are_none,
    "'alpha' parameter of ANNClassifier .* Got -5": lambda model: model.set_params(alpha=-5),
    "the callbacks of ANNClassifier is none": lambda model: model.set_params(
        callbacks=["PrintLog"]
    ),
}


@pytest.mark.parametrize("named", UNOPENABLE)
def test_a_model_that_could_not_be_opened_is_not_written(named, tmp_path):
    model = UNOPENABLE[named](ANNClassifier(**QUICK).fit(X, Y))
    with pytest.raises(TypeError, match=f"save_model has written nothing, as load_model .*{named}"):
        save_model(model, tmp_path / "model")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("value", [{"model": 1}, [1], "text", None, ANNClassifier], ids=repr)
def test_what_is_no_estimator_is_not_written(value, tmp_path):
    with pytest.raises(TypeError, match="save_model expects an estimator of skdigits or a Pipe"):
        save_model(value, tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_callbacks_of_scikit_learn_are_named(tmp_path):
    callbacks = pytest.importorskip("sklearn.callback")
    model = ANNClassifier(**QUICK).set_callbacks(callbacks.ProgressBar()).fit(X, Y)
    with pytest.raises(TypeError, match=r"the callbacks of ANNClassifier: .* set_callbacks\(\)"):
        save_model(model, tmp_path / "model")
    save_model(model.set_callbacks(), tmp_path / "model")


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_others_may_read_a_file_as_they_may_others(tmp_path):
    path = save_model(ANNClassifier(**QUICK).fit(X, Y), tmp_path / "model")
    (tmp_path / "plain").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_ensemble_of_members_with_other_classes_is_refused(tmp_path):
    ensemble = EnsembleClassifier(ANNClassifier((4,), max_iter=1), n_estimators=2).fit(X, Y)
    ensemble.estimators_[1].fit(X, Y > 4)
    with pytest.raises(TypeError, match="a member of the EnsembleClassifier has other classes"):
        save_model(ensemble, tmp_path / "model")


def test_a_description_that_no_reader_takes_is_not_written(tmp_path, monkeypatch):
    model = ANNClassifier(**QUICK).fit(X, Y)
    monkeypatch.setattr(_container, "_MAX_TEXT", 100)
    with pytest.raises(TypeError, match=r"^save_model writes 100 characters at most .*, got \d"):
        save_model(model, tmp_path / "model")
    assert os.listdir(tmp_path) == []

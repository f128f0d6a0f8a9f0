"""Files of models: the same bits back, whatever the model; nothing run, whatever the file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback

from skdigits import (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    EnsembleClassifier,
    FusedGridSearchCV,
    HOGFeatures,
    ImageReshaper,
    PageReader,
    load_model,
    save_model,
)
from skdigits.persistence import _container, _schemas

X, Y = load_digits(return_X_y=True)
X, Y = X[:120].astype(np.uint8), Y[:120]
QUICK = {"max_iter": 1, "random_state": 0}
LABELS = {
    "numbers": Y,
    "letters": np.array(list("abcdefghij"))[Y],
    "objects": np.array([f"digit {label}" for label in Y], dtype=object),
    "booleans": Y > 4,
    "whole floats": Y.astype(float),
    "gaps": np.array([-7, 3, 1000])[Y % 3],
}
NETS = st.one_of(
    st.builds(
        ANNClassifier,
        st.sampled_from([(), (4,), (8, 3)]),
        activation=st.sampled_from(["relu", "gelu", "tanh", "logistic", "identity"]),
        solver=st.sampled_from(["adam", "adamw", "sgd"]),
        early_stopping=st.booleans(),
        class_weight=st.sampled_from([None, "balanced"]),
        alpha=st.sampled_from([0.0, 0.1]),
        tta=st.booleans(),
        max_iter=st.just(1),
        random_state=st.integers(0, 9),
    ),
    st.builds(
        CNNClassifier,
        st.sampled_from([(3,), (4, 2)]),
        normalization=st.sampled_from(["batch", "group", None]),
        kernel_size=st.sampled_from(["auto", 3, 5]),
        augment=st.sampled_from([None, "light", Augmentation(shift=0.1)]),
        ema=st.sampled_from([0.0, 0.9]),
        max_iter=st.just(1),
        random_state=st.integers(0, 9),
    ),
)
STEPS = st.sampled_from(
    [
        (),
        (ImageReshaper(),),
        (Deskewer(),),
        (CharacterNormalizer(12, box=8),),
        (MinMaxScaler(),),
        (StandardScaler(), "passthrough"),
    ]
)


def round_trip(model, folder):
    return load_model(save_model(model, folder / "model"))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small file, and the probabilities of its model."""
    model = make_pipeline(ImageReshaper(), CNNClassifier((3,), **QUICK)).fit(X, LABELS["letters"])
    path = save_model(model, tmp_path_factory.mktemp("saved") / "model")
    return path, model.predict_proba(X)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(net=NETS, steps=STEPS, labels=st.sampled_from(sorted(LABELS)), as_float=st.booleans())
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_any_model_comes_back_bit_for_bit(net, steps, labels, as_float, tmp_path):
    data = X / 16 if as_float else X
    model = make_pipeline(*steps, net).fit(data, LABELS[labels])
    back = round_trip(model, tmp_path)
    assert_array_equal(back.predict_proba(data), model.predict_proba(data))
    assert_array_equal(back.predict(data), model.predict(data))
    assert back.classes_.dtype == model.classes_.dtype
    assert repr(back) == repr(model)
    assert repr(clone(back)) == repr(clone(model))


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("Net", [ANNClassifier, CNNClassifier])
def test_labels_of_any_kind_come_back(Net, labels, tmp_path):
    model = Net(**QUICK).fit(X, LABELS[labels])
    back = round_trip(model, tmp_path)
    assert_array_equal(back.predict(X), model.predict(X))
    assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert back.classes_.dtype == model.classes_.dtype


@pytest.mark.parametrize(
    "step",
    [ImageReshaper(), Deskewer(), HOGFeatures(), CharacterNormalizer(), ImageReshaper((8, 8))],
    ids=repr,
)
def test_transformers_come_back_fitted_or_new(step, tmp_path):
    fitted = clone(step).fit(X)
    assert_array_equal(round_trip(fitted, tmp_path).transform(X), fitted.transform(X))
    if step.__sklearn_tags__().requires_fit:
        with pytest.raises(NotFittedError):
            save_model(step, tmp_path / "new")
    else:
        assert_array_equal(round_trip(step, tmp_path).transform(X), fitted.transform(X))


@pytest.mark.parametrize(
    "classifier",
    [SVC(), KNeighborsClassifier(3), LogisticRegression(), LinearDiscriminantAnalysis()],
    ids=lambda classifier: type(classifier).__name__,
)
def test_steps_of_scikit_learn_come_back(classifier, tmp_path):
    classical = make_pipeline(Deskewer(), HOGFeatures(), MinMaxScaler(), classifier)
    classical.fit(X, LABELS["letters"])
    assert_array_equal(round_trip(classical, tmp_path).predict(X), classical.predict(X))


def test_a_page_reader_keeps_its_classifier_and_its_rates(tmp_path):
    reader = PageReader(KNeighborsClassifier(3).fit(X, Y), layout="cells", classes=[0, 1])
    back = round_trip(reader, tmp_path)
    assert repr(back) == repr(reader)
    assert_array_equal(back.estimator.predict(X), reader.estimator.predict(X))


def test_names_of_columns_and_pandas_output_come_back(tmp_path):
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    model = make_pipeline(ImageReshaper().set_output(transform="pandas"), ANNClassifier(**QUICK))
    back = round_trip(model.fit(frame, Y), tmp_path)
    assert_array_equal(back.feature_names_in_, model.feature_names_in_)
    assert list(back[0].transform(frame).columns) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        back.predict(frame.rename(columns={"pixel 0": "other"}))


@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_training_goes_on_as_if_nothing_had_happened(solver, alpha, tmp_path):
    model = CNNClassifier((4,), solver=solver, alpha=alpha, random_state=0)
    model.partial_fit(X, Y, classes=range(10)).partial_fit(X, Y)
    back = round_trip(model, tmp_path).partial_fit(X, Y)
    assert_array_equal(back.predict_proba(X), model.partial_fit(X, Y).predict_proba(X))
    assert back.loss_curve_ == model.loss_curve_
    assert len(back.net_.history) == len(model.net_.history)


def test_a_model_of_another_device_is_opened_on_the_processor(tmp_path, saved):
    model = ANNClassifier(**QUICK).fit(X, Y).set_params(device="cuda")
    back = round_trip(model, tmp_path)
    assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert str(back.net_.module_.device) == "cpu"


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


NUMPY_PARAMETERS = [
    ANNClassifier((4,), max_iter=np.int64(1), batch_size=np.int64(16), shuffle=np.bool_(True)),
    ANNClassifier(
        np.array([4, 3]),
        solver=np.str_("sgd"),
        nesterovs_momentum=np.bool_(True),
        alpha=np.float32(0.1),
        max_iter=1,
    ),
    ANNClassifier(class_weight={label: np.float32(2) for label in np.arange(10)}, max_iter=1),
    ANNClassifier(random_state=np.int64(3), early_stopping=np.bool_(True), max_iter=1),
    CNNClassifier((np.int64(3),), image_shape=(np.int64(8), np.int64(8)), max_iter=1),
    make_pipeline(ImageReshaper((np.int64(8), np.int64(8))), CNNClassifier((2,), max_iter=1)),
    make_pipeline(CharacterNormalizer(np.int64(12), box=np.int64(8)), ANNClassifier(max_iter=1)),
]


@pytest.mark.parametrize("model", NUMPY_PARAMETERS, ids=lambda model: type(model).__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_parameters_may_be_numbers_of_numpy(model, tmp_path):
    model = clone(model).fit(X, Y)
    back = round_trip(model, tmp_path)
    assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert repr(back).replace("np.str_('sgd')", "'sgd'") == repr(model).replace(
        "np.str_('sgd')", "'sgd'"
    )


def test_class_weights_come_back_by_labels_of_any_kind(tmp_path):
    for labels in (Y.astype(float), Y > 4, LABELS["letters"]):
        weights = dict.fromkeys(np.unique(labels), 2.0)
        model = ANNClassifier(class_weight=weights, **QUICK).fit(X, labels)
        assert round_trip(model, tmp_path).class_weight == weights


class Watch(Callback):
    def on_batch_end(self, net, **kwargs):
        net.history.record("note", "text")


def test_a_net_whose_callbacks_were_taken_off_is_written_without_their_notes(tmp_path):
    model = ANNClassifier(callbacks=[Watch()], **QUICK).fit(X, Y).set_params(callbacks=None)
    back = round_trip(model, tmp_path)
    assert [epoch["train_loss"] for epoch in back.net_.history] == model.loss_curve_


@pytest.mark.parametrize("step", [Deskewer(), HOGFeatures(), CharacterNormalizer()], ids=repr)
def test_transformers_of_pictures_fitted_on_images_come_back(step, tmp_path):
    images = X.reshape(-1, 8, 8)
    model = make_pipeline(step, SVC()).fit(images, Y)
    assert_array_equal(round_trip(model, tmp_path).predict(images), model.predict(images))


def test_what_metadata_a_step_asks_for_comes_back(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        net = ANNClassifier(**QUICK).set_fit_request(sample_weight="w")
        model = Pipeline([("scale", MinMaxScaler()), ("net", net)], transform_input=["w"])
        back = round_trip(model.fit(X, Y, w=np.ones(len(X))), tmp_path)
        assert str(back["net"].get_metadata_routing()) == str(net.get_metadata_routing())
        assert back.transform_input == ["w"]


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


def test_a_step_of_another_scikit_learn_is_told(tmp_path):
    path = save_model(
        make_pipeline(MinMaxScaler(), ANNClassifier(**QUICK)).fit(X, Y), tmp_path / "a"
    )
    text, arrays = _container.read_container(path)
    content = json.loads(text) | {"scikit-learn": "1.0"}
    _container.write_container(path, json.dumps(content), arrays)
    with pytest.warns(InconsistentVersionWarning, match="from version 1.0 when using version"):
        load_model(path)


@pytest.mark.parametrize(
    "member",
    [None, ANNClassifier((4,), max_iter=1), make_pipeline(MinMaxScaler(), LogisticRegression())],
    ids=["default", "network", "pipeline"],
)
def test_an_ensemble_comes_back_and_can_be_trained_anew(member, tmp_path):
    ensemble = EnsembleClassifier(member, n_estimators=2, random_state=0).fit(X, Y)
    same = load_model(save_model(ensemble, tmp_path / "model"))
    assert_array_equal(same.predict_proba(X), ensemble.predict_proba(X))
    assert_array_equal(clone(same).fit(X, Y).predict_proba(X), ensemble.predict_proba(X))


def test_an_ensemble_of_members_with_other_classes_is_refused(tmp_path):
    ensemble = EnsembleClassifier(ANNClassifier((4,), max_iter=1), n_estimators=2).fit(X, Y)
    ensemble.estimators_[1].fit(X, Y > 4)
    with pytest.raises(TypeError, match="a member of the EnsembleClassifier has other classes"):
        save_model(ensemble, tmp_path / "model")


def test_a_loaded_net_is_one_of_skorch_around_the_network_that_predicts(saved):
    model = load_model(saved[0])[-1]
    before = model.predict_proba(X)
    net = model.net_
    assert net is model.net_
    assert isinstance(net, NeuralNetClassifier)
    assert [epoch["train_loss"] for epoch in net.history] == model.loss_curve_
    with torch.no_grad():
        net.module_.head.bias.add_(torch.arange(model.n_outputs_))
    assert not np.allclose(model.predict_proba(X), before)


@pytest.mark.slow
def test_opening_a_model_and_predicting_leaves_out_what_only_training_needs(saved, tmp_path):
    np.save(tmp_path / "rows.npy", X)
    code = (
        "import sys, numpy, skdigits\n"
        "skdigits.load_model(sys.argv[1]).predict(numpy.load(sys.argv[2]))\n"
        "print(*{'torch._dynamo', 'sympy', 'onnx', 'skorch'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, saved[0], tmp_path / "rows.npy"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


@pytest.mark.slow
def test_the_memory_of_a_prediction_does_not_grow_with_the_rows(saved, tmp_path, measure_peak):
    rows = np.memmap(tmp_path / "rows", np.uint8, "w+", shape=(100_000, 64))
    rows[:] = X[0]
    model = load_model(saved[0])
    measure_peak(model.predict, rows, below=rows.size)


def test_a_description_that_no_reader_takes_is_not_written(tmp_path, monkeypatch):
    model = ANNClassifier(**QUICK).fit(X, Y)
    monkeypatch.setattr(_container, "_MAX_TEXT", 100)
    with pytest.raises(TypeError, match=r"^save_model writes 100 characters at most .*, got \d"):
        save_model(model, tmp_path / "model")
    assert os.listdir(tmp_path) == []


MODELS = Path(__file__).parent / "models"


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.safetensors")), ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_files_of_every_format_are_opened(path):
    rows = load_digits().data[:5].astype(np.uint8)
    rows = rows.reshape(-1, 8, 8) if "page" in path.stem else rows
    model = load_model(path)
    found = getattr(model, "estimator", model).predict_proba(rows)
    np.testing.assert_allclose(found, np.load(path.with_suffix(".npy")), atol=1e-4)


def test_what_a_later_format_adds_is_filled_in(saved, tmp_path, monkeypatch):
    text, arrays = _container.read_container(saved[0])
    content = json.loads(text)
    del content["model"]["pipeline"]["steps"][1][1]["estimator"][1]["tta"]
    _container.write_container(tmp_path / "old", json.dumps(content), arrays)
    with pytest.raises(ValueError, match="CNNClassifier lacks tta"):
        load_model(tmp_path / "old")
    monkeypatch.setattr(_schemas, "ADDED", ({}, {"CNNClassifier": {"tta": False}}))
    assert_array_equal(load_model(tmp_path / "old").predict_proba(X), saved[1])

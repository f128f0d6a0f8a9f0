"""Files of models: the same bits back, whatever the model, and training goes on with them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import saved_models
import sklearn
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from saved_models import LABELS, QUICK, X, Y
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
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
    HOGFeatures,
    ImageReshaper,
    PageReader,
    load_model,
    save_model,
)
from skdigits.persistence import _container, _schemas

saved = saved_models.saved

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

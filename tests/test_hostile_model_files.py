"""Files of models that were made to harm: each is refused in one sentence, in bounded memory."""

import json
import pickle
import struct
import zipfile
from io import BytesIO

import forged_models
import numpy as np
import pytest
from forged_models import ONE_SENTENCE, Explosive, X, Y, archive, npy_of
from safetensors.numpy import save_file

from skdigits import ANNClassifier, load_model, save_model
from skdigits.persistence._container import read_container, write_container

forge, path = forged_models.forge, forged_models.path


def net_state(content):
    """The description of the net in a file's Pipeline."""
    return content["model"]["pipeline"]["steps"][-1][1]["estimator"][1]


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x03\x04", b"\xff" * 100])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(tmp_path / "other")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none")


def test_a_pickle_is_not_opened(tmp_path, capsys):
    (tmp_path / "evil").write_bytes(pickle.dumps(Explosive()))
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(tmp_path / "evil")
    assert capsys.readouterr().out == ""


def test_a_newer_format_is_named(forge):
    forged = forge(lambda content, arrays: content | {"format": 2, "skdigits": "9.0"})
    with pytest.raises(ValueError, match=r"format 2 is newer than 1.*written by 9\.0"):
        load_model(forged)


WRONG_ARRAYS = {
    "missing": lambda arrays, name: arrays.pop(name),
    "extra": lambda arrays, name: arrays.update(extra=np.zeros(3)),
    "misshapen": lambda arrays, name: arrays.update({name: arrays[name].reshape(-1)}),
    "NaN": lambda arrays, name: arrays.update({name: np.full_like(arrays[name], np.nan)}),
    "oversized": lambda arrays, name: arrays.update({name: np.zeros(10**6, np.float32)}),
    "of integers": lambda arrays, name: arrays.update({name: arrays[name].astype(int)}),
    "of another precision": lambda arrays, name: arrays.update(
        {name: arrays[name].astype(np.float32)}
    ),
}


@pytest.mark.parametrize("wrong", WRONG_ARRAYS)
def test_arrays_that_do_not_fit_are_refused(forge, wrong):
    def change(content, arrays):
        weights = net_state(content)["net_"]["dict"]["weights"]["dict"]
        WRONG_ARRAYS[wrong](arrays, weights["blocks.0.conv.weight"]["array"])

    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(forge(change))


def deep(content, arrays):
    value = 1
    for _ in range(900):
        value = [value]
    net_state(content)["loss_curve_"] = value


WRONG_TEXTS = {
    "a class that is none": lambda c, a: c["model"]["pipeline"]["steps"].append(
        ["last", {"estimator": ["system", {}]}]
    ),
    "an unknown part": lambda c, a: c.update(model={"code": "print('run')"}),
    "no model": lambda c, a: c.update(model=3),
    "no parts": lambda c, a: {"format": 1},
    "no format": lambda c, a: c.update(format="1"),
    "a method overwritten": lambda c, a: net_state(c).update(predict=3),
    "a parameter missing": lambda c, a: net_state(c).pop("dropout") and None,
    "a parameter that is none": lambda c, a: net_state(c).update(dropout=7),
    "an attribute missing": lambda c, a: net_state(c).pop("n_outputs_") and None,
    "fewer outputs than classes": lambda c, a: net_state(c).update(n_outputs_=9),
    "a huge network": lambda c, a: net_state(c)["net_"]["dict"]["spec"]["dict"].update(
        channels={"tuple": [10**9]}
    ),
    "a monstrous network": lambda c, a: net_state(c)["net_"]["dict"]["spec"]["dict"].update(
        channels={"tuple": [10**30]}
    ),
    "a network of a million layers": lambda c, a: net_state(c)["net_"]["dict"]["spec"][
        "dict"
    ].update(hidden_layer_sizes={"tuple": [1] * 10**6}),
    "labels twice": lambda c, a: net_state(c).update(classes_={"text": ["a"] * 10, "width": 1}),
    "a wide text": lambda c, a: net_state(c).update(
        classes_={"text": list("abcdefghij"), "width": 10**9}
    ),
    "a deep nest": deep,
    "a plan that is none": lambda c, a: net_state(c)["net_"]["dict"]["plan"]["dict"].update(
        batch_size="many"
    ),
    "moments that never end": lambda c, a: net_state(c)["net_"]["dict"]["plan"]["dict"].update(
        betas={"tuple": [0.9, 1.5]}
    ),
    "steps that are none": lambda c, a: c["model"]["pipeline"].update(steps=[[1, 2]]),
}


@pytest.mark.parametrize("wrong", WRONG_TEXTS)
def test_descriptions_that_make_no_sense_are_refused(forge, wrong, measure_peak):
    forged = forge(WRONG_TEXTS[wrong])

    def refuse():
        with pytest.raises(ValueError, match=ONE_SENTENCE):
            load_model(forged)

    measure_peak(refuse, below=300 * 2**20)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"format": NaN}', '{"a": 1, "a": 2}', "{", "9" * 5000]
)
def test_json_that_is_a_bomb_is_refused(text, tmp_path):
    write_container(tmp_path / "bomb", text, {"0": np.zeros(1)})
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(tmp_path / "bomb")


def test_a_header_of_a_gigabyte_is_not_read(tmp_path):
    bomb = tmp_path / "bomb"
    with bomb.open("wb") as file:
        file.write(struct.pack("<Q", 2**30))
        file.truncate(2**30 + 8)  # a hole, no bytes on the disk
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(bomb)


def test_files_of_others_are_refused(tmp_path):
    save_file({"weight": np.zeros(3)}, tmp_path / "theirs", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="is not a file of a model of skdigits"):
        load_model(tmp_path / "theirs")


def moments_of(content):
    """The pairs of numbers and moments of a net that is the model."""
    return content["model"]["estimator"][1]["net_"]["dict"]["optimizer"]["pairs"]


def swap(moments, arrays):
    first, second = (dict(moments[i][1]["dict"]) for i in (0, 1))
    moments[0][1]["dict"], moments[1][1]["dict"] = second, first


def drop(key):
    def change(moments, arrays):
        for _, moment in moments:
            del arrays[moment["dict"].pop(key)["array"]]

    return change


def overwrite(key, value):
    def change(moments, arrays):
        for _, moment in moments:
            arrays[moment["dict"][key]["array"]] = value

    return change


WRONG_MOMENTS = {
    "of other weights": swap,
    "without a step": drop("step"),
    "without a mean": drop("exp_avg"),
    "with a step before the first": overwrite("step", np.full((), -1, np.float32)),
    "with several steps": overwrite("step", np.ones(3, np.float32)),
    "twice": lambda moments, arrays: moments.append([0, {"dict": {}}]),
    "of no weight": lambda moments, arrays: moments.append([99, {"dict": {}}]),
}


@pytest.mark.parametrize("wrong", WRONG_MOMENTS)
def test_moments_that_fit_no_weights_are_refused(wrong, tmp_path):
    model = ANNClassifier((4,), random_state=0).partial_fit(X, Y, classes=range(10))
    text, arrays = read_container(save_model(model, tmp_path / "model"))
    content, arrays = json.loads(text), dict(arrays)
    WRONG_MOMENTS[wrong](moments_of(content), arrays)
    write_container(tmp_path / "model", json.dumps(content), arrays)
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(tmp_path / "model")


def text_bomb(content, arrays):
    net_state(content)["feature_names_in_"] = {"text": ["a"] * 150_000, "width": 4096}


def layer_bomb(content, arrays):
    net_state(content)["net_"]["dict"]["spec"]["dict"]["hidden_layer_sizes"] = [1] * 60_000


def activation_bomb(content, arrays):
    state, side = net_state(content), 4000
    spec = state["net_"]["dict"]["spec"]["dict"]
    spec.update(image_shape={"tuple": [1, side, side]}, pooling={"tuple": [side // 2]})
    state.update(image_shape_={"tuple": [side, side]}, n_features_in_=side**2)
    head = state["net_"]["dict"]["weights"]["dict"]["head.weight"]["array"]
    arrays[head] = np.zeros((10, 12), np.float32)


def archive_bomb(content, arrays):
    """One array that 500 nodes name."""
    name = content["model"]["pipeline"]["steps"][0][1]["skops"]["array"]
    with zipfile.ZipFile(BytesIO(arrays[name].tobytes())) as file:
        members = {member: file.read(member) for member in file.namelist()}
    schema = json.loads(members["schema.json"])
    state = schema["content"]["content"]
    node = state["scale_"]
    members[node["file"]] = npy_of((250_000,), bytes(2_000_000))
    state.update({f"a{i}": node | {"__id__": 10**6 + i} for i in range(500)})
    members["schema.json"] = json.dumps(schema).encode()
    arrays[name] = archive(members)


@pytest.mark.parametrize("bomb", [text_bomb, layer_bomb, activation_bomb, archive_bomb])
def test_small_files_do_not_grow(bomb, forge, measure_peak):
    forged = forge(bomb)

    def refuse():
        with pytest.raises(ValueError, match=ONE_SENTENCE):
            load_model(forged)

    measure_peak(refuse, below=100 * 2**20)


def test_escapes_of_terminals_do_not_get_into_messages(forge):
    changes = [
        lambda content, arrays: content | {"format": 2, "skdigits": "\x1b[2J" * 10**5},
        lambda content, arrays: net_state(content).update({"\x1b[31m" * 10**5: 1}),
        lambda content, arrays: content | {"model": {"\x1b[31m" * 10**5: 1}},
    ]
    for change in changes:
        with pytest.raises(ValueError, match=ONE_SENTENCE) as refusal:
            load_model(forge(change))
        assert str(refusal.value).isascii()
        assert str(refusal.value).isprintable()
        assert len(str(refusal.value)) < 600

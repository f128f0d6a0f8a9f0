"""Files of models that were damaged or made to harm: one sentence, in bounded memory."""

import json
import pickle
import re
import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skdigits import ANNClassifier, CNNClassifier, ImageReshaper, load_model, save_model
from skdigits.persistence._container import read_container, write_container

X, Y = load_digits(return_X_y=True)
X, Y = X[:100].astype(np.uint8), Y[:100]
ONE_SENTENCE = r"\Aload_model cannot read \S+: .+\.\Z"
N_MUTATIONS = 10_000


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    net = CNNClassifier((3,), max_iter=1, random_state=0)
    model = make_pipeline(MinMaxScaler(), ImageReshaper(), net).fit(X, Y)
    return save_model(model, tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def forge(path, tmp_path):
    """A function that writes a file with another description or other arrays, rightly sealed."""

    def write(change):
        text, arrays = read_container(path)
        content, arrays = json.loads(text), dict(arrays)
        content = change(content, arrays) or content
        forged = tmp_path / "forged"
        write_container(forged, json.dumps(content), arrays)
        return forged

    return write


def net_state(content):
    """The description of the net in a file's Pipeline."""
    return content["model"]["pipeline"]["steps"][-1][1]["estimator"][1]


def mutate(rng, data):
    """Return the bytes changed: a bit, a few bytes, a piece cut off, added, moved or doubled."""
    data = bytearray(data)
    kind, at = rng.integers(6), int(rng.integers(len(data)))
    if kind == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[at : at + 8] = rng.bytes(8)
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[at:at] = rng.bytes(int(rng.integers(1, 64)))
    elif kind == 4:
        data[:8] = struct.pack("<Q", int(rng.integers(2**62)))
    else:
        data[at : at + 100] = data[:100]
    return bytes(data)


def check_opening(path, expected):
    """Open a file: it is refused in one sentence, or predicts what the whole one did."""
    refusal = ""
    try:
        found = load_model(path)
    except ValueError as error:
        refusal = str(error)
    if refusal:
        assert re.match(ONE_SENTENCE, refusal)
    else:
        assert_array_equal(found.predict_proba(X), expected)


@pytest.mark.slow
def test_no_mutation_is_taken_for_a_model(path, tmp_path, measure_peak):
    whole, rng, model = path.read_bytes(), np.random.default_rng(0), load_model(path)
    expected, mutated = model.predict_proba(X), tmp_path / "mutated"

    def open_all():
        for _ in range(N_MUTATIONS):
            data = mutate(rng, whole)
            mutated.write_bytes(data)
            check_opening(mutated, expected)

    measure_peak(open_all, below=100 * len(whole))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_changed_bytes_are_refused_or_change_nothing(seed, path, tmp_path):
    mutated = tmp_path / "mutated"
    mutated.write_bytes(mutate(np.random.default_rng(seed), path.read_bytes()))
    check_opening(mutated, load_model(path).predict_proba(X))


def test_every_single_bit_of_the_end_and_the_head_counts(path, tmp_path):
    whole = path.read_bytes()
    for at in [*range(8), *range(len(whole) - 40, len(whole))]:
        for bit in range(8):
            changed = bytearray(whole)
            changed[at] ^= 1 << bit
            (tmp_path / "changed").write_bytes(changed)
            with pytest.raises(ValueError, match=ONE_SENTENCE):
                load_model(tmp_path / "changed")


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x03\x04", b"\xff" * 100])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(tmp_path / "other")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none")


class Explosive:
    def __reduce__(self):
        return print, ("run",)


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


def archive(members, compression=zipfile.ZIP_STORED):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return np.frombuffer(content.getvalue(), np.uint8)


def npy_of(shape, data=b""):
    content = BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue() + data


OBJECT = {
    "__class__": "Explosive",
    "__module__": "tests.test_hostile_model_files",
    "__loader__": "ObjectNode",
    "__id__": 1,
    "content": {
        "__class__": "dict",
        "__module__": "builtins",
        "__loader__": "DictNode",
        "key_types": {},
        "content": {},
        "__id__": 2,
    },
    "protocol": 2,
    "_skops_version": "0.16.0",
}
BAD_STEPS = {
    "a compressed archive": lambda: archive({"schema.json": b"0" * 10**6}, zipfile.ZIP_DEFLATED),
    "an array of a terabyte": lambda: archive({"schema.json": b"{}", "a.npy": npy_of((10**11,))}),
    "an array of a wrong length": lambda: archive({"schema.json": b"{}", "a.npy": npy_of((-1,))}),
    "a class of mine": lambda: archive({"schema.json": json.dumps(OBJECT).encode()}),
    "no schema": lambda: archive({"other": b""}),
    "no archive": lambda: np.zeros(100, np.uint8),
    "floats": lambda: np.zeros(100),
    "a deep schema": lambda: archive({"schema.json": b"[" * 10**5}),
}


@pytest.mark.parametrize("wrong", BAD_STEPS)
def test_steps_that_harm_are_refused(forge, wrong, measure_peak, capsys):
    def change(content, arrays):
        arrays[content["model"]["pipeline"]["steps"][0][1]["skops"]["array"]] = BAD_STEPS[wrong]()

    forged = forge(change)

    def refuse():
        with pytest.raises(ValueError, match=ONE_SENTENCE):
            load_model(forged)

    measure_peak(refuse, below=100 * 2**20)
    assert capsys.readouterr().out == ""


def test_moments_of_other_weights_are_refused(tmp_path):
    model = ANNClassifier((4,), random_state=0).partial_fit(X, Y, classes=range(10))
    path = save_model(model, tmp_path / "model")
    text, arrays = read_container(path)
    content = json.loads(text)
    moments = content["model"]["estimator"][1]["net_"]["dict"]["optimizer"]["dict"]["state"][
        "pairs"
    ]
    first, second = (dict(moments[i][1]["dict"]) for i in (0, 1))
    moments[0][1]["dict"], moments[1][1]["dict"] = second, first
    write_container(path, json.dumps(content), arrays)
    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(path)

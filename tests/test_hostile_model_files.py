"""Files of models that were damaged or made to harm: one sentence, in bounded memory."""

import copy
import json
import os
import pickle
import re
import struct
import zipfile
from contextlib import suppress
from functools import partial
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from safetensors.numpy import save_file
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from skdigits import (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    ImageReshaper,
    load_model,
    save_model,
)
from skdigits.persistence._container import read_container, write_container
from skdigits.persistence._sklearn_steps import write_step

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


def replace(name, value):
    def change(state):
        setattr(state, name, value(getattr(state, name, None)))

    return change


SVMS = {
    "fewer weights than vectors": (SVC(), replace("_dual_coef_", lambda a: a[:, :2].copy())),
    "no intercepts": (SVC(), replace("_intercept_", lambda a: a[:1].copy())),
    "a billion vectors": (SVC(), replace("_n_support", lambda a: np.full_like(a, 10**8))),
    "vectors below zero": (SVC(), replace("_n_support", lambda a: np.full_like(a, -5))),
    "fewer classes": (SVC(), replace("classes_", lambda a: a[:2])),
    "narrow vectors": (SVC(), replace("support_vectors_", lambda a: a[:, :1].copy())),
    "a public twin": (SVC(), replace("intercept_", lambda a: a + 1)),
    "a regression": (SVR(), replace("_dual_coef_", lambda a: a[:, :1].copy())),
    "one class": (OneClassSVM(), replace("_n_support", lambda a: a[:1].copy())),
    "kernels of no rows": (SVC(), replace("kernel", lambda _: "precomputed")),
    "NaN": (NuSVC(nu=0.1), replace("_gamma", lambda _: float("nan"))),
    "a method": (SVC(), replace("predict", lambda _: 3)),
}
STEPS = SVMS | {
    "labels of no class": (KNeighborsClassifier(), replace("_y", lambda a: a + 10**6)),
    "few labels": (KNeighborsClassifier(), replace("_y", lambda a: a[:3])),
    "NaN coefficients": (LogisticRegression(), replace("coef_", lambda a: a * np.nan)),
    "one row of coefficients": (LogisticRegression(), replace("coef_", lambda a: a[:1])),
    "labels turned round": (LogisticRegression(), replace("classes_", lambda a: a[::-1].copy())),
    "a parameter out of range": (LogisticRegression(), replace("C", lambda _: -5)),
    "no scale": (MinMaxScaler(), replace("scale_", np.zeros_like)),
    "a scalar scale": (MinMaxScaler(), replace("scale_", lambda _: np.ones(()))),
    "wide centres": (KMeans(3, n_init=1), replace("cluster_centers_", lambda a: a[:, :2].copy())),
    "billions of columns": (PolynomialFeatures(1), replace("degree", lambda _: 60)),
}


@pytest.mark.parametrize("wrong", STEPS)
def test_steps_whose_numbers_lead_astray_are_refused(wrong, forge):
    step, change = STEPS[wrong]
    step = clone(step).fit(X.astype(float), Y)
    change(step)

    def put_in(content, arrays):
        passed = content["model"]["pipeline"]["steps"][0][1]
        arrays[passed["skops"]["array"]] = write_step(step, who="the test")[0]
        content["model"] = passed
        for other in set(arrays) - {passed["skops"]["array"]}:
            del arrays[other]

    with pytest.raises(ValueError, match=ONE_SENTENCE):
        load_model(forge(put_in))


def test_a_step_with_a_cache_in_a_folder_is_refused(forge, tmp_path):
    cached = Pipeline([("scale", MinMaxScaler())], memory=str(tmp_path / "cache")).fit(X, Y)

    def put_in(content, arrays):
        name = content["model"]["pipeline"]["steps"][0][1]["skops"]["array"]
        arrays[name] = write_step(cached, who="the test")[0]

    with pytest.raises(ValueError, match="has a cache in a folder"):
        load_model(forge(put_in))


def test_no_more_threads_are_started_than_there_are_processors(forge):
    net = KNeighborsClassifier(n_jobs=3000).fit(X, Y)

    def put_in(content, arrays):
        steps = content["model"]["pipeline"]["steps"]
        arrays[steps[0][1]["skops"]["array"]] = write_step(net, who="the test")[0]
        content["model"] = steps[0][1]
        for other in set(arrays) - {steps[0][1]["skops"]["array"]}:
            del arrays[other]

    assert load_model(forge(put_in)).n_jobs <= os.cpu_count()


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


IMAGES = X.reshape(-1, 8, 8)
WHOLE = {  # what is changed at one place, and what it is then asked about
    "net with its optimiser": (
        lambda: ANNClassifier((4,), random_state=0).partial_fit(X, Y, classes=range(10)),
        X,
    ),
    "net with augmentation": (
        lambda: CNNClassifier(
            (3,), augment=Augmentation(shift=0.1), max_iter=1, random_state=0
        ).fit(X, Y),
        X,
    ),
    "normaliser": (
        lambda: make_pipeline(
            CharacterNormalizer(8, box=6), CNNClassifier((3,), max_iter=1, random_state=0)
        ).fit(IMAGES, Y),
        IMAGES,
    ),
    "gradients": (
        lambda: make_pipeline(
            Deskewer(), HOGFeatures(), ANNClassifier((4,), max_iter=1, random_state=0)
        ).fit(IMAGES, Y),
        IMAGES,
    ),
    "svm": (lambda: make_pipeline(MinMaxScaler(), SVC()).fit(X, Y), X),
    "neighbours": (lambda: KNeighborsClassifier().fit(X, Y), X),
    "regression": (lambda: LogisticRegression(max_iter=9, tol=1).fit(X, Y), X),
}
HOSTILE = [
    *(None, True, 0, -1, 1, 2, 10**6, 10**30, 0.0, -0.5, 1.5, 1e300, "", "x", "0", [], [1], [[1]]),
    *({}, {"tuple": []}, {"tuple": [0]}, {"tuple": [1, 1]}, {"tuple": [-1]}, {"dict": {}}),
    *({"dict": {"a": 1}}, {"pairs": [[1, 2]]}, {"pairs": [[1, 2], ["a", 3]]}, {"float": "nan"}),
    *({"float": "inf"}, {"text": ["a"], "width": 1}, {"text": [], "width": None}),
    *({"array": "0"}, {"scalar": {"array": "0"}}, {"tuple": [10**9, 10**9, 10**9]}),
    {"estimator": ["ImageReshaper", {"image_shape": None}]},
]
HOSTILE_ARRAYS = [
    np.zeros(1),
    np.zeros(()),
    np.full((3, 3), np.nan),
    np.arange(100),
    np.full(100, -1),
    np.full(100, 10**9, np.int32),
    np.zeros((1, 64)),
    np.zeros((9, 1)),
    np.ones(3, bool),
]


def places(value, place=()):
    """Yield where the nodes of JSON are."""
    yield place
    parts = enumerate(value) if isinstance(value, list) else ()
    for key, part in value.items() if isinstance(value, dict) else parts:
        yield from places(part, (*place, key))


def change_one_place(rng, value, choices):
    """Put something else into one place of JSON, or take it out of an object."""
    *way, last = rng.choice(np.array([*places(value), None], dtype=object)[1:-1])
    for key in way:
        value = value[key]
    if isinstance(value, dict) and rng.random() < 0.1:
        del value[last]
    else:
        value[last] = copy.deepcopy(choices[rng.integers(len(choices))])


def change_step(rng, array):
    """Change one node of a step's schema, or one of its arrays."""
    with zipfile.ZipFile(BytesIO(array.tobytes())) as file:
        members = {member: file.read(member) for member in file.namelist()}
    schema = json.loads(members.pop("schema.json"))
    if members and rng.random() < 0.5:
        content = BytesIO()
        np.save(content, HOSTILE_ARRAYS[rng.integers(len(HOSTILE_ARRAYS))])
        members[sorted(members)[rng.integers(len(members))]] = content.getvalue()
    else:
        nodes = [part for part in map(partial(look_up, schema), places(schema)) if part]
        change_one_place(rng, schema, [*HOSTILE, *nodes])
    return archive({"schema.json": json.dumps(schema), **members})


def look_up(value, place):
    for key in place:
        value = value[key]
    return value if isinstance(value, dict) else None


def reseal(rng, text, arrays, path):
    """Write a file with one thing changed, and the right checksum."""
    content, arrays = json.loads(text), dict(arrays)
    steps = re.findall(r'"skops": {"array": "(\d+)"}', text)
    if steps and rng.random() < 0.8:
        arrays[steps[0]] = change_step(rng, arrays[steps[0]])
    else:
        change_one_place(rng, content["model"], HOSTILE)
    text = json.dumps(content)
    named = re.findall(r'{"array": "([^"]*)"}', text)  # what no part asks for is too easily seen
    write_container(path, text, {name: arrays[name] for name in arrays if name in named})


def open_and_ask(path, question, labels):
    """Open a file: it is refused in one sentence, or answers with labels or a ValueError."""
    refusal, found = "", None
    try:
        found = load_model(path)
    except ValueError as error:
        refusal = str(error)
    if found is None:
        assert re.match(ONE_SENTENCE, refusal)
        return
    if not hasattr(found, "predict"):  # its last step has become a "passthrough"
        return
    with suppress(ValueError):
        assert set(np.asarray(found.predict(question)).ravel().tolist()) <= labels(found)


def labels_of(model):
    return set(np.asarray(getattr(model, "classes_", range(10))).ravel().tolist())


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize(
    "n_changes", [40, pytest.param(400, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.filterwarnings("ignore")
def test_one_change_under_the_right_seal_is_refused_or_answers(
    whole, n_changes, tmp_path, measure_peak
):
    make, question = WHOLE[whole]
    path = tmp_path / "model"
    text, arrays = read_container(save_model(make(), path))
    rng = np.random.default_rng(0)

    def open_all():
        for _ in range(n_changes):
            reseal(rng, text, arrays, path)
            open_and_ask(path, question, labels_of)

    measure_peak(open_all, below=300 * 2**20)

"""Files of models changed at random, under a broken or a right seal: refused, or they answer."""

import copy
import json
import re
import struct
import zipfile
from contextlib import suppress
from functools import partial
from io import BytesIO

import forged_models
import numpy as np
import pytest
from forged_models import ONE_SENTENCE, X, Y, archive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    load_model,
    save_model,
)
from skdigits.persistence._container import read_container, write_container

path = forged_models.path

N_MUTATIONS = 10_000


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

"""Images in a file: they train the same bits as in memory, and take none of it."""

import gzip
import pickle

import numpy as np
import pytest
import torch
from both_classifiers import BOTH
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from skdigits import ANNClassifier, ImageReshaper
from skdigits._validation import is_mapped
from skdigits.datasets import read_idx, write_idx
from skdigits.neural._mapped import MappedPixels

ARRAYS = st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]).flatmap(
    lambda code: npst.arrays(np.dtype(code), npst.array_shapes(min_dims=1, max_dims=4, min_side=0))
)
MESSAGES = {
    "compressed": r"^read_idx\(mmap_mode='r'\) expects a plain file, .* compressed by gzip: .*\.$",
    "short": r"^read_idx expects 12 bytes of values in .* after its header, got 11\.$",
    "long": r"^read_idx expects 12 bytes of values in .* after its header, got more\.$",
    "no header": r"^read_idx expects 3 sizes in the header of .*, it ends before\.$",
    "empty": r"^read_idx expects an IDX file, .* begins with the bytes -\.$",
    "something else": r"^read_idx expects an IDX file, .* begins with the bytes 89 50 4e 47\.$",
}


@pytest.fixture
def mapped(tmp_path):
    """A function that writes an array, and returns it from the file."""

    def write(array, kind):
        if kind == "idx":
            write_idx(array, tmp_path / "images")
            return read_idx(tmp_path / "images", mmap_mode="r")
        np.save(tmp_path / "images.npy", array)
        return np.load(tmp_path / "images.npy", mmap_mode=kind)

    return write


def quick(Classifier, **parameters):
    return Classifier(**{"max_iter": 2, "random_state": 0, **parameters})


def assert_same_fit(one, other, X, X_mapped):
    assert one.loss_curve_ == other.loss_curve_
    assert one.n_iter_ == other.n_iter_
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert_array_equal(one.predict_proba(X), other.predict_proba(X_mapped))


@BOTH
@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        ("uint8", "idx"),
        ("uint8", "r"),
        ("uint8", "r+"),
        ("float32", "r"),
        ("float32", "idx"),  # big-endian in the file
        ("float64", "idx"),
        ("float64", "r"),
        ("int16", "idx"),
        ("int64", "r"),
        ("float16", "r"),
        ("bool", "r"),
    ],
)
def test_a_file_trains_the_bits_of_memory(Classifier, dtype, kind, digits, mapped):
    X, y = digits
    X = X.reshape(-1, 8, 8).astype(dtype)
    X_mapped = mapped(X, kind)
    expected = quick(Classifier).fit(X, y)
    assert_same_fit(expected, quick(Classifier).fit(X_mapped, y), X, X_mapped)


@BOTH
@pytest.mark.parametrize(
    "parameters",
    [
        {"early_stopping": True, "validation_fraction": 0.3, "learning_rate": "one_cycle"},
        {"class_weight": "balanced", "augment": "strong"},
        {"batch_size": 300},
        {"shuffle": False},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_no_parameter_tells_a_file_from_memory(Classifier, parameters, weighted, digits, mapped):
    X, y = digits
    X_mapped = mapped(X, "idx")
    weights = np.arange(len(y)) % 3 if weighted else None  # a third is left out
    expected = quick(Classifier, **parameters).fit(X, y, weights)
    other = quick(Classifier, **parameters).fit(X_mapped, y, weights)
    assert_same_fit(expected, other, X, X_mapped)
    assert_array_equal(X_mapped, X)


@BOTH
def test_parts_of_a_file_are_trained_one_after_another(Classifier, digits, mapped):
    X, y = digits
    X_mapped = mapped(X, "idx")
    expected, other = quick(Classifier), quick(Classifier)
    for part in (slice(0, 120), slice(120, 300), slice(299, None, -2)):
        expected.partial_fit(X[part], y[part], classes=np.arange(10))
        other.partial_fit(X_mapped[part], y[part], classes=np.arange(10))
    assert_same_fit(expected, other, X, X_mapped)


def test_columns_in_the_order_of_fortran_train_the_same(digits, mapped):
    X, y = digits
    X_mapped = mapped(np.asfortranarray(X), "r")
    assert X_mapped.flags.f_contiguous
    expected, other = (quick(ANNClassifier).fit(rows, y) for rows in (X, X_mapped))
    assert_same_fit(expected, other, X, X_mapped)


@pytest.fixture
def large_file(tmp_path):
    """47 MB of images, most of them black, and their labels."""
    images = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", "uint8", shape=(60_000, 28, 28))
    images[::500] = np.random.default_rng(0).integers(0, 256, (120, 28, 28))
    images.flush()
    return np.load(tmp_path / "X.npy", mmap_mode="r"), np.arange(60_000) % 10


@pytest.mark.slow
@pytest.mark.parametrize("early_stopping", [False, True], ids=["", "early stopping"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_memory_stays_flat(early_stopping, weighted, large_file, measure_peak, no_large_tensors):
    X, y = large_file
    weights = (np.arange(len(y)) % 4 > 0) * 1.0 if weighted else None
    ann = ANNClassifier(
        4, max_iter=1, learning_rate="one_cycle", early_stopping=early_stopping, random_state=0
    )
    pipeline = make_pipeline(ImageReshaper(), ann)
    measure_peak(pipeline.fit, X, y, annclassifier__sample_weight=weights, below=12e6)
    measure_peak(pipeline.predict, X, below=12e6)


@pytest.mark.parametrize("kind", ["idx", "r"])
def test_a_cast_takes_no_memory(kind, mapped, measure_peak):
    X = mapped(np.ones((20_000, 64), "int32"), kind)  # 5 MB
    ann = quick(ANNClassifier, hidden_layer_sizes=2, max_iter=1)
    measure_peak(ann.fit, X, np.arange(len(X)) % 2, below=4e6)


@pytest.fixture
def no_large_tensors(monkeypatch):
    """Let no more than a block of images be read at once: tracemalloc does not see torch."""
    read = MappedPixels.__getitem__

    def checked(self, key):
        found = read(self, key)
        assert found.numel() <= 2048 * 784
        return found

    monkeypatch.setattr(MappedPixels, "__getitem__", checked)


@pytest.mark.parametrize("kind", ["idx", "r"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_file_with_a_wrong_pixel_is_refused(kind, value, digits, mapped):
    X, y = digits
    X = X.astype("float32")
    X[-1, 3] = value
    ann = quick(ANNClassifier)
    for images in (X, mapped(X, kind)):
        with pytest.raises(ValueError, match=r"^Input X contains (NaN|infinity)"):
            ann.fit(images, y)
    assert not hasattr(ann, "classes_")


def test_a_file_of_another_width_is_refused(digits, mapped):
    X, y = digits
    ann = quick(ANNClassifier).fit(X, y)
    with pytest.raises(ValueError, match="X has 60 features, but ANNClassifier is expecting 64"):
        ann.predict(mapped(np.ones((3, 60), "int32"), "idx"))


def test_a_model_holds_nothing_of_the_file(digits, mapped):
    X, y = digits
    ann = quick(ANNClassifier).fit(mapped(X, "idx"), y)
    again = pickle.loads(pickle.dumps(ann))
    assert not any(is_mapped(value) for value in vars(again).values())
    assert_array_equal(again.predict(X), ann.predict(X))


def test_callbacks_read_images_by_index(digits, mapped):
    class Look(Callback):
        def on_train_begin(self, net, X, y, **kwargs):
            self.seen = len(X), X.shape, X.dtype, X[:3], X[2]

    X, y = digits
    look = Look()
    quick(ANNClassifier, callbacks=[look]).fit(mapped(X, "idx"), y)
    n_images, shape, dtype, first, third = look.seen
    assert (n_images, shape, dtype) == (300, (300, 1, 8, 8), torch.uint8)
    assert_array_equal(first.flatten(1), X[:3])
    assert_array_equal(third, first[2])


@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_images_are_read_where_they_belong(tmp_path_factory, data):
    rows = np.arange(60, dtype=">i2").reshape(20, 3)
    pixels = MappedPixels(rows, (1, 1, 3))
    expected = torch.arange(60).reshape(20, 1, 1, 3)
    for _ in range(data.draw(st.integers(1, 2))):
        places = st.lists(st.integers(0, len(pixels) - 1), min_size=1, max_size=30)
        index = torch.tensor(data.draw(places))
        pixels, expected = pixels.index_select(0, index), expected[index]
    assert pixels.shape == expected.shape
    part = data.draw(st.slices(len(pixels)).filter(lambda part: (part.step or 1) > 0))
    assert torch.equal(pixels[part], expected[part].float())
    assert torch.equal(pixels.flatten(1)[:], expected.flatten(1).float())
    assert torch.equal(pixels[0], expected[0].float())


def test_what_is_read_goes_to_the_device():
    pixels = MappedPixels(np.ones((9, 4), "uint8"), (1, 2, 2)).to("meta")
    assert pixels.index_select(0, torch.arange(5))[1:3].device.type == "meta"


def test_what_is_mapped(tmp_path):
    written = np.memmap(tmp_path / "file", "uint8", "w+", shape=(4, 4))
    for part in (written, written[1:], np.asarray(written), written.reshape(2, 8), written.T):
        assert is_mapped(part)
    for copy in (written.copy(), written + 1, written[[0, 2]], np.ones(3), [[1]], None):
        assert not is_mapped(copy)


@given(array=ARRAYS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mapped_idx_file_holds_what_is_read(tmp_path, array):
    write_idx(array, tmp_path / "file")
    back = read_idx(tmp_path / "file", mmap_mode="r")
    assert isinstance(back, np.memmap)
    assert not back.flags.writeable
    assert back.dtype == array.dtype.newbyteorder(">")
    assert_array_equal(back, read_idx(tmp_path / "file"))


@pytest.mark.parametrize("what", MESSAGES)
def test_a_file_that_cannot_be_mapped_is_refused(what, tmp_path):
    write_idx(np.ones((3, 2, 2), "uint8"), tmp_path / "file")
    whole = (tmp_path / "file").read_bytes()
    contents = {
        "compressed": gzip.compress(whole),
        "short": whole[:-1],
        "long": whole + b"\0",
        "no header": whole[:9],
        "empty": b"",
        "something else": b"\x89PNG\r\n",
    }
    (tmp_path / "file").write_bytes(contents[what])
    with pytest.raises(ValueError, match=MESSAGES[what]):
        read_idx(tmp_path / "file", mmap_mode="r")


def test_another_mode_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^read_idx expects mmap_mode=None or 'r', got 'r\+'\.$"):
        read_idx(tmp_path / "file", mmap_mode="r+")

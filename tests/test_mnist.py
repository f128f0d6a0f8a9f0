"""MNIST and its like on small files in their place, and on the real ones where they are."""

import gzip
import hashlib
import os
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skdigits.datasets import _mnist, fetch_fashion_mnist, fetch_kmnist, fetch_mnist, write_idx
from skdigits.datasets._idx_sets import FILES, MNIST

PARTS = {"train": ("train", 6), "test": ("t10k", 2)}


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """Six training and two test digits under `tmp_path`, taken for the published ones."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    digits = {}
    for part, (prefix, n_rows) in PARTS.items():
        images = rng.integers(0, 256, size=(n_rows, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, size=n_rows, dtype=np.uint8)
        digits[part] = images, labels
        write_idx(images, folder / f"{prefix}-images-idx3-ubyte.gz")
        write_idx(labels, folder / f"{prefix}-labels-idx1-ubyte.gz")
    contents = tuple(
        hashlib.sha256(gzip.decompress((folder / f"{name}.gz").read_bytes())).hexdigest()
        for name in FILES
    )
    monkeypatch.setattr(_mnist, "MNIST", replace(MNIST, contents=contents))
    monkeypatch.setattr(_mnist, "_N_IMAGES", {part: n for part, (_, n) in PARTS.items()})
    monkeypatch.delenv("SKDIGITS_DATA", raising=False)
    return tmp_path, digits


@pytest.mark.parametrize("subset", ["train", "test"])
def test_a_subset_is_what_its_files_hold(small_mnist, subset):
    data_home, digits = small_mnist
    images, labels = digits[subset]
    bunch = fetch_mnist(data_home=data_home, subset=subset)
    assert bunch.data.dtype == np.uint8
    assert bunch.frame is None
    np.testing.assert_array_equal(bunch.data, images.reshape(-1, 784))
    np.testing.assert_array_equal(bunch.images, images)
    np.testing.assert_array_equal(bunch.target, labels)
    assert "LeCun" in bunch.DESCR


def test_all_is_train_then_test(small_mnist):
    data_home, digits = small_mnist
    X, y = fetch_mnist(data_home=data_home, subset="all", return_X_y=True)
    np.testing.assert_array_equal(X[:6], digits["train"][0].reshape(6, 784))
    np.testing.assert_array_equal(X[6:], digits["test"][0].reshape(2, 784))
    np.testing.assert_array_equal(y, np.concatenate([digits["train"][1], digits["test"][1]]))


def test_frames_have_a_column_a_pixel(small_mnist):
    data_home, digits = small_mnist
    bunch = fetch_mnist(data_home=data_home, as_frame=True)
    assert bunch.frame.shape == (6, 785)
    assert bunch.data.columns.tolist() == bunch.feature_names
    assert bunch.data["pixel_3_4"].tolist() == digits["train"][0][:, 3, 4].tolist()
    X, y = fetch_mnist(data_home=data_home, as_frame=True, return_X_y=True)
    assert X.equals(bunch.data)
    assert y.name == "target"


def test_plain_files_do_as_well(small_mnist):
    data_home, digits = small_mnist
    for path in (data_home / "mnist").glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    X, _ = fetch_mnist(data_home=str(data_home), return_X_y=True)
    np.testing.assert_array_equal(X, digits["train"][0].reshape(6, 784))


def test_the_environment_says_where_the_argument_does_not(small_mnist, monkeypatch, tmp_path):
    data_home, _ = small_mnist
    monkeypatch.setenv("SKDIGITS_DATA", str(data_home))
    assert len(fetch_mnist().data) == 6
    with pytest.raises(OSError, match=re.escape(str(tmp_path / "elsewhere" / "mnist"))):
        fetch_mnist(data_home=tmp_path / "elsewhere", download_if_missing=False)


def test_without_either_it_is_a_folder_of_scikit_learns(small_mnist, monkeypatch, tmp_path):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    folder = re.escape(str(tmp_path / "home" / "skdigits" / "mnist"))
    with pytest.raises(FileNotFoundError, match=f"put them into {folder}, or name another"):
        fetch_mnist(download_if_missing=False)


def test_only_the_missing_file_is_named(small_mnist):
    data_home, _ = small_mnist
    (data_home / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    message = r"^fetch_mnist misses t10k-labels-idx1-ubyte.gz \(or the same without .gz\): put it"
    with pytest.raises(OSError, match=message):
        fetch_mnist(data_home=data_home, subset="all", download_if_missing=False)


def test_other_contents_are_refused(small_mnist):
    data_home, digits = small_mnist
    write_idx(digits["train"][1][::-1], data_home / "mnist" / "train-labels-idx1-ubyte.gz")
    with pytest.raises(OSError, match=r"expects the published train-labels-idx1-ubyte, .* differ"):
        fetch_mnist(data_home=data_home)


@pytest.mark.parametrize(
    ("images", "labels"), [((6, 28, 27), (6,)), ((5, 28, 28), (5,)), ((6, 28, 28), (5,))]
)
def test_other_sizes_are_refused_where_contents_are_not_known(images, labels, small_mnist):
    data_home, _ = small_mnist
    folder = data_home / "kmnist"
    folder.mkdir()
    write_idx(np.zeros(images, np.uint8), folder / "train-images-idx3-ubyte")
    write_idx(np.zeros(labels, np.uint8), folder / "train-labels-idx1-ubyte")
    with pytest.raises(ValueError, match="has another size or other labels"):
        fetch_kmnist(data_home=data_home)


def test_labels_have_names(small_mnist):
    data_home, digits = small_mnist
    folder = data_home / "kmnist"
    folder.mkdir()
    for name, array in zip(FILES, digits["train"], strict=False):
        write_idx(array, folder / name)
    bunch = fetch_kmnist(data_home=data_home)
    assert "".join(bunch.target_names) == "おきすつなはまやれを"
    np.testing.assert_array_equal(bunch.target, digits["train"][1])


def test_an_unknown_subset_is_refused(small_mnist):
    with pytest.raises(ValueError, match="expects subset 'train', 'test' or 'all', got 'dev'"):
        fetch_mnist(data_home=small_mnist[0], subset="dev")


def needs_real(name):
    there = Path(os.environ.get("SKDIGITS_DATA", "nowhere"), name).is_dir()
    return pytest.mark.skipif(not there, reason=f"SKDIGITS_DATA has no {name}")


@needs_real("mnist")
def test_the_real_files_are_the_published_ones():
    bunch = fetch_mnist(subset="all")
    assert bunch.data.shape == (70_000, 784)
    # LeCun's page: the test set begins 7 2 1 0 4; the md5 of the training images is well known.
    assert bunch.target[60_000:60_005].tolist() == [7, 2, 1, 0, 4]
    header = struct.pack(">IIII", 2051, 60_000, 28, 28)
    digest = hashlib.md5(header + bunch.data[:60_000].tobytes()).hexdigest()
    assert digest == "6bbc9ace898e44ae57da46a324031adb"


@needs_real("fashion-mnist")
def test_the_real_clothes_are_the_published_ones():
    bunch = fetch_fashion_mnist(subset="all", as_frame=True)
    assert bunch.frame.shape == (70_000, 785)
    assert bunch.target.value_counts().tolist() == [7000] * 10
    assert bunch.target_names[bunch.target[0]] == "Ankle boot"  # the first picture of the paper

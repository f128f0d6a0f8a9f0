"""MNIST and its relatives: small files in their place, and the real ones where they are."""

import gzip
import hashlib
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from skdigits.datasets import (
    _mnist,
    fetch_fashion_mnist,
    fetch_kmnist,
    fetch_mnist,
    write_idx,
)

FETCHERS = {
    "mnist": (fetch_mnist, _mnist._MNIST),
    "fashion-mnist": (fetch_fashion_mnist, _mnist._FASHION_MNIST),
    "kmnist": (fetch_kmnist, _mnist._KMNIST),
}


@pytest.fixture
def small_mnist(tmp_path, monkeypatch, write_small_set):
    """Six training and two test digits under `tmp_path`, taken for the published ones."""
    monkeypatch.delenv("SKDIGITS_DATA", raising=False)
    return tmp_path, write_small_set(_mnist._MNIST, tmp_path / "mnist")


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


def test_other_contents_are_refused(small_mnist, monkeypatch):
    data_home, _ = small_mnist
    monkeypatch.setitem(_mnist._MNIST.sha256, "train-labels-idx1-ubyte", "0" * 64)
    with pytest.raises(OSError, match=r"expects the published train-labels-idx1-ubyte, .* differ"):
        fetch_mnist(data_home=data_home)


def test_an_unknown_subset_is_refused(small_mnist):
    with pytest.raises(ValueError, match="expects subset 'train', 'test' or 'all', got 'dev'"):
        fetch_mnist(data_home=small_mnist[0], subset="dev")


@pytest.mark.skipif(
    not Path(os.environ.get("SKDIGITS_DATA", "nowhere"), "mnist").is_dir(),
    reason="SKDIGITS_DATA has no mnist",
)
def test_the_real_files_are_the_published_ones():
    bunch = fetch_mnist(subset="all")
    assert bunch.data.shape == (70_000, 784)
    # LeCun's page: the test set begins 7 2 1 0 4; the md5 of the training images is well known.
    assert bunch.target[60_000:60_005].tolist() == [7, 2, 1, 0, 4]
    header = struct.pack(">IIII", 2051, 60_000, 28, 28)
    digest = hashlib.md5(header + bunch.data[:60_000].tobytes()).hexdigest()
    assert digest == "6bbc9ace898e44ae57da46a324031adb"


@pytest.mark.parametrize("name", FETCHERS)
def test_relatives_are_read_alike_from_folders_of_their_own(tmp_path, write_small_set, name):
    fetch, dataset = FETCHERS[name]
    digits = write_small_set(dataset, tmp_path / name)
    bunch = fetch(data_home=tmp_path, subset="all")
    np.testing.assert_array_equal(bunch.images, np.concatenate([digits[p][0] for p in digits]))
    np.testing.assert_array_equal(bunch.target, np.concatenate([digits[p][1] for p in digits]))
    assert bunch.target.dtype == np.int64
    assert len(bunch.target_names) == 10
    for word in (":Number of Instances: 60,000", ":Licence: ", ".. rubric:: References"):
        assert word in bunch.DESCR


def test_labels_have_the_published_names():
    assert _mnist._FASHION_MNIST.target_names[[0, 9]].tolist() == ["T-shirt/top", "Ankle boot"]
    assert "".join(_mnist._KMNIST.target_names) == "おきすつなはまやれを"


@pytest.fixture
def small_kmnist(tmp_path, write_small_set):
    write_small_set(_mnist._KMNIST, tmp_path / "kmnist")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("images-idx3", np.zeros((5, 28, 28), "u1"), "uint8 of shape 6x28x28 in .* 5x28x28"),
        ("images-idx3", np.zeros((6, 28, 27), "u1"), "uint8 of shape 6x28x28 in .* 6x28x27"),
        ("images-idx3", np.zeros((6, 784), "u1"), "uint8 of shape 6x28x28 in .* 6x784"),
        ("images-idx3", np.zeros((6, 28, 28), "f4"), "uint8 of shape .* got float32"),
        ("labels-idx1", np.zeros(7, "u1"), "6 labels in .* one an image, got .* shape 7"),
        ("labels-idx1", np.zeros((6, 1), "u1"), "6 labels in .* shape 6x1"),
        ("labels-idx1", np.zeros(6, "f4"), "6 labels in .* got float32"),
        ("labels-idx1", np.full(6, 10, "u1"), "labels from 0 to 9 in .*, got 10"),
        ("labels-idx1", np.full(6, -1, "i1"), "labels from 0 to 9 in .*, got -1"),
    ],
)
def test_without_a_hash_of_the_contents_their_form_is_checked(small_kmnist, name, array, message):
    write_idx(array, small_kmnist / "kmnist" / f"train-{name}-ubyte.gz")
    with pytest.raises(ValueError, match=rf"^fetch_kmnist expects {message}.*\.$"):
        fetch_kmnist(data_home=small_kmnist)


@pytest.mark.skipif(
    not Path(os.environ.get("SKDIGITS_DATA", "nowhere"), "fashion-mnist").is_dir(),
    reason="SKDIGITS_DATA has no fashion-mnist",
)
def test_the_real_fashion_begins_with_an_ankle_boot():
    bunch = fetch_fashion_mnist(subset="all")
    assert bunch.data.shape == (70_000, 784)
    assert bunch.target_names[bunch.target[0]] == "Ankle boot"  # the first of its README
    assert np.bincount(bunch.target).tolist() == [7000] * 10

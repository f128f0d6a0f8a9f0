"""USPS from files of both published layouts, and from the real one where it is."""

import bz2
import os
from pathlib import Path

import numpy as np
import pytest

from skdigits.datasets import _usps, fetch_usps


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDIGITS_DATA", str(tmp_path))
    monkeypatch.setattr(_usps, "_N_IMAGES", {"train": 4, "test": 2})
    (tmp_path / "usps").mkdir()
    return tmp_path / "usps"


def digits(n_rows):
    rng = np.random.default_rng(n_rows)
    return rng.integers(0, 2001, size=(n_rows, 256)) / 2000, rng.integers(0, 10, size=n_rows)


def write_bz2(path, shares, labels):
    """LIBSVM's form: labels from 1, values from -1 to 1, zeros left out."""
    lines = []
    for row, label in zip(2 * shares - 1, labels, strict=True):
        values = [f"{i}:{value:.6g}" for i, value in enumerate(row, 1) if value]
        lines.append(f"{label + 1} {' '.join(values)}\n")
    path.write_bytes(bz2.compress("".join(lines).encode()))


def write_h5(path, parts):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for part, (shares, labels) in parts.items():
            file[f"{part}/data"], file[f"{part}/target"] = shares.astype("f4"), labels


def test_both_forms_give_the_same_digits(home):
    parts = {"train": digits(4), "test": digits(2)}
    write_h5(home / "usps.h5", parts)
    from_h5 = fetch_usps(subset="all", download_if_missing=False)
    (home / "usps.h5").unlink()
    write_bz2(home / "usps.bz2", *parts["train"])
    write_bz2(home / "usps.t.bz2", *parts["test"])
    from_bz2 = fetch_usps(subset="all", download_if_missing=False)
    np.testing.assert_array_equal(from_h5.images, from_bz2.images)
    np.testing.assert_array_equal(from_h5.target, from_bz2.target)
    assert from_bz2.images.shape == (6, 16, 16)
    expected = np.concatenate([parts["train"][0], parts["test"][0]]) * 255
    assert np.abs(from_bz2.data - expected).max() <= 0.5
    np.testing.assert_array_equal(from_bz2.target[:4], parts["train"][1])


@pytest.mark.parametrize("content", [b"", b"no bz2", bz2.compress(b"1 1:x\n"), bz2.compress(b"")])
def test_a_damaged_file_is_told(content, home):
    (home / "usps.bz2").write_bytes(content)
    with pytest.raises(ValueError, match=r"expects the published digits, .*usps.bz2 is damaged"):
        fetch_usps(download_if_missing=False)


@pytest.mark.parametrize("wrong", ["labels", "values", "rows"])
def test_other_contents_are_told(wrong, home):
    shares, labels = digits(5 if wrong == "rows" else 4)
    shares, labels = shares + 2 * (wrong == "values"), labels + 10 * (wrong == "labels")
    write_bz2(home / "usps.bz2", shares, labels)
    with pytest.raises(ValueError, match="expects the published digits"):
        fetch_usps(download_if_missing=False)


def test_missing_files_are_named(home):
    with pytest.raises(FileNotFoundError, match=r"misses usps.t.bz2 \(or usps.h5, .* put it into"):
        fetch_usps(subset="test", download_if_missing=False)


@pytest.mark.skipif(
    not Path(os.environ.get("SKDIGITS_DATA", "nowhere"), "usps").is_dir(),
    reason="SKDIGITS_DATA has no usps",
)
def test_the_real_digits_are_there():
    bunch = fetch_usps(subset="all", as_frame=True)
    assert bunch.frame.shape == (9298, 257)
    # Counts of the training set: Hastie, Tibshirani and Friedman's page on it.
    counts = bunch.target[:7291].value_counts().sort_index()
    assert counts.tolist() == [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]

"""fetch_usps: two sources and the same pixels, on small files and on the real one."""

import bz2
import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from skdigits.datasets import _usps, fetch_usps

# Every shade from -1 to 1, in thousandths: 2001 of them, in rows of 256.
THOUSANDTHS = np.resize(np.arange(-1000, 1001), (8, 256))
DIGITS = {"train": np.array([6, 5, 4, 7, 3, 0, 1, 9]), "test": np.array([9, 6, 3])}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data home for eight training and three test digits."""
    for part, digits in DIGITS.items():
        monkeypatch.setitem(_usps._N_ROWS, part, len(digits))
    (tmp_path / "usps").mkdir()
    return tmp_path


def write_bz2(folder, last_line=None):
    """Write the files as LIBSVM Data has them: zeros left out, labels from 1 to 10."""
    for name, digits in (("usps.bz2", DIGITS["train"]), ("usps.t.bz2", DIGITS["test"])):
        lines = [
            " ".join([str(digit + 1), *(f"{i}:{v / 1000:g}" for i, v in enumerate(row, 1) if v)])
            for digit, row in zip(digits, THOUSANDTHS, strict=False)
        ]
        if last_line is not None:
            lines[-1] = last_line
        (folder / name).write_bytes(bz2.compress("\n".join(lines).encode()))


def write_h5(folder, **changes):
    with h5py.File(folder / "usps.h5", "w") as file:
        for part, digits in DIGITS.items():
            shades = ((THOUSANDTHS[: len(digits)] / 1000 + 1) / 2).astype("f4")
            arrays = {"data": shades, "target": digits.astype("i4")} | changes
            for name, array in arrays.items():
                if array is not None:
                    file[f"{part}/{name}"] = array


def round_exactly(thousandths):
    """Round (v + 1) / 2 * 255 in integers, ties to even."""
    whole, rest = np.divmod((thousandths + 1000) * 255, 2000)
    return whole + ((rest > 1000) | ((rest == 1000) & (whole % 2 == 1)))


@pytest.mark.parametrize("write", [write_bz2, write_h5])
def test_both_sources_give_the_same_pixels_and_digits(home, write):
    write(home / "usps")
    bunch = fetch_usps(data_home=home)
    np.testing.assert_array_equal(bunch.data, round_exactly(THOUSANDTHS))
    assert (bunch.data.dtype, bunch.images.shape) == (np.uint8, (8, 16, 16))
    assert (bunch.target.dtype, bunch.target.tolist()) == (np.int64, DIGITS["train"].tolist())
    X, y = fetch_usps(data_home=home, subset="all", return_X_y=True, as_frame=True)
    assert X.shape == (11, 256)
    assert y.tolist() == [*DIGITS["train"], *DIGITS["test"]]


def test_the_text_files_need_no_extra(home, monkeypatch):
    write_h5(home / "usps")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r'^fetch_usps needs h5py: pip install "skdigits\[data'):
        fetch_usps(data_home=home)
    write_bz2(home / "usps")
    assert len(fetch_usps(data_home=home).data) == 8


def test_the_text_files_are_downloaded(home, web, tmp_path, monkeypatch):
    write_bz2(home / "usps")
    for path in (home / "usps").iterdir():
        contents = path.read_bytes()
        web.files[f"/{path.name}"] = contents
        monkeypatch.setitem(_usps._MD5, path.name, hashlib.md5(contents).hexdigest())
    monkeypatch.setattr(_usps, "_ORIGIN", replace(_usps._ORIGIN, mirrors=(web.url,)))
    assert len(fetch_usps(data_home=tmp_path / "new", subset="test").data) == 3
    assert web.asked == ["/usps.t.bz2"]


def test_missing_files_are_named(tmp_path):
    message = r"^fetch_usps misses usps.bz2, usps.t.bz2 \(or usps.h5\): put them into .*usps, "
    with pytest.raises(FileNotFoundError, match=message):
        fetch_usps(data_home=tmp_path, subset="all", download_if_missing=False)


@pytest.mark.parametrize(
    ("last_line", "message"),
    [
        ("", "8 digits in .*, got 7"),
        ("11 5:1", "labels of ten digits"),
        ("0 5:1", "labels of ten digits"),
        ("1.5 5:1", "labels of ten digits"),
        ("3 5:7", "finite shades in USPS's range"),
        ("3 5:nan", "finite shades in USPS's range"),
        ("3 257:1", "LIBSVM's usps.bz2, .* is damaged or another file"),
        ("3 0:1", "LIBSVM's usps.bz2, .* is damaged or another file"),
        ("3 99999999999999999999:1", "LIBSVM's usps.bz2, .* is damaged or another file"),
        ("words", "LIBSVM's usps.bz2, .* is damaged or another file"),
    ],
)
def test_other_text_is_refused(home, last_line, message):
    write_bz2(home / "usps", last_line)
    with pytest.raises(ValueError, match=rf"^fetch_usps expects {message}.*\.$"):
        fetch_usps(data_home=home)


def test_a_damaged_or_endless_text_file_is_refused(home, monkeypatch):
    write_bz2(home / "usps")
    path = home / "usps" / "usps.bz2"
    whole = path.read_bytes()
    for contents in (whole[:-9], b"no bz2", whole[:50] + b"x" + whole[51:]):
        path.write_bytes(contents)
        with pytest.raises(ValueError, match=r"^fetch_usps expects LIBSVM's usps.bz2, .*damaged"):
            fetch_usps(data_home=home)
    path.write_bytes(whole)
    monkeypatch.setattr(_usps, "_MAX_TEXT", 1000)
    with pytest.raises(ValueError, match="damaged or another file"):
        fetch_usps(data_home=home)


SHADES = np.full((8, 256), 0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": None}, "groups train and test of data and target"),
        ({"data": SHADES[:, :255]}, "groups train and test of data and target"),
        ({"data": np.full((8, 256), b"text")}, "groups train and test of data and target"),
        ({"target": np.zeros(7)}, "groups train and test of data and target"),
        ({"data": SHADES * np.nan}, "finite shades in USPS's range"),
        ({"data": SHADES * 255}, "finite shades in USPS's range"),
        ({"data": SHADES - 1}, "finite shades in USPS's range"),
        ({"target": np.full(8, 10)}, "labels of ten digits"),
        ({"target": np.full(8, 0.5)}, "labels of ten digits"),
    ],
)
def test_other_h5_files_are_refused(home, changes, message):
    write_h5(home / "usps", **changes)
    with pytest.raises(ValueError, match=rf"^fetch_usps expects {message}.*\.$"):
        fetch_usps(data_home=home)


def test_a_file_that_is_no_h5_is_refused(home):
    (home / "usps" / "usps.h5").write_bytes(b"no HDF5")
    with pytest.raises(ValueError, match=r"^fetch_usps expects groups .* damaged or another file"):
        fetch_usps(data_home=home)


def test_an_h5_file_that_promises_terabytes_takes_no_memory(home, measure_peak):
    with h5py.File(home / "usps" / "usps.h5", "w") as file:
        file.create_dataset("train/data", shape=(2**32, 256), dtype="f8", chunks=(1, 256))
        file["train/target"] = DIGITS["train"]
    with pytest.raises(ValueError, match="groups train and test of data and target"):
        measure_peak(fetch_usps, data_home=home, below=8e6)


@pytest.mark.skipif(
    not Path(os.environ.get("SKDIGITS_DATA", "nowhere"), "usps").is_dir(),
    reason="SKDIGITS_DATA has no usps",
)
def test_the_real_file_has_the_published_counts():
    bunch = fetch_usps(subset="all")
    assert bunch.data.shape == (9298, 256)
    # From zip.info of "The elements of statistical learning": the digits of each class.
    train = [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]
    test = [359, 264, 198, 166, 200, 160, 170, 147, 166, 177]
    assert np.bincount(bunch.target[:7291]).tolist() == train
    assert np.bincount(bunch.target[7291:]).tolist() == test

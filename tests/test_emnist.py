"""fetch_emnist on small files of the published layout, in all three places."""

import gzip
import hashlib
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skdigits.datasets import _emnist, fetch_emnist, write_idx

# As NIST's mapping files have them: the code points of the labels from 0 on.
BYCLASS = [*range(48, 58), *range(65, 91), *range(97, 123)]
BALANCED = [*range(48, 58), *range(65, 91), 97, 98, 100, 101, 102, 103, 104, 110, 113, 114, 116]
LABELS = {
    "byclass": BYCLASS,
    "bymerge": BALANCED,
    "balanced": BALANCED,
    "letters": [None, *range(65, 91)],
    "digits": [*range(48, 58)],
    "mnist": [*range(48, 58)],
}
# An L as the eye sees it.
UPRIGHT = np.zeros((28, 28), "u1")
UPRIGHT[4:24, 8] = UPRIGHT[23, 8:18] = 255


@pytest.fixture
def write_split(tmp_path):
    """A function that writes one image a label, as published, and returns the data home."""

    def write(split, folder="emnist", images=None, labels=None):
        folder = tmp_path / folder
        folder.mkdir(parents=True, exist_ok=True)
        if labels is None:
            labels = np.array([i for i, code in enumerate(LABELS[split]) if code], "u1")
        if images is None:
            images = np.stack([UPRIGHT.T] * len(labels))
        for part in ("train", "test"):
            for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
                write_idx(array, folder / f"emnist-{split}-{part}-{kind}-ubyte.gz")
        return tmp_path

    return write


@pytest.fixture
def write_archive(write_split):
    """A function that packs a split as NIST does, and returns the archive."""

    def write(split, folder="emnist", compression=zipfile.ZIP_DEFLATED):
        home = write_split(split, "unpacked")
        (home / folder).mkdir()
        with zipfile.ZipFile(home / folder / "gzip.zip", "w", compression) as archive:
            for path in sorted((home / "unpacked").iterdir()):
                archive.write(path, f"gzip/{path.name}")
                path.unlink()
        return home / folder / "gzip.zip"

    return write


@pytest.mark.parametrize("split", LABELS)
def test_labels_are_the_characters_of_the_mapping_files(write_split, split):
    bunch = fetch_emnist(split, data_home=write_split(split))
    expected = [chr(code) for code in LABELS[split] if code]
    assert bunch.target.tolist() == expected
    assert bunch.target_names.tolist() == expected
    assert bunch.target.dtype == "<U1"


def test_pictures_stand_upright(write_split):
    bunch = fetch_emnist("digits", data_home=write_split("digits"), subset="test")
    np.testing.assert_array_equal(bunch.images, np.stack([UPRIGHT] * 10))
    np.testing.assert_array_equal(bunch.data[3].reshape(28, 28), UPRIGHT)
    assert bunch.data.dtype == np.uint8
    assert bunch.data.flags.c_contiguous


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("folder", ["emnist", "emnist/gzip"])
def test_files_are_found_in_the_folder_or_as_the_archive_unpacks(write_split, folder, plain):
    home = write_split("letters", folder)
    if plain:
        for path in list((home / folder).iterdir()):
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
    X, y = fetch_emnist("letters", data_home=home, subset="all", return_X_y=True)
    assert X.shape == (52, 784)
    assert "".join(y[26:]) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_archive_is_read_as_it_is(write_archive, compression):
    archive = write_archive("balanced", compression=compression)
    frame = fetch_emnist(data_home=archive.parents[1], as_frame=True).frame
    assert frame["target"].tolist() == [chr(code) for code in BALANCED]
    assert frame["pixel_4_8"].tolist() == [255] * 47
    assert list(archive.parent.iterdir()) == [archive]


def test_a_file_in_the_folder_goes_before_the_archive(write_archive, write_split):
    home = write_archive("digits").parents[1]
    write_split("digits", labels=np.array([7], "u1"))
    assert fetch_emnist("digits", data_home=home).target.tolist() == ["7"]


def test_the_archive_is_downloaded_and_checked(write_archive, web, tmp_path, monkeypatch):
    contents = write_archive("digits", "published").read_bytes()
    web.files["/2/gzip.zip"] = contents
    web.files["/1/gzip.zip"] = contents + b"x"
    mirrors = (f"{web.url}1/", f"{web.url}2/")
    monkeypatch.setattr(_emnist, "_ORIGIN", replace(_emnist._ORIGIN, mirrors=mirrors))
    monkeypatch.setattr(_emnist, "_ARCHIVE_SHA256", hashlib.sha256(contents).hexdigest())
    for _ in range(2):
        assert len(fetch_emnist("digits", data_home=tmp_path / "home").data) == 10
        assert web.asked == ["/1/gzip.zip", "/2/gzip.zip"]
    assert (tmp_path / "home" / "emnist" / "gzip.zip").read_bytes() == contents


def test_what_is_missing_is_named(write_split):
    home = write_split("digits")
    labels = "emnist-digits-train-labels-idx1-ubyte.gz"
    (home / "emnist" / labels).unlink()
    message = rf"^fetch_emnist misses gzip.zip \(or of its files {labels}\): put it into .*emnist, "
    with pytest.raises(FileNotFoundError, match=message):
        fetch_emnist("digits", data_home=home, download_if_missing=False)


@pytest.mark.parametrize(
    ("split", "label", "message"),
    [
        ("letters", 0, "labels from 1 to 26 in emnist-letters-train-labels.*, got 0"),
        ("letters", 27, "labels from 1 to 26 in .*, got 27"),
        ("balanced", 47, "labels from 0 to 46 in .*, got 47"),
        ("byclass", 62, "labels from 0 to 61 in .*, got 62"),
        ("mnist", 10, "labels from 0 to 9 in .*, got 10"),
    ],
)
def test_a_label_outside_the_split_is_refused(write_split, split, label, message):
    home = write_split(split, labels=np.array([1, label, 1], "u1"))
    with pytest.raises(ValueError, match=rf"^fetch_emnist expects {message}\.$"):
        fetch_emnist(split, data_home=home)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((9, 28, 28), "u1"), "9 labels in emnist-digits-.*, got uint8 of shape 10"),
        (np.zeros((10, 28, 27), "u1"), "uint8 of shape nx28x28 in .*, got uint8 of shape 10x28x27"),
        (np.zeros((10, 784), "u1"), "uint8 of shape nx28x28 in .*, got uint8 of shape 10x784"),
    ],
)
def test_other_shapes_are_refused(write_split, images, message):
    home = write_split("digits", images=images, labels=np.arange(10, dtype="u1"))
    with pytest.raises(ValueError, match=rf"^fetch_emnist expects {message}"):
        fetch_emnist("digits", data_home=home)


def test_an_unknown_split_is_refused(tmp_path):
    message = "^fetch_emnist expects split byclass, bymerge, .*, mnist, got 'capitals'"
    with pytest.raises(ValueError, match=message):
        fetch_emnist("capitals", data_home=tmp_path)


def test_an_archive_without_the_split_says_so(write_archive):
    home = write_archive("digits").parents[1]
    message = r"^fetch_emnist expects gzip/emnist-letters-train-images.* in .*zip, it has none\.$"
    with pytest.raises(ValueError, match=message):
        fetch_emnist("letters", data_home=home)


def test_a_member_that_lies_about_its_size_takes_no_memory(tmp_path, measure_peak):
    (tmp_path / "emnist").mkdir()
    bomb = gzip.compress(bytes([0, 0, 8, 3]) + b"\0\x0f\xff\xff" * 3 + bytes(10**6))
    with zipfile.ZipFile(tmp_path / "emnist" / "gzip.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/emnist-digits-train-images-idx3-ubyte.gz", bomb)
        archive.writestr("gzip/emnist-digits-train-labels-idx1-ubyte.gz", bomb)
    with pytest.raises(ValueError, match=r"read_idx expects .* bytes of values .* got 1000000\.$"):
        measure_peak(fetch_emnist, "digits", data_home=tmp_path, below=8e6)


@pytest.fixture
def small_archive(write_archive):
    """The data home of an archive, and its bytes."""
    archive = write_archive("digits", compression=zipfile.ZIP_STORED)
    return archive.parents[1], archive.read_bytes()


def cut_it(contents):
    del contents[-30:]


def encrypt_it(contents):
    contents[6] |= 1
    contents[contents.index(b"PK\1\2") + 8] |= 1


def pack_it_unknown(contents):
    contents[contents.index(b"PK\1\2") + 10] = 97


def misspell_it(contents):
    contents[7] |= 8  # the name is UTF-8
    contents[35] = 0xB8


@pytest.mark.parametrize(
    "damage", [bytearray.clear, cut_it, encrypt_it, pack_it_unknown, misspell_it]
)
def test_each_kind_of_damage_is_a_sentence(small_archive, damage):
    home, whole = small_archive
    contents = bytearray(whole)
    damage(contents)
    (home / "emnist" / "gzip.zip").write_bytes(contents)
    with pytest.raises(ValueError, match=r"^fetch_emnist expects the published archive, .*"):
        fetch_emnist("digits", data_home=home, subset="test")  # whose images come first


@given(
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    end=st.none() | st.integers(0, 10**6),
)
@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_damaged_archive_is_a_sentence(small_archive, edits, end):
    home, whole = small_archive
    contents = bytearray(whole)
    for place, value in edits:
        contents[place % len(contents)] = value
    if end is not None:
        del contents[end % len(contents) :]
    (home / "emnist" / "gzip.zip").write_bytes(contents)
    try:
        fetch_emnist("digits", data_home=home)
    except ValueError as error:
        assert str(error).startswith(("fetch_emnist expects", "read_idx expects"))  # noqa: PT017
        assert str(error).endswith(".")  # noqa: PT017

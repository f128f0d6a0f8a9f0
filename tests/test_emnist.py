"""EMNIST from small files of the published layout."""

import gzip
import zipfile

import numpy as np
import pytest

from skdigits.datasets import fetch_emnist, write_idx

SPLITS = {"balanced": 47, "bymerge": 47, "byclass": 62, "letters": 26, "digits": 10, "mnist": 10}


def upright():
    """Return three different pictures that no turn or mirror maps onto themselves."""
    images = np.zeros((3, 28, 28), np.uint8)
    for number, image in enumerate(images):
        image[4:24, 8] = 255
        image[23, 8 : 14 + number] = 200  # the foot of an L
    return images


def publish(folder, split="balanced", labels=(0, 10, 36), part="train"):
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"emnist-{split}-{part}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    write_idx(upright().swapaxes(1, 2), folder / names[0])
    write_idx(np.array(labels, np.uint8), folder / names[1])
    return [folder / name for name in names]


def archive(folder, names, contents):
    with zipfile.ZipFile(folder / "gzip.zip", "w") as file:
        for name, content in zip(names, contents, strict=True):
            file.writestr(f"gzip/{name}", content)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDIGITS_DATA", str(tmp_path))
    return tmp_path / "emnist"


def test_pictures_are_put_upright_and_labels_are_characters(home):
    publish(home)
    bunch = fetch_emnist("balanced", download_if_missing=False)
    np.testing.assert_array_equal(bunch.images, upright())
    np.testing.assert_array_equal(bunch.data, upright().reshape(3, 784))
    assert bunch.target.tolist() == ["0", "A", "a"]


@pytest.mark.parametrize("place", ["gzip folder", "archive", "plain"])
def test_files_are_found_as_they_are_unpacked(place, home):
    paths = publish(home / "gzip" if place == "gzip folder" else home)
    contents = [path.read_bytes() for path in paths]
    if place == "archive":
        archive(home, [path.name for path in paths], contents)
    if place != "gzip folder":
        for path, content in zip(paths, contents, strict=True):
            path.unlink()
            if place == "plain":
                path.with_suffix("").write_bytes(gzip.decompress(content))
    X, y = fetch_emnist(return_X_y=True, download_if_missing=False)
    np.testing.assert_array_equal(X.reshape(-1, 28, 28), upright())
    assert y.tolist() == ["0", "A", "a"]


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_its_characters(split, home):
    last = SPLITS[split] - 1 + (split == "letters")
    publish(home, split, labels=(1, last, last))
    bunch = fetch_emnist(split, download_if_missing=False)
    assert len(bunch.target_names) == len(set(bunch.target_names)) == SPLITS[split]
    expected = {"letters": "AZ", "byclass": "1z", "digits": "19", "mnist": "19"}.get(split, "1t")
    assert bunch.target.tolist() == [expected[0], expected[1], expected[1]]


def test_all_is_train_then_test(home):
    publish(home)
    publish(home, part="test", labels=(1, 1, 1))
    frame = fetch_emnist(subset="all", as_frame=True, download_if_missing=False).frame
    assert frame.target.tolist() == ["0", "A", "a", "1", "1", "1"]


def test_labels_out_of_range_are_refused(home):
    publish(home, "letters", labels=(0, 1, 2))
    with pytest.raises(ValueError, match=r"expects 26 labels from 1 on in .*, got 0 to 2"):
        fetch_emnist("letters", download_if_missing=False)


def test_as_many_labels_as_pictures(home):
    publish(home, labels=(1, 2))
    with pytest.raises(ValueError, match=r"got arrays of shapes \(3, 28, 28\) and \(2,\)"):
        fetch_emnist(download_if_missing=False)


def test_a_damaged_archive_or_one_without_the_files_is_told(home):
    paths = publish(home)
    contents = [path.read_bytes() for path in paths]
    archive(home, ["other"], [b"x"])
    for path in paths:
        path.unlink()
    with pytest.raises(ValueError, match="there is no such file in it"):
        fetch_emnist(download_if_missing=False)
    archive(home, [path.name for path in paths], contents)
    whole = (home / "gzip.zip").read_bytes()
    (home / "gzip.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="expects a whole archive"):
        fetch_emnist(download_if_missing=False)


def test_missing_files_and_unknown_names_are_told(home):
    with pytest.raises(FileNotFoundError, match=r"misses emnist-digits-test-images.* gzip.zip"):
        fetch_emnist("digits", subset="test", download_if_missing=False)
    with pytest.raises(ValueError, match=r"expects split to be one of balanced, .* got 'kanji'"):
        fetch_emnist("kanji")
    with pytest.raises(ValueError, match="expects subset"):
        fetch_emnist(subset="both")

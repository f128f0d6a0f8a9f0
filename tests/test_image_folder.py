"""Folders and tables of pictures: what is found, in which order, and one sentence for the rest."""

import csv
import io
import os
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skdigits import CharacterNormalizer
from skdigits.datasets import _image_folder, load_image_folder
from skdigits.images import _reading

ONE_FILE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names_of(paths, folder):
    return [Path(path).relative_to(folder).as_posix() for path in paths]


def test_sub_folders_are_labels(tmp_path):
    names = ["007/b.PNG", "007/a.jpg", "7/deep/er/c.tif", "7/a.webp", "é/a.Gif"]
    random.Random(0).shuffle(names)
    touch(tmp_path, *names)
    bunch = load_image_folder(tmp_path)
    expected = ["007/a.jpg", "007/b.PNG", "7/a.webp", "7/deep/er/c.tif", "é/a.Gif"]
    assert names_of(bunch.data, tmp_path) == expected
    assert bunch.target.tolist() == ["007", "007", "7", "7", "é"]
    assert bunch.target_names.tolist() == ["007", "7", "é"]
    assert (bunch.data.dtype, bunch.data.ndim, type(bunch.data[0])) == (object, 1, str)
    assert bunch.frame is None
    assert ":Number of Instances: 5" in bunch.DESCR


def test_what_is_hidden_or_no_picture_is_left_out(tmp_path):
    touch(tmp_path, "a/1.png", "a/.2.png", "a/.thumbs/3.png", "a/notes.txt", "a/png", "a/Thumbs.db")
    touch(tmp_path, ".git/4.png", "5.png")
    (tmp_path / "a" / "folder.png").mkdir()
    (tmp_path / "empty").mkdir()
    X, y = load_image_folder(str(tmp_path), return_X_y=True)
    assert names_of(X, tmp_path) == ["a/1.png"]
    assert y.tolist() == ["a"]


def test_pictures_are_of_the_formats_that_can_be_read():
    known = Image.registered_extensions()
    assert {known[suffix] for suffix in _image_folder._SUFFIXES} == {*_reading.FORMATS}


def test_a_hidden_folder_above_hides_nothing(tmp_path):
    touch(tmp_path / ".cache", "a/1.png")
    assert len(load_image_folder(tmp_path / ".cache").data) == 1


SUFFIXES = ["bmp", "gif", "jpeg", "jpg", "pgm", "png", "ppm", "tif", "tiff", "webp"]


def test_the_suffixes_are_the_documented_ones(tmp_path):
    touch(tmp_path, *(f"a/x.{suffix}" for suffix in [*SUFFIXES, "svg", "pdf", "npy", "csv"]))
    expected = [f"a/x.{suffix}" for suffix in SUFFIXES]
    assert names_of(load_image_folder(tmp_path).data, tmp_path) == expected
    assert all(f"``.{suffix}``" in load_image_folder.__doc__ for suffix in SUFFIXES)


def test_frames_hold_paths_and_labels(tmp_path):
    touch(tmp_path, "a/1.png", "b/2.png")
    bunch = load_image_folder(tmp_path, as_frame=True)
    assert bunch.frame.columns.tolist() == ["path", "target"]
    assert bunch.frame["target"].tolist() == ["a", "b"]
    X, y = load_image_folder(tmp_path, as_frame=True, return_X_y=True)
    pd.testing.assert_series_equal(X, bunch.data)
    pd.testing.assert_series_equal(y, bunch.target)


@pytest.mark.parametrize("as_frame", [False, True])
def test_a_pipeline_is_fitted_on_paths(tmp_path, as_frame):
    for label, line in (("down", (slice(5, 25), 15)), ("across", (15, slice(5, 25)))):
        (tmp_path / label).mkdir()
        picture = np.full((30, 30), 255, "u1")
        picture[line] = 0
        Image.fromarray(picture).save(tmp_path / label / "1.png")
    X, y = load_image_folder(tmp_path, return_X_y=True, as_frame=as_frame)
    model = make_pipeline(CharacterNormalizer(), KNeighborsClassifier(1)).fit(X, y)
    assert model.predict([str(tmp_path / "down" / "1.png")]).tolist() == ["down"]


def test_a_path_that_is_not_there_is_named(tmp_path):
    message = r"^load_image_folder expects a folder or a CSV file, .*/no does not exist\.$"
    with pytest.raises(FileNotFoundError, match=message):
        load_image_folder(tmp_path / "no")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1.png"], "has no sub-folders"),
        ([".a/1.png"], "has no sub-folders"),
        (["a/1.txt", "b/.png"], "has no pictures in its sub-folders"),
    ],
)
def test_a_folder_without_pictures_is_refused(tmp_path, names, message):
    touch(tmp_path, *names)
    with pytest.raises(ValueError, match=rf"^load_image_folder expects a folder .* {message}\.$"):
        load_image_folder(tmp_path)


@pytest.fixture
def table(tmp_path):
    """A function that writes a CSV file beside two pictures, and returns its path."""
    touch(tmp_path, "1.png", "deep/2,x.png")

    def write(text):
        (tmp_path / "table.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "table.csv"

    return write


@pytest.mark.parametrize(
    "text",
    [
        'path,label,kind\n"deep/2,x.png",007,\n1.png,NA,x\n',
        '\ufeffkind,label,path\r\n,007,"deep/2,x.png"\r\n\r\nx,NA,1.png',
    ],
    ids=["plain", "spreadsheet"],
)
def test_a_table_has_paths_from_its_folder_and_labels_to_the_letter(table, text):
    path = table(text)
    bunch = load_image_folder(path)
    assert names_of(bunch.data, path.parent) == ["deep/2,x.png", "1.png"]
    assert bunch.target.tolist() == ["007", "NA"]
    assert bunch.target_names.tolist() == ["007", "NA"]


def test_a_table_may_have_other_columns_and_absolute_paths(table, tmp_path):
    path = table(f'"my file",what\n{tmp_path / "1.png"},1\n')
    bunch = load_image_folder(path, path_column="my file", label_column="what")
    assert bunch.data.tolist() == [str(tmp_path / "1.png")]


@given(
    labels=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        min_size=1,
    )
)
@ONE_FILE
def test_labels_are_as_the_csv_module_writes_them(table, labels):
    text = io.StringIO()
    csv.writer(text).writerows([("path", "label"), *(("1.png", label) for label in labels)])
    target = load_image_folder(table(text.getvalue())).target
    assert target.tolist() == labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a CSV file with a header and rows, .* has 0 rows"),
        ("path,label\n", "a CSV file with a header and rows, .* has 1 row"),
        ("file,label\n1.png,a\n", "one column 'path' in .*, it has 'file', 'label'"),
        ("path;label\n1.png;a\n", "one column 'path' in .*, it has 'path;label'"),
        ("path,what\n1.png,a\n", "one column 'label' in .*, it has 'path', 'what'"),
        ("path,label,label\n1.png,a,b\n", "one column 'label' in .*, it has 'path', 'label', 'la"),
        ("path,label\n1.png,a\n1.png\n", "2 values in every row of .*, row 2 .* header has 1"),
        ("path,label\n1.png,a,b\n", "2 values in every row of .*, row 1 after the header has 3"),
        ("path,label\n1.png,a\n1.png,\n", "a label in every row of .*, row 2 .* has none"),
        (b"\x89PNG\r\n\x1a\n\0", "a folder or a CSV file in UTF-8, .* is neither"),
        ('path,label\n"1.png,a\n', "a folder or a CSV file in UTF-8, .* is neither"),
        ("path,label\n1.png," + "a" * 200_000, "a folder or a CSV file in UTF-8, .* is neither"),
    ],
)
def test_a_table_of_another_form_is_refused(table, text, message):
    with pytest.raises(ValueError, match=rf"^load_image_folder expects {message}.*\.$"):
        load_image_folder(table(text))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1.png", "no.png"], r"'.*no\.png'"),
        (["no1.png", "1.png", "no2.png", "deep", "x" * 5000], r"'.*no1\.png' and 3 more"),
    ],
)
def test_pictures_that_are_not_there_are_named_and_counted(table, names, message):
    text = "path,label\n" + "".join(f"{name},a\n" for name in names)
    message = rf"^load_image_folder expects the files that .*csv names, it misses {message}\.$"
    with pytest.raises(FileNotFoundError, match=message):
        load_image_folder(table(text))


@given(
    contents=st.binary(max_size=80),
    header=st.sampled_from([b"", b"path,label\n", b"path,label\n1.png,a\n", b"path,label"]),
)
@settings(ONE_FILE, max_examples=500)
def test_any_bytes_are_a_table_or_one_sentence(table, contents, header):
    path = table(header + contents)
    try:
        assert load_image_folder(path).data.size
    except (ValueError, OSError) as error:
        assert str(error).startswith("load_image_folder expects")  # noqa: PT017
        assert str(error).endswith(".")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.skipif(
    not Path(os.environ.get("SKDIGITS_DATA", "nowhere"), "pictures.csv").is_file(),
    reason="SKDIGITS_DATA has no pictures.csv",
)
def test_a_real_table_is_what_pandas_reads():
    path = Path(os.environ["SKDIGITS_DATA"], "pictures.csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    bunch = load_image_folder(path)
    assert names_of(bunch.data, path.parent) == frame["path"].tolist()
    assert bunch.target.tolist() == frame["label"].tolist()

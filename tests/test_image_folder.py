"""Pictures of one's own, in folders or in a table."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skdigits import CharacterNormalizer
from skdigits.datasets import load_image_folder


def bar(path, *, upright):
    image = Image.new("L", (60, 40), 255)
    image.paste(0, (28, 5, 33, 35) if upright else (10, 18, 50, 23))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture
def folder(tmp_path):
    for name in ("one/b.PNG", "one/deep/a.jpg", "minus/a.webp", "minus/z.bmp"):
        bar(tmp_path / name, upright=name.startswith("one"))
    for name in ("one/.hidden.png", ".git/a.png", "one/notes.txt", "stray.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_sub_folders_are_labels(folder):
    bunch = load_image_folder(folder)
    names = [path.removeprefix(f"{folder}/") for path in bunch.data]
    assert names == ["minus/a.webp", "minus/z.bmp", "one/b.PNG", "one/deep/a.jpg"]
    assert bunch.target.tolist() == ["minus", "minus", "one", "one"]
    assert bunch.target_names.tolist() == ["minus", "one"]


def test_a_pipeline_learns_from_files(folder):
    X, y = load_image_folder(folder, return_X_y=True)
    model = make_pipeline(CharacterNormalizer(), KNeighborsClassifier(1)).fit(X, y)
    assert model.predict(X[::-1]).tolist() == ["one", "one", "minus", "minus"]


def test_a_table_names_files_beside_it(folder):
    table = folder / "table.csv"
    table.write_text('file,who,digit\none/b.PNG,"Ann, B.",007\nminus/a.webp,,NA\n')
    bunch = load_image_folder(table, path_column="file", label_column="digit", as_frame=True)
    assert bunch.target.tolist() == ["007", "NA"]
    assert bunch.frame.path[0] == str(folder / "one/b.PNG")
    X, y = load_image_folder(str(table), path_column="file", label_column="digit", return_X_y=True)
    assert isinstance(X, np.ndarray)
    assert y.tolist() == ["007", "NA"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "expects a table in .*, it is empty"),
        ("path,label\n", "there are no rows"),
        ("path,label\na.png\n", "it has rows of different lengths"),
        ("file,label\na.png,1\n", "expects the columns 'path' and 'label' .* are 'file', 'label'"),
        ("path,label\none/b.PNG,\n", "there is a row without one"),
        ('path,label\n"one/b.PNG,1\n', "is neither"),
        (
            "path,label\nlost.png,1\none/b.PNG,1\ngone.png,2\n",
            "misses .*lost.png and 1 more, which",
        ),
        ("path,label\nlost.png,1\n", r"misses .*lost.png, which"),
    ],
)
def test_a_bad_table_is_told(content, sentence, folder):
    (folder / "table.csv").write_text(content)
    with pytest.raises((ValueError, FileNotFoundError), match=sentence) as failure:
        load_image_folder(folder / "table.csv")
    assert "\n" not in str(failure.value)


def test_no_pictures_are_told(folder):
    with pytest.raises(ValueError, match=r"expects folders with pictures in .*empty"):
        load_image_folder(folder / "empty")
    with pytest.raises(FileNotFoundError, match=re.escape("nowhere to exist")):
        load_image_folder(folder / "nowhere")


@given(content=st.binary(max_size=80))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_one_sentence(content, tmp_path):
    for prefix in (b"", b"path,label\n"):
        (tmp_path / "table.csv").write_bytes(prefix + content)
        with pytest.raises((ValueError, FileNotFoundError), match=r"^load_image_folder "):
            load_image_folder(tmp_path / "table.csv")

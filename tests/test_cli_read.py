"""``skdigits read`` as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, CharacterNormalizer, PageReader, save_model
from skdigits.app.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["read", *map(str, arguments)])


def drawn(digits, *, scale=10, height=300):
    """Return a picture of digits in a row, dark on light paper."""
    bunch = load_digits()
    first = [bunch.images[np.flatnonzero(bunch.target == digit)[0]] for digit in digits]
    row = np.hstack([np.pad(image, 2) for image in first])
    row = Image.fromarray(np.uint8(row * 15)).resize(
        (row.shape[1] * scale, row.shape[0] * scale), Image.Resampling.BICUBIC
    )
    page = Image.new("L", (row.width + 60, max(height, row.height + 60)), 0)
    page.paste(row, (30, 30))
    return Image.eval(page, lambda shade: 230 - shade * 3 // 4)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for name, digits in (("seven", [7]), ("number", [1, 0, 4, 6])):
        drawn(digits).save(folder / f"{name}.png")
    Image.new("L", (80, 60), 255).save(folder / "blank.png")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_one_picture_is_its_text(pictures):
    result = run(pictures / "number.png")
    assert (result.exit_code, result.output) == (0, "1046\n")


def test_the_photo_beside_the_examples_is_read_as_the_guide_says():
    assert run(Path(__file__).parents[1] / "examples" / "photo.jpg").output == "390\n"


def test_several_pictures_have_their_names(pictures):
    result = run(pictures / "seven.png", pictures / "blank.png")
    assert result.output.splitlines() == [
        f"{pictures / 'seven.png'}: 7",
        f"{pictures / 'blank.png'}: (nothing written)",
    ]


def test_a_bad_picture_does_not_keep_the_others_from_being_read(pictures):
    result = run(pictures / "notes.txt", pictures / "lost.png", pictures / "seven.png")
    assert result.exit_code == 2
    assert result.stdout == f"{pictures / 'seven.png'}: 7\n"
    assert result.stderr.splitlines() == [
        "Error: PageReader expects an image file (PNG, JPEG, GIF, BMP, PPM, WEBP, TIFF), "
        f"{pictures / 'notes.txt'} is none.",
        f"Error: cannot open {pictures / 'lost.png'}: No such file or directory.",
    ]


@pytest.mark.parametrize("command", [["read"], ["predict", "cnn-mnist"]], ids=["read", "predict"])
def test_whether_a_file_may_be_read_is_asked_by_opening_it(command, pictures, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, *args: False)  # which refuses all in one go
    result = CliRunner().invoke(main, [*command, str(pictures / "seven.png")])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "7" in result.stdout


def test_no_cells_are_told(pictures):
    result = run(pictures / "number.png", "--layout", "cells")
    assert (result.exit_code, result.output) == (0, "(no cells)\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="takes a file that is always full")
@pytest.mark.parametrize("arguments", ["datasets", "--version"])
def test_a_full_disk_is_told_in_a_sentence(arguments):
    command = [sys.executable, "-m", "skdigits", arguments]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.stderr == "Error: No space left on device.\n"
    assert ended.returncode == 1


def test_json_is_a_line_a_picture(pictures):
    result = run("--json", pictures / "number.png", pictures / "notes.txt")
    number, notes = map(json.loads, result.stdout.splitlines())
    assert number["file"] == str(pictures / "number.png")
    assert number["text"] == "1046"
    assert [character["label"] for character in number["characters"]] == [1, 0, 4, 6]
    assert set(notes) == {"file", "error"}
    assert result.exit_code == 2


def test_classes_restrict(pictures):
    assert run("--classes", "1,7", pictures / "seven.png").output == "7\n"
    assert run("--classes", "0,3", pictures / "seven.png").output.strip() in ("0", "3")


def test_a_program_in_a_picture_is_not_run(tmp_path):
    photo = tmp_path / "photo.jpg"  # Pillow looks at the contents, and has Ghostscript read an EPS
    photo.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\nshowpage\n%%EOF\n")
    for command in (["read"], ["predict", "cnn-mnist"]):
        result = CliRunner().invoke(main, [*command, str(photo)])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.endswith("photo.jpg is none.\n")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Files of models of scikit-learn's digits, whose pixels are 0 to 16, and of letters."""
    folder = tmp_path_factory.mktemp("models")
    digits = load_digits()
    X, y = digits.data[:1500], digits.target[:1500]
    names = pd.DataFrame(X, columns=digits.feature_names)
    letters = np.array([*"abcdefghij"])[y]
    fitted = {
        "svm": SVC().fit(X, y),
        "scaled": make_pipeline(StandardScaler(), SVC()).fit(names, y),
        "net": ANNClassifier((32,), max_iter=15, random_state=0).fit(X / 16, y),
        "letters": make_pipeline(CharacterNormalizer(), KNeighborsClassifier(3)).fit(X, letters),
        "silent": KNeighborsClassifier(3).fit(np.rint(X * 255 / 16), y),
    }
    for name, model in fitted.items():
        save_model(model, folder / f"{name}.safetensors")
    return folder


@pytest.mark.parametrize("name", ["svm", "scaled", "net"])
def test_a_model_of_rows_reads_whatever_the_range_of_its_pixels_is(name, models, pictures):
    model = models / f"{name}.safetensors"
    text = run("--model", model, pictures / "number.png").output.strip()
    assert sum(read == true for read, true in zip(text, "1046", strict=True)) >= 3
    result = CliRunner().invoke(main, ["predict", str(model), str(pictures / "seven.png")])
    assert result.stdout.startswith(f"{pictures / 'seven.png'}: 7")
    assert result.stderr == ""


def test_a_model_of_the_users_reads_its_own_labels(models, pictures):
    model = models / "letters.safetensors"
    assert run("--model", model, pictures / "number.png").output == "baeg\n"
    assert run("--model", model, "--classes", "b", pictures / "number.png").output[0] == "b"
    by_name = run("--model", "cnn-mnist", "--json", pictures / "number.png").output
    assert by_name == run("--json", pictures / "number.png").output


@pytest.mark.filterwarnings("default:skdigits")
@pytest.mark.parametrize("command", ["read", "predict", "evaluate"])
def test_a_model_that_does_not_tell_the_range_of_its_pixels_is_warned_of(command, models, pictures):
    model, seven = str(models / "silent.safetensors"), str(pictures / "seven.png")
    given = {"read": ["--model", model, seven], "predict": [model, seven]}
    result = CliRunner().invoke(main, [command, *given.get(command, [model, "digits"])])
    assert result.exit_code == 0
    assert result.stderr == (
        f"Warning: skdigits {command} takes {model} to want pixels of 0 to 255, bright on black, "
        "as it does not tell their range; save a Pipeline that begins with a CharacterNormalizer "
        "to be sure.\n"
    )


def test_what_is_no_model_of_characters_is_refused(tmp_path, pictures):
    X, y = load_digits(return_X_y=True)
    odd = save_model(SVC().fit(X[:, :63], y), tmp_path / "odd.safetensors")
    for model, sentence in {
        "nosuch": "expects --model to be a file of save_model or one of ",
        str(tmp_path): f"cannot open {tmp_path}: Is a directory",
        str(odd): "takes rows of 63 pixels",
    }.items():
        result = run("--model", model, pictures / "seven.png")
        assert (result.exit_code, result.stdout) == (2, "")
        assert sentence in result.stderr


def test_probabilities_that_are_none_are_refused(pictures):
    model = make_pipeline(CharacterNormalizer(8, box=8), LogisticRegression(tol=100))
    model.fit(*load_digits(return_X_y=True))
    model[-1].coef_[:] = np.nan
    with pytest.raises(ValueError, match="PageReader expects probabilities that are finite"):
        PageReader(model).read(pictures / "seven.png")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--classes", "1,x"], "unknown class 'x', choose from 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."),
        (["--classes", ","], "no class named, choose from 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."),
        (["--reject", "1"], "Invalid value for '--reject': 1.0 is not in the range 0<=x<1."),
        (["--max-pixels", "0"], "Invalid value for '--max-pixels': 0 is not in the range x>=1."),
    ],
)
def test_bad_options_end_in_one_sentence(arguments, sentence, pictures):
    result = run(*arguments, pictures / "seven.png")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {sentence}\n"


def test_too_many_pixels_are_refused(pictures):
    result = run("--max-pixels", "1000", pictures / "seven.png")
    assert result.exit_code == 2
    assert "1,000 pixels" in result.stderr


def test_no_picture_is_bad_input():
    assert run().exit_code == 2


@pytest.mark.slow
def test_without_a_model_named_nothing_is_imported_that_only_named_ones_need(pictures):
    code = (
        "import sys; from skdigits.app.cli import main; "
        f"main(['read', {str(pictures / 'seven.png')!r}], standalone_mode=False); "
        "print(*[name for name in sys.modules if name.startswith('skdigits')])"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    text, modules = output.splitlines()
    assert text == "7"
    assert "skdigits.images._page_reader" in modules.split()
    assert not {"skdigits.app._model_argument", "skdigits.app._rows"} & {*modules.split()}

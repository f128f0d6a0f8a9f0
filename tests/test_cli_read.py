"""``skdigits read`` as a user runs it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from sklearn.datasets import load_digits

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
        f"Error: PageReader expects an image file, {pictures / 'notes.txt'} is none.",
        f"Error: cannot open {pictures / 'lost.png'}: No such file or directory.",
    ]


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

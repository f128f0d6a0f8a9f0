"""The drawing page's own normaliser, in a real browser, makes the pixels that Python's makes."""

import base64
import io

import numpy as np
import page_driver
import pytest
from page_driver import PATHS, SIDE, photo
from PIL import Image, ImageDraw

from skdigits import CharacterNormalizer

recogniser, url, visit = page_driver.recogniser, page_driver.url, page_driver.visit

pytestmark = pytest.mark.slow

NORMALIZE = """async ([strokes, isLight, photo]) => {
    const { toPicture } = await import("./drawing.js");
    const { normalize } = await import("./normalize.js");
    const { readPhoto } = await import("./photo.js");
    let canvas = toPicture({ strokes, photo: null });
    if (photo) {
        const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0));
        canvas = await readPhoto(new Blob([bytes]));
    }
    if (isLight) {
        const context = canvas.getContext("2d");
        context.resetTransform();
        context.globalCompositeOperation = "difference";
        context.fillStyle = "#fff";
        context.fillRect(0, 0, canvas.width, canvas.height);
    }
    return [canvas.toDataURL(), normalize(canvas)];
}"""


def difference_of_normalisers(page, strokes, *, is_light=False, photo=None):
    """Return the largest difference between JavaScript's normalised pixels and Python's."""
    data, seen = page.evaluate(NORMALIZE, [strokes, is_light, photo])
    file = io.BytesIO(base64.b64decode(data.partition(",")[2]))
    expected = CharacterNormalizer().transform([Image.open(file)])[0]
    assert (seen["width"], seen["height"]) == (28, 28)
    assert np.max(seen["pixels"]) in (0, 255)
    return np.abs(expected.astype(int) - seen["pixels"]).max()


@pytest.mark.parametrize("is_light", [False, True])
def test_javascript_normalises_drawings_as_python_does(visit, is_light):
    page = visit()
    for strokes in PATHS.values():
        assert difference_of_normalisers(page, strokes, is_light=is_light) == 0


def test_javascript_normalises_scribbles_as_python_does(visit):
    page = visit()
    rng = np.random.default_rng(0)
    differences = []
    for _ in range(40):
        steps = [rng.normal(0, 25, (rng.integers(1, 12), 2)) for _ in range(rng.integers(1, 4))]
        strokes = [
            (step.cumsum(axis=0) + rng.uniform(40, 240, 2)).clip(0, SIDE).round(2).tolist()
            for step in steps
        ]
        differences.append(difference_of_normalisers(page, strokes))
    assert max(differences) <= 1  # a grey that lies between two
    assert np.mean(differences) < 0.2


@pytest.mark.parametrize("digit", ["2", "5", "8"])
def test_javascript_normalises_noisy_photos_in_a_shadow_as_python_does(visit, digit):
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = np.asarray(Image.open(io.BytesIO(photo(digit))).convert("L"))
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    picture = picture * (0.6 + 0.4 * x * y + 0.2 * y) + noise
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    assert difference_of_normalisers(visit(), [], photo=text) <= 1


@pytest.mark.parametrize("size", [(280, 280), (121, 90)])
def test_javascript_drops_ruled_lines_as_python_does(visit, size):
    page, is_changed = visit(), []
    rng = np.random.default_rng(0)
    for digit in PATHS:
        picture = Image.open(io.BytesIO(photo(digit))).convert("L")
        pen = ImageDraw.Draw(picture)
        for place in rng.integers(5, 275, 2).tolist():
            pen.line([(0, place), (SIDE, place + 4)], fill=90, width=3)
            pen.line([(place, 0), (place + 4, SIDE)], fill=90, width=2)
        picture = picture.resize(size)
        file = io.BytesIO()
        picture.save(file, "PNG")
        text = base64.b64encode(file.getvalue()).decode()
        assert difference_of_normalisers(page, [], photo=text) <= 1
        ruled, plain = (
            CharacterNormalizer(rules=rules).transform([picture]) for rules in (False, True)
        )
        is_changed.append((ruled != plain).any())
    assert sum(is_changed) > 5


def test_javascript_normalises_an_empty_pad_to_black(visit):
    page = visit()
    assert difference_of_normalisers(page, []) == 0
    assert difference_of_normalisers(page, [], is_light=True) == 0

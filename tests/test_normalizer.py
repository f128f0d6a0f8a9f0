"""CharacterNormalizer: the same character, however it was photographed, gives the same image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageDraw
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import CharacterNormalizer
from skdigits.images._operations import stroke_width


def drawn(height=200, width=150, *, at=(40, 30), size=100, pen=10, paper=255, ink=0):
    """Return a drawing of a 4."""
    image = Image.new("L", (width, height), paper)
    top, left = at
    points = [(0.55, 0), (0.0, 0.65), (0.6, 0.65)]
    pen_strokes = [points, [(0.5, 0.35), (0.45, 1.0)]]
    for stroke in pen_strokes:
        line = [(left + x * size, top + y * size) for x, y in stroke]
        ImageDraw.Draw(image).line(line, fill=ink, width=pen, joint="curve")
    return np.asarray(image)


def normalized(picture, **parameters):
    """Return a picture normalised, as values from 0 to 1."""
    normalizer = CharacterNormalizer(**parameters)
    row = normalizer.transform([picture])
    return row.reshape(normalizer.size, normalizer.size) / 255


def distance(one, other):
    """Return by how much two pictures differ, in shares of the ink."""
    return np.abs(one - other).sum() / one.sum()


def photographed(picture, *, noise=4, shadow=60):
    """Return a drawing as a camera has it: soft, noisy and with a shadow to one side."""
    rng = np.random.default_rng(0)
    light = (
        np.linspace(0, shadow, picture.shape[1])[None] * np.linspace(0.5, 1, len(picture))[:, None]
    )
    soft = ndimage.gaussian_filter(picture.astype(float), 1) * 0.7 + 20 - light
    return np.clip(soft + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def test_the_longer_side_of_the_ink_fills_the_box():
    for box, size in ((20, 28), (28, 28), (10, 16), (1, 1)):
        image = normalized(drawn(), box=box, size=size)
        assert image.shape == (size, size)
        assert image.max() == 1
        rows = np.flatnonzero(image.any(axis=1))
        assert rows[-1] - rows[0] + 1 == box


@pytest.mark.parametrize("centering", ["mass", "box"])
def test_the_ink_is_in_the_middle(centering):
    image = normalized(drawn(), centering=centering)
    middle = ndimage.center_of_mass(image)
    if centering == "box":
        middle = [
            (part.start + part.stop - 1) / 2
            for part in ndimage.find_objects((image > 0).astype(int))[0]
        ]
    assert_allclose(middle, [13.5, 13.5], atol=0.51)


def test_light_ink_on_dark_paper_is_the_same():
    assert distance(normalized(drawn()), normalized(255 - drawn())) == 0


def test_polarity_may_be_told():
    mostly_ink = np.full((40, 40), 10, dtype=np.uint8)
    mostly_ink[10:30, 10:30] = 240
    assert normalized(mostly_ink)[14, 14] == 1
    assert normalized(mostly_ink, polarity="light")[14, 14] == 1
    assert normalized(mostly_ink, polarity="dark", stroke_width=None)[14, 14] == 0


@pytest.mark.parametrize("shades", [(255, 0), (200, 120), (130, 110), (250, 235)])
def test_shades_of_ink_and_paper_do_not_matter(shades):
    paper, ink = shades
    assert distance(normalized(drawn()), normalized(drawn(paper=paper, ink=ink))) < 0.02


@pytest.mark.parametrize(("height", "width", "at"), [(500, 700, (300, 20)), (110, 80, (5, 5))])
def test_where_it_was_written_does_not_matter(height, width, at):
    moved = drawn(height, width, at=at)
    assert distance(normalized(drawn()), normalized(moved)) < 0.02


@pytest.mark.parametrize(("size", "pen"), [(60, 6), (300, 30), (600, 60)])
def test_how_large_it_was_written_does_not_matter(size, pen):
    large = drawn(2 * size, 2 * size, at=(size // 2, size // 2), size=size, pen=pen)
    assert distance(normalized(drawn()), normalized(large)) < 0.15


@pytest.mark.parametrize("pen", [3, 6, 20])
def test_what_it_was_written_with_does_not_matter(pen):
    picture = drawn(400, 400, at=(60, 60), size=200, pen=pen)
    image = normalized(picture, box=100, size=140, stroke_width=13)
    assert stroke_width(image > 0.5) == pytest.approx(13, rel=0.15)


def test_strokes_may_stay_as_they_are():
    thin = normalized(drawn(pen=2), stroke_width=None)
    assert thin.sum() < 0.6 * normalized(drawn(pen=2)).sum()


@pytest.mark.parametrize("colour", [(30, 40, 120), (150, 20, 20), (20, 20, 20)])
def test_a_photo_is_read_like_a_drawing(colour):
    drawing = drawn(400, 300, at=(100, 60), size=200, pen=16)
    picture = photographed(drawing)
    assert distance(normalized(drawing), normalized(picture)) < 0.15
    ink = 1 - picture[:, :, None] / 255
    coloured = (200 * (1 - ink) + np.array(colour) * ink).astype(np.uint8)
    assert distance(normalized(drawing), normalized(coloured)) < 0.15


def test_an_array_of_one_channel_is_one_picture():
    picture = drawn()
    rows = CharacterNormalizer().transform(picture[:, :, None])
    assert_array_equal(rows, CharacterNormalizer().transform([picture]))


def test_specks_are_dropped_and_dots_kept():
    speck, dot = drawn(), drawn()
    speck = speck.copy()
    speck[5:8, 5:8] = 0
    assert distance(normalized(drawn()), normalized(speck)) == 0
    assert distance(normalized(drawn()), normalized(speck, specks=0)) > 0.3
    dot = dot.copy()
    dot[10:25, 60:75] = 0
    assert distance(normalized(drawn()), normalized(dot)) > 0.3


def test_ruled_lines_are_dropped_but_not_the_strokes_they_cross():
    ruled = drawn(200, 250, at=(40, 60)).copy()
    ruled[120:123] = 90
    ruled[20:23] = 90
    ruled[:, 20:23] = 90
    assert distance(normalized(drawn()), normalized(ruled)) < 0.15
    assert distance(normalized(drawn()), normalized(ruled, rules=False)) > 0.5


def test_a_rule_is_dropped_where_the_light_fades():
    picture = drawn(height=260).copy()
    picture[200:203] = 90
    in_light = picture * np.linspace(0.45, 1, picture.shape[1])
    assert distance(normalized(drawn(height=260)), normalized(in_light)) < 0.1


@pytest.mark.parametrize("edge", ["top", "bottom"])
def test_the_bar_of_a_tight_character_is_no_rule(edge):
    """Of a 7 or an L, cut out close, the bar reaches from border to border."""
    picture = np.full((120, 80), 255, np.uint8)
    picture[:, 34:44] = 0
    picture[:60, 70:] = 0
    picture[:9] = 0
    image = normalized(picture if edge == "top" else picture[::-1, ::-1], centering="box")
    rows = image[np.flatnonzero(image.any(axis=1))]
    assert (rows[0 if edge == "top" else -1] > 0.5).sum() > 8


NUMBERS = st.floats(-(2.0**90), 2.0**90, allow_subnormal=False, width=32)


@given(picture=npst.arrays(np.float32, npst.array_shapes(min_dims=2, max_dims=2), elements=NUMBERS))
@settings(deadline=None)
def test_any_numbers_make_a_picture_and_no_warning(picture):
    image = CharacterNormalizer().transform([picture])
    assert image.shape == (1, 784)
    larger = CharacterNormalizer().transform([picture * 0.125])
    assert_array_equal(image, larger)


def test_strokes_from_border_to_border_are_no_rules():
    seven = np.full((90, 60), 255, dtype=np.uint8)
    seven[:6] = 0  # cropped so tightly that its bar goes from side to side
    for row in range(90):
        seven[row, max(0, 50 - row // 2) : 58 - row // 2] = 0
    image = normalized(seven)
    top = np.flatnonzero(image.any(axis=1))[0]
    assert image[top + 1].sum() > 10


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_an_empty_picture_comes_out_black(shade):
    rng = np.random.default_rng(0)
    empty = np.full((60, 50), shade)
    noisy = np.clip(empty + rng.normal(0, 5, empty.shape), 0, 255).astype(np.uint8)
    for picture in (empty.astype(np.uint8), noisy if shade == 128 else empty.astype(float)):
        assert_array_equal(normalized(picture), 0)


def test_every_form_of_a_picture_gives_the_same(tmp_path):
    grey = drawn(56, 56, at=(8, 8), size=40, pen=4)
    colours = np.repeat(grey[:, :, None], 3, axis=2)
    Image.fromarray(colours).save(tmp_path / "four.png")
    expected = CharacterNormalizer().transform([grey])
    for picture in (
        tmp_path / "four.png",
        str(tmp_path / "four.png"),
        Image.fromarray(grey),
        colours,
        [tmp_path / "four.png"],
        np.array([str(tmp_path / "four.png")]),
        grey[None],
        colours[None],
        np.moveaxis(colours[None], 3, 1),
        grey.reshape(1, -1),
        grey[None].astype(float) / 255,
    ):
        assert_array_equal(CharacterNormalizer().transform(picture), expected)
    mixed = CharacterNormalizer().transform([tmp_path / "four.png", grey, Image.fromarray(colours)])
    assert_array_equal(mixed, np.repeat(expected, 3, axis=0))


def test_rows_that_are_no_squares():
    grey = drawn(80, 60, at=(10, 10), size=50, pen=5)
    row = grey.reshape(1, -1)
    normalizer = CharacterNormalizer(image_shape=(80, 60))
    assert_array_equal(normalizer.fit_transform(row), normalizer.transform([grey]))


def test_explain_ends_in_what_transform_gives():
    steps = CharacterNormalizer().explain(photographed(drawn()))
    names = ["grey", "ink", "cover", "rules", "specks", "crop", "stroke", "box", "centre"]
    assert list(steps) == names
    assert all(picture.ndim == 2 for picture in steps.values())
    expected = CharacterNormalizer().transform([photographed(drawn())])
    assert_array_equal(steps["centre"].ravel(), expected[0])
    assert list(CharacterNormalizer(rules=False, specks=0, stroke_width=None).explain(drawn())) == [
        name for name in names if name not in ("rules", "specks", "stroke")
    ]


def test_in_a_pipeline_with_any_classifier():
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(CharacterNormalizer(), SVC(C=10)).fit(X[:1000], y[:1000])
    assert model.score(X[1000:], y[1000:]) > 0.9
    frame = CharacterNormalizer().set_output(transform="pandas").fit_transform(X[:5])
    assert frame.shape == (5, 784)
    assert frame.columns[0] == "characternormalizer0"


def test_a_box_larger_than_the_picture():
    with pytest.raises(ValueError, match="a box of at most size=16 pixels, got box=20"):
        CharacterNormalizer(16).fit(np.zeros((1, 16)))
    with pytest.raises(ValueError, match="a box of at most size=16"):
        CharacterNormalizer(16).transform(np.zeros((1, 16)))


def test_the_error_names_the_transformer():
    with pytest.raises(
        ValueError, match="CharacterNormalizer takes pictures of up to max_pixels=9"
    ):
        CharacterNormalizer(max_pixels=9).transform([np.zeros((4, 4))])


@pytest.mark.parametrize("shape", [(1, 900), (900, 1), (2, 3000), (3000, 2)])
def test_a_picture_as_thin_as_a_thread_is_normalised(shape):
    picture = np.full(shape, 255, dtype=np.uint8)
    picture[: max(1, shape[0] // 2), : max(1, shape[1] // 2)] = 0
    assert CharacterNormalizer().transform([picture]).shape == (1, 784)

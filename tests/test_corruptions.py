"""Corrupted images: what each kind does, and what none may do."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal
from scipy import ndimage
from scipy.sparse import csr_array

from skdigits import corrupt
from skdigits.evaluation._corruptions import _KINDS, KINDS, SEVERITIES

VALUES = {
    np.uint8: st.integers(0, 255),
    np.int16: st.integers(-2000, 2000),
    np.float32: st.floats(-1e4, 1e4, width=32),
    np.float64: st.floats(-1e9, 1e9),
    bool: st.booleans(),
}
EVERY = [(kind, severity) for kind in KINDS for severity in SEVERITIES]


@pytest.fixture(scope="module")
def strokes():
    """Twenty images of 28x28, an upright stroke of light ink three pixels wide in the middle."""
    images = np.zeros((20, 28, 28))
    images[:, 6:22, 12:15] = 1
    return images


def test_channels_that_come_last_are_refused(strokes):
    with pytest.raises(ValueError, match=r"corrupt expects .* got channels last, \(n, 28, 28, 1\)"):
        corrupt(strokes[..., None], "shift", 3)
    changed = corrupt(strokes[:, None], "shift", 3, random_state=0)
    assert_array_equal(changed[:, 0], corrupt(strokes, "shift", 3, random_state=0))


@pytest.mark.parametrize("kind", KINDS)
def test_images_come_back_as_they_came(kind, digits):
    X, _ = digits
    for form in (X, X.astype(np.float32), X.reshape(-1, 8, 8), X.reshape(-1, 1, 8, 8)):
        changed = corrupt(form, kind, 3, random_state=0)
        assert (changed.shape, changed.dtype) == (form.shape, form.dtype)
        assert changed.min() >= 0
        assert changed.max() <= 16
        assert (changed != form).any()


@pytest.mark.parametrize("kind", KINDS)
def test_each_severity_is_worse_than_the_one_before(kind, mnist_like):
    X = mnist_like[0].astype(float)
    distances = [np.abs(corrupt(X, kind, level, random_state=0) - X).mean() for level in SEVERITIES]
    assert distances == sorted(distances)
    assert distances[0] > 0


@pytest.mark.parametrize(("kind", "severity"), EVERY)
def test_the_same_seed_gives_the_same_bits_and_the_input_stays(kind, severity, digits):
    X = digits[0][:20].copy()
    first, second = (corrupt(X, kind, severity, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(X, digits[0][:20])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if _KINDS[kind].of_ink])
def test_dark_ink_on_paper_is_changed_as_light_ink_is(kind, strokes):
    light = corrupt(strokes, kind, 4, random_state=0)
    dark = corrupt(1 - strokes, kind, 4, random_state=0)
    np.testing.assert_allclose(dark, 1 - light, atol=1e-5)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_shift_is_as_long_as_documented(severity, strokes):
    moved = corrupt(strokes, "shift", severity, random_state=0)
    before = ndimage.center_of_mass(strokes[0])
    ways = [np.subtract(ndimage.center_of_mass(image), before) for image in moved]
    np.testing.assert_allclose(np.linalg.norm(ways, axis=1), severity, atol=0.02)
    assert np.std(ways, axis=0).min() > 0.3 * severity


def test_lengths_grow_with_the_image(strokes):
    large = np.kron(strokes, np.ones((2, 2)))
    moved = corrupt(large, "shift", 3, random_state=0)
    way = np.subtract(ndimage.center_of_mass(moved[0]), ndimage.center_of_mass(large[0]))
    assert np.linalg.norm(way) == pytest.approx(6, abs=0.02)


@pytest.mark.parametrize(("kind", "tilt"), [("rotation", np.tan(np.deg2rad(24))), ("shear", None)])
def test_strokes_are_turned_and_slanted_by_24_degrees(kind, tilt, strokes):
    changed = corrupt(strokes, kind, 3, random_state=0)
    slopes = [_slope(image) for image in changed]
    np.testing.assert_allclose(np.abs(slopes), tilt or np.tan(np.deg2rad(24)), rtol=0.1)
    assert min(slopes) < 0 < max(slopes)


def _slope(image):
    """How far the middle of the stroke moves to the side from row to row."""
    rows = np.arange(10, 18)
    middles = (image[rows] * np.arange(28)).sum(axis=1) / image[rows].sum(axis=1)
    return np.polyfit(rows, middles, 1)[0]


def test_half_of_the_images_grow_and_half_shrink(strokes):
    inked = corrupt(strokes, "scale", 5, random_state=0).sum(axis=(1, 2)) / strokes[0].sum()
    grown = inked[inked > 1]
    assert 5 <= len(grown) <= 15
    np.testing.assert_allclose(grown, 1.6**2, rtol=0.1)
    np.testing.assert_allclose(inked[inked < 1], 1 / 1.6**2, rtol=0.1)


@pytest.mark.parametrize(
    ("kind", "change"),
    [("thinner", -2 * np.array([0.2, 1])), ("thicker", 2 * np.array([0.3, 1.5]))],
)
def test_strokes_grow_or_shrink_on_both_sides(kind, change, strokes):
    for severity, pixels in zip((1, 5), change, strict=True):
        width = corrupt(strokes, kind, severity)[0, 14].sum()
        assert width == pytest.approx(3 + pixels, abs=1e-4)


def test_noise_has_the_documented_deviation():
    grey = np.full((50, 28, 28), 0.5)
    grey[0, 0, :2] = 0, 1  # the range
    noise = corrupt(grey, "noise", 1, random_state=0) - grey
    assert noise.std() == pytest.approx(0.1, rel=0.02)


def test_a_blur_is_scipys(strokes):
    expected = ndimage.gaussian_filter(strokes[0], 1.5)
    np.testing.assert_allclose(corrupt(strokes, "blur", 3)[0], expected, atol=1e-5)


def test_an_erased_square_has_its_size_and_the_background():
    paper = np.full((30, 28, 28), 0.2)
    paper[:, 2:26, 2:26] = 1
    changed = corrupt(paper, "erasing", 3, random_state=0)
    assert np.allclose(changed.min(axis=(1, 2)), 0.2, atol=1e-6)
    lost = (paper - changed).sum(axis=(1, 2)) / 0.8
    assert lost.max() == pytest.approx(64, abs=0.01)


def test_a_ruled_line_crosses_the_image_at_its_thickness():
    dot = np.zeros((20, 28, 28))
    dot[:, 1, 1] = 1
    lined = corrupt(dot, "ruled_line", 4, random_state=0)
    np.testing.assert_allclose(lined[:, :, 14].sum(axis=1), 2, atol=1e-5)
    assert len({image.argmax() for image in lined[:, :, 14]}) > 5


def test_contrast_keeps_a_share_of_the_ink(strokes):
    faint = corrupt(strokes, "contrast", 2)
    np.testing.assert_allclose(faint, 0.4 * strokes, atol=1e-6)


def test_jpeg_is_pillows(strokes):
    image = pytest.importorskip("PIL.Image")
    import io

    file = io.BytesIO()
    image.fromarray((strokes[0] * 255).astype(np.uint8)).save(file, "JPEG", quality=12)
    expected = np.asarray(image.open(file)) / 255
    np.testing.assert_allclose(corrupt(strokes, "jpeg", 3)[0], expected, atol=1e-6)


def test_without_pillow_jpeg_names_the_extra(monkeypatch, strokes):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r'corrupt needs PIL: pip install "skdigits\[images\]"'):
        corrupt(strokes, "jpeg", 1)


def test_colours_and_frames_and_sparse_rows_are_taken(digits):
    X = digits[0]
    frame = pd.DataFrame(X, index=np.arange(300) + 5).add_prefix("p")
    changed = corrupt(frame, "shift", 2, random_state=0)
    assert changed.columns.equals(frame.columns)
    assert changed.index.equals(frame.index)
    plain = corrupt(X, "shift", 2, random_state=0)
    np.testing.assert_array_equal(changed, plain)
    np.testing.assert_array_equal(corrupt(csr_array(X), "shift", 2, random_state=0), plain)
    colours = np.stack([X.reshape(-1, 8, 8)] * 3, axis=1)
    moved = corrupt(colours.reshape(300, -1), "shift", 2, image_shape=(3, 8, 8), random_state=0)
    np.testing.assert_array_equal(moved.reshape(300, 3, 64)[:, 1], plain)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("flip", 1), "corrupt knows no corruption 'flip', it has: shift, rotation"),
        (("blur", 6), "corrupt expects a severity from 1 to 5, got 6"),
        (("blur", 1.5), "corrupt expects a severity from 1 to 5, got 1.5"),
        (("blur", True), "corrupt expects a severity from 1 to 5, got True"),
    ],
)
def test_what_is_unknown_is_refused(arguments, message, digits):
    with pytest.raises(ValueError, match=message):
        corrupt(digits[0], *arguments)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.full((2, 64), np.nan), "corrupt expects finite images, got NaN or infinity"),
        (np.zeros((2, 60)), "square images or their image_shape, got rows of 60 pixels"),
        (np.zeros(64), r"corrupt expects images as rows of pixels.*shape \(64,\)"),
        (np.array([["a"] * 4]), "corrupt expects images as rows of pixels"),
    ],
)
def test_what_is_no_image_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        corrupt(X, "blur", 1)


@given(
    st.sampled_from([np.uint8, np.int16, np.float32, np.float64, bool]).flatmap(
        lambda dtype: hnp.arrays(
            dtype, hnp.array_shapes(min_dims=3, max_dims=4, max_side=9), elements=VALUES[dtype]
        )
    ),
    st.sampled_from(KINDS),
    st.sampled_from(SEVERITIES),
)
def test_any_images_stay_within_their_range(images, kind, severity):
    changed = corrupt(images, kind, severity, image_shape=images.shape[1:], random_state=0)
    assert (changed.shape, changed.dtype) == (images.shape, images.dtype)
    assert np.isfinite(changed).all()
    assert changed.min() >= images.min()
    assert changed.max() <= images.max()


@pytest.mark.parametrize("kind", KINDS)
def test_no_images_are_no_images(kind):
    assert corrupt(np.zeros((0, 28, 28)), kind, 2).shape == (0, 28, 28)

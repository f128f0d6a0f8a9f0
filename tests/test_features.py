"""Deskewer and HOGFeatures: what classical classifiers see better in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from skimage.feature import hog
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import CharacterNormalizer, Deskewer, HOGFeatures
from skdigits.images._operations import slant


def leaning(slope, *, side=41, dtype=np.uint8):
    """Return a bar that leans by `slope` pixels a row."""
    rows, columns = np.mgrid[:side, :side] - side // 2
    distance = np.abs(columns - slope * rows)
    bar = np.clip(3 - distance, 0, 1) * (np.abs(rows) < side // 3)
    return (bar * 200).astype(dtype)


@given(slope=st.floats(-0.6, 0.6))
def test_characters_stand_upright(slope):
    picture = leaning(slope, dtype=np.float32)
    assert slant(picture) == pytest.approx(slope, abs=0.05)
    upright = Deskewer().transform(picture[None]).reshape(picture.shape)
    assert slant(upright) == pytest.approx(0, abs=0.03)
    assert_allclose(upright.sum(), picture.sum(), rtol=0.02)
    assert_allclose(ndimage.center_of_mass(upright), ndimage.center_of_mass(picture), atol=0.3)


def test_ink_may_be_dark():
    picture = leaning(0.4)
    dark = Deskewer().transform(255 - picture[None])
    assert_array_equal(255 - dark, Deskewer().transform(picture[None]))


@pytest.mark.parametrize("shade", [0, 7, 255])
def test_an_empty_picture_stays(shade):
    empty = np.full((1, 25), shade, dtype=np.uint8)
    assert_array_equal(Deskewer().fit_transform(empty), empty)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_shades_keep_their_range(dtype):
    X = leaning(0.3, dtype=dtype).reshape(1, -1)
    upright = Deskewer().fit_transform(X)
    assert upright.dtype == (np.uint8 if dtype == np.uint8 else np.float32)
    assert upright.min() >= 0
    assert 150 < upright.max() <= 200


@pytest.mark.parametrize("Transformer", [Deskewer, HOGFeatures])
def test_pictures_must_be_of_one_size(Transformer):
    with pytest.raises(ValueError, match=r"one size, got \[\(4, 9\), \(6, 6\)\]; put a Character"):
        Transformer().transform([np.zeros((6, 6)), np.zeros((4, 9))])


def test_the_features_are_those_of_scikit_image():
    X, _ = load_digits(return_X_y=True)
    features = HOGFeatures(8, pixels_per_cell=3, cells_per_block=1).fit_transform(X[:3])
    for row, image in zip(features, X[:3].reshape(-1, 8, 8), strict=True):
        expected = hog(
            image.astype("f4"), orientations=8, pixels_per_cell=(3, 3), cells_per_block=(1, 1)
        )
        assert_array_equal(row, expected)


@pytest.mark.parametrize(("side", "cell"), [(8, 2), (28, 4), (32, 5), (3, 2)])
def test_cells_follow_the_image(side, cell):
    X = np.random.default_rng(0).integers(0, 255, (2, side * side), dtype=np.uint8)
    automatic = HOGFeatures().fit_transform(X)
    assert_array_equal(automatic, HOGFeatures(pixels_per_cell=cell).fit_transform(X))


def test_an_image_smaller_than_a_block_is_padded():
    X = np.random.default_rng(0).random((2, 3))
    assert HOGFeatures(pixels_per_cell=4).fit_transform(X).shape == (2, 36)


@pytest.mark.parametrize("Transformer", [Deskewer, HOGFeatures])
def test_columns_have_names(Transformer):
    X, _ = load_digits(return_X_y=True)
    frame = Transformer().set_output(transform="pandas").fit_transform(X[:2])
    assert frame.columns[0] == f"{Transformer.__name__.lower()}0"


def test_together_they_are_a_strong_baseline():
    X, y = load_digits(return_X_y=True)
    pixels = cross_val_score(SVC(C=10, gamma=0.001), X, y, cv=3)
    model = make_pipeline(CharacterNormalizer(), Deskewer(), HOGFeatures(), SVC(C=10))
    features = cross_val_score(model, X, y, cv=3)
    assert features.mean() > pixels.mean() - 0.01

"""ImageReshaper: rows to images and back, every width checked."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skdigits import CNNClassifier, ImageReshaper


@given(
    n=st.integers(1, 5),
    shape=st.lists(st.integers(1, 6), min_size=2, max_size=3).map(tuple),
    dtype=st.sampled_from(["uint8", "int16", "float32", "float64", "bool"]),
)
def test_there_and_back_again(n, shape, dtype):
    X = np.arange(n * np.prod(shape)).reshape(n, -1).astype(dtype)
    reshaper = ImageReshaper(image_shape=shape).fit(X)
    images = reshaper.transform(X)
    assert images.shape == (n, *shape)
    assert images.dtype == X.dtype
    assert_array_equal(images, X.reshape(n, *shape))
    assert_array_equal(reshaper.inverse_transform(images), X)
    assert_array_equal(reshaper.transform(images), images)
    assert_array_equal(reshaper.inverse_transform(X), X)


@given(side=st.integers(2, 40))
def test_a_square_is_inferred(side):
    reshaper = ImageReshaper().fit(np.zeros((2, side * side)))
    assert reshaper.image_shape_ == (side, side)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 10, 785])
def test_rows_of_no_square_stay_rows(width):
    X = np.zeros((2, width))
    reshaper = ImageReshaper().fit(X)
    assert reshaper.image_shape_ == (width,)
    assert reshaper.transform(X).shape == (2, width)


def test_the_shape_of_images_is_taken_over():
    images = np.zeros((3, 4, 6))
    reshaper = ImageReshaper().fit(images)
    assert reshaper.image_shape_ == (4, 6)
    assert reshaper.n_features_in_ == 24
    assert reshaper.transform(np.zeros((1, 24))).shape == (1, 4, 6)


def test_nothing_is_copied(digits):
    X, _ = digits
    images = ImageReshaper().fit_transform(X)
    assert np.shares_memory(images, X)


@pytest.mark.parametrize(
    ("image_shape", "X", "message"),
    [
        (
            (28, 28),
            np.zeros((2, 64)),
            r"ImageReshaper expects rows of 784 pixels for image_shape=\(28, 28\), got 64\.",
        ),
        ((8,), np.zeros((2, 8)), r"two or three positive integers.*Got \(8,\)"),
        ((2, 2.5), np.zeros((2, 5)), "two or three positive integers"),
        (None, np.zeros(64), "Reshape your data"),
        (None, np.full((2, 64), np.nan), "contains NaN"),
        (None, np.zeros((2, 2, 2, 2, 2)), "dim 5"),
    ],
    ids=["width", "one number", "fraction", "1-D", "NaN", "5-D"],
)
def test_what_does_not_fit_is_refused(image_shape, X, message):
    with pytest.raises(ValueError, match=message):
        ImageReshaper(image_shape).fit(X)


def test_other_widths_and_shapes_are_refused_after_fit(digits):
    X, _ = digits
    reshaper = ImageReshaper().fit(X)
    for method in (reshaper.transform, reshaper.inverse_transform):
        with pytest.raises(ValueError, match=r"X has 63 features.*expecting 64"):
            method(X[:, :-1])
        with pytest.raises(ValueError, match=r"images of shape \(8, 8\), got \(4, 16\)"):
            method(X.reshape(-1, 4, 16))
    with pytest.raises(NotFittedError):
        ImageReshaper().transform(X)


def test_a_failed_fit_leaves_an_earlier_one_as_it_was(digits):
    X, _ = digits
    reshaper = ImageReshaper().fit(X)
    reshaper.set_params(image_shape=(3, 3))
    with pytest.raises(ValueError, match="expects rows of 9 pixels"):
        reshaper.fit(X[:, :49])
    assert reshaper.n_features_in_ == 64
    assert reshaper.transform(X).shape == (300, 8, 8)


def test_names_are_those_of_the_pixels(digits):
    X, _ = digits
    names = [f"pixel{i}" for i in range(64)]
    reshaper = ImageReshaper().fit(pd.DataFrame(X, columns=names))
    assert list(reshaper.get_feature_names_out()) == names
    assert list(ImageReshaper().fit(X).get_feature_names_out()[:2]) == ["x0", "x1"]


@pytest.mark.parametrize(("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_a_data_frame_holds_the_pixels_as_columns(library, frame, digits):
    X, y = digits
    named = frame(X, [f"p{i}" for i in range(64)]) if frame is pl.DataFrame else frame(X)
    if library == "pandas":
        named = named.add_prefix("p")
    reshaper = ImageReshaper().set_output(transform=library).fit(named)
    out = reshaper.transform(named)
    assert isinstance(out, frame)
    assert list(out.columns) == [f"p{i}" for i in range(64)]
    assert_array_equal(out.to_numpy(), X)
    assert_array_equal(reshaper.inverse_transform(X.reshape(-1, 8, 8)), X)
    pipeline = make_pipeline(ImageReshaper(), CNNClassifier(max_iter=10, random_state=0))
    expected = pipeline.fit(X, y).predict(X)
    assert_array_equal(
        pipeline.set_output(transform=library).fit(named, y).predict(named), expected
    )


def test_one_channel_is_no_channel_and_another_shape_is_refused_in_fit(digits):
    X, _ = digits
    channels = X.reshape(-1, 1, 8, 8)
    assert ImageReshaper((8, 8)).fit_transform(channels).shape == (300, 8, 8)
    assert_array_equal(ImageReshaper().fit(X).inverse_transform(channels), X)
    with pytest.raises(ValueError, match=r"images of shape \(4, 16\), got \(8, 8\)"):
        ImageReshaper((4, 16)).fit(X.reshape(-1, 8, 8))


def test_channels_last_are_refused_unless_asked_for():
    X = np.zeros((2, 8, 8, 1))
    with pytest.raises(ValueError, match=r"ImageReshaper .* channels last, \(n, 8, 8, 1\)"):
        ImageReshaper().fit(X)
    assert ImageReshaper((8, 8, 1)).fit_transform(X).shape == X.shape

"""What a user types first: every form of images and labels, and what is wrong with others."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from both_classifiers import BOTH, quick
from numpy.testing import assert_allclose, assert_array_equal

from skdigits import ANNClassifier, CNNClassifier


@BOTH
def test_a_data_frame_with_string_labels_as_openml_serves_mnist(Classifier, mnist_like):
    X, y = mnist_like
    X = pd.DataFrame(X.astype("int64")).add_prefix("pixel")
    y = pd.Series(y.astype(str), name="class", dtype="category")
    classifier = quick(Classifier, max_iter=10).fit(X, y)
    assert set(classifier.predict(X)) <= set("0123456789")
    assert classifier.score(X, y) > 0.8
    assert_array_equal(classifier.feature_names_in_, X.columns)
    assert classifier.image_shape_ == (28, 28)


@BOTH
@pytest.mark.parametrize(
    "labels",
    [
        np.arange(1, 11),  # EMNIST letters have 1 to 26
        np.arange(10) * 7 - 20,
        np.array(list("abcdefghij")),
        np.array(["née", "8", "A", "a", "Ж", " ", "ten", "x", "y", "z"], dtype=object),
        np.arange(10) / 2 * 2.0,
    ],
    ids=["1..10", "gaps", "letters", "objects", "whole floats"],
)
def test_labels_of_any_kind_come_back(Classifier, labels, digits):
    X, y = digits
    named = labels[y]
    classifier = quick(Classifier, max_iter=20).fit(X, named)
    predicted = classifier.predict(X)
    assert predicted.dtype == named.dtype
    assert_array_equal(classifier.classes_, np.unique(labels))
    assert np.mean(predicted == named) > 0.9


@BOTH
def test_26_letters_from_1_to_26(Classifier):
    rng = np.random.default_rng(0)
    prototypes = rng.integers(0, 256, size=(26, 36))
    y = np.tile(np.arange(1, 27), 8)
    X = np.clip(prototypes[y - 1] + rng.integers(-20, 20, size=(208, 36)), 0, 255).astype("uint8")
    classifier = quick(Classifier, max_iter=30).fit(X, y)
    assert classifier.score(X, y) == 1
    assert classifier.predict_proba(X).shape == (208, 26)


@BOTH
def test_boolean_labels(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier, max_iter=20).fit(X, y % 2 == 0)
    assert classifier.predict(X).dtype == bool
    assert classifier.score(X, y % 2 == 0) > 0.9


@BOTH
def test_rows_images_and_channels_are_the_same_images(Classifier, digits):
    X, y = digits
    expected = quick(Classifier).fit(X, y).predict_proba(X)
    for images in (X.reshape(-1, 8, 8), X.reshape(-1, 1, 8, 8), list(X.reshape(-1, 8, 8))):
        classifier = quick(Classifier).fit(images, y)
        assert classifier.n_features_in_ == 64
        assert_array_equal(classifier.predict_proba(images), expected)
        assert_array_equal(classifier.predict_proba(X), expected)


@BOTH
def test_every_container_gives_the_same_bits(Classifier, digits, tmp_path):
    X, y = digits
    X32 = X.astype(np.float32)
    expected = quick(Classifier).fit(X32, y).predict_proba(X32)
    np.save(tmp_path / "X.npy", X32)
    containers = {
        "read-only memory-map": np.load(tmp_path / "X.npy", mmap_mode="r"),
        "CSR": scipy.sparse.csr_array(X32),
        "CSC matrix": scipy.sparse.csc_matrix(X32),
        "polars": pl.DataFrame(X32, schema=[f"p{i}" for i in range(64)]),
        "pandas": pd.DataFrame(X32),
        "Fortran order": np.asfortranarray(X32),
        "reversed twice": X32[::-1][::-1],
        "int64": X.astype(np.int64),
        "int8": X.astype(np.int8),
        "float16": X.astype(np.float16),
        "big-endian": X32.astype(">f4"),
    }
    for name, container in containers.items():
        classifier = quick(Classifier).fit(container, y)
        assert_array_equal(classifier.predict_proba(container), expected, err_msg=name)


def test_polars_column_names_are_kept(digits):
    X, y = digits
    frame = pl.DataFrame(X, schema=[f"p{i}" for i in range(64)])
    assert list(quick(ANNClassifier).fit(frame, y).feature_names_in_) == frame.columns


@BOTH
def test_uint8_trains_as_its_float_copy_does(Classifier, digits):
    X, y = digits
    as_uint8 = quick(Classifier).fit(X, y)
    as_float = quick(Classifier).fit(X.astype(np.float32), y)
    assert str(as_uint8.net_.module_.head.weight.dtype) == "torch.float32"
    assert_array_equal(as_uint8.predict_proba(X), as_float.predict_proba(X.astype(np.float32)))


@BOTH
def test_float64_is_computed_in_float64(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X.astype(np.float64), y)
    assert classifier.predict_proba(X.astype(np.float64)).dtype == np.float64
    assert str(classifier.net_.module_.head.weight.dtype) == "torch.float64"


@BOTH
def test_brightness_and_contrast_of_the_training_set_do_not_matter(Classifier, digits):
    X, y = digits
    plain = quick(Classifier).fit(X.astype(float), y).predict_proba(X.astype(float))
    scaled = quick(Classifier).fit(X / 16 + 3, y).predict_proba(X / 16 + 3)
    assert_allclose(plain, scaled, atol=1e-6)


@BOTH
def test_colour_images_have_their_channels(Classifier, digits):
    X, y = digits
    colours = np.stack([X.reshape(-1, 8, 8)] * 3, axis=1)
    classifier = quick(Classifier, max_iter=20).fit(colours, y)
    assert classifier.image_shape_ == (3, 8, 8)
    assert classifier.n_features_in_ == 192
    assert classifier.score(colours, y) > 0.9
    rows = quick(Classifier, max_iter=20, image_shape=(3, 8, 8)).fit(colours.reshape(300, -1), y)
    assert_array_equal(rows.predict_proba(colours), classifier.predict_proba(colours))


def test_an_oblong_image_shape_is_taken_from_the_parameter(digits):
    X, y = digits
    classifier = quick(CNNClassifier, image_shape=(4, 16)).fit(X, y)
    assert classifier.image_shape_ == (4, 16)
    assert classifier.net_.module_.image_shape == (1, 4, 16)


@BOTH
def test_a_single_class_is_predicted(Classifier, digits):
    X, _ = digits
    classifier = quick(Classifier).fit(X, np.full(len(X), "x"))
    assert set(classifier.predict(X)) == {"x"}
    assert_allclose(classifier.predict_proba(X), 1)


@BOTH
def test_a_single_image_trains(Classifier):
    classifier = quick(Classifier).fit(np.arange(64)[None], [3])
    assert_array_equal(classifier.predict(np.arange(64)[None]), [3])


@BOTH
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.full((4, 64), np.nan), "contains NaN"),
        (np.full((4, 64), np.inf), "contains infinity"),
        (np.empty((0, 64)), r"0 sample\(s\)"),
        (np.empty((4, 0)), r"0 feature\(s\)"),
        (np.zeros((4, 2, 2, 2, 2)), "dim 5"),
        (np.zeros(4), "Reshape your data"),
        (np.zeros((5, 64)), "inconsistent numbers of samples"),
        (np.full((4, 64), 1j), "Complex data not supported"),
        (np.full((4, 64), "ink"), "could not convert string to float"),
    ],
    ids=["NaN", "infinite", "no rows", "no pixels", "5-D", "1-D", "too long", "complex", "text"],
)
def test_bad_images_are_refused(Classifier, X, message):
    with pytest.raises(ValueError, match=message):
        quick(Classifier).fit(X, [0, 1, 0, 1])


@BOTH
def test_images_of_another_size_are_refused(Classifier, digits):
    X, y = digits
    classifier = quick(Classifier).fit(X, y)
    with pytest.raises(ValueError, match=r"784 features.*expecting 64"):
        classifier.predict(np.zeros((2, 784)))
    message = r"expects images of shape \(8, 8\), got \(4, 16\)\."
    with pytest.raises(ValueError, match=message):
        classifier.predict(X.reshape(-1, 4, 16))


@BOTH
def test_an_image_shape_that_does_not_fit_is_refused(Classifier, digits):
    X, y = digits
    name = Classifier.__name__
    message = rf"{name} expects rows of 784 pixels for image_shape=\(28, 28\), got 64\."
    with pytest.raises(ValueError, match=message):
        quick(Classifier, image_shape=(28, 28)).fit(X, y)
    with pytest.raises(ValueError, match=r"image_shape.*two or three positive integers"):
        quick(Classifier, image_shape=(8, -8)).fit(X, y)
    with pytest.raises(ValueError, match=r"expects images of shape \(4, 16\), got \(8, 8\)"):
        quick(Classifier, image_shape=(4, 16)).fit(X.reshape(-1, 8, 8), y)


@BOTH
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": (10, 0)}, "hidden_layer_sizes must be > 0"),
        ({"hidden_layer_sizes": (10.0,)}, r"hidden_layer_sizes must be integers, got \(10\.0,\)"),
        ({"hidden_layer_sizes": [True]}, "hidden_layer_sizes must be integers"),
        ({"device": "abacus"}, "'device' parameter of .*'abacus'"),
        ({"solver": "lbfgs"}, "'solver' parameter of .* 'lbfgs'"),
        ({"max_iter": 0}, "'max_iter' parameter of .* 0"),
        ({"dropout": 1.0}, "'dropout' parameter of .* 1.0"),
        ({"class_weight": "fair"}, "'class_weight' parameter of .* 'fair'"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_bad_parameters_are_named(Classifier, parameters, message, digits):
    with pytest.raises(ValueError, match=message):
        quick(Classifier, **parameters).fit(*digits)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_parameters_may_be_numbers_of_numpy(solver, digits):
    plain = {"momentum": 0.5, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.125, "alpha": 0.25}
    plain |= {"learning_rate_init": 0.0625, "dropout": 0.25, "label_smoothing": 0.125}
    numpy = {name: np.float32(value) for name, value in plain.items()}  # exact in both
    first, second = (
        ANNClassifier(
            max_iter=2, solver=solver, learning_rate="one_cycle", random_state=0, **parameters
        ).fit(*digits)
        for parameters in (plain, numpy)
    )
    assert_array_equal(first.predict_proba(digits[0]), second.predict_proba(digits[0]))


def test_even_kernels_and_empty_channels_are_refused(digits):
    with pytest.raises(ValueError, match="odd kernel_size, got 4"):
        quick(CNNClassifier, kernel_size=4).fit(*digits)
    with pytest.raises(ValueError, match="channels must be > 0"):
        quick(CNNClassifier, channels=(8, 0)).fit(*digits)


@BOTH
def test_bad_weights_are_refused(Classifier, digits):
    X, y = digits
    for weights, message in [
        (np.zeros(len(y)), "at least one non-zero"),
        (-np.ones(len(y)), "Negative values|negative"),
        (np.ones(3), "sample_weight"),
        (np.full(len(y), np.nan), "NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            quick(Classifier).fit(X, y, sample_weight=weights)


@BOTH
def test_images_whose_channels_come_last_are_refused(Classifier, digits):
    X, y = digits
    images = X.reshape(-1, 8, 8)
    for last in (images[..., None], np.repeat(images[..., None], 3, axis=-1)):
        shape = rf"got channels last, \(n, 8, 8, {last.shape[-1]}\): pass np.moveaxis\(X, -1, 1\)"
        with pytest.raises(ValueError, match=f"{Classifier.__name__} expects images .*{shape}"):
            quick(Classifier).fit(last, y)
    first = np.moveaxis(np.repeat(images[..., None], 3, axis=-1), -1, 1)
    fitted = quick(Classifier).fit(first, y)
    assert fitted.image_shape_ == (3, 8, 8)
    with pytest.raises(ValueError, match="channels last"):
        fitted.predict(np.moveaxis(first, 1, -1))
    narrow = images.reshape(len(y), 8, 8, 1)  # eight channels of 8x1
    with pytest.raises(ValueError, match=r"or image_shape=\(8, 8, 1\) if they do come first"):
        quick(Classifier).fit(narrow, y)
    quick(Classifier, image_shape=(8, 8, 1)).fit(narrow, y)


def test_images_of_few_rows_or_columns_are_not_taken_for_channels_last():
    X = np.zeros((6, 1, 3, 2))
    assert quick(ANNClassifier).fit(X, np.arange(6) % 2).image_shape_ == (1, 3, 2)

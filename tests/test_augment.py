"""Augmentation: what it does to images, and what it does not do."""

import warnings

import numpy as np
import pytest
import torch
from both_classifiers import BOTH
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skdigits import ANNClassifier, Augmentation, CNNClassifier
from skdigits.neural._augment import make_augmentation, shifted
from skdigits.neural._batches import LabelledPixels

STRONG = make_augmentation("strong")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def bars(n=64, side=28):
    """Images of a vertical bar in the middle, on black."""
    images = torch.zeros(n, 1, side, side)
    images[:, :, side // 4 : -side // 4, side // 2 - 1 : side // 2 + 1] = 255
    return images


def centres(images):
    """Return the centre of mass of each image, (rows, columns), in pixels."""
    rows, columns = torch.arange(images.shape[2]), torch.arange(images.shape[3])
    mass = images.sum(dim=(1, 2, 3))
    down = (images.sum(dim=(1, 3)) * rows).sum(dim=1) / mass
    across = (images.sum(dim=(1, 2)) * columns).sum(dim=1) / mass
    return torch.stack([down, across])


def quick(Classifier, **parameters):
    return Classifier(**{"max_iter": 3, "random_state": 0, **parameters})


amounts = st.floats(0, 0.5)


@settings(deadline=None, max_examples=25)
@given(
    st.builds(
        Augmentation,
        shift=amounts,
        rotation=st.floats(0, 180),
        scale=amounts,
        shear=amounts,
        elastic=amounts,
        erase=amounts,
    ),
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 12), st.integers(1, 12)),
    st.sampled_from([torch.float32, torch.float64]),
    st.integers(0, 100),
)
def test_images_of_any_shape_stay_in_shape_type_and_range(augmentation, shape, dtype, seed):
    images = torch.rand(shape, generator=generator(seed), dtype=dtype)
    before = images.clone()
    changed = augmentation(images, generator(seed))
    assert changed.shape == images.shape
    assert changed.dtype == dtype
    assert_array_equal(images, before)
    lowest, highest = images.amin(dim=(2, 3)), images.amax(dim=(2, 3))
    assert (changed.amin(dim=(2, 3)) >= lowest - 1e-5).all()
    assert (changed.amax(dim=(2, 3)) <= highest + 1e-5).all()


def test_without_an_amount_nothing_changes():
    images = torch.rand(5, 1, 9, 7)
    assert_allclose(Augmentation()(images, generator()), images, atol=1e-6)


def test_every_image_changes_in_its_own_way_and_the_seed_says_how():
    images = bars(20)
    changed = STRONG(images, generator(1))
    assert len(torch.unique(changed, dim=0)) == 20
    assert_array_equal(changed, STRONG(images, generator(1)))
    assert not torch.equal(changed, STRONG(images, generator(2)))


def test_torchs_own_random_state_is_left_alone():
    before = torch.get_rng_state()
    STRONG(bars(), generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_light_on_dark_and_dark_on_light_change_alike():
    images = bars()
    assert_allclose(STRONG(255 - images, generator()), 255 - STRONG(images, generator()), atol=1e-3)


def test_every_image_keeps_its_own_background():
    images = bars(2)
    images[1] = 200 - images[1]
    changed = Augmentation(shift=0.5, rotation=90)(images, generator())
    assert_allclose(changed[0, 0, 0, 0], 0)
    assert_allclose(changed[1, 0, 0, 0], 200)


def test_shift_moves_the_ink_by_up_to_its_share_of_the_side():
    moves = centres(Augmentation(shift=0.1)(bars(500), generator())) - 13.5
    assert moves.abs().max() <= 2.8 + 1e-3
    for direction in (*moves, *-moves):
        assert direction.max() > 2.5


def test_rotation_turns_the_ink_about_the_middle_and_either_way():
    changed = Augmentation(rotation=30)(bars(500), generator())
    assert_allclose(centres(changed), torch.full((2, 500), 13.5), atol=0.05)
    ink = changed[:, 0].double()
    y, x = torch.meshgrid(*[torch.arange(28.0).double() - 13.5] * 2, indexing="ij")
    xy, xx, yy = ((ink * product).sum(dim=(1, 2)) for product in (x * y, x * x, y * y))
    degrees = torch.rad2deg(0.5 * torch.atan2(2 * xy, yy - xx))
    assert degrees.abs().max() <= 30.1
    assert degrees.min() < -28
    assert degrees.max() > 28
    assert abs(degrees.mean()) < 2


def test_rotation_does_not_stretch_images_that_are_not_square():
    images = torch.zeros(200, 1, 20, 40)
    images[:, :, 5:15, 15:25] = 1
    areas = Augmentation(rotation=90)(images, generator()).sum(dim=(1, 2, 3))
    assert_allclose(areas, torch.full((200,), 100.0), rtol=0.02)


def test_scale_multiplies_or_divides_the_sides():
    images = torch.zeros(500, 1, 40, 40)
    images[:, :, 15:25, 15:25] = 1
    sides = Augmentation(scale=0.25)(images, generator()).sum(dim=(1, 2, 3)).sqrt()
    assert_allclose([sides.min(), sides.max()], [8, 12.5], rtol=0.02)


def test_shear_slants_and_keeps_the_rows():
    images = bars(200)
    changed = Augmentation(shear=0.3)(images, generator())
    assert_allclose(changed.sum(dim=3), images.sum(dim=3), rtol=0.01)
    assert changed.std(dim=0).max() > 10


def test_an_elastic_deformation_bends_what_no_affine_one_could():
    changed = Augmentation(elastic=0.05)(bars(200), generator())
    rows = changed[:, 0, 8:20]
    middles = (rows * torch.arange(28)).sum(dim=2) / rows.sum(dim=2)
    curvature = middles.diff(n=2, dim=1).abs().mean()
    assert curvature > 0.05
    assert (middles - 13.5).abs().max() < 2 * 0.05 * 28


def test_erasing_takes_one_square_from_every_second_image():
    images = torch.ones(1000, 1, 20, 20)
    images[..., 0, :] = images[..., -1, :] = images[..., 0] = images[..., -1] = 0
    missing = images - Augmentation(erase=0.25)(images, generator())
    n_missing = missing.sum(dim=(1, 2, 3))
    assert 0.4 < (n_missing > 0).double().mean() < 0.6
    assert n_missing.max() <= 25
    sides = torch.stack([missing.amax(dim=2).sum(dim=2), missing.amax(dim=3).sum(dim=2)])
    assert_array_equal(sides.prod(dim=0).flatten(), n_missing)


def test_nothing_is_ever_mirrored():
    triangle = torch.zeros(300, 1, 28, 28)
    triangle[:, :, 7:21, 7:21] = torch.ones(14, 14).tril()  # heavy at its left
    changed = make_augmentation("strong").set_params(erase=0)(triangle, generator())
    x = torch.arange(28) - centres(changed)[1][:, None]
    skewness = (changed.sum(dim=(1, 2)) * x**3).sum(dim=1)
    assert skewness.min() > 0


def test_shifted_by_whole_pixels_is_numpys_roll():
    images = torch.nn.functional.pad(torch.rand(3, 1, 24, 24), (2, 2, 2, 2))
    moved = shifted(images, 1 / 28, -2 / 28)
    assert_allclose(moved, np.roll(images.numpy(), (-2, 1), axis=(2, 3)), atol=1e-5)


@pytest.mark.parametrize(
    "parameters", [{"shift": -0.1}, {"rotation": 200}, {"scale": -1}, {"erase": "much"}]
)
def test_amounts_out_of_range_are_named_before_training(parameters, digits):
    X, y = digits
    (name,) = parameters
    with pytest.raises(ValueError, match=f"'{name}' parameter of Augmentation"):
        quick(CNNClassifier, augment=Augmentation(**parameters)).fit(X, y)


@BOTH
def test_augmentation_changes_training_and_never_prediction(Classifier, digits):
    X, y = digits
    plain = quick(Classifier, augment=None).fit(X, y)
    augmented = quick(Classifier, augment="light").fit(X, y)
    assert not np.array_equal(plain.predict_proba(X), augmented.predict_proba(X))
    expected = plain.predict_proba(X)
    assert_array_equal(plain.set_params(augment="strong").predict_proba(X), expected)


@BOTH
@pytest.mark.parametrize("augment", ["light", "strong", Augmentation(shift=0.1)])
def test_augmented_training_is_repeatable_anywhere(Classifier, augment, digits):
    X, y = digits
    model = quick(Classifier, augment=augment, batch_size=64)
    alone = model.fit(X, y).predict_proba(X)
    for fitted in Parallel(n_jobs=2)(delayed(clone(model).fit)(X, y) for _ in range(2)):
        assert_array_equal(fitted.predict_proba(X), alone)


def test_the_strength_is_searched_like_any_parameter(digits):
    X, y = digits
    search = GridSearchCV(
        quick(CNNClassifier, augment=Augmentation(shift=0.05)),
        {"augment__rotation": [0, 10], "augment__erase": [0, 0.3]},
        cv=2,
    )
    search.fit(X, y)
    assert set(search.best_params_) == {"augment__rotation", "augment__erase"}
    assert search.cv_results_["mean_test_score"].min() > 0.3
    other = GridSearchCV(quick(CNNClassifier), {"augment": [None, "light", "strong"]}, cv=2)
    assert len(set(other.fit(X, y).cv_results_["mean_test_score"])) > 1


class Recorder:
    """Doubles the pixels in place, and notes what it was given."""

    def __init__(self):
        self.seen = []

    def __call__(self, images, generator):
        self.seen.append((images.shape, images.dtype, float(images.max())))
        return images.mul_(torch.rand(1, generator=generator, dtype=images.dtype) + 1)


@pytest.mark.parametrize("batch_size", [64, 500])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_a_function_gets_pixels_as_they_are_in_floating_point(dtype, batch_size, digits):
    X, y = digits
    X = X.astype(dtype)
    before = X.copy()
    record = Recorder()
    quick(ANNClassifier, augment=record, batch_size=batch_size).fit(X, y)
    assert_array_equal(X, before)
    assert {shape[1:] for shape, _, _ in record.seen} == {(1, 8, 8)}
    expected = torch.float64 if dtype == "float64" else torch.float32
    assert {seen for _, seen, _ in record.seen} == {expected}
    assert max(highest for _, _, highest in record.seen) == 16


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda images, generator: images[:, :, 1:], r"shape \(\d+, 1, 7, 8\)"),
        (lambda images, generator: images.double(), "a torch.float64 tensor"),
        (lambda images, generator: images.numpy(), "ndarray"),
        (lambda images, generator: None, "NoneType"),
    ],
)
def test_a_function_that_returns_something_else_is_refused(function, got, digits):
    X, y = digits
    model = quick(ANNClassifier).fit(X, y)
    weights = model.predict_proba(X)
    message = rf"'augment' must return what it gets, a torch.float32 .*; it returned .*{got}"
    with pytest.raises(ValueError, match=message):
        model.set_params(augment=function).fit(X, y)
    assert_array_equal(model.predict_proba(X), weights)


def test_a_class_is_no_augmentation(digits):
    with pytest.raises(ValueError, match="got the class Augmentation; give one of its objects"):
        quick(CNNClassifier, augment=Augmentation).fit(*digits)


def test_unknown_names_are_refused(digits):
    with pytest.raises(ValueError, match="'augment' parameter of CNNClassifier"):
        quick(CNNClassifier, augment="wild").fit(*digits)


def test_by_default_only_a_network_for_images_changes_images(digits):
    X, y = digits
    same = {"batch_size": 64}
    for model, augment in (
        (quick(CNNClassifier, **same), "light"),
        (quick(CNNClassifier, early_stopping=True, tol=1, n_iter_no_change=1, max_iter=9), None),
        (quick(CNNClassifier, batch_size=300), None),  # a batch holds the whole set
        (quick(ANNClassifier, **same), None),
    ):
        expected = clone(model).set_params(augment=augment).fit(X, y).predict_proba(X)
        assert_array_equal(model.fit(X, y).predict_proba(X), expected)


def test_rows_that_are_no_images_are_not_changed_by_default():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 11)), np.arange(300) % 2
    model = quick(CNNClassifier, batch_size=64)
    expected = clone(model).set_params(augment=None).fit(X, y).predict_proba(X)
    assert_array_equal(model.fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize(
    ("parameters", "n_images"),
    [
        ({"batch_size": 64}, 4 * 300),
        ({"batch_size": 100}, 4 * 300),
        ({"batch_size": 300}, 4 * 300),
        ({"batch_size": 64, "max_iter": 1}, 4 * 60),
        ({"batch_size": 64, "learning_rate": "constant", "tol": 0.0}, 5 * 300),
    ],
)
def test_the_last_fifth_of_a_planned_training_sees_the_images_as_they_are(
    parameters, n_images, digits
):
    record = Recorder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        quick(ANNClassifier, augment=record, **{"max_iter": 5, **parameters}).fit(*digits)
    assert sum(shape[0] for shape, _, _ in record.seen) == n_images


@pytest.mark.parametrize("n_augmented", [None, 0, 5, 20, 40])
def test_labels_and_weights_go_with_their_images(n_augmented):
    pixels = torch.arange(100).repeat(40).view(-1, 1, 1, 1).expand(-1, 1, 2, 2).byte()
    codes = torch.arange(100).repeat(40)
    data = LabelledPixels(pixels, codes, codes.float())
    blocks = data.blocks(100, generator(), lambda images: images + 0.5, n_augmented)
    batches = [batch for sizes, block in blocks for batch in block.split(sizes)]
    seen = []
    for i, (images, labels, weights) in enumerate(batches):
        changed = 0.5 if n_augmented is None or i < n_augmented else 0
        assert_array_equal(images[:, 0, 0, 0] - changed, labels)
        assert_array_equal(weights, labels.float())
        seen.append(labels)
    assert_array_equal(torch.cat(seen).sort().values, codes.sort().values)

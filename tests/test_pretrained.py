"""Files of models, and the models that come with the library."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    list_pretrained,
    load_pretrained,
)
from skdigits.persistence._model_file import read_model, write_model

X, Y = load_digits(return_X_y=True)
X = X[:200].astype(np.uint8)
QUICK = {"max_iter": 1, "random_state": 0}


def written_and_read(model, folder):
    write_model(model, folder / "model")
    return read_model(folder / "model")


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (ANNClassifier((8,), **QUICK), Y[:200]),
        (CNNClassifier((4,), **QUICK, augment=Augmentation(shift=0.1)), Y[:200].astype(str)),
        (ANNClassifier((8,), **QUICK, class_weight="balanced"), Y[:200] > 4),
        (
            make_pipeline(CharacterNormalizer(16, box=12), CNNClassifier((4,), **QUICK)),
            Y[:200].astype(str).astype(object),
        ),
        (make_pipeline(Deskewer(), ANNClassifier((8,), **QUICK, n_iter_no_change=np.inf)), Y[:200]),
    ],
    ids=["ann", "text labels", "booleans", "pipeline", "infinity"],
)
def test_a_file_predicts_what_its_model_does(model, y, tmp_path):
    model.fit(X, y)
    back = written_and_read(model, tmp_path)
    assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert_array_equal(back.predict(X), model.predict(X))
    assert back.classes_.dtype == model.classes_.dtype
    assert repr(back) == repr(model)
    assert repr(clone(back)) == repr(clone(model))


def test_a_model_from_a_file_goes_on_learning(tmp_path):
    model = CNNClassifier((4,), **QUICK).fit(X, Y[:200])
    back = written_and_read(model, tmp_path).partial_fit(X, Y[:200])
    assert_array_equal(back.predict_proba(X), model.partial_fit(X, Y[:200]).predict_proba(X))


def test_what_a_file_cannot_hold_is_named(tmp_path):
    pipeline = make_pipeline(Deskewer(), SVC()).fit(X, Y[:200])
    with pytest.raises(TypeError, match=r"holds estimators of skdigits, .* got SVC\(\)"):
        write_model(pipeline, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(ValueError, match=r"expects one of \['cnn-mnist'\], got 'resnet'"):
        load_pretrained("resnet")


@pytest.mark.parametrize("name", list_pretrained())
def test_what_comes_with_the_library_reads_digits_it_has_never_seen(name):
    digits = load_digits()
    large = ndimage.zoom(digits.images, (1, 4, 4), order=1)  # 8x8 pixels say little
    assert load_pretrained(name).score(large[:500], digits.target[:500]) > 0.93


def test_it_reads_dark_ink_on_grey_paper_and_light_on_dark_alike():
    images = ndimage.zoom(load_digits().images[:50], (1, 4, 4), order=1) * 8
    model = load_pretrained("cnn-mnist")
    assert_array_equal(model.predict(200 - images), model.predict(30 + images))

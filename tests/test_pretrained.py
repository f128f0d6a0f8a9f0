"""The models that come with the library."""

import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage
from sklearn.datasets import load_digits

from skdigits import list_pretrained, load_pretrained


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

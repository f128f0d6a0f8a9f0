"""The models that come with the library."""

import os
import re
from pathlib import Path

import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage
from sklearn.datasets import load_digits

import skdigits
from skdigits import list_pretrained, load_pretrained
from skdigits.datasets import fetch_mnist

FOLDER = Path(skdigits.__file__).parent / "persistence" / "pretrained"


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(
        ValueError, match=r"expects one of \['ann-mnist', 'cnn-mnist'\], got 'resnet'"
    ):
        load_pretrained("resnet")


# Eight by eight pixels say little, to a net without convolutions less.
@pytest.mark.parametrize(("name", "accuracy"), [("ann-mnist", 0.88), ("cnn-mnist", 0.93)])
def test_what_comes_with_the_library_reads_digits_it_has_never_seen(name, accuracy):
    digits = load_digits()
    large = ndimage.zoom(digits.images, (1, 4, 4), order=1)
    assert load_pretrained(name).score(large[:500], digits.target[:500]) > accuracy


def test_it_reads_dark_ink_on_grey_paper_and_light_on_dark_alike():
    images = ndimage.zoom(load_digits().images[:50], (1, 4, 4), order=1) * 8
    model = load_pretrained("cnn-mnist")
    assert_array_equal(model.predict(200 - images), model.predict(30 + images))


def test_together_they_are_smaller_than_a_megabyte():
    sizes = {path.stem: path.stat().st_size for path in FOLDER.glob("*.safetensors")}
    assert sorted(sizes) == list_pretrained()
    assert sizes["ann-mnist"] <= 350_000
    assert sum(sizes.values()) < 1_000_000


@pytest.mark.parametrize("name", list_pretrained())
def test_every_model_has_a_card_that_says_the_same(name):
    card = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    model = load_pretrained(name)
    n_weights = sum(weight.numel() for weight in model[-1].net_.module_.parameters())
    assert card.startswith(f"# Model card: {name}\n")
    assert f"{n_weights:,} weights" in card
    for part in ("Data", "Recipe", "Accuracy", "Worse images", "Calibration", "Limits", "Licence"):
        assert f"- **{part}**: " in card


@pytest.mark.slow
@pytest.mark.skipif("SKDIGITS_DATA" not in os.environ, reason="needs MNIST in $SKDIGITS_DATA")
@pytest.mark.parametrize("name", list_pretrained())
def test_the_accuracy_of_a_card_is_that_of_the_model(name):
    card = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    told = float(re.search(r"MNIST test set ([\d.]+) %", card)[1])
    test = fetch_mnist(subset="test", download_if_missing=False)
    accuracy = 100 * load_pretrained(name).score(test.images, test.target)
    assert accuracy == pytest.approx(told, abs=0.02)  # another processor rounds otherwise

"""How the nets that come with skdigits were trained, and how well they read what they never saw.

``python examples/pretrained.py ann-mnist --out FOLDER`` trains one of them anew on MNIST's training
images, which takes minutes on two cores, and writes its file; ``cnn-mnist`` is the other. With
``--card`` it trains nothing, but measures the models that come with skdigits (or those of the
files given) and prints the numbers of their cards. MNIST is read from ``$SKDIGITS_DATA`` or
downloaded, and so is USPS.

Shapes, stroke widths and sizes of the nets were chosen on the last 10,000 of MNIST's training
images and on the training images of USPS; a larger cnn-mnist was tried after a smaller one had
fallen short on a scanned sheet, as its card says.
"""

import argparse
import time
from pathlib import Path

from sklearn.pipeline import make_pipeline

from skdigits import (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    expected_calibration_error,
    list_pretrained,
    load_model,
    load_pretrained,
    robustness_curve,
    save_model,
)
from skdigits.datasets import fetch_mnist, fetch_usps

# Shapes and stroke widths that MNIST does not have, and photos do
AUGMENT = Augmentation(
    shift=0.07, rotation=10, scale=0.1, shear=0.15, elastic=0.04, stroke=0.8, erase=0.3
)


def photo_cnn(random_state=None):
    """A net for photos."""
    net = CNNClassifier((24, 48, 96, 96), max_iter=20, augment=AUGMENT, random_state=random_state)
    return make_pipeline(CharacterNormalizer(), net)


def small_ann(random_state=None):
    """The same without convolutions, on images that have lost MNIST's margin of four pixels."""
    normalizer = CharacterNormalizer(20, box=16, stroke_width=2.1)
    net = ANNClassifier((160, 96), max_iter=30, augment=AUGMENT, random_state=random_state)
    return make_pipeline(normalizer, net)


RECIPES = {"ann-mnist": small_ann, "cnn-mnist": photo_cnn}


def train(name, folder):
    """Train a net on MNIST's training images, and write its file."""
    mnist = fetch_mnist()
    start = time.perf_counter()
    model = RECIPES[name](random_state=0).fit(mnist.images, mnist.target)
    print(f"{name}: trained in {time.perf_counter() - start:.0f} s")
    path = save_model(model, folder / f"{name}.safetensors")
    n_weights = sum(weight.numel() for weight in model[-1].net_.module_.parameters())
    print(f"{path}: {n_weights:,} weights, {path.stat().st_size:,} bytes")


def print_card(models):
    """Print accuracy and calibration on the test sets, and accuracy on worse images."""
    for set_name, fetch in (("MNIST", fetch_mnist), ("USPS", fetch_usps)):
        test = fetch(subset="test")
        for name, model in models.items():
            probabilities = model.predict_proba(test.images)
            accuracy = (probabilities.argmax(axis=1) == test.target).mean()
            error = expected_calibration_error(test.target, probabilities)
            print(f"{set_name} test set, {name}: {accuracy:.2%}, calibration error {error:.4f}")
    test = fetch_mnist(subset="test")
    curve = robustness_curve(models, test.images[::10], test.target[::10])
    print("\nEvery tenth MNIST test image, made worse: % right, the mean over five severities")
    table = 100 * curve.pivot_table("accuracy", "kind", "model", sort=False)
    table.loc["mean of the kinds"] = table.drop(index="clean").mean()
    print(table.to_string(float_format="{:.1f}".format))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", default=list(RECIPES), help="ann-mnist, cnn-mnist")
    parser.add_argument("--out", type=Path, default=Path(), help="where files are written")
    parser.add_argument("--card", action="store_true", help="measure instead of training")
    given = parser.parse_args()
    if given.card:
        known = list_pretrained()
        load = {name: load_pretrained if name in known else load_model for name in given.name}
        print_card({Path(name).stem: load[name](name) for name in given.name})
        return
    for name in given.name:
        train(name, given.out)


if __name__ == "__main__":
    main()

"""Recipes for MNIST and Fashion-MNIST: what to set when there is time to train.

Each is a classifier with a few parameters set. ``python examples/recipes.py mnist-ann`` fits one on
all training images, which are read from ``$SKDIGITS_DATA`` or downloaded, and prints its accuracy
on the test images. `examples/benchmarks/recipe_accuracy.py` does that for all, with several seeds.
"""

import sys
import time

import torch

from skdigits import ANNClassifier, Augmentation, CNNClassifier
from skdigits.datasets import fetch_fashion_mnist, fetch_mnist


def mnist_cnn(random_state=None):
    """A convolutional network for MNIST, wider than by default, on strongly changed digits."""
    return CNNClassifier(
        (32, 64, 96, 96), max_iter=30, augment="strong", tta=True, random_state=random_state
    )


def mnist_ann(random_state=None):
    """A multi-layer perceptron for MNIST: it too learns from changed images."""
    return ANNClassifier(
        (1024, 512),
        max_iter=40,
        augment=Augmentation(shift=0.07, rotation=10, scale=0.1, shear=0.15, elastic=0.03),
        tta=True,
        random_state=random_state,
    )


def mirrored_or_shifted(images, generator):
    """Shift pictures of clothes, erase a part, and mirror every second one.

    A function of your own is an augmentation too. skdigits never mirrors: a mirrored 2 is no 2, a
    mirrored shoe is a shoe.
    """
    images = CLOTHES(images, generator)
    mirrored = torch.rand(len(images), generator=generator, device=images.device) < 0.5
    return torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)


CLOTHES = Augmentation(shift=0.07, scale=0.08, erase=0.3)


def fashion_mnist_cnn(random_state=None):
    """A convolutional network for Fashion-MNIST."""
    return CNNClassifier(
        (32, 64, 128, 128),
        max_iter=28,
        augment=mirrored_or_shifted,
        tta=True,
        random_state=random_state,
    )


RECIPES = {
    "mnist-cnn": mnist_cnn,
    "mnist-ann": mnist_ann,
    "fashion-mnist-cnn": fashion_mnist_cnn,
}


def load(name):
    """Return X_train, y_train, X_test, y_test of the recipe's data set."""
    fetch = fetch_mnist if name.startswith("mnist") else fetch_fashion_mnist
    return (*fetch(return_X_y=True), *fetch(subset="test", return_X_y=True))


def main(name):
    X_train, y_train, X_test, y_test = load(name)
    model = RECIPES[name](random_state=0)
    start = time.perf_counter()
    model.fit(X_train, y_train)
    print(f"{name}: fitted in {time.perf_counter() - start:.0f} s")
    print(f"test accuracy {100 * model.score(X_test, y_test):.2f} %")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "mnist-ann")

"""How the net that comes with skdigits was trained, and how well it reads what it never saw.

``python examples/pretrained.py`` trains it anew on MNIST's training images, which takes some
minutes on two cores, and prints the accuracies of its model card. MNIST is read from
``$SKDIGITS_DATA`` or downloaded, and so is USPS. Shapes, stroke widths and the size of the net were
chosen on the last 10,000 of MNIST's training images and on the training images of USPS; a larger
net was tried after a smaller one had fallen short on a scanned sheet, as the model card says.
"""

import time

from sklearn.pipeline import make_pipeline

from skdigits import Augmentation, CharacterNormalizer, CNNClassifier
from skdigits.datasets import fetch_mnist, fetch_usps


def photo_cnn(random_state=None):
    """A net for photos: trained on shapes and stroke widths that MNIST does not have."""
    augment = Augmentation(
        shift=0.07, rotation=10, scale=0.1, shear=0.15, elastic=0.04, stroke=0.8, erase=0.3
    )
    net = CNNClassifier((24, 48, 96, 96), max_iter=20, augment=augment, random_state=random_state)
    return make_pipeline(CharacterNormalizer(), net)


def main():
    mnist = fetch_mnist()
    start = time.perf_counter()
    model = photo_cnn(random_state=0).fit(mnist.images, mnist.target)
    print(f"Trained in {time.perf_counter() - start:.0f} s")
    for name, fetch in (("MNIST", fetch_mnist), ("USPS", fetch_usps)):
        test = fetch(subset="test")
        print(f"{name} test set: {model.score(test.images, test.target):.2%}")


if __name__ == "__main__":
    main()

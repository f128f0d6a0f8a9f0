"""Digits of a kind that no model has seen: trained on MNIST, tested on USPS.

USPS has scans of 16x16 pixels, from envelopes. Both sets go through `CharacterNormalizer`. The net
is the one that comes with skdigits, of `examples/pretrained.py`; beside it `CNNClassifier()`, both
trained on MNIST's 60,000 training images, and the classical baseline, an RBF SVM of deskewed
gradients, trained on the first 20,000 of them: its time grows with their square.

Fails unless the net reads 97 % of the test digits of USPS, more than the others, and normalising
10,000 images takes less than 10 seconds.
"""

import torch
from bench import THREADS, Verdicts, seconds, table
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import CharacterNormalizer, CNNClassifier, Deskewer, HOGFeatures, load_pretrained
from skdigits.datasets import fetch_mnist, fetch_usps

N_SVM = 20_000


def main():
    torch.set_num_threads(THREADS)
    mnist, usps, test = fetch_mnist(), fetch_usps(subset="test"), fetch_mnist(subset="test")
    normalizer = CharacterNormalizer()
    duration, X_mnist = seconds(normalizer.transform, test.images)
    X_train, X_usps = normalizer.transform(mnist.images), normalizer.transform(usps.images)
    models = {
        "the net that comes along": load_pretrained("cnn-mnist")[-1],
        "CNNClassifier()": CNNClassifier(random_state=0).fit(X_train, mnist.target),
        "Deskewer, HOGFeatures, SVC(C=10)": make_pipeline(
            Deskewer(), HOGFeatures(), SVC(C=10, cache_size=1000)
        ).fit(X_train[:N_SVM], mnist.target[:N_SVM]),
    }
    scores = {
        name: (100 * model.score(X_usps, usps.target), 100 * model.score(X_mnist, test.target))
        for name, model in models.items()
    }
    print("Trained on MNIST's training images; accuracy in %\n")
    table(
        ("", "USPS test", "MNIST test"),
        [(name, *(f"{score:.2f}" for score in both)) for name, both in scores.items()],
    )
    print()
    verdicts = Verdicts()
    (ours, _), *others = scores.values()
    verdicts.check("USPS, the net that comes along, %", ours, at_least=97)
    best = max(score for score, _ in others)
    verdicts.check("its lead over the best of the others, points", ours - best, above=0)
    verdicts.check("seconds for 10,000 images normalised", duration, at_most=10)
    verdicts.leave()


if __name__ == "__main__":
    main()

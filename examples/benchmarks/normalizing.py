"""What `CharacterNormalizer` costs on MNIST itself, which needs none.

The same network, `CNNClassifier(max_iter=3)`, trained and tested on MNIST as it is and normalised,
three seeds each.

Fails if normalising costs more than 0.1 points of accuracy.
"""

from statistics import mean

import torch
from bench import THREADS, Verdicts, mnist, spread, table

from skdigits import CharacterNormalizer, CNNClassifier

SEEDS = (0, 1, 2)


def main():
    torch.set_num_threads(THREADS)
    X_train, y_train, X_test, y_test = mnist()
    normalizer = CharacterNormalizer()
    sets = {
        "as it is": (X_train, X_test),
        "normalised": (normalizer.transform(X_train), normalizer.transform(X_test)),
    }
    scores = {
        name: [
            100
            * CNNClassifier(max_iter=3, random_state=seed).fit(train, y_train).score(test, y_test)
            for seed in SEEDS
        ]
        for name, (train, test) in sets.items()
    }
    print(f"MNIST, CNNClassifier(max_iter=3), seeds {SEEDS}\n")
    table(("", "test accuracy, %"), [(name, spread(score)) for name, score in scores.items()])
    print()
    verdicts = Verdicts()
    cost = mean(scores["as it is"]) - mean(scores["normalised"])
    verdicts.check("points lost by normalising", cost, at_most=0.1)
    verdicts.leave()


if __name__ == "__main__":
    main()

"""Accuracy by the number of training images: MNIST with 10, 100 and 1,000 a class, and all.

The networks as they are by default and the CNN with strong augmentation; the classical
classifiers with settings of the field. Three draws of the training set (for all images three
seeds of the networks, and one fit of the rest).

Fails unless the CNN of 100 images a class reads 97.5 % and more than every classical classifier.
"""

import sys
from functools import partial
from statistics import mean

import numpy as np
import torch
from bench import THREADS, Verdicts, as_shares, mnist, save_plot, spread, table
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier

SEEDS = (0, 1, 2)
PER_CLASS = (10, 100, 1000, None)


def models(seed):
    return {
        "CNNClassifier()": CNNClassifier(random_state=seed),
        'CNNClassifier(augment="strong")': CNNClassifier(augment="strong", random_state=seed),
        "ANNClassifier()": ANNClassifier(random_state=seed),
        'ANNClassifier(augment="light")': ANNClassifier(augment="light", random_state=seed),
        "SVC(C=10, gamma=0.02)": make_pipeline(
            FunctionTransformer(as_shares), SVC(C=10, gamma=0.02)
        ),
        "KNeighborsClassifier(3)": KNeighborsClassifier(3, n_jobs=THREADS),
        "ExtraTreesClassifier(300)": ExtraTreesClassifier(300, n_jobs=THREADS, random_state=seed),
    }


def choose(y, per_class, seed):
    """Return positions of `per_class` images of each class."""
    if per_class is None:
        return np.arange(len(y))
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.choice(np.flatnonzero(y == c), per_class, False) for c in set(y)])


def plot(scores, names, sizes, axes):
    counts = [size or 6000 for size in sizes]
    for name in names:
        errors = [100 - mean(scores[name, size]) for size in sizes]
        axes.plot(counts, errors, "o-" if "NN" in name else "s--", label=name)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="training images a class",
        ylabel="errors on the test images, %",
        title="MNIST",
    )
    axes.legend(fontsize=8)


def main(sizes):
    torch.set_num_threads(THREADS)
    X, y, X_test, y_test = mnist()
    scores = {}
    for per_class in sizes:
        for seed in SEEDS:
            index = choose(y, per_class, seed)
            for name, model in models(seed).items():
                if per_class is None and seed and "NN" not in name:
                    continue
                accuracy = model.fit(X[index], y[index]).score(X_test, y_test)
                scores.setdefault((name, per_class), []).append(100 * accuracy)
    print(f"MNIST, test accuracy in % by training images a class, seeds {SEEDS}\n")
    heads = ["all" if size is None else f"{size}" for size in sizes]
    names = list(models(0))
    table(
        ("", *heads),
        [(name, *(spread(scores[name, size]) for size in sizes)) for name in names],
    )
    print()
    save_plot("training_set_size", partial(plot, scores, names, sizes))
    verdicts = Verdicts()
    if 100 in sizes:
        best = {name: mean(scores[name, 100]) for name in names}
        ours = best["CNNClassifier()"]
        verdicts.check("CNN, 100 a class, %", ours, at_least=97.5)
        classical = max(value for name, value in best.items() if "NN" not in name)
        verdicts.check("CNN before the best classical, points", ours - classical, above=0)
    verdicts.leave()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or PER_CLASS)

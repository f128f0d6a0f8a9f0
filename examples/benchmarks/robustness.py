"""What breaks each model: MNIST's test images made worse in many ways, five severities each.

Two networks (the convolutional one for three epochs), each without augmentation and with the light
one, which the convolutional one has by default, nearest neighbours and a forest are trained on
MNIST's 60,000 training images; the classical baseline, an RBF SVM of normalised, deskewed
gradients, on the first 10,000: its time to train grows with their square, and reading 61,000 images
takes it longer than all the others together. Every tenth test image is tested as it is and
corrupted: 61,000 images a model.

Fails if all of it, training included, takes more than ten minutes.
"""

import time

import torch
from bench import THREADS, Verdicts, as_shares, mnist, save_plot, seconds, table
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    RobustnessDisplay,
    mean_corruption_error,
    robustness_curve,
)

N_SVM = 10_000
BASELINE = "knn"


def make_models():
    """Return the models by name."""
    gradients = (CharacterNormalizer(), Deskewer(), HOGFeatures())
    return {
        "cnn": CNNClassifier(max_iter=3, augment=None, random_state=0),
        "cnn light": CNNClassifier(max_iter=3, random_state=0),
        "ann": ANNClassifier(random_state=0),
        "ann light": ANNClassifier(augment="light", random_state=0),
        "hog": make_pipeline(*gradients, SVC(C=10, cache_size=500)),
        "forest": RandomForestClassifier(n_jobs=THREADS, random_state=0),
        "knn": KNeighborsClassifier(3, n_jobs=THREADS),
    }


def main():
    torch.set_num_threads(THREADS)
    X_train, y_train, X_test, y_test = mnist()
    X_train, X_test, y_test = as_shares(X_train), as_shares(X_test[::10]), y_test[::10]
    models = make_models()
    start = time.perf_counter()
    for name, model in models.items():
        n_rows = N_SVM if name == "hog" else len(X_train)
        taken, _ = seconds(model.fit, X_train[:n_rows], y_train[:n_rows], pause=0)
        print(f"{name} trained in {taken:.0f} s", flush=True)
    trained = time.perf_counter()
    curve = robustness_curve(models, X_test, y_test, random_state=0, n_jobs=THREADS)
    finished = time.perf_counter()

    means = 100 * curve.pivot_table("accuracy", "kind", "model", sort=False)[list(models)]
    errors = mean_corruption_error(curve, BASELINE).loc[list(models)]
    print("\nAccuracy in %, the mean over five severities; mCE: relative to nearest neighbours\n")
    rows = [(kind, *(f"{value:.1f}" for value in row)) for kind, row in means.iterrows()]
    rows.append(("mCE", *(f"{value:.2f}" for value in errors["mce"])))
    rows.append(("relative mCE", *(f"{value:.2f}" for value in errors["relative_mce"])))
    table(("", *models), rows)
    print(f"\n{trained - start:.0f} s of training, {finished - trained:.0f} s of testing")
    save_plot("robustness", lambda axes: RobustnessDisplay.from_curve(curve, ax=axes), (10, 6))
    verdicts = Verdicts()
    verdicts.check("minutes in all", (finished - start) / 60, at_most=10)
    verdicts.leave()


if __name__ == "__main__":
    main()

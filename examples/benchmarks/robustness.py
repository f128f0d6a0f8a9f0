"""What breaks each model: MNIST's test images made worse in twelve ways, five severities each.

Two networks, nearest neighbours and a forest are trained on MNIST's 60,000 training images as they
are, without augmentation but what is the networks' own; the classical baseline, an RBF SVM of
normalised, deskewed gradients, on the first 15,000: its time to train grows with their square, and
reading 61,000 images takes it longer than all the others together. Every tenth test image is
tested as it is and corrupted: 61,000 images a model.

Fails if all of it, training included, takes more than ten minutes.
"""

import time

import torch
from bench import THREADS, Verdicts, mnist, save_plot, table
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

N_SVM = 15_000
BASELINE = "knn"


def main():
    torch.set_num_threads(THREADS)
    X_train, y_train, X_test, y_test = mnist()
    X_test, y_test = X_test[::10], y_test[::10]
    hog = make_pipeline(CharacterNormalizer(), Deskewer(), HOGFeatures(), SVC(C=10, cache_size=500))
    start = time.perf_counter()
    models = {
        "cnn": CNNClassifier(random_state=0).fit(X_train, y_train),
        "ann": ANNClassifier(random_state=0).fit(X_train, y_train),
        "hog": hog.fit(X_train[:N_SVM], y_train[:N_SVM]),
        "forest": RandomForestClassifier(200, n_jobs=THREADS, random_state=0).fit(X_train, y_train),
        "knn": KNeighborsClassifier(3, n_jobs=THREADS).fit(X_train, y_train),
    }
    trained = time.perf_counter()
    curve = robustness_curve(models, X_test, y_test, n_jobs=THREADS)
    finished = time.perf_counter()

    means = 100 * curve.pivot_table("accuracy", "kind", "model", sort=False)[list(models)]
    errors = mean_corruption_error(curve, BASELINE).loc[list(models)]
    print("Accuracy in %, the mean over five severities; mCE: relative to nearest neighbours\n")
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

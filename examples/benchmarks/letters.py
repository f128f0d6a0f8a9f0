"""Digits, capital and small letters of writers that no model has seen: Chars74K's handwriting.

62 classes (0-9, A-Z, a-z), 3,410 drawings by 55 writers on a tablet, rendered at 28x28; five folds
that keep each writer together. 0, O and o, or 1, I and l, are often the same drawing: nobody reads
all of them. The networks have their defaults. Read from
``$SKDIGITS_DATA/chars74k/chars74k_hnd_28x28.npz`` with the arrays x, y and writer.

Fails unless the CNN is ahead of the SVM of deskewed gradients.
"""

import os
import sys
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from bench import THREADS, Verdicts, spread, table
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, Deskewer, HOGFeatures

MODELS = {
    "CNNClassifier()": CNNClassifier(random_state=0),
    "Deskewer, HOGFeatures, SVC(C=10)": make_pipeline(Deskewer(), HOGFeatures(), SVC(C=10)),
    "ANNClassifier()": ANNClassifier(random_state=0),
    "SVC(C=10)": SVC(C=10),
}


def main():
    torch.set_num_threads(THREADS)
    path = Path(os.environ.get("SKDIGITS_DATA", ""), "chars74k", "chars74k_hnd_28x28.npz")
    if not path.is_file():
        sys.exit("letters.py finds chars74k in $SKDIGITS_DATA, where it is not.")
    data = np.load(path)
    X = data["x"].reshape(-1, 784)
    scores = {
        name: 100 * cross_val_score(model, X, data["y"], groups=data["writer"], cv=GroupKFold(5))
        for name, model in MODELS.items()
    }
    print("Chars74K handwriting, 62 classes, 5 folds by writer, mean and sd over folds\n")
    table(("", "accuracy, %"), [(name, spread(score.tolist())) for name, score in scores.items()])
    print()
    cnn, hog, *_ = (mean(score) for score in scores.values())
    verdicts = Verdicts()
    verdicts.check("CNN before the SVM of gradients, points", cnn - hog, above=0)
    verdicts.leave()


if __name__ == "__main__":
    main()

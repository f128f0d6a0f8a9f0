"""Write the models of a format of files, once, for later versions to open: `test_model_file.py`.

Run as ``python tests/models/make.py``. A format's files are never written anew.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skdigits import (
    ANNClassifier,
    Augmentation,
    CharacterNormalizer,
    CNNClassifier,
    Deskewer,
    HOGFeatures,
    ImageReshaper,
    PageReader,
    save_model,
)
from skdigits.persistence._schemas import FORMAT

FOLDER = Path(__file__).parent
QUICK = {"max_iter": 2, "random_state": 0}


def fit_models():
    """Return a small model of each class that a file can hold."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:200].astype(np.uint8), y[:200]
    letters, images = np.array(list("abcdefghij"))[y], X.reshape(-1, 8, 8)
    moved = CNNClassifier((3,), augment=Augmentation(shift=0.1), **QUICK)
    gradients = make_pipeline(Deskewer(), HOGFeatures(4), ANNClassifier((4,), **QUICK))
    normalized = make_pipeline(CharacterNormalizer(8, box=6), ANNClassifier((4,), **QUICK))
    return {
        "cnn": make_pipeline(ImageReshaper(), moved).fit(X, letters),
        "ann": ANNClassifier((4,), random_state=0).partial_fit(X, y, classes=range(10)),
        "gradients": gradients.fit(X, y),
        "page": PageReader(normalized.fit(images, y)),
        "scaled": make_pipeline(MinMaxScaler(), ANNClassifier((4,), **QUICK)).fit(X, y),
    }


if __name__ == "__main__":
    for name, model in fit_models().items():
        path = FOLDER / f"format-{FORMAT}-{name}.safetensors"
        if path.exists():
            raise SystemExit(f"{path} is there: a format's files are never written anew.")
        classifier = getattr(model, "estimator", model)
        rows = load_digits().data[:5].astype(np.uint8)
        rows = rows if name != "page" else rows.reshape(-1, 8, 8)
        np.save(path.with_suffix(".npy"), classifier.predict_proba(rows))
        save_model(model, path)

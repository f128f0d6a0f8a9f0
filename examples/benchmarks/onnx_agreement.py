"""How near an ONNX file comes to the model that it was made from, and how large it is.

MNIST's 10,000 test images (support vector machines: the first 3,000) are read by ONNX Runtime in
batches of 1, 7 and 1,000 (of 1: the first 1,000 images) and compared with what the model says in
this process. Networks are trained for two epochs on 6,000 images, the support vector machine on
6,000, the calibrated one on 3,000; the files of these hold support vectors.

Fails when a label differs, when a score or probability differs by more than 1e-5, or when writing
a network a second time, with the check that it agrees, takes longer than a second.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from bench import THREADS, Verdicts, mnist, seconds, table
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, ImageReshaper, export_onnx, load_pretrained

BATCHES = {1: 1_000, 7: 10_000, 1_000: 10_000}  # and how many images, at most
N_FOR_SVM = 3_000


def models(X, y):
    """Return models of pixels, fitted, and whether they are networks."""
    svm = SVC(C=10, cache_size=1000)
    scaled = make_pipeline(MinMaxScaler(), ANNClassifier(max_iter=2, random_state=0))
    shaped = make_pipeline(ImageReshaper(), CNNClassifier(max_iter=2, random_state=0))
    calibrated = CalibratedClassifierCV(svm, cv=2, ensemble=False)
    return {
        'load_pretrained("cnn-mnist")[-1]': (load_pretrained("cnn-mnist")[-1], True),
        "ImageReshaper, CNNClassifier()": (shaped.fit(X[:6000], y[:6000]), True),
        "MinMaxScaler, ANNClassifier()": (scaled.fit(X[:6000], y[:6000]), True),
        "MinMaxScaler, SVC(C=10): scores": (
            make_pipeline(MinMaxScaler(), svm).fit(X[:6000], y[:6000]),
            False,
        ),
        "MinMaxScaler, calibrated SVC(C=10)": (
            make_pipeline(MinMaxScaler(), calibrated).fit(X[:3000], y[:3000]),
            False,
        ),
    }


def compare(model, path, X):
    """Return the largest difference of scores, and how many labels differ, over all batches."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    scores = [output.name for output in session.get_outputs() if output.name != "label"]
    says = model.predict_proba if scores == ["probabilities"] else model.decision_function
    expected, labels = says(X), model.predict(X)
    largest, n_other = 0.0, 0
    for size, most in BATCHES.items():
        rows = X[:most].astype(np.float32)
        answers = [
            session.run(["label", *scores], {"pixels": batch})
            for batch in np.split(rows, range(size, len(rows), size))
        ]
        found, numbers = (np.concatenate(part) for part in zip(*answers, strict=True))
        largest = max(largest, float(np.abs(numbers - expected[:most]).max()))
        n_other += int((found != labels[:most]).sum())
    return largest, n_other


def main():
    torch.set_num_threads(THREADS)
    X, y, X_test, _ = mnist()
    rows, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        for name, (model, is_network) in models(X, y).items():
            export_onnx(model, path, X=X_test[:100])  # the first one imports what it takes
            duration, _ = seconds(lambda m=model: export_onnx(m, path, X=X_test[:100]))
            slowest = max(slowest, duration if is_network else 0.0)
            images = X_test if is_network else X_test[:N_FOR_SVM]
            largest, n_other = compare(model, path, images)
            rows.append((name, largest, n_other, path.stat().st_size / 1000, duration))
    print("MNIST's test images in ONNX Runtime and in the model itself\n")
    table(
        ("", "largest difference", "labels that differ", "kB", "export s"),
        [(name, f"{d:.0e}", n, f"{kb:,.0f}", f"{s:.2f}") for name, d, n, kb, s in rows],
    )
    print()
    verdicts = Verdicts()
    verdicts.check("largest difference", max(row[1] for row in rows), at_most=1e-5)
    verdicts.check("labels that differ", sum(row[2] for row in rows), at_most=0)
    verdicts.check("seconds to write a network, the slowest", slowest, at_most=1)
    verdicts.leave()


if __name__ == "__main__":
    main()

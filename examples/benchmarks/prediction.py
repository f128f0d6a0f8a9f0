"""Prediction of 10,000 MNIST images: `predict`, ONNX Runtime, and the classical classifiers.

ONNX Runtime gets the same network, exported by torch, float32 pixels that are ready made and the
batch size it is quickest with; `predict` gets rows of uint8. All have two threads, turn about; a
turn is five calls one after another.

Fails when `predict` takes more than 1.2 times as long as ONNX Runtime.
"""

import logging
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from bench import THREADS, Verdicts, mnist, ratio, table, turn_about
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier
from skdigits.neural._modules import folded

ROUNDS = 7
CALLS = 5
BATCH_SIZES = (64, 256, 1000, 10_000)


def onnx_session(fitted):
    """Return the network of a fitted classifier, normalisation folded, in ONNX Runtime."""
    module = folded(fitted.net_.module_)
    pixels = torch.zeros(2, *module.image_shape)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "net.onnx"
        batch = torch.export.Dim("batch")
        torch.onnx.export(
            module,
            (pixels,),
            path,
            dynamo=True,
            external_data=False,
            dynamic_shapes=({0: batch},),
            verbose=False,
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        return onnxruntime.InferenceSession(path.read_bytes(), options)


def run_onnx(session, images, batch_size):
    name = session.get_inputs()[0].name
    parts = np.split(images, range(batch_size, len(images), batch_size))
    return np.concatenate([session.run(None, {name: part})[0].argmax(1) for part in parts])


def a_turn(call, *arguments):
    for _ in range(CALLS):
        call(*arguments)


def main():
    torch.set_num_threads(THREADS)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    X, y, X_test, _ = mnist()
    images = X_test.reshape(-1, 1, 28, 28).astype(np.float32)
    verdicts, rows = Verdicts(), []
    for model in (CNNClassifier(max_iter=1), ANNClassifier(max_iter=1)):
        model.fit(X, y)
        session = onnx_session(model)
        np.testing.assert_array_equal(run_onnx(session, images, 1000), model.predict(X_test))
        ours = f"{type(model).__name__}.predict"
        ways = {ours: partial(a_turn, model.predict, X_test)}
        for size in BATCH_SIZES:
            ways[f"  ONNX Runtime, batch {size}"] = partial(a_turn, run_onnx, session, images, size)
        times = turn_about(ways, ROUNDS)
        rows += [(name, *timing(times[name], times[ours])) for name in ways]
        _, *onnx = ways
        of_onnx = max(ratio(times[ours], times[name]) for name in onnx)
        verdicts.check(f"time of {ours}, of ONNX Runtime's", of_onnx, at_most=1.2)
    few = slice(10_000)
    for name, model, scale in (
        ("MLPClassifier((256, 128))", MLPClassifier((256, 128), max_iter=1), 255),
        ("ExtraTreesClassifier(100, n_jobs=2)", ExtraTreesClassifier(100, n_jobs=THREADS), 1),
        ("KNeighborsClassifier(3, n_jobs=2), 10,000", KNeighborsClassifier(3, n_jobs=THREADS), 1),
        ("SVC(C=10, gamma=0.02), 10,000", SVC(C=10, gamma=0.02), 255),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit((X[few] / scale).astype(np.float32), y[few])
        data = (X_test / scale).astype(np.float32)
        times = turn_about({name: partial(model.predict, data)}, 1)[name]
        rows.append((name, f"{times[0]:.3f}", ""))
    print(f"\n10,000 MNIST images, {THREADS} threads, median of {ROUNDS}\n")
    table(("", "s", "of ours"), rows)
    verdicts.leave()


def timing(times, reference):
    return f"{np.median(times) / CALLS:.3f}", f"{ratio(times, reference):.2f}"


if __name__ == "__main__":
    main()

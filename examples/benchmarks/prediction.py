"""Prediction of 10,000 MNIST images: `predict` and ONNX Runtime.

ONNX Runtime gets the same network, exported by torch, float32 pixels that are ready made and the
batch size it is quickest with; `predict` gets rows of uint8. All have two threads, turn about; a
turn is five calls of the CNN or fifty of the ANN, one after another.

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

from skdigits import ANNClassifier, CNNClassifier
from skdigits.neural._modules import folded

ROUNDS = 7
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


def a_turn(n_calls, call, *arguments):
    for _ in range(n_calls):
        call(*arguments)


def main():
    torch.set_num_threads(THREADS)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    X, y, X_test, _ = mnist()
    images = X_test.reshape(-1, 1, 28, 28).astype(np.float32)
    verdicts, rows = Verdicts(), []
    for model, n_calls in ((CNNClassifier(max_iter=1), 5), (ANNClassifier(max_iter=1), 50)):
        model.fit(X, y)
        session = onnx_session(model)
        np.testing.assert_array_equal(run_onnx(session, images, 1000), model.predict(X_test))
        ours = f"{type(model).__name__}.predict"
        ways = {ours: partial(a_turn, n_calls, model.predict, X_test)}
        for size in BATCH_SIZES:
            run = partial(a_turn, n_calls, run_onnx, session, images, size)
            ways[f"  ONNX Runtime, batch {size}"] = run
        times = turn_about(ways, ROUNDS)
        rows += [(name, *timing(times[name], times[ours], n_calls)) for name in ways]
        _, *onnx = ways
        of_onnx = max(ratio(times[ours], times[name]) for name in onnx)
        verdicts.check(f"time of {ours}, of ONNX Runtime's", of_onnx, at_most=1.2)
    print(f"\n10,000 MNIST images, {THREADS} threads, median of {ROUNDS}\n")
    table(("", "s", "of ours"), rows)
    verdicts.leave()


def timing(times, reference, n_calls):
    return f"{np.median(times) / n_calls:.4f}", f"{ratio(times, reference):.2f}"


if __name__ == "__main__":
    main()

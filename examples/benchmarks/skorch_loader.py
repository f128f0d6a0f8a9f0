"""Training with skdigits and with skorch as it comes: the same module, batch size and epochs.

skorch gets float32 tensors, its default data loader, the fused optimiser, no validation split and
no printing; skdigits trains as it does by default, with its augmentation, label smoothing and
dropout left out. Of the CNN a third way is shown: skorch with the module laid out channels-last
and in bfloat16 where skdigits trains in it, which its user would have to know of. The CNN on
MNIST in two threads, the ANN with two layers of 64 on the 8x8 digits in one; batches of 128, turn
about.

Fails when skdigits takes more than a third of the time of skorch as it comes for the CNN, or 0.4
for the ANN.
"""

from functools import partial

import numpy as np
import torch
from bench import THREADS, Verdicts, has_bfloat16, mnist, ratio, table, turn_about
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier

from skdigits import ANNClassifier, CNNClassifier

SAME = {"batch_size": 128, "dropout": 0.0, "label_smoothing": 0.0, "random_state": 0}


def with_skorch(fitted, epochs, X, y):
    """Train the module of a fitted classifier, its weights drawn anew, with skorch."""
    module = fitted.net_.module_
    module.draw_weights(torch.Generator().manual_seed(0))
    NeuralNetClassifier(
        module,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.01,
        max_epochs=epochs,
        batch_size=SAME["batch_size"],
        train_split=None,
        verbose=0,
        iterator_train__shuffle=True,
    ).fit(X, y)


def with_skorch_tuned(fitted, epochs, X, y):
    """Train as `with_skorch`, in the layout and the precision that skdigits chooses."""
    fitted.net_.module_.to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
        with_skorch(fitted, epochs, X, y)
    fitted.net_.module_.to(memory_format=torch.contiguous_format)


def compare(model, X, y, rounds):
    """Return the seconds of every way, measured turn about."""
    twin = type(model)(**model.get_params()).fit(X[:1000], y[:1000])
    twin.net_.module_.to(memory_format=torch.contiguous_format)  # as skorch would have it
    images = X.reshape(-1, *twin.net_.module_.image_shape).astype(np.float32)
    model.fit(X[:1000], y[:1000])
    ways = {
        "skdigits": partial(model.fit, X, y),
        "skorch": partial(with_skorch, twin, model.max_iter, images, y),
    }
    if isinstance(model, CNNClassifier):
        ways["skorch, tuned"] = partial(with_skorch_tuned, twin, model.max_iter, images, y)
    return turn_about(ways, rounds)


def main():
    X, y, *_ = mnist()
    digits = load_digits()
    cases = (
        ("CNN, MNIST", CNNClassifier(**SAME, augment=None, max_iter=1), (X, y), THREADS, 3, 1 / 3),
        (
            "ANN, load_digits",
            ANNClassifier((64, 64), **SAME, max_iter=20),
            (digits.data.astype(np.float32), digits.target),
            1,
            9,
            0.4,
        ),
    )
    rows, verdicts = [], Verdicts()
    for name, model, data, threads, rounds, bound in cases:
        torch.set_num_threads(threads)
        times = compare(model, *data, rounds)
        for way in times:
            share = f"{ratio(times['skdigits'], times[way]):.2f}"
            rows.append((f"{name}: {way}", f"{np.median(times[way]):.2f}", share))
        share = ratio(times["skdigits"], times["skorch"])
        verdicts.check(f"{name}: time of skdigits, of skorch's", share, at_most=bound)
    print()
    table(("", "fit, s", "skdigits takes of it"), rows)
    verdicts.leave()


if __name__ == "__main__":
    main()

"""What `fit` costs over a loop written by hand.

The same module, optimiser, schedule, batches, precision and epochs, turn about: `fit`, and a loop
as one would write it around one tensor, with the layout of memory that is quickest. The 8x8
digits in one thread, MNIST in two.

Fails when `fit` takes more than 1.05 times as long.
"""

from functools import partial

import numpy as np
import torch
from bench import THREADS, Verdicts, mnist, ratio, table, turn_about
from sklearn.datasets import load_digits
from torch.nn import functional as F

from skdigits import ANNClassifier, CNNClassifier

SAME = {
    "batch_size": 128,
    "dropout": 0.0,
    "augment": None,
    "label_smoothing": 0.0,
    "learning_rate_init": 0.01,
    "random_state": 0,
}


def train_by_hand(module, n_epochs, bfloat16, X, y):
    """Train a module, its weights drawn anew, as one would without a library."""
    module.draw_weights(torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01, fused=True)
    n_batches = -(-len(X) // SAME["batch_size"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, total_steps=n_epochs * n_batches, cycle_momentum=False
    )
    module.train()
    for _ in range(n_epochs):
        total = torch.zeros(())
        for index in torch.randperm(len(X)).tensor_split(n_batches):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                logits = module(X.index_select(0, index))
            loss = F.cross_entropy(logits.float(), y[index])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(index)
        float(total)


def compare(model, X, y, rounds):
    """Return the seconds of both ways, measured turn about."""
    module = type(model)(**model.get_params()).fit(X[:1000], y[:1000]).net_.module_
    images = torch.from_numpy(X).reshape(-1, *module.image_shape)
    hand = (module, model.max_iter, model.precision == "bfloat16", images, torch.from_numpy(y))
    ways = {"fit": partial(model.fit, X, y), "by hand": partial(train_by_hand, *hand)}
    return turn_about(ways, rounds)


def main():
    X, y, *_ = mnist()
    digits = load_digits()
    small = (digits.data.astype(np.float32), digits.target)
    cases = {
        "ANN 64-64-10, load_digits": (ANNClassifier((64, 64), max_iter=20), small, 1, 15),
        "CNN, load_digits": (CNNClassifier((32, 64), max_iter=10), small, 1, 7),
        "CNN, MNIST, float32": (CNNClassifier(max_iter=1, precision="float32"), (X, y), THREADS, 3),
        "CNN, MNIST, bfloat16": (
            CNNClassifier(max_iter=1, precision="bfloat16"),
            (X, y),
            THREADS,
            5,
        ),
    }
    rows, verdicts = [], Verdicts()
    for name, (model, data, threads, rounds) in cases.items():
        torch.set_num_threads(threads)
        times = compare(model.set_params(**SAME), *data, rounds)
        share = ratio(times["fit"], times["by hand"])
        medians = (f"{np.median(times[way]):.3f}" for way in ("fit", "by hand"))
        rows.append((name, *medians, f"{share:.2f}"))
        verdicts.check(f"{name}: time of fit, of the loop's", share, at_most=1.05)
    print()
    table(("", "fit, s", "by hand, s", "ratio"), rows)
    verdicts.leave()


if __name__ == "__main__":
    main()

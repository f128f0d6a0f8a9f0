"""What `fit` costs over a loop written by hand, and what skorch's default loader costs.

The same module, optimiser, schedule, batches and epochs on the 8x8 digits, on one thread, turn
about: `fit`; a loop written by hand that slices one tensor; and, for the ANN, skorch's
`NeuralNetClassifier` with its default data loader and callbacks. Batches have 128 images, the
default of both libraries.

Fails when `fit` takes more than 1.15 times as long as the loop written by hand, or when skorch
takes less than twice as long as `fit`.
"""

import statistics
import sys
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier
from torch.nn import functional as F

from skdigits import ANNClassifier, CNNClassifier

ROUNDS = 9
MODELS = {
    "ANN 64-64-10": (ANNClassifier, {"hidden_layer_sizes": (64, 64)}),
    "CNN by default": (CNNClassifier, {}),
}
SETTINGS = {"max_iter": 20, "batch_size": 128, "dropout": 0.0, "random_state": 0}


def train_by_hand(fitted, X, y):
    """Train a fresh copy of a fitted classifier's module as one would without a library."""
    module = fresh_module(fitted)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01, fused=True)
    n_epochs, batch_size = SETTINGS["max_iter"], SETTINGS["batch_size"]
    n_batches = -(-len(X) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, total_steps=n_epochs * n_batches, cycle_momentum=False
    )
    module.train()
    for _ in range(n_epochs):
        total = torch.zeros(())
        for index in torch.randperm(len(X)).tensor_split(n_batches):
            optimizer.zero_grad()
            loss = F.cross_entropy(module(X[index]), y[index])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(index)
        float(total)


def train_with_skorch(fitted, X, y):
    """Train the same module with skorch as it comes."""
    NeuralNetClassifier(
        fresh_module(fitted),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.01,
        max_epochs=SETTINGS["max_iter"],
        batch_size=SETTINGS["batch_size"],
        train_split=None,
        verbose=0,
        iterator_train__shuffle=True,
    ).fit(X, y)


def fresh_module(fitted):
    """Return the module of a fitted classifier, its weights drawn anew."""
    module = fitted.net_.module_
    module.draw_weights(torch.Generator().manual_seed(0))
    return module


def seconds(train, *arguments):
    start = time.perf_counter()
    train(*arguments)
    return time.perf_counter() - start


def compare(Classifier, parameters, X, y):
    """Return the seconds of each way, one list a way, measured turn about."""
    images = torch.from_numpy(X.astype(np.float32)).reshape(-1, 1, 8, 8)
    codes = torch.from_numpy(y)
    parameters = {**parameters, **SETTINGS, "learning_rate_init": 0.01}
    model, twin = (Classifier(**parameters).fit(X, y) for _ in range(2))
    ways = {
        "fit": (model.fit, X, y),
        "loop written by hand": (train_by_hand, twin, images, codes),
    }
    if Classifier is ANNClassifier:
        ways["skorch, default loader"] = (train_with_skorch, twin, images, codes)
    times = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, call in ways.items():
            times[name].append(seconds(*call))
    return times


def main():
    torch.set_num_threads(1)
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32)
    missed = []
    print(f"load_digits, {SETTINGS['max_iter']} epochs, batch {SETTINGS['batch_size']}, one thread")
    for model, (Classifier, parameters) in MODELS.items():
        times = compare(Classifier, parameters, X, y)
        print(f"\n{model:24} {'median s':>9} {'of fit':>8}")
        for name, values in times.items():
            ratio = statistics.median(np.divide(values, times["fit"]))
            print(f"{name:24} {statistics.median(values):9.3f} {ratio:8.2f}")
            if name.startswith("loop") and 1 / ratio > 1.15:
                missed.append(f"{model}: fit takes {1 / ratio:.2f} times the loop")
            if name.startswith("skorch") and ratio < 2:
                missed.append(f"{model}: skorch takes only {ratio:.2f} times fit")
    sys.exit("\n".join(missed) if missed else 0)


if __name__ == "__main__":
    main()

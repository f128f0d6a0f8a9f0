"""What `fit` and `predict` need in memory over the images.

`fit` gets MNIST as it is loaded, uint8 of shape (60000, 784); `predict` a file of a million images,
mapped into memory, after one of 100,000. Every figure is of a process of its own: the largest
memory of its own that it had (Linux's count, pages of mapped files left out, read every few
milliseconds), less what it had when the data and all libraries were loaded.

Fails when a training needs more than 200 MB, or when a million images need more than 60 MB
over what 100,000 need: of the 784 bytes of an image none stay, but 40 for its logits, and its class
and its label.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bench import Verdicts, mnist, table, watched_memory

from skdigits import ANNClassifier, CNNClassifier

NETWORKS = {
    "CNNClassifier(max_iter=1)": CNNClassifier(max_iter=1),
    "ANNClassifier(max_iter=1)": ANNClassifier(max_iter=1),
}
FEWER, MORE = 100_000, 1_000_000


def measure_fit(name):
    X, y, *_ = mnist()
    model = NETWORKS[name]
    model.fit(X[:3000], y[:3000])  # loads what is loaded late
    with watched_memory() as peak:
        model.fit(X, y)
    print(peak[0])


def measure_predict(name, n_images):
    X, y, *_ = mnist()
    model = NETWORKS[name].fit(X[:3000], y[:3000])
    model.predict(X[:3000])
    with TemporaryDirectory() as folder:
        rows = np.memmap(Path(folder) / "rows", np.uint8, "w+", shape=(n_images, X.shape[1]))
        for start in range(0, n_images, 50_000):
            rows[start : start + 50_000] = X[:50_000]
        with watched_memory() as peak:
            model.predict(rows)
    print(peak[0])


def measured(*arguments):
    """Return what this file prints with other arguments."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main():
    fits = {name: measured("fit", name) for name in NETWORKS}
    fewer, more = ({name: measured("predict", name, n) for name in NETWORKS} for n in (FEWER, MORE))
    table(
        ("MB over the data", "fit", f"predict {FEWER:,}", f"predict {MORE:,}"),
        [(name, *(f"{part[name]:.0f}" for part in (fits, fewer, more))) for name in NETWORKS],
    )
    print()
    verdicts = Verdicts()
    verdicts.check("the most that fit needs, MB", max(fits.values()), at_most=200)
    growth = max(more[name] - fewer[name] for name in NETWORKS)
    verdicts.check("what ten times the images add to predict, MB", growth, at_most=60)
    verdicts.leave()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fit", name]:
            measure_fit(name)
        case ["predict", name, n_images]:
            measure_predict(name, int(n_images))
        case _:
            main()

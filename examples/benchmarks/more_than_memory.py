"""`fit` on a file of 814,000 images: its memory, and its time per image against 60,000 in memory.

The file is as large as EMNIST ByClass, 638 MB: MNIST's training images moved by up to two pixels,
written as IDX. `CNNClassifier(max_iter=1)` is fitted to the file, mapped into memory, and before
and after that to MNIST as it is loaded, each time in a process of its own with two threads. Memory
is the most that the process had over what it had when the libraries were loaded, read every few
milliseconds: its own (Linux's RssAnon), and that with the pages of files (VmRSS). As long as there
is room, Linux keeps the pages of a mapped file, up to all 638 MB; it takes them back for others.

Fails when a fit from the file takes more than 200 MB of its own, or more than 1.1 times as long for
an image as a fit of MNIST in memory.
"""

import json
import struct
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from bench import THREADS, Verdicts, mnist, table, watched_memory

from skdigits import CNNClassifier
from skdigits.datasets import read_idx, write_idx

N_IMAGES = 814_000
FARTHEST = 2  # pixels


def write_file(folder, n_images):
    """Write images and labels, one pass over MNIST at a time."""
    X, y, *_ = mnist()
    rng = np.random.default_rng(0)
    with Path(folder, "images").open("wb") as stream:
        stream.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", n_images, 28, 28))
        for start in range(0, n_images, len(X)):
            move = rng.integers(-FARTHEST, FARTHEST + 1, size=2)
            moved = np.roll(X.reshape(-1, 28, 28), move, axis=(1, 2))
            stream.write(moved[: n_images - start].tobytes())
    write_idx(np.resize(y, n_images).astype("uint8"), Path(folder, "labels"))


def measure(folder):
    """Print what one fit needs: to the file in `folder`, or to MNIST."""
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(0)
    model = CNNClassifier(max_iter=1, random_state=0)
    model.fit(rng.integers(0, 256, (3000, 784), "uint8"), np.arange(3000) % 10)  # loads the rest
    with watched_memory() as peak:
        if folder is None:
            X, y = mnist()[:2]
        else:
            X, y = read_idx(folder / "images", mmap_mode="r"), read_idx(folder / "labels")
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
    print(json.dumps([len(X), seconds, *peak]))


def measured(*arguments):
    """Return what a process of its own measures."""
    command = [sys.executable, __file__, "measure", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def main(n_images=N_IMAGES):
    with TemporaryDirectory() as folder:
        write_file(folder, n_images)
        before, mapped, after = measured(), measured(folder), measured()
    table(
        ("", "images", "s", "µs an image", "own memory, MB", "with pages, MB"),
        [
            (name, f"{n:,}", f"{s:.1f}", f"{1e6 * s / n:.1f}", f"{own:.0f}", f"{rss:.0f}")
            for name, (n, s, own, rss) in (
                ("MNIST in memory", before),
                ("the file", mapped),
                ("MNIST in memory again", after),
            )
        ],
    )
    print()
    verdicts = Verdicts()
    verdicts.check("own memory of fit from the file, MB", mapped[2], at_most=200)
    in_memory = (before[1] / before[0] + after[1] / after[0]) / 2
    slower = mapped[1] / mapped[0] / in_memory
    verdicts.check("time per image, the file over memory", slower, at_most=1.1)
    verdicts.leave()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure"]:
            measure(None)
        case ["measure", folder]:
            measure(Path(folder))
        case [n_images]:
            main(int(n_images))
        case _:
            main()

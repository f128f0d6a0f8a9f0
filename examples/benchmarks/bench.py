"""What the benchmarks share: data, timing turn about, tables, verdicts."""

import os
import statistics
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from skdigits.datasets import fetch_mnist
from skdigits.neural._hardware import has_fast_bfloat16

THREADS = 2
PAUSE = 0.2  # seconds


def mnist():
    """Return MNIST as it is split for the field: X_train, y_train, X_test, y_test."""
    return (*fetch_mnist(return_X_y=True), *fetch_mnist(subset="test", return_X_y=True))


def as_shares(X):
    """Return pixels from 0 to 1, in float32."""
    return X.astype(np.float32) / 255


def has_bfloat16():
    """Whether the processor multiplies bfloat16 matrices itself, as skdigits finds out."""
    return has_fast_bfloat16(torch.device("cpu"))


def seconds(call, *arguments, pause=PAUSE):
    """Return how long a call takes, and what it returns.

    A pause before it lets the threads of the call before come to rest.
    """
    time.sleep(pause)
    start = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - start, result


def turn_about(ways, rounds):
    """Call every one of `ways` once a round; return the seconds of each, one list a way."""
    times = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            times[name].append(seconds(call)[0])
    return times


def ratio(times, of):
    """Return the median of the ratios, round by round."""
    return statistics.median(np.divide(times, of))


def spread(values):
    """Return mean and standard deviation as text."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def table(head, rows):
    """Print rows under a head, the first column to the left."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        first, *others = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]))


def save_plot(name, draw, size=(7.5, 4.2)):
    """Let `draw` fill axes, and save the picture in the folder `SKDIGITS_PLOTS`, if it is set."""
    folder = os.environ.get("SKDIGITS_PLOTS")
    if folder is None:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    draw(axes)
    figure.savefig(Path(folder) / f"{name}.png", dpi=120)


def memory():
    """Return in MB what memory is this process's own, and that with the pages of files."""
    status = Path("/proc/self/status").read_text()
    counts = ("RssAnon:", "VmRSS:")
    return np.array([int(status.split(count)[1].split()[0]) / 1000 for count in counts])


@contextmanager
def watched_memory():
    """Yield an array that becomes the most :func:`memory` over what there was."""
    before, done = memory(), threading.Event()
    peak = np.zeros(len(before))

    def watch():
        while not done.wait(0.003):
            np.maximum(peak, memory() - before, out=peak)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
        np.maximum(peak, memory() - before, out=peak)


class Verdicts:
    """What was claimed, and whether it holds."""

    def __init__(self):
        self.missed = False

    def check(self, claim, value, *, at_least=None, at_most=None, above=None):
        """Print a claim with what was measured."""
        if above is not None:
            holds, bound = value > above, f"above {above}"
        elif at_least is not None:
            holds, bound = value >= at_least, f"at least {at_least}"
        else:
            holds, bound = value <= at_most, f"at most {at_most:.4g}"
        print(f"{'holds ' if holds else 'MISSED'}  {claim}: {value:.4g} ({bound})")
        self.missed = self.missed or not holds

    def leave(self):
        """Exit, with status 1 if a claim does not hold."""
        sys.exit(int(self.missed))

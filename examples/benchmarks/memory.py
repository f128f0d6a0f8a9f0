"""What `fit` needs in memory over the images: MNIST as it is loaded, uint8 of shape (60000, 784).

Linux's own count of the largest resident memory, in a process of its own for every network,
less what was resident when the data and all libraries were loaded.

Fails when a network needs more than 200 MB.
"""

import subprocess
import sys
from pathlib import Path

from bench import Verdicts, mnist, table

from skdigits import ANNClassifier, CNNClassifier

NETWORKS = {
    "CNNClassifier(max_iter=1)": CNNClassifier(max_iter=1),
    "ANNClassifier(max_iter=1)": ANNClassifier(max_iter=1),
}


def resident(which):
    """Return resident memory in MB: "VmRSS" now, "VmHWM" the largest since it was reset."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(which + ":")[1].split()[0]) / 1000


def measure(name):
    X, y, *_ = mnist()
    model = NETWORKS[name]
    model.fit(X[:3000], y[:3000])  # loads what is loaded late
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    model.fit(X, y)
    print(resident("VmHWM") - before)


def main():
    needed = {}
    for name in NETWORKS:
        done = subprocess.run(
            [sys.executable, __file__, name], capture_output=True, text=True, check=True
        )
        needed[name] = float(done.stdout)
    table(("", "MB over the data"), [(name, f"{mb:.0f}") for name, mb in needed.items()])
    print()
    verdicts = Verdicts()
    verdicts.check("the most that fit needs, MB", max(needed.values()), at_most=200)
    verdicts.leave()


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()

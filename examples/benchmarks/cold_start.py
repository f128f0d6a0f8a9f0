"""How long `skdigits read` takes for one picture from a cold start, torch's own import aside.

A process imports torch, another runs the command on a picture of a digit that it reads with the
model in the wheel; turn about, the median of seven rounds. Files are in the system's cache.

Fails when the command takes two seconds longer than the import of torch.
"""

import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import Verdicts, table, turn_about
from PIL import Image

from skdigits.datasets import fetch_mnist

ROUNDS = 7


def run(*arguments):
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def main():
    with TemporaryDirectory() as folder:
        picture = str(Path(folder) / "digit.png")
        image = Image.fromarray(255 - fetch_mnist(subset="test").images[0])
        image.resize((112, 112)).save(picture)
        ways = {
            "import torch": lambda: run("-c", "import torch"),
            "import scikit-learn's base": lambda: run("-c", "import sklearn.base"),
            "skdigits read": lambda: run("-m", "skdigits", "read", picture),
        }
        turn_about(ways, 1)  # fills the system's cache
        times = turn_about(ways, ROUNDS)
    median = {name: statistics.median(values) for name, values in times.items()}
    table(("", "seconds"), [(name, f"{value:.2f}") for name, value in median.items()])
    print()
    verdicts = Verdicts()
    beside = median["skdigits read"] - median["import torch"]
    verdicts.check("seconds beside the import of torch", beside, at_most=2)
    verdicts.leave()


if __name__ == "__main__":
    main()

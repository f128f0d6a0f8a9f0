"""The share of the machine's arithmetic that training reaches.

The measured peak is that of torch's product of two 2048 by 2048 matrices in the precision of the
training. The arithmetic of training is that of its convolutions and matrix products, forward and
backward, as torch's flop counter has it; shuffling, augmentation, pooling, normalisation, the
optimiser and all else count as time and not as arithmetic.

Fails when `fit` of ``CNNClassifier()`` on MNIST reaches less than 36 % of the peak in float32 or,
where the processor multiplies in it, in bfloat16.
"""

from statistics import median

import numpy as np
import torch
from bench import THREADS, Verdicts, has_bfloat16, mnist, seconds, table
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from skdigits import ANNClassifier, CNNClassifier

ROUNDS = 3
NETWORKS = {
    "CNNClassifier()": CNNClassifier(),
    "CNNClassifier((32, 64, 64))": CNNClassifier((32, 64, 64)),
    "ANNClassifier()": ANNClassifier(),
}
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def peak(dtype):
    """Return the multiplications and additions a second of a matrix product."""
    a, b = (torch.randn(2048, 2048).to(dtype) for _ in range(2))
    return 2 * 2048**3 / min(seconds(torch.mm, a, b, pause=0)[0] for _ in range(10))


def arithmetic_per_image(fitted):
    """Return the multiplications and additions of one image's forward and backward pass."""
    module = fitted.net_.module_.train()
    pixels = torch.zeros(8, *module.image_shape)
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(module(pixels), torch.zeros(8, dtype=torch.long)).backward()
    return counter.get_total_flops() / len(pixels)


def main():
    torch.set_num_threads(THREADS)
    X, y, *_ = mnist()
    rows, shares = [], {}
    for precision, dtype in PRECISIONS.items():
        for name, network in NETWORKS.items():
            network.set_params(precision=precision, max_iter=1, random_state=0)
            peaks, rates = [], []
            for _ in range(ROUNDS):
                peaks.append(peak(dtype))
                time, fitted = seconds(network.fit, X, y)
                rates.append(arithmetic_per_image(fitted) * len(X) / time)
            share = median(np.divide(rates, peaks))
            shares[precision, name] = 100 * share
            rows.append(
                (
                    name,
                    precision,
                    f"{median(rates) / 1e9:.0f}",
                    f"{median(peaks) / 1e9:.0f}",
                    f"{100 * share:.0f}",
                )
            )
    print(f"MNIST, one epoch, {THREADS} threads, median of {ROUNDS}\n")
    table(("", "precision", "GFLOP/s", "peak, GFLOP/s", "share, %"), rows)
    print()
    verdicts = Verdicts()
    for precision in PRECISIONS if has_bfloat16() else ("float32",):
        share = shares[precision, "CNNClassifier()"]
        verdicts.check(f"CNNClassifier()'s share of the {precision} peak, %", share, at_least=36)
    verdicts.leave()


if __name__ == "__main__":
    main()

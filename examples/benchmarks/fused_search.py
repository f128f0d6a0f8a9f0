"""What training the networks of a search together saves: `FusedGridSearchCV` and `GridSearchCV`.

load_digits, five folds, two cores. Candidates are learning rates and weight decays: 60 of the small
ANN, 12 of the others. Both searches have two processes, which are started before the time counts,
and fit the best candidate again; three rounds, turn about, of which medians are shown, of times
and of the ratios of a round. The networks see the same batches either way: the largest difference
of two fold scores is printed.

``python examples/benchmarks/fused_search.py 6`` tries six candidates of each.

Fails when the small ANN is not searched at least 4 times faster, or a CNN 1.3 times.
"""

import sys
from statistics import median

import numpy as np
import torch
from bench import THREADS, Verdicts, ratio, table, turn_about
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skdigits import ANNClassifier, CNNClassifier, FusedGridSearchCV

N_ROUNDS = 3
MODELS = {  # with the number of candidates
    "ANN (64,), batches of 32, 20 epochs": (
        ANNClassifier((64,), batch_size=32, max_iter=20, random_state=0),
        60,
    ),
    "ANN (64,), batches of 128, 20 epochs": (
        ANNClassifier((64,), max_iter=20, random_state=0),
        12,
    ),
    "ANN (256, 128), batches of 128, 20 epochs": (ANNClassifier(max_iter=20, random_state=0), 12),
    "CNN (8, 16), batches of 32, 5 epochs": (
        CNNClassifier((8, 16), batch_size=32, max_iter=5, random_state=0),
        12,
    ),
    "CNN (32, 64), batches of 128, 5 epochs": (CNNClassifier(max_iter=5, random_state=0), 12),
}


def grid(n_candidates):
    """Return learning rates and decays, `n_candidates` in all."""
    n_rates = n_candidates // 6
    return {
        "learning_rate_init": np.geomspace(1e-3, 3e-2, n_rates).tolist(),
        "alpha": np.geomspace(1e-4, 10, 6).tolist(),
    }


def largest_difference(searches):
    """Return by how much the two searches differ at most in the score of a fold."""
    names = [f"split{fold}_test_score" for fold in range(5)]
    plain, fused = ([search.cv_results_[name] for name in names] for search in searches)
    return float(np.abs(np.subtract(plain, fused)).max())


def compare(model, n_candidates, data):
    """Return the seconds of both searches, how many times faster, how their scores differ."""
    plain = GridSearchCV(model, grid(n_candidates), cv=5, n_jobs=THREADS)
    fused = FusedGridSearchCV(model, grid(n_candidates), cv=5, n_jobs=THREADS)
    for search in (
        GridSearchCV,
        FusedGridSearchCV,
    ):  # starts the processes, and loads what they use
        search(model, {"max_iter": [1]}, cv=2, n_jobs=THREADS).fit(*data)
    sides = {"plain": lambda: plain.fit(*data), "fused": lambda: fused.fit(*data)}
    times = turn_about(sides, N_ROUNDS)
    seconds = [median(times[side]) for side in sides]
    return *seconds, ratio(times["plain"], times["fused"]), largest_difference((plain, fused))


def main(n_candidates=None):
    torch.set_num_threads(THREADS)
    X, y = load_digits(return_X_y=True)
    data = X.astype(np.uint8), y
    rows, ratios = [], {}
    for name, (model, n_usual) in MODELS.items():
        plain, fused, ratios[name], difference = compare(model, n_candidates or n_usual, data)
        numbers = (f"{plain:.1f}", f"{fused:.1f}", f"{ratios[name]:.2f}", f"{difference:.4f}")
        rows.append((name, *numbers))
    table(("", "GridSearchCV s", "fused s", "times faster", "scores differ by"), rows)
    print()
    verdicts = Verdicts()
    small_ann, *_ = (ratios[name] for name in MODELS)
    cnns = [value for name, value in ratios.items() if name.startswith("CNN")]
    verdicts.check("small ANN, times faster", small_ann, at_least=4)
    verdicts.check("slower of the CNNs, times faster", min(cnns), at_least=1.3)
    verdicts.leave()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

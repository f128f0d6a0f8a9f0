"""What training the networks of a search together saves: `FusedGridSearchCV` and `GridSearchCV`.

load_digits, 60 candidates (learning rates and weight decays) in 5 folds, two cores. GridSearchCV
has two processes, which are started before the time counts; FusedGridSearchCV as many threads. Both
search, and fit the best candidate again; turn about, the median of the ratios. The networks see the
same batches either way: the largest difference of two fold scores is printed.

``python examples/benchmarks/fused_search.py 6`` tries six candidates, once.

Fails when the small ANN is not searched at least 4 times faster, or the CNN 1.3 times.
"""

import statistics
import sys

import numpy as np
import torch
from bench import THREADS, Verdicts, ratio, table, turn_about
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skdigits import ANNClassifier, CNNClassifier, FusedGridSearchCV

N_CANDIDATES = 60
MODELS = {
    "ANN (64,), batches of 32, 20 epochs": ANNClassifier(
        (64,), batch_size=32, max_iter=20, random_state=0
    ),
    "ANN (64,), batches of 128, 20 epochs": ANNClassifier((64,), max_iter=20, random_state=0),
    "ANN (256, 128), batches of 128, 20 epochs": ANNClassifier(max_iter=20, random_state=0),
    "CNN (8, 16), batches of 32, 5 epochs": CNNClassifier(
        (8, 16), batch_size=32, max_iter=5, random_state=0
    ),
    "CNN (32, 64), batches of 128, 5 epochs": CNNClassifier(max_iter=5, random_state=0),
}
ROUNDS = {"ANN": 3, "CNN": 1}


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


def compare(name, model, n_candidates, data):
    """Return the seconds of both searches, and the difference of their scores."""
    plain = GridSearchCV(model, grid(n_candidates), cv=5, n_jobs=THREADS)
    fused = FusedGridSearchCV(model, grid(n_candidates), cv=5)
    GridSearchCV(model, {"max_iter": [1]}, cv=2, n_jobs=THREADS).fit(*data)  # starts the processes
    rounds = ROUNDS[name[:3]] if n_candidates == N_CANDIDATES else 1
    times = turn_about(
        {"plain": lambda: plain.fit(*data), "fused": lambda: fused.fit(*data)}, rounds
    )
    return times["plain"], times["fused"], largest_difference((plain, fused))


def main(n_candidates):
    torch.set_num_threads(THREADS)
    X, y = load_digits(return_X_y=True)
    data = X.astype(np.uint8), y
    rows, ratios = [], {}
    for name, model in MODELS.items():
        plain, fused, difference = compare(name, model, n_candidates, data)
        ratios[name] = ratio(plain, fused)
        seconds = (f"{statistics.median(times):.1f}" for times in (plain, fused))
        rows.append((name, *seconds, f"{ratios[name]:.2f}", f"{difference:.4f}"))
    table(("", "GridSearchCV s", "fused s", "times faster", "scores differ by"), rows)
    print()
    verdicts = Verdicts()
    small_ann, *_ = (ratios[name] for name in MODELS)
    cnns = [value for name, value in ratios.items() if name.startswith("CNN")]
    verdicts.check("small ANN, times faster", small_ann, at_least=4)
    verdicts.check("slower of the CNNs, times faster", min(cnns), at_least=1.3)
    verdicts.leave()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_CANDIDATES)

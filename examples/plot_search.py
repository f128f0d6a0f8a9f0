"""
Which learning rate, how much regularisation
============================================

A grid of 42 networks in three folds, trained together by `FusedGridSearchCV`, which gives the
scores of scikit-learn's `GridSearchCV` in a part of its time. The grid as a picture says more than
the best cell: where it is flat, one need not search any further.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from skdigits import ANNClassifier, FusedGridSearchCV

X, y = load_digits(return_X_y=True)
rates = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
grid = {"learning_rate_init": rates, "alpha": [0, 0.01, 0.1, 0.3, 1, 3]}
network = ANNClassifier((64,), batch_size=32, max_iter=20, random_state=0)
folds = StratifiedKFold(3, shuffle=True, random_state=0)
search = FusedGridSearchCV(network, grid, cv=folds, refit=False).fit(X, y)
print(f"best of {len(search.cv_results_['params'])}: {search.best_params_}")
print(f"{search.best_score_:.1%} right")

# %%
# ``fused_`` says what was trained together. Rates and decays may differ within one group.
print(search.fused_.groupby("trained_together").size().to_string())

# %%
# Too small a rate does not get there in twenty epochs, too large a one never settles; the valley
# between is broad. Decay is cut short where it is strong and the rate is too.
errors = 100 * (1 - search.cv_results_["mean_test_score"])
errors = errors.reshape(len(grid["alpha"]), len(rates))  # the last name turns fastest, as sorted
figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
mesh = ax.imshow(np.log10(errors), cmap="viridis_r", aspect="auto")
for (i, j), error in np.ndenumerate(errors):
    shade = "white" if error > np.median(errors) else "black"
    ax.text(j, i, f"{error:.1f}", ha="center", va="center", color=shade, fontsize=9)
ax.set_xticks(range(len(rates)), rates)
ax.set_yticks(range(len(grid["alpha"])), grid["alpha"])
ax.set(xlabel="learning_rate_init", ylabel="alpha", title="errors in three folds, %")

plt.show()

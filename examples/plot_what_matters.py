"""
Which hyper-parameters matter, and which preprocessing
======================================================

A grid search ends with one best candidate. What it measured on the way says more: which of the
choices made a difference, which could have been left alone, and which depend on each other. Here
a small network reads scikit-learn's digits, and the search chooses its preprocessing too.
"""

# %%
# The search
# ----------
#
# The first step of the Pipeline is a hyper-parameter like the others: pixels as they are, slanted
# digits set upright, or every pixel divided by its deviation.

from matplotlib import pyplot
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skdigits import (
    ANNClassifier,
    Deskewer,
    HyperparameterImportanceDisplay,
    hyperparameter_importance,
)

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]

pipeline = Pipeline(
    [("images", "passthrough"), ("ann", ANNClassifier(max_iter=15, random_state=0))]
)
values = {
    "images": ["passthrough", Deskewer(), StandardScaler()],
    "ann__hidden_layer_sizes": [(16,), (64,), (64, 64)],
    "ann__learning_rate_init": [0.005, 0.01, 0.02],
    "ann__dropout": [0, 0.3],
}
folds = StratifiedKFold(4, shuffle=True, random_state=0)
search = GridSearchCV(pipeline, values, cv=folds).fit(X, y)
print(f"The best of {len(search.cv_results_['params'])}: {search.best_score_:.1%}")

# %%
# What the best candidate does not tell
# -------------------------------------
#
# Functional ANOVA divides the variance of the score among the hyper-parameters and pairs of them.
# What the luck of the folds would give by itself is a row of its own.

importance = hyperparameter_importance(search)
print(importance.head(6).round(3).to_string())

# %%
# Summed by the steps of the Pipeline, the question is which step deserves the work.

print(importance.groupby("step")["share"].sum().sort_values(ascending=False).round(3).to_string())

# %%
# The picture
# -----------
#
# At the right is the mean score for every value, over all combinations of the others. A
# hyper-parameter with a long bar is worth a finer grid around its best value; one whose bar
# cannot be told from nothing can be dropped from the search.

HyperparameterImportanceDisplay.from_search(search)
pyplot.show()

"""GridSearchCV over both networks, two processes at a time.

The step "net" of the Pipeline is itself a hyper-parameter, so that one search compares the two
networks and tunes each. Every worker process trains on one thread, and the scores are the same
whatever `n_jobs` is.
"""

import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from skdigits import ANNClassifier, CNNClassifier, ImageReshaper

X, y = load_digits(return_X_y=True)
X, y = X[:900].astype("uint8"), y[:900]

pipeline = Pipeline([("images", ImageReshaper()), ("net", CNNClassifier())])
grid = [
    {
        "net": [ANNClassifier(max_iter=20, random_state=0)],
        "net__hidden_layer_sizes": [(64,), (256, 128)],
    },
    {
        "net": [CNNClassifier(max_iter=20, random_state=0)],
        "net__channels": [(16, 32), (32, 64)],
    },
]
folds = StratifiedKFold(3, shuffle=True, random_state=0)
search = GridSearchCV(pipeline, grid, cv=folds, n_jobs=2).fit(X, y)

results = pd.DataFrame(search.cv_results_)
results["net"] = [type(net).__name__ for net in results.pop("param_net")]
columns = ["net", "param_net__hidden_layer_sizes", "param_net__channels", "mean_test_score"]
print(results[columns].sort_values("mean_test_score", ascending=False).to_string(index=False))
print(f"best: {search.best_estimator_[-1]}")

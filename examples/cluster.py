"""A grid search and a comparison of models on two Dask workers.

The two processes stand for two machines: `Client("tcp://scheduler:8786")` is all that would
differ. Each takes one fit at a time. Three lines see to it that a worker may die on the way: its
fits are done again by another, and no result changes.
"""

from dask.distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, compare_models


def main():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600].astype("uint8"), y[:600]
    workers = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**workers) as cluster, Client(cluster) as client:
        client.amm.stop()  # every worker keeps its copy of the data
        with parallel_config("dask", scatter=[X, y]):  # and gets one at once
            search = search_grid(X, y)
            comparison = compare_models(
                {"ann": search.best_estimator_, "cnn": CNNClassifier(max_iter=5), "svm": SVC()},
                X,
                y,
                cv=3,
                random_state=0,
                on_result=lambda name, fold, scores: print(f"{name}, fold {fold}: done"),
            )
    print(f"best: {search.best_params_}, {search.best_score_:.1%}")
    print(comparison.table["accuracy"].map("{:.1%}".format).to_string())


def search_grid(X, y):
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    # Lists of row numbers travel with every task; arrays would lie on one worker alone.
    rows = [(train.tolist(), test.tolist()) for train, test in folds.split(X, y)]
    grid = {"hidden_layer_sizes": [(32,), (128,)], "learning_rate_init": [0.001, 0.01]}
    return GridSearchCV(ANNClassifier(max_iter=10, random_state=0), grid, cv=rows).fit(X, y)


if __name__ == "__main__":  # the workers import this file
    main()

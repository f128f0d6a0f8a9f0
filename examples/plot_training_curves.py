"""
How a training went
===================

The loss and the score of every epoch say what a final accuracy cannot: whether training went on
for too long or not long enough, whether one fold was luckier than the others, and which candidate
of a search failed to learn at all.
"""

from matplotlib import pyplot as plt
from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, TrainingCurveDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)

# %%
# Three networks that hold out a tenth of their training data, and stop when the accuracy on it
# does not rise any more. A support vector machine has no epochs; its accuracy on the test half is
# a dotted line, as is that of the networks.
stopping = {"early_stopping": True, "random_state": 0}
models = {
    "cnn": CNNClassifier(max_iter=30, **stopping),
    "ann": ANNClassifier(max_iter=60, **stopping),
    "MLPClassifier": MLPClassifier(max_iter=200, **stopping),
    "svm": SVC(C=10),
}
for model in models.values():
    model.fit(X_train, y_train)
TrainingCurveDisplay.from_estimators(models, X_test, y_test)

# %%
# The accuracy on the held-out tenth, 90 images, moves in steps of more than one per cent, so it may
# flatter or wrong a model. Folds show how much: each is a thin line, their mean is bold.
folds = cross_validate(
    ANNClassifier(max_iter=60, **stopping),
    X,
    y,
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
    return_estimator=True,
    return_indices=True,
)
TrainingCurveDisplay.from_cv_results(folds, X, y)
for model, accuracy in zip(folds["estimator"], folds["test_score"], strict=True):
    print(
        f"{model.n_iter_} epochs: {model.best_validation_score_:.1%} validation, "
        f"{accuracy:.1%} test"
    )

# %%
# In a search, scikit-learn's ScoringMonitor listens to every epoch of every candidate on every
# fold. It scores the images that are being trained on, so this shows what can be learnt at each
# rate, not what generalises: the two small ones have not arrived when their epochs end, and the
# largest gains nothing over the second largest by its haste.
monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
network = ANNClassifier(max_iter=15, random_state=0).set_callbacks(monitor)
rates = {"learning_rate_init": [0.0001, 0.001, 0.01, 0.1]}
search = GridSearchCV(network, rates, cv=3).fit(X_train, y_train)
display = TrainingCurveDisplay.from_logs(monitor.get_logs(), search)
print(f"best: {search.best_params_}, {search.best_score_:.1%} on the folds")
last = display.curves.query("epoch == 15 and measure == 'accuracy'")
print(last.groupby("model", sort=False)["value"].mean().round(3).to_string())
plt.show()

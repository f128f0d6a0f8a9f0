"""
Can it be trusted?
==================

A classifier that is right 98 times in 100 is of use where it knows which two are wrong. Three
questions: does it mean it when it says 99 %, how many mistakes are left when a person reads what
it is least sure of, and which labels of the data are wrong themselves?
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    MisclassifiedDisplay,
    RejectCurveDisplay,
    ReliabilityDisplay,
    find_label_mistakes,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=0)

# %%
# A network that was trained on few images is right more or less often than it says. Temperature
# scaling divides its logits by one number, chosen on folds of the training images: no prediction
# changes, and what it says of itself comes nearer to the truth.
network = ANNClassifier(max_iter=60, random_state=0)
calibrated = CalibratedClassifierCV(network, method="temperature", ensemble=False, cv=5)
models = {"ann": network, "after temperature scaling": calibrated}
for model in models.values():
    model.fit(X_train, y_train)
reliability = ReliabilityDisplay.from_estimators(models, X_test, y_test, n_bins=10)
print("expected calibration error")
print(reliability.errors.round(4).to_string())

# %%
# Predictions are rejected, the least certain first: a person reads these, and what is left is more
# often right. An SVM has no probabilities; how near the next boundary is orders its predictions.
models["svm"] = SVC(C=10).fit(X_train, y_train)
reject = RejectCurveDisplay.from_estimators(models, X_test, y_test)
print("to be 99 % right, a person reads")
print(reject.share_to_reject(0.01).map("{:.1%}".format).to_string())

# %%
# Labels are wrong too. Here 30 of 1,797 were changed on purpose. Probabilities of a model that was
# not trained on an image tell most of them:
rng = np.random.RandomState(0)
changed = rng.choice(len(y), 30, replace=False)
y_wrong = y.copy()
y_wrong[changed] = (y[changed] + rng.randint(1, 10, size=30)) % 10
folds = StratifiedKFold(5, shuffle=True, random_state=0)
y_proba = cross_val_predict(
    ANNClassifier(max_iter=10, random_state=0), X, y_wrong, cv=folds, method="predict_proba"
)
found = find_label_mistakes(y_wrong, y_proba)
is_changed = found["row"].isin(changed)
print(f"{len(found)} labels suspected, {is_changed.sum()} of the 30 changed ones among them")

# %%
# The clearest of them, with the label that was given and the one suggested:
suspects = found.head(15)
MisclassifiedDisplay.from_predictions(
    suspects["label"],
    suspects["suggested"],
    X[suspects["row"]],
    y_proba=suspects["suggested_probability"],
)
plt.show()

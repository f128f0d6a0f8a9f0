"""The networks inside scikit-learn's meta-estimators: voting, boosting and calibration.

Voting needs `predict_proba`, boosting needs `sample_weight`, temperature scaling needs logits;
the networks have all three. Temperature scaling came with scikit-learn 1.8.
"""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import AdaBoostClassifier, VotingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X.astype("uint8"), y, stratify=y, random_state=0
)
cnn = CNNClassifier(max_iter=20, random_state=0)
ann = ANNClassifier(max_iter=20, random_state=0)

models = {
    "CNN": cnn,
    "voting of CNN, ANN and SVC": VotingClassifier(
        [("cnn", cnn), ("ann", ann), ("svc", SVC(C=10))]
    ),
    "five boosted ANNs": AdaBoostClassifier(ann, n_estimators=5, random_state=0),
    "calibrated CNN": CalibratedClassifierCV(cnn, method="temperature", cv=3),
}
for name, model in models.items():
    model.fit(X_train, y_train)
    print(f"{name:28} accuracy {model.score(X_test, y_test):.3f}")

print()
for name in ("CNN", "calibrated CNN"):
    probabilities = models[name].predict_proba(X_test)
    print(f"{name:28} log loss {log_loss(y_test, probabilities):.4f}")

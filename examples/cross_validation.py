"""Cross-validated predictions, and the classification report that they give.

Every digit is read by a network that never saw it; the report says which digits are hard.
"""

from sklearn.datasets import load_digits
from sklearn.metrics import classification_report
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skdigits import CNNClassifier

X, y = load_digits(return_X_y=True)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
predicted = cross_val_predict(
    CNNClassifier(max_iter=20, random_state=0), X.astype("uint8"), y, cv=folds, n_jobs=2
)
print(classification_report(y, predicted, digits=3))

wrong = (predicted != y).sum()
print(f"{wrong} of {len(y)} digits read wrongly")

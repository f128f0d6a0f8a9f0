"""
What breaks a model
===================

Two models with nearly the same accuracy can differ widely on images that are a little worse. Both
are trained on half of scikit-learn's digits, and tested on the other half: as it is, and
corrupted in many ways of five severities each.
"""

from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skdigits import (
    CNNClassifier,
    RobustnessDisplay,
    corrupt,
    mean_corruption_error,
    robustness_curve,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)

# %%
# Each kind of corruption at severity 3, on one digit:
kinds = ["shift", "rotation", "noise", "thicker", "erasing", "contrast"]
figure, axes = plt.subplots(1, 7, figsize=(10, 1.8), layout="constrained")
for ax, kind in zip(axes, ["as it is", *kinds], strict=True):
    rows = X_test[:1] if kind == "as it is" else corrupt(X_test, kind, 3, random_state=0)[:1]
    ax.imshow(rows.reshape(8, 8), cmap="gray", vmin=0, vmax=16)
    ax.set(title=kind, xticks=[], yticks=[])

# %%
# Three models on the same corrupted images. No image of severity 1 to 5 was in the training.
models = {
    "cnn": CNNClassifier(random_state=0).fit(X_train, y_train),
    "svm": SVC(C=10).fit(X_train, y_train),
    "knn": KNeighborsClassifier(3).fit(X_train, y_train),
}
curve = robustness_curve(models, X_test, y_test)
RobustnessDisplay.from_curve(curve)

# %%
# In one number a model: the mean corruption error of Hendrycks and Dietterich, relative to the
# nearest neighbours, whose own is 1.
print(mean_corruption_error(curve, "knn")[["clean_error", "mce"]].round(3))
plt.show()

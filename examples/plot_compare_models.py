"""
Five classifiers on the same folds
==================================

Which classifier is best, and is the difference more than luck? Every model is trained and tested
on the same eight folds of scikit-learn's digits, so their differences can be tested in pairs.
"""

from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, ModelComparisonDisplay, compare_models

X, y = load_digits(return_X_y=True)
models = {
    "cnn": CNNClassifier(max_iter=8),
    "ann": ANNClassifier(max_iter=20),
    "svm": SVC(C=10, gamma=0.001),
    "knn": KNeighborsClassifier(3),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
}
comparison = compare_models(models, X, y, cv=8, random_state=0)
print(comparison)

# %%
# Accuracy has its price, in seconds of training. The bars are standard deviations over the folds:
# where they overlap, the picture alone does not tell which model is better.
ModelComparisonDisplay.from_comparison(comparison)

# %%
# Bars may overlap and the difference be clear all the same, as folds that are hard for one model
# are hard for all. So the test is a paired one, of the differences fold by fold: Nadeau and
# Bengio's, which takes into account that the folds share their training images, with Holm's
# correction for asking several questions. Four of the five cannot be told apart on 1,797 digits;
# among them, speed may decide.
print(comparison.describe())

# %%
# The same as numbers: the differences to the best model, each with its 95 % interval.
differences = comparison.differences.sort_values("mean_difference")
print(differences[["mean_difference", "ci_low", "ci_high", "p_value_holm"]].round(4))
figure, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
middle = 100 * differences["mean_difference"]
reach = [middle - 100 * differences["ci_low"], 100 * differences["ci_high"] - middle]
ax.errorbar(middle, differences.index, xerr=reach, fmt="o", color="#0072B2", capsize=3)
ax.axvline(0, color="0.35", linewidth=1)
ax.margins(y=0.2)
ax.set(
    xlabel=f"per cent points that {comparison.best} is better by (95 % interval)",
    title="An interval that contains 0 may be luck",
)
plt.show()

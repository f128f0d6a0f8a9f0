"""
How many images does it take?
=============================

scikit-learn's ``LearningCurveDisplay`` draws accuracy against the number of training images for any
estimator, the networks too. Where few images are labelled, another model may be the best than
where many are.
"""

from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import LearningCurveDisplay, StratifiedShuffleSplit
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier

X, y = load_digits(return_X_y=True)
models = {
    "cnn": CNNClassifier(max_iter=15, random_state=0),
    "ann": ANNClassifier(max_iter=30, random_state=0),
    "svm": SVC(C=10),
    "forest": RandomForestClassifier(random_state=0),
}

# %%
# Each model is trained on the same 50 to 1,200 images, in three random splits, and tested on the
# same 360 others.
folds = StratifiedShuffleSplit(3, test_size=360, random_state=0)
figure, ax = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
colors = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
for (name, model), color in zip(models.items(), colors, strict=True):
    display = LearningCurveDisplay.from_estimator(
        model,
        X,
        y,
        train_sizes=[50, 100, 200, 400, 800, 1200],
        cv=folds,
        score_type="test",
        score_name="accuracy",
        std_display_style="errorbar",
        errorbar_kw={"color": color, "marker": "o", "markersize": 4, "capsize": 2},
        ax=ax,
    )
    means = display.test_scores.mean(axis=1)
    print(f"{name:7}" + "".join(f"{mean:7.1%}" for mean in means))
handles = ax.get_legend_handles_labels()[0]
ax.set_xscale("log")
ax.set_xticks(display.train_sizes, [f"{size:,}" for size in display.train_sizes])
ax.minorticks_off()
ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
ax.set(xlabel="training images", title="Accuracy on 360 other images, mean ± sd of three splits")
ax.grid(alpha=0.25)
ax.legend(handles, models, frameon=False)
plt.show()

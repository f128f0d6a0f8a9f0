"""
What a picture is to an estimator
=================================

scikit-learn knows tables: a row is a sample, a column a feature. A picture of 8x8 pixels is a row
of 64 numbers, and nothing in it says which pixels are neighbours. Which classifier would miss that,
if the pixels were shuffled?
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, ImageReshaper

X, y = load_digits(return_X_y=True)
images = ImageReshaper(image_shape=(8, 8)).fit_transform(X)

# %%
# The same digit as the image that we see and as the row that an estimator gets. Below, every row's
# pixels change places, all in the same way: to us it is no 0 any more.
order = np.random.default_rng(0).permutation(64)
shuffled = X[:, order]
figure, axes = plt.subplots(
    2, 2, figsize=(9, 3.2), width_ratios=[1, 4], height_ratios=[1, 1], layout="constrained"
)
for (picture, row), pixels, name in zip(
    axes, (X[0], shuffled[0]), ("as it was written", "pixels shuffled"), strict=True
):
    picture.imshow(pixels.reshape(8, 8), cmap="gray")
    picture.set_title(name, fontsize=9)
    row.imshow(pixels.reshape(1, 64), cmap="gray", aspect=3)
    row.set_title("its row", fontsize=9)
    picture.set_axis_off()
    row.set_axis_off()

# %%
# A support vector machine compares rows by their distance and a dense network weighs every pixel by
# itself: an order of columns is nothing to either. A convolutional network looks for strokes in
# little windows, and there are no strokes left.
models = {
    "svm": SVC(C=10),
    "ann": ANNClassifier(random_state=0),
    # Changes of the training images would move pixels that are no neighbours any more.
    "cnn": CNNClassifier(augment=None, random_state=0),
}
right = {}
for order_of_pixels, rows in {"as written": X, "shuffled": shuffled}.items():
    X_train, X_test, y_train, y_test = train_test_split(rows, y, train_size=600, random_state=0)
    right[order_of_pixels] = {
        name: model.fit(X_train, y_train).score(X_test, y_test) for name, model in models.items()
    }
right = pd.DataFrame(right)
print(right.map("{:.1%}".format).to_string())

# %%
# What a CNN knows beforehand, that neighbours belong together, is what makes it the better model of
# pictures, and no better a model of anything else.
figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
bars = (100 * (1 - right)).plot.bar(ax=ax, rot=0, color=["#1f6f8b", "#e07b39"])
for container in ax.containers:
    ax.bar_label(container, fmt="%.1f", padding=2, fontsize=9)
ax.set(ylabel="errors, %", title="600 training images")
ax.spines[["top", "right"]].set_visible(False)

plt.show()

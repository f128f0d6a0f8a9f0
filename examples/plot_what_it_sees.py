"""
What a network sees
===================

The first layer of a convolutional network looks for small patterns everywhere, that of a
multi-layer perceptron weighs all pixels at once, and an SVM compares an image with images that it
has kept. Which pixels decide in the end can be asked of all three in the same way.
"""

from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from skdigits import ANNClassifier, CNNClassifier, FiltersDisplay, SaliencyDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=1200, random_state=0)
models = {
    "cnn": CNNClassifier(random_state=0),
    "ann": ANNClassifier(random_state=0),
    "svm": SVC(C=10),
}
for name, model in models.items():
    print(f"{name} {model.fit(X_train, y_train).score(X_test, y_test):.1%} right")

# %%
# The filters of the first convolution, and below each where it finds its pattern in one image:
# strokes of a direction, ends, the paper beside a stroke.
FiltersDisplay.from_estimator(models["cnn"], X_test)

# %%
# The units of the perceptron's first layer: weights of all pixels, and how much of it the image
# has. No pattern here can be found at another place than its own.
FiltersDisplay.from_estimator(models["ann"], X_test)

# %%
# The support vectors that are most like the image, by the kernel.
FiltersDisplay.from_estimator(models["svm"], X_test)

# %%
# Where did they look? A square is moved over the image; red is where covering it takes most from
# the label that was predicted, blue where covering it helps.
SaliencyDisplay.from_estimators(models, X_test, y_test)

# %%
# Networks have gradients, which are quicker and finer. Integrated along the way from a black image
# to this one, they share out what the image adds to the label's logit among the pixels.
nets = {name: models[name] for name in ("cnn", "ann")}
SaliencyDisplay.from_estimators(nets, X_test, y_test, method="integrated_gradients")
plt.show()

"""
The mistakes themselves
=======================

A number says how often a model is wrong; its mistakes, the surest first, say what it does not
understand, and which labels may be wrong. Every picture here was predicted by a model that had not
seen it.
"""

from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.naive_bayes import GaussianNB

from skdigits import (
    ANNClassifier,
    ConfusionImagesDisplay,
    MisclassifiedDisplay,
    compare_models,
)

X, y = load_digits(return_X_y=True)
models = {"ann": ANNClassifier(), "bayes": GaussianNB()}
comparison = compare_models(models, X, y, cv=5, random_state=0)

# %%
# Naive Bayes takes pixels for independent. It is wrong about digits that anyone can read, and sure
# of it:
MisclassifiedDisplay.from_comparison(comparison, "bayes")

# %%
# Which digits it takes for which, each with its worst picture:
ConfusionImagesDisplay.from_comparison(comparison, "bayes")

# %%
# What the network gets wrong is another kind of digit: most of them could be either.
display = MisclassifiedDisplay.from_comparison(comparison, "ann")
print(f"bayes {(comparison.predictions['bayes'] != y[comparison.predictions['row']]).sum()} wrong")
print(f"ann {display.n_mistakes} wrong")
plt.show()

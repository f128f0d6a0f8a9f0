"""
More training images than there are
===================================

A 3 that is written a little to the left is still a 3. A network can be told so: `augment` changes
its training images at random, anew in every epoch. What does that look like, and what is it worth
when there are few images?
"""

import torch
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import learning_curve

from skdigits import Augmentation, CNNClassifier

X, y = load_digits(return_X_y=True)

# %%
# Every change has an amount of its own: shares of the side for shifts, degrees for rotations. Here
# each is alone and larger than one would take it, so that it is seen; the left column is the digit
# itself.
kinds = {
    "shift": Augmentation(shift=0.2),
    "rotation": Augmentation(rotation=30),
    "scale": Augmentation(scale=0.35),
    "shear": Augmentation(shear=0.4),
    "elastic": Augmentation(elastic=0.12),
    "stroke": Augmentation(stroke=1.5),
    "erase": Augmentation(erase=1.0),
}
digit = torch.tensor(X[3].reshape(1, 1, 8, 8), dtype=torch.float32)
large = torch.nn.functional.interpolate(digit, scale_factor=4, mode="bicubic").clamp(0, 16)
figure, axes = plt.subplots(len(kinds), 7, figsize=(6, 6.4), layout="constrained")
for row, (name, augmentation) in zip(axes, kinds.items(), strict=True):
    changed = augmentation(large.expand(6, -1, -1, -1), torch.Generator().manual_seed(0))
    for ax, image in zip(row, [large[0], *changed], strict=True):
        ax.imshow(image[0].numpy(), cmap="gray", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")

# %%
# `"light"` and `"strong"` are such changes together, in amounts that were chosen on other data. The
# fewer images, the more they are worth.
figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for augment in (None, "light", "strong"):
    network = CNNClassifier(augment=augment, random_state=0)
    sizes, _, scores = learning_curve(
        network, X, y, train_sizes=[60, 150, 400], cv=3, shuffle=True, random_state=0
    )
    errors = 100 * (1 - scores.mean(axis=1))
    ax.plot(sizes, errors, marker="o", label=str(augment))
    print(f"{augment!s:7}", *(f"{error:5.1f} %" for error in errors))
ax.set(xscale="log", yscale="log", xlabel="training images", ylabel="errors, %")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
ax.minorticks_off()
ax.legend(title="augment", frameon=False)
ax.spines[["top", "right"]].set_visible(False)

plt.show()

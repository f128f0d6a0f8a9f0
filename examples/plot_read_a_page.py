"""
Reading a page
==============

From a photo of handwriting to text in three lines: a reader finds the characters, a normaliser
makes of each what MNIST's makers made of theirs, and a network that comes with skdigits says what
it is.
"""

import numpy as np
from matplotlib import pyplot as plt
from scipy import ndimage
from sklearn.datasets import load_digits

from skdigits import CharacterNormalizer, PageReader, load_pretrained

# %%
# The page is made here, of real digits by many hands (scikit-learn's, enlarged), so that what is
# written is known: blue ink on grey paper, uneven light, noise.
rng = np.random.default_rng(0)
images, labels = load_digits(return_X_y=True)
written = rng.choice(len(images), size=(4, 6), replace=False)


def glyph(image):
    """Return one digit as ink from 0 to 1, somewhere in its place."""
    ink = ndimage.zoom(image.reshape(8, 8), 8, order=3) > 11
    ink = np.pad(ink, ((20, 20), (20, 20)))
    ink = np.roll(ink, rng.integers(-8, 9, size=2), axis=(0, 1))
    return ndimage.gaussian_filter(ink.astype(float), 1)


ink = np.block([[glyph(images[index]) for index in line] for line in written])
ink = np.pad(ink, 50)
paper, pen = np.array([214, 208, 196]), np.array([35, 45, 120])
page = paper + ink[..., None] * (pen - paper)
page *= np.linspace(1, 0.65, ink.shape[1])[:, None]  # the light fades to the right
page = np.clip(page + rng.normal(0, 5, page.shape), 0, 255).astype(np.uint8)

# %%
# That is all it takes. `plot` shows what was found, and where.
model = load_pretrained("cnn-mnist")
read = PageReader(model).read(page)
print(read)
read.plot()

# %%
# Every character has a probability, and the least certain can be left to a person: with
# ``reject=0.01`` no more than one in a hundred of the others is expected to be wrong.
truth = [str(label) for line in written for label in labels[line]]
careful = PageReader(model, reject=0.01).read(page)
for name, result in {"all": read, "with rejects": careful}.items():
    said = [character for line in result.lines for character in line]
    wrong = sum(a not in (b, "?") for a, b in zip(said, truth, strict=True))
    print(f"{name}: {wrong} of {len(truth)} wrong, {said.count('?')} left to a person")
least = read.to_frame().nsmallest(3, "probability")[["label", "line", "probability"]]
print(least.to_string(index=False))

# %%
# What the network saw of the first character, step by step: this is where to look when something is
# misread.
steps = CharacterNormalizer().explain(page[50:154, 50:154])
figure, axes = plt.subplots(1, len(steps), figsize=(11, 1.7), layout="constrained")
for ax, (name, step) in zip(axes, steps.items(), strict=True):
    ax.imshow(step, cmap="gray")
    ax.set_title(f"{name}\n{step.shape[0]}x{step.shape[1]}", fontsize=8)
    ax.set_axis_off()

plt.show()

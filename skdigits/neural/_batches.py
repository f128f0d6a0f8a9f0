"""Training sets, and batches cut from whole tensors: nothing is done per image."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from skdigits._validation import is_mapped
from skdigits.neural._mapped import MappedPixels, kept_dtype

# Images are gathered in shuffled order a block at a time, and batches are views of it: a call
# for many batches, and little memory.
BLOCK = 2048


@dataclass(frozen=True)
class LabelledPixels:
    """A training set, held once.

    Parameters
    ----------
    pixels : Tensor or MappedPixels of shape (n, channels, height, width)
        uint8, float32 or float64; uint8 stays uint8 until a batch is cut. What is in a file
        stays there until a block of batches is.
    codes : Tensor of shape (n,)
        Classes, 0 to n_classes - 1.
    weights : Tensor of shape (n,) or None
        Weights of the images.
    """

    pixels: torch.Tensor
    codes: torch.Tensor
    weights: torch.Tensor | None = None

    def __len__(self):
        return len(self.pixels)

    def to(self, device):
        """Return the same data on `device`."""
        weights = None if self.weights is None else self.weights.to(device)
        return LabelledPixels(self.pixels.to(device), self.codes.to(device), weights)

    def subset(self, index):
        """Return the images at the positions `index`."""
        index = torch.as_tensor(index, device=self.codes.device)
        weights = None if self.weights is None else self.weights[index]
        # Copies whole images; indexing in brackets goes pixel by pixel.
        pixels = self.pixels.index_select(0, index.to(self.pixels.device))
        return LabelledPixels(pixels, self.codes[index], weights)

    def n_batches(self, batch_size):
        """Return how many batches of at most `batch_size` images one pass takes."""
        return math.ceil(len(self) / batch_size)

    def blocks(self, batch_size, generator=None, augment=None, n_augmented=None):
        """Yield one pass in blocks, shuffled when given a generator.

        A block is a list of the sizes of its batches and their images as a set, see
        :meth:`split`. The batches of a pass are of equal size, give or take one image, so that
        none is too small for batch statistics. `augment` takes and returns floating-point
        pixels, those of the first `n_augmented` batches or of all.
        """
        n_batches = self.n_batches(batch_size)
        n_augmented = n_batches if n_augmented is None else n_augmented
        if n_batches == 1:
            yield [len(self)], self._read()._changed(augment if n_augmented else None)
            return
        smaller, n_larger = divmod(len(self), n_batches)
        sizes = [smaller + 1] * n_larger + [smaller] * (n_batches - n_larger)
        order = torch.arange(len(self))
        if generator is not None:
            order = torch.randperm(len(self), generator=generator)
        per_block = max(1, BLOCK // batch_size)
        for part, change in ((sizes[:n_augmented], augment), (sizes[n_augmented:], None)):
            for first in range(0, len(part), per_block):
                block = part[first : first + per_block]
                index, order = order.tensor_split([sum(block)])
                yield block, self.subset(index)._read()._changed(change)

    def _read(self):
        return replace(self, pixels=self.pixels[:])  # of a tensor, a view

    def _changed(self, augment):
        if augment is None:
            return self
        dtype = self.pixels.dtype if self.pixels.is_floating_point() else torch.float32
        return replace(self, pixels=augment(self.pixels.to(dtype, copy=True)))

    def split(self, sizes):
        """Return pixels, codes and weights of consecutive batches of these sizes, all views."""
        parts = (self.pixels, self.codes, self.weights)
        return zip(
            *([None] * len(sizes) if part is None else part.split(sizes) for part in parts),
            strict=True,
        )


def as_tensor(array):
    """Return an array as a tensor, without a copy where torch has its like and may write to it."""
    if isinstance(array, torch.Tensor):
        return array
    array = array.astype(kept_dtype(array.dtype), copy=False)
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    return torch.from_numpy(array)


def pixels_of_rows(rows, image_shape):
    """Return rows of pixels as images; those of a memory-mapped file are not read yet.

    Parameters
    ----------
    rows : ndarray or Tensor of shape (n, n_pixels)
        Pixels.
    image_shape : tuple of int
        (channels, height, width).

    Returns
    -------
    Tensor or MappedPixels of shape (n, channels, height, width)
        The images.
    """
    if is_mapped(rows):
        return MappedPixels(np.asarray(rows), tuple(image_shape))
    return as_tensor(rows).reshape(-1, *image_shape)


def labelled_pixels(pixels, codes, weights):
    """Return images and their classes as a training set, images of weight 0 left out.

    Parameters
    ----------
    pixels : Tensor or MappedPixels of shape (n, channels, height, width)
        Images.
    codes : ndarray of shape (n,)
        Classes, 0 to n_classes - 1.
    weights : ndarray of shape (n,) or None
        Weights, some above zero.
    """
    if weights is not None:
        dtype = torch.float64 if pixels.dtype == torch.float64 else torch.float32
        weights = as_tensor(weights).to(dtype)
    data = LabelledPixels(pixels, torch.from_numpy(codes).long(), weights)
    if weights is None or bool(weights.all()):
        return data
    return data.subset(weights.nonzero().flatten())


def hold_out(data, classes, fraction, seed, *, who):
    """Split `data`, stratified by class, into what to train on and what to validate with."""
    from sklearn.model_selection import train_test_split  # here, for prediction does without

    codes = data.codes.cpu().numpy()
    strata = codes if len(classes) > 2 else (codes == 1).astype(str)  # as in MLPClassifier
    try:
        kept, held_out = train_test_split(
            np.arange(len(data)),
            test_size=fraction,
            stratify=strata,
            random_state=seed,
        )
    except ValueError as error:
        counts = np.bincount(codes, minlength=len(classes))
        smallest = classes.tolist()[counts.argmin()]
        raise ValueError(
            f"{who}(early_stopping=True) cannot hold out validation_fraction={fraction} of "
            f"{len(data)} images in {len(classes)} classes, of which {smallest!r} "
            f"has {counts.min()}: {error}"
        ) from error
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' "
            "or the size of your dataset."
        )
    return data.subset(kept), data.subset(held_out)

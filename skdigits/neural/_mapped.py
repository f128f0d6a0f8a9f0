"""Images that stay in a memory-mapped file, read when they are asked for."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

_TORCH_DTYPES = {"uint8": torch.uint8, "float64": torch.float64, "float32": torch.float32}


def kept_dtype(dtype):
    """Return the NumPy dtype that pixels of `dtype` are trained from: uint8, float64, float32."""
    name = np.dtype(dtype).name  # the same for every byte order
    return np.dtype(name if name in _TORCH_DTYPES else "float32")


@dataclass(frozen=True)
class MappedPixels:
    """What training asks of a tensor of pixels; indexing reads, and gives a tensor.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_pixels)
        The file: numbers of any kind and byte order, which are never written to.
    image_shape : tuple of int
        The shape of an image.
    positions : ndarray of shape (n,) or None
        The rows that these images are; None for all.
    device : str or torch.device
        Where the images go that are read.
    """

    rows: np.ndarray
    image_shape: tuple
    positions: np.ndarray | None = None
    device: str | torch.device = "cpu"

    def __len__(self):
        return len(self.rows if self.positions is None else self.positions)

    @property
    def shape(self):
        """The shape that a tensor of all images would have."""
        return (len(self), *self.image_shape)

    @property
    def dtype(self):
        """The torch dtype of the images that are read."""
        return _TORCH_DTYPES[kept_dtype(self.rows.dtype).name]

    def to(self, device):
        """Return the same images, on their way to `device`."""
        return replace(self, device=device)

    def flatten(self, start_dim):
        """Return the same images as rows of pixels; `start_dim` is 1."""
        assert start_dim == 1
        return replace(self, image_shape=(math.prod(self.image_shape),))

    def index_select(self, dim, index):
        """Return the images at the positions `index`, none of them read; `dim` is 0."""
        assert dim == 0
        index = index.cpu().numpy()
        return replace(self, positions=index if self.positions is None else self.positions[index])

    def __getitem__(self, key):
        """Read the image at a position, or those of a slice."""
        if not isinstance(key, slice):
            return self[key : key + 1][0]
        if self.positions is None:
            read = self.rows[key].astype(kept_dtype(self.rows.dtype))
        else:
            read = _read_rows(self.rows, self.positions[key])
        return torch.from_numpy(read).reshape(-1, *self.image_shape).to(self.device)


def _read_rows(rows, positions):
    """Return copies of rows, read in the order of the file."""
    order = np.argsort(positions)
    found = np.empty((len(positions), rows.shape[1]), kept_dtype(rows.dtype))
    found[order] = rows[positions[order]]
    return found

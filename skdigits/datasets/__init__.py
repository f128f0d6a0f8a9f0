"""Data sets of handwritten characters, and readers of their files."""

from skdigits.datasets._idx import read_idx
from skdigits.datasets._mnist import fetch_mnist

__all__ = ["fetch_mnist", "read_idx"]

"""Data sets of handwritten characters, and readers of their files."""

from skdigits.datasets._emnist import fetch_emnist
from skdigits.datasets._idx import read_idx, write_idx
from skdigits.datasets._image_folder import load_image_folder
from skdigits.datasets._mnist import fetch_fashion_mnist, fetch_kmnist, fetch_mnist
from skdigits.datasets._usps import fetch_usps

__all__ = [
    "fetch_emnist",
    "fetch_fashion_mnist",
    "fetch_kmnist",
    "fetch_mnist",
    "fetch_usps",
    "load_image_folder",
    "read_idx",
    "write_idx",
]

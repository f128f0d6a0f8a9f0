"""The data sets by name, as the command line offers them. A new one is a line here."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DataSet:
    """A data set that is fetched.

    Parameters
    ----------
    title : str
        What it is called.
    what : str
        What it holds, for a reader.
    fetcher : str
        The name of a function of :mod:`skdigits.datasets`: loading that takes a second or two, and
        a list of names does without it.
    arguments : tuple, default=()
        What the function is given first.
    """

    title: str
    what: str
    fetcher: str
    arguments: tuple[Any, ...] = ()

    def fetch(self, **how):
        """Call the fetcher; see :func:`skdigits.datasets.fetch_mnist`."""
        import skdigits.datasets as datasets

        return getattr(datasets, self.fetcher)(*self.arguments, **how)


DATA_SETS = {
    "mnist": DataSet("MNIST", "70,000 digits, 28x28", "fetch_mnist"),
    "usps": DataSet("USPS", "9,298 digits from envelopes, 16x16", "fetch_usps"),
    "emnist": DataSet(
        "EMNIST Balanced", "digits and letters in six splits, 28x28", "fetch_emnist", ("balanced",)
    ),
    "kmnist": DataSet("KMNIST", "70,000 cursive Japanese characters, 28x28", "fetch_kmnist"),
    "fashion-mnist": DataSet(
        "Fashion-MNIST", "70,000 pictures of clothes, 28x28", "fetch_fashion_mnist"
    ),
}
DATA_NAMES = ("digits", *DATA_SETS)  # scikit-learn's own come with it

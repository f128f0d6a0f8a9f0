"""The folder of data sets: which it is, and what is there."""

import os
from pathlib import Path

from sklearn.datasets import get_data_home


def find_folder(data_home, name):
    """Return the folder of one data set: in `data_home`, in $SKDIGITS_DATA, or by default.

    By default it is in the folder ``skdigits`` of scikit-learn's data home.
    """
    data_home = data_home or os.environ.get("SKDIGITS_DATA")
    return Path(data_home or Path(get_data_home(), "skdigits")).expanduser() / name


def find_file(folder, name):
    """Return the path of a file, compressed by gzip or plain; None where it is missing."""
    paths = (folder / f"{name}.gz", folder / name)
    return next((path for path in paths if path.is_file()), None)

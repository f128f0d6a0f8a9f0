"""The data home: where files belong, and the sentence for those that are not there."""

import os
from dataclasses import dataclass
from pathlib import Path

from sklearn.datasets import get_data_home


@dataclass(frozen=True)
class Origin:
    """Where the files of a data set come from, and where they belong.

    Parameters
    ----------
    who : str
        The fetcher, for errors.
    folder : str
        The folder in the data home.
    home_page : str
        Where a person finds the files.
    mirrors : tuple of str
        What makes the address of a file when put before its name; all have the same files.
    instead : str
        What will do in the place of the files that are asked for; for errors.
    """

    who: str
    folder: str
    home_page: str
    mirrors: tuple
    instead: str


def find_folder(origin, data_home):
    """Return the folder of a data set: as the argument, the environment or scikit-learn says."""
    data_home = data_home or os.environ.get("SKDIGITS_DATA")
    home = Path(data_home or Path(get_data_home(), "skdigits")).expanduser()
    return home / origin.folder


def find_file(folder, name):
    """Return the path of a file, compressed or plain; None if there is neither."""
    candidates = (folder / name, folder / name.removesuffix(".gz"))
    return next((path for path in candidates if path.is_file()), None)


def describe_missing(origin, names, folder):
    """Return the beginning of the sentence that says which files are missing, and what to do."""
    return (
        f"{origin.who} misses {', '.join(names)} (or {origin.instead}): "
        f"put {'it' if len(names) == 1 else 'them'} into {folder}, "
        "or name another data home (data_home, --data-home or SKDIGITS_DATA); "
        f"{origin.home_page} has the data"
    )

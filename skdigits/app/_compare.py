"""What ``skdigits compare`` does, as functions that know nothing of a terminal."""

import os
from pathlib import Path
from textwrap import fill, indent

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from skdigits._files import atomic_path
from skdigits.app._data_table import DATA_SETS
from skdigits.app._tuning import format_choices
from skdigits.evaluation._report import check_packages
from skdigits.evaluation._tables import format_robustness

_N_QUICK_TRAIN, _N_QUICK_TEST = 6_000, 1_000


def load_data(name, *, data_home=None, n_folds=10, quick=False):
    """Load pixels and labels, and the folds they are compared on.

    Parameters
    ----------
    name : str
        One of :data:`skdigits.app._data_table.DATA_NAMES`: scikit-learn's bundled digits, or a
        data set with a training and a test set of its own.
    data_home : str or path-like, default=None
        Where that is, see :func:`skdigits.datasets.fetch_mnist`.
    n_folds : int, default=10
        Number of folds of the digits.
    quick : bool, default=False
        Whether to take the first 6,000 training and 1,000 test images of another set only.

    Returns
    -------
    X : ndarray of shape (n_samples, n_pixels)
        The pixels, uint8. The digits, whose 17 shades are too few to be blurred a little in
        integers, are float32.
    y : ndarray of shape (n_samples,)
        The labels.
    cv : int or list
        As :func:`skdigits.compare_models` takes it.

    Raises
    ------
    ValueError
        If some digit has fewer images than there are folds.
    OSError
        If the data set is not in the data home, or not as it should be.

    Examples
    --------
    >>> from skdigits.app._compare import load_data
    >>> X, y, cv = load_data("digits")
    >>> X.shape, X.dtype, cv
    ((1797, 64), dtype('float32'), 10)
    """
    if name != "digits":
        return _load_split(DATA_SETS[name], data_home, quick)
    X, y = load_digits(return_X_y=True)
    most_folds = np.bincount(y).min()
    if n_folds > most_folds:
        raise ValueError(
            f"--cv {n_folds} is too many folds: the rarest digit has {most_folds} images."
        )
    return X.astype(np.float32), y, n_folds


def _load_split(data_set, data_home, quick):
    how = {"data_home": data_home, "return_X_y": True}
    X_train, y_train = data_set.fetch(subset="train", **how)
    X_test, y_test = data_set.fetch(subset="test", **how)
    train, test = np.split(np.arange(len(X_train) + len(X_test)), [len(X_train)])
    if quick:
        train, test = train[:_N_QUICK_TRAIN], test[:_N_QUICK_TEST]
    return np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test]), [(train, test)]


def prepare_folder(folder):
    """Make the folder of the results, before the work that they take.

    Parameters
    ----------
    folder : str or path-like
        The folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OSError
        If it cannot be made or written into.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"cannot make the folder {folder}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot write into the folder {folder}.")
    return folder


class Unfinished:
    """The scores of the fits that have ended, on the disk as they come.

    Whatever stops the rest, they are in ``unfinished.csv``; at the end it is taken away.

    Parameters
    ----------
    folder : Path
        Where it is written.
    """

    def __init__(self, folder):
        self._path, self._rows = folder / "unfinished.csv", []

    def add(self, name, fold, scores):
        """Keep the scores of one model on one fold."""
        self._rows.append({"model": name, "fold": fold, **scores})
        with atomic_path(self._path) as temporary:
            pd.DataFrame(self._rows).to_csv(temporary, index=False)

    def describe(self):
        """Say in a sentence what is there; nothing where there is nothing."""
        if not self._rows:
            return ""
        return f"The scores of the {len(self._rows)} fits that had ended are in {self._path}."

    def remove(self):
        """Take the file away: the whole is written elsewhere."""
        self._path.unlink(missing_ok=True)


def check_report():
    """Raise an ImportError where a package is missing that ``report.html`` takes."""
    check_packages(who="skdigits compare --report")


def write_report(comparison, folder, *, data, quick, seed, tune):
    """Write a comparison as ``report.html``.

    Parameters
    ----------
    comparison : ModelComparison
        The comparison.
    folder : Path
        Where it is written.
    data : str
        The name of what was compared on.
    quick : bool
        Whether that was a part.
    seed : int
        What shuffled the folds and started the models.
    tune : int or None
        How many candidates were tried of each model, where it was tuned.

    Returns
    -------
    Path
        The file.
    """
    is_split = data in DATA_SETS
    options = f" --data {data}" * is_split + " --quick" * quick
    if not quick and not is_split:
        options += f" --cv {comparison.fold_scores['fold'].nunique()}"
    options += f" --tune {tune}" if tune else ""
    models = ",".join(comparison.estimators)
    note = f"Made by: skdigits compare{options} --models {models} --seed {seed} --report"
    if comparison.tuning is not None:
        note += f". {' '.join(format_choices(comparison.tuning, comparison.table.index).split())}"
    return comparison.to_html(
        folder / "report.html",
        title=f"{_title(data)}: {len(comparison.estimators)} models compared",
        note=note,
    )


def _title(data):
    return DATA_SETS[data].title if data in DATA_SETS else "Handwritten digits of scikit-learn"


def format_reports(comparison):
    """Write the classification report of every model, the best first.

    Parameters
    ----------
    comparison : ModelComparison
        The comparison.

    Returns
    -------
    str
        The reports, each under the name of its model.
    """
    reports = [
        f"{name}\n{comparison.classification_report(name, digits=4).rstrip()}\n"
        for name in comparison.table.index
    ]
    return "\n".join(reports)


def format_breaks(robustness):
    """Write how accurate the models are on worse images.

    Parameters
    ----------
    robustness : DataFrame
        :attr:`skdigits.ModelComparison.robustness`.

    Returns
    -------
    str
        A table of percentages, with a heading.
    """
    table = format_robustness(robustness).to_string()
    return f"% right on worse images, the mean over five severities:\n{table}\n"


def format_files(folder, paths):
    """Say which files were written, and how to get the pictures where there are none.

    Parameters
    ----------
    folder : str or path-like
        The folder.
    paths : list of Path
        The files.

    Returns
    -------
    str
        The folder, then the names in lines.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skdigits.app._compare import format_files
    >>> print(format_files("out", [Path("out/comparison.csv"), Path("out/comparison.png")]))
    Written to out:
      comparison.csv, comparison.png
    """
    names = fill(", ".join(path.name for path in paths), width=80, break_on_hyphens=False)
    text = f"Written to {folder}:\n{indent(names, '  ')}"
    if not any(path.suffix == ".png" for path in paths):
        text += '\nNo pictures, because they need matplotlib: pip install "skdigits[plot]"'
    return text

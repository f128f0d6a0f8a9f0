"""What a comparison of models found, as tables, reports, pictures and files."""

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import classification_report, confusion_matrix

from skdigits.evaluation._displays import (
    ModelComparisonDisplay,
    save_comparison,
    save_confusion_matrix,
)
from skdigits.evaluation._files import atomic_path, file_stems, write_text
from skdigits.evaluation._findings import find_best_per_second, find_confusions
from skdigits.evaluation._leftovers import find_leftovers, remove_files
from skdigits.evaluation._measuring import SCORE_NAMES
from skdigits.evaluation._report import render
from skdigits.evaluation._robustness_display import save_robustness
from skdigits.evaluation._statistics import adjust_holm, corrected_t_test
from skdigits.evaluation._tables import (
    describe_differences,
    describe_robustness,
    format_robustness,
    format_scores,
)
from skdigits.evaluation._versions import find_versions

PREDICTION_COLUMNS = ("row", "fold", "true_label")
_DIFFERENCE_COLUMNS = ("best", "mean_difference", "ci_low", "ci_high", "t", "p_value")


@dataclass(frozen=True, eq=False, repr=False)
class ModelComparison:
    """What :func:`compare_models` measured; printed, it shows the table.

    Parameters
    ----------
    fold_scores : DataFrame
        A row for every model and fold: ``model``, ``fold``, ``accuracy``, ``macro_f1``,
        ``log_loss`` (NaN where a model has no ``predict_proba``), ``fit_seconds``,
        ``predict_seconds_per_1000`` (rows), ``size_bytes`` (of the pickled fitted model, NaN
        where it cannot be pickled), ``n_train``, ``n_test`` and the fold's ``seed``.
    predictions : DataFrame
        The out-of-fold predictions: ``row`` (position in `X`), ``fold``, ``true_label`` and a
        column for every model. A row that was tested several times is there several times.
    estimators : dict of str to estimator
        The compared models, not fitted.
    probabilities : dict of str to DataFrame, default={}
        For every model that has ``predict_proba``: the out-of-fold probabilities, a row for each
        row of `predictions`, a column for each label.
    certainties : dict of str to ndarray, default={}
        For every model that has a ``decision_function`` and no probabilities: what orders its
        predictions by how sure it is of them, one number for each row of `predictions`.
    robustness : DataFrame, default=None
        Accuracies on corrupted test images, as :func:`robustness_curve` has them and with a
        column ``fold``; None where they were not asked for.
    tuning : DataFrame, default=None
        What each search among the models has chosen on each fold: ``model``, ``fold``,
        ``inner_score`` (its mean score over the inner folds) and ``parameters``, a dict; None
        where no search was compared.
    X : array-like or DataFrame, default=None
        The data that were compared on, for the pictures of a report; not copied.
    image_shape : tuple of int, default=None
        The shape of the images in `X`; None infers a square.
    settings : dict of str to str, default={}
        The other arguments of :func:`compare_models`, as Python writes them.
    versions : dict of str to str
        Of Python and of the packages that the results depend on; those of now unless given.

    See Also
    --------
    compare_models : Makes the comparison.
    ModelComparisonDisplay : Draws it.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skdigits import compare_models
    >>> X, y = load_digits(return_X_y=True)
    >>> models = [GaussianNB(), KNeighborsClassifier(3)]
    >>> comparison = compare_models(models, X, y, cv=5, random_state=0)
    >>> comparison.best
    'kneighborsclassifier'
    >>> int(comparison.confusion_matrix("kneighborsclassifier").loc[0, 0])
    178
    """

    fold_scores: pd.DataFrame
    predictions: pd.DataFrame
    estimators: dict[str, Any]
    probabilities: dict[str, pd.DataFrame] = field(default_factory=dict)
    certainties: dict[str, np.ndarray] = field(default_factory=dict)
    robustness: pd.DataFrame | None = None
    tuning: pd.DataFrame | None = None
    X: Any = None
    image_shape: tuple[int, ...] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=find_versions)

    @cached_property
    def table(self):
        """DataFrame : means over the folds by model, the most accurate first.

        ``accuracy_sd`` is the standard deviation over the folds; the other columns are those of
        `fold_scores`.
        """
        by_model = self.fold_scores.groupby("model", sort=False)
        table = by_model[list(SCORE_NAMES)].mean()
        table.insert(1, "accuracy_sd", by_model["accuracy"].std())
        return table.sort_values("accuracy", ascending=False, kind="stable")

    @property
    def best(self):
        """Str : name of the model with the highest mean accuracy."""
        return self.table.index[0]

    @cached_property
    def differences(self):
        """DataFrame : accuracy of the best model minus that of every other, fold by fold.

        ``mean_difference`` with its 95 % interval ``ci_low`` to ``ci_high``, ``t`` and the
        two-sided ``p_value`` of Nadeau and Bengio's corrected resampled t-test, and
        ``p_value_holm``, adjusted for the number of comparisons by Holm's method. That the best
        model was picked by the same folds, no test takes into account.
        """
        accuracy = self.fold_scores.pivot(index="fold", columns="model", values="accuracy")
        n_train, n_test = self.fold_scores[["n_train", "n_test"]].mean()
        others = self.table.index[1:]
        tests = [
            (self.best, *corrected_t_test(gap, n_train=n_train, n_test=n_test))
            for gap in (accuracy[self.best] - accuracy[other] for other in others)
        ]
        table = pd.DataFrame(tests, index=others, columns=list(_DIFFERENCE_COLUMNS))
        return table.assign(p_value_holm=adjust_holm(table["p_value"]))

    def classification_report(self, name, **kwargs):
        """Return scikit-learn's classification report over all folds of one model.

        Parameters
        ----------
        name : str
            The model.
        **kwargs
            Passed on to :func:`sklearn.metrics.classification_report`; `zero_division` is 0
            unless given.

        Returns
        -------
        str or dict
            The report.
        """
        truth, predicted = self._truth_and_predictions(name)
        return classification_report(truth, predicted, **{"zero_division": 0} | kwargs)

    def confusion_matrix(self, name, **kwargs):
        """Return the labelled confusion matrix over all folds of one model.

        Parameters
        ----------
        name : str
            The model.
        **kwargs
            Passed on to :func:`sklearn.metrics.confusion_matrix`.

        Returns
        -------
        DataFrame
            True labels in the rows, predicted labels in the columns.
        """
        truth, predicted = self._truth_and_predictions(name)
        labels = kwargs.setdefault("labels", np.union1d(truth, predicted))
        return pd.DataFrame(
            confusion_matrix(truth, predicted, **kwargs),
            index=pd.Index(labels, name="true"),
            columns=pd.Index(labels, name="predicted"),
        )

    def plot(self, ax=None):
        """Draw accuracy against fit time.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ModelComparisonDisplay
            The display, with `ax_` and `figure_`.
        """
        return ModelComparisonDisplay.from_comparison(self, ax=ax)

    def describe(self):
        """Say which models the best one beats, by how much, what is confused and what breaks each.

        Returns
        -------
        str
            A sentence a model, then which is the best per second and what is confused; and where
            robustness was measured another sentence a model. Lines are of up to 80 characters
            where names are short.
        """
        sentences = describe_differences(self.table, self.differences)
        for find in (find_best_per_second, find_confusions):
            question, answer, _ = find(self)
            sentences += ["", question, fill(answer, width=80)]
        if self.robustness is not None:
            sentences += ["", *describe_robustness(self.robustness)]
        return "\n".join(sentences)

    def to_dict(self):
        """Return all but the predictions as numbers, strings, lists and dicts, ready for JSON.

        Returns
        -------
        dict
            ``best``, ``labels``, ``models`` (scores, parameters, report and confusion matrix
            of each, the best first), ``differences``, ``folds``, ``robustness`` (empty where it
            was not measured), ``tuning`` (empty where no search was compared), ``settings`` and
            ``versions``. What is not a finite number is None.
        """
        models = [
            {"model": name} | scores | self._describe_model(name)
            for name, scores in self.table.to_dict("index").items()
        ]
        return _plain(
            {
                "best": self.best,
                "labels": self._labels,
                "models": models,
                "differences": self.differences.reset_index().to_dict("records"),
                "folds": self.fold_scores.to_dict("records"),
                "robustness": _records(self.robustness),
                "tuning": _records(self.tuning),
                "settings": self.settings,
                "versions": self.versions,
            }
        )

    def to_json(self):
        """Return :meth:`to_dict` as JSON.

        Returns
        -------
        str
            The text, indented.
        """
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def save(self, folder):
        """Write tables, reports and pictures into a folder.

        Every file is written under a temporary name and then moved into place, so a process
        that is killed leaves no half-written file behind. Without matplotlib the pictures are
        left out.

        Files of the same name are replaced. Where the folder holds an earlier comparison, what
        only that one had is removed at the end, so that all that is there belongs together: its
        pictures, its tables of robustness, and a ``report.html`` of it. Its comparison.json and
        a mark in the page tell which files these are; all others are left alone.

        Parameters
        ----------
        folder : str or path-like
            Where to write; made if it does not exist.

        Returns
        -------
        list of Path
            The files: ``comparison.csv``, ``folds.csv``, ``differences.csv``,
            ``predictions.csv``, ``comparison.json``, ``reports.txt``, and with matplotlib
            ``comparison.png`` and a ``confusion_<model>.png`` for every model. Where robustness
            was measured, ``robustness.csv`` and ``robustness.png`` too.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        leftovers = find_leftovers(folder, self)
        texts = {
            "comparison.csv": self.table.to_csv(),
            "folds.csv": self.fold_scores.to_csv(index=False),
            "differences.csv": self.differences.to_csv(),
            "predictions.csv": self.predictions.to_csv(index=False),
            "comparison.json": self.to_json() + "\n",
            "reports.txt": self._write_reports(),
        }
        if self.robustness is not None:
            texts["robustness.csv"] = self.robustness.to_csv(index=False)
        paths = [write_text(folder / name, text) for name, text in texts.items()]
        paths += self._save_pictures(folder) if find_spec("matplotlib") else []
        remove_files(leftovers - set(paths))
        return paths

    def to_html(self, path, *, title=None, note=None):
        """Write one HTML page that answers what was asked, with all that is behind it.

        The page says which model is best and by how much, which is the best for its time, what is
        confused and what breaks each model, in sentences computed from what was measured; then the
        scores, the paired tests in words, the mistakes as pictures behind every cell of the
        confusion matrices, the accuracies on worse images, and the call, seeds and versions that
        repeat it. It needs no network and no other file, stays below 5 MB (600 images of at most
        32 pixels a side), and reads well on a phone and in print.

        Parameters
        ----------
        path : str or path-like
            The file. It is written whole or not at all; one of that name is replaced.
        title : str, default=None
            The heading; None says how many classifiers were compared.
        note : str, default=None
            A line below it: what the data are, say, or the command that made the page.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ImportError
            If jinja2 or matplotlib is missing: ``pip install "skdigits[report]"``.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from skdigits import compare_models
        >>> X, y = load_digits(return_X_y=True)
        >>> comparison = compare_models([GaussianNB(), KNeighborsClassifier(3)], X, y, cv=3)
        >>> with TemporaryDirectory() as folder:
        ...     page = comparison.to_html(Path(folder) / "report.html")
        ...     "kneighborsclassifier beats gaussiannb" in page.read_text(encoding="utf-8")
        True
        """
        return write_text(path, render(self, title=title, note=note))

    def __repr__(self):
        n_folds = self.fold_scores["fold"].nunique()
        folds = f"{n_folds} folds" if n_folds > 1 else "one split"
        n_models = len(self.table)
        heading = f"ModelComparison: {n_models} model{'s' * (n_models > 1)}, {folds}"
        return f"{heading}\n{format_scores(self.table).to_string()}"

    def _repr_html_(self):
        return format_scores(self.table).to_html()

    @property
    def _labels(self):
        columns = self.predictions.drop(columns=["row", "fold"])
        return np.unique(columns.to_numpy().ravel())

    def _truth_and_predictions(self, name):
        if name not in self.estimators:
            known = ", ".join(self.estimators)
            raise ValueError(f"ModelComparison has no model {name!r}, it has: {known}.")
        return self.predictions["true_label"].to_numpy(), self.predictions[name].to_numpy()

    def _describe_model(self, name):
        return {
            "parameters": self.estimators[name].get_params(),
            "classification_report": self.classification_report(name, output_dict=True),
            "confusion_matrix": self.confusion_matrix(name, labels=self._labels).to_numpy(),
        }

    def _write_reports(self):
        reports = [
            f"{name}\n\n{self.classification_report(name, digits=4)}\n"
            f"{self.confusion_matrix(name).to_string()}\n"
            for name in self.table.index
        ]
        heading = [repr(self), self.describe() + "\n"]
        if self.robustness is not None:
            heading.append(format_robustness(self.robustness).to_string() + "\n")
        return "\n\n".join([*heading, *reports])

    def _save_pictures(self, folder):
        with atomic_path(folder / "comparison.png") as path:
            save_comparison(self, path)
        paths = [folder / "comparison.png"]
        for name, stem in file_stems(self.table.index).items():
            paths.append(folder / f"confusion_{stem}.png")
            with atomic_path(paths[-1]) as path:
                save_confusion_matrix(self.confusion_matrix(name), name, path)
        if self.robustness is not None:
            paths.append(folder / "robustness.png")
            with atomic_path(paths[-1]) as path:
                save_robustness(self.robustness, path)
        return paths


def _records(table):
    return [] if table is None else table.to_dict("records")


def _plain(value):
    """Turn a value into what JSON holds; anything else into its text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return " ".join(str(value).split())

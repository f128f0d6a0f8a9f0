"""How sure models are against how often they are right."""

import numpy as np
import pandas as pd

from skdigits._optional import import_optional
from skdigits.evaluation._calibration import bin_by_certainty, sum_up_bins
from skdigits.evaluation._naming import describe_type, name_estimators
from skdigits.evaluation._panels import fit_panels, lay_panels, write_legend_below
from skdigits.evaluation._predicted import of_comparison, of_cv_results, of_estimator
from skdigits.evaluation._probabilities import check_probabilities
from skdigits.evaluation._style import MARKERS, hide_spines
from skdigits.evaluation._wording import say_percent


class ReliabilityDisplay:
    """How often models are right against how sure they are, and how often they are so sure.

    A model whose points are on the diagonal is right as often as it says. It is made by
    :meth:`from_estimator`, :meth:`from_estimators`, :meth:`from_predictions`,
    :meth:`from_cv_results` or :meth:`from_comparison`. All parameters are stored as attributes.

    Parameters
    ----------
    bins : DataFrame
        Predictions in bins by the probability of what was predicted: ``model``, ``certainty``
        and ``accuracy`` (the means in the bin) and ``share`` (of the model's predictions), all
        0 to 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or the first panel.
    axes_ : ndarray of matplotlib Axes
        Two panels: accuracy against certainty, and how the certainty is distributed.
    figure_ : matplotlib Figure
        The figure they are in.
    legend_ : matplotlib Legend
        The models and their expected calibration errors, below the panels.

    See Also
    --------
    expected_calibration_error : The distance from the diagonal as one number.
    sklearn.calibration.CalibrationDisplay : The same for the probability of one of two labels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skdigits import ReliabilityDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> knn = KNeighborsClassifier(10).fit(X[:900], y[:900])
    >>> display = ReliabilityDisplay.from_estimator(knn, X[900:], y[900:])
    >>> display.errors.round(3).to_dict()
    {'KNeighborsClassifier': 0.029}
    """

    def __init__(self, *, bins):
        self.bins = bins

    @property
    def errors(self):
        """Series : the expected calibration error of every model, 0 to 1."""
        errors = {name: sum_up_bins(bins) for name, bins in self._by_model()}
        return pd.Series(errors, name="expected_calibration_error", dtype=float)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, n_bins=15, strategy="uniform", name=None, ax=None):
        """Predict with a fitted classifier, and draw how far it can be trusted.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier with ``predict_proba``, or a Pipeline that ends in one.
        X : array-like
            Rows that it was not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        n_bins : int, default=15
            How many bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of one width, or of about as many rows.
        name : str, default=None
            What to call it; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ReliabilityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no probabilities.
        """
        estimators = {name or type(estimator).__name__: estimator}
        return cls.from_estimators(estimators, X, y, n_bins=n_bins, strategy=strategy, ax=ax)

    @classmethod
    def from_estimators(cls, estimators, X, y, *, n_bins=15, strategy="uniform", ax=None):
        """Draw several fitted classifiers in one picture.

        Parameters
        ----------
        estimators : dict, list of (str, estimator) tuples, or list of estimators
            Fitted classifiers with ``predict_proba``, by name.
        X : array-like
            Rows that they were not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        n_bins : int, default=15
            How many bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of one width, or of about as many rows.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ReliabilityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If an estimator has no probabilities.
        """
        who = "ReliabilityDisplay.from_estimators"
        named = name_estimators(estimators, who=who)
        for _, estimator in named:
            _check_has_probabilities(estimator, who)
        found = {name: of_estimator(estimator, X, y) for name, estimator in named}
        return cls._draw(found, n_bins, strategy, ax, who)

    @classmethod
    def from_predictions(
        cls, y_true, y_proba, *, labels=None, n_bins=15, strategy="uniform", name=None, ax=None
    ):
        """Draw probabilities that were predicted elsewhere.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        y_proba : array-like or DataFrame of shape (n_samples, n_classes), or (n_samples,)
            Predicted probabilities, a column for each label; or those of the second of two.
        labels : array-like of shape (n_classes,), default=None
            The labels of the columns. None takes the names of the columns of a DataFrame, else
            the labels in `y_true`, sorted.
        n_bins : int, default=15
            How many bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of one width, or of about as many rows.
        name : str, default=None
            What to call the model; None calls it "model".
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ReliabilityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `y_proba` are no probabilities of these labels.
        """
        who = "ReliabilityDisplay.from_predictions"
        truth, y_proba, _ = check_probabilities(y_true, y_proba, labels, who=who)
        is_right = y_proba.argmax(axis=1) == truth
        bins = bin_by_certainty(y_proba.max(axis=1), is_right, n_bins, strategy, who=who)
        return cls(bins=bins.assign(model=name or "model")).plot(ax=ax)

    @classmethod
    def from_cv_results(
        cls, cv_results, X, y, *, n_bins=15, strategy="uniform", name=None, ax=None
    ):
        """Draw a cross-validation: every row is predicted by the fold not trained on it.

        Parameters
        ----------
        cv_results : dict
            What :func:`sklearn.model_selection.cross_validate` returned, with
            ``return_estimator=True`` and ``return_indices=True``.
        X : array-like
            The rows that were cross-validated.
        y : array-like of shape (n_samples,)
            Their labels.
        n_bins : int, default=15
            How many bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of one width, or of about as many rows.
        name : str, default=None
            What to call the model; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ReliabilityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `cv_results` has no estimators or no indices, or the estimators no probabilities.
        """
        who = "ReliabilityDisplay.from_cv_results"
        predicted = of_cv_results(cv_results, X, y, who=who)
        estimator = cv_results["estimator"][0]
        _check_has_probabilities(estimator, who)
        found = {name or type(estimator).__name__: predicted}
        return cls._draw(found, n_bins, strategy, ax, who)

    @classmethod
    def from_comparison(cls, comparison, *, n_bins=15, strategy="uniform", ax=None):
        """Draw all models of a comparison that have probabilities, out of fold.

        Parameters
        ----------
        comparison : ModelComparison
            What :func:`compare_models` returned.
        n_bins : int, default=15
            How many bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of one width, or of about as many rows.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ReliabilityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If no model has probabilities.
        """
        who = "ReliabilityDisplay.from_comparison"
        names = [name for name in comparison.table.index if name in comparison.probabilities]
        if not names:
            raise ValueError(f"{who} expects a model with predict_proba, the comparison has none.")
        found = {name: of_comparison(comparison, name, who=who) for name in names}
        return cls._draw(found, n_bins, strategy, ax, who)

    @classmethod
    def _draw(cls, found, n_bins, strategy, ax, who):
        bins = [
            bin_by_certainty(
                predicted.probability,
                predicted.truth == predicted.predicted,
                n_bins,
                strategy,
                who=who,
            ).assign(model=name)
            for name, predicted in found.items()
        ]
        return cls(bins=pd.concat(bins, ignore_index=True)).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the two panels.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw: the panels are laid in the place of these axes. None makes a figure.

        Returns
        -------
        ReliabilityDisplay
            The display itself, with `ax_`, `axes_`, `figure_` and `legend_` set.
        """
        panels, self.figure_ = lay_panels(
            ax,
            2,
            2,
            panel_size=(3.6, 3.2),
            margin=(0.2, 0.5),
            who="ReliabilityDisplay.plot",
            sharex=True,
        )
        self.axes_ = np.array(panels)
        reliability, distribution = panels
        reliability.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle=(0, (4, 3)))
        for position, (_, bins) in enumerate(self._by_model()):
            look = {
                "color": f"C{position % 10}",
                "marker": MARKERS[position % len(MARKERS)],
                "markersize": 4,
                "linewidth": 1.3,
            }
            reliability.plot(bins["certainty"], bins["accuracy"], **look)
            distribution.plot(bins["certainty"], bins["share"], **look)
        self._dress(reliability, distribution)
        names = [f"{name}, ECE {say_percent(error, 1)}" for name, error in self.errors.items()]
        self.legend_ = write_legend_below(ax, panels, distribution.lines, names)
        self.ax_ = panels[0] if ax is None else ax
        fit_panels(ax, panels, legend=self.legend_)
        return self

    def _dress(self, reliability, distribution):
        ticker = import_optional("matplotlib.ticker", extra="plot", who="ReliabilityDisplay.plot")
        reliability.set(ylabel="right", title="how often right", ylim=(-0.03, 1.03))
        distribution.set(ylabel="share of predictions", title="how often so sure")
        lowest = self.bins["share"].min()
        distribution.set_yscale("log")
        distribution.set_ylim(min(0.1, 10 ** np.floor(np.log10(lowest))), 1.3)
        for panel in (reliability, distribution):
            panel.set(xlabel="how sure it is")
            panel.title.set_fontsize(10)
            panel.grid(alpha=0.25)
            hide_spines(panel, "top", "right")
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
            panel.yaxis.set_minor_formatter(ticker.NullFormatter())

    def _by_model(self):
        return self.bins.groupby("model", sort=False)


def _check_has_probabilities(estimator, who):
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"{who} expects a classifier with predict_proba, got {describe_type(estimator)}: "
            "CalibratedClassifierCV gives it probabilities."
        )

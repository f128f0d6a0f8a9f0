"""How many mistakes are left when the least certain predictions are rejected, drawn."""

import pandas as pd

from skdigits._optional import import_optional
from skdigits.evaluation._certainty import check_is_certain
from skdigits.evaluation._naming import name_estimators
from skdigits.evaluation._predicted import of_comparison, of_cv_results, of_estimator
from skdigits.evaluation._reject import area_under, reject_curve, share_to_reject
from skdigits.evaluation._style import hide_spines, write_legend

_MODEL = "model"


class RejectCurveDisplay:
    """Error among the accepted predictions against the share that a person has to read.

    It is made by :meth:`from_estimator`, :meth:`from_estimators`, :meth:`from_predictions`,
    :meth:`from_cv_results` or :meth:`from_comparison`. All parameters are stored as attributes.

    Parameters
    ----------
    curves : DataFrame
        For every ``model``, what :func:`reject_curve` returns: ``threshold``,
        ``share_rejected`` and ``error``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on.
    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    reject_curve : Measures what is drawn here.

    Notes
    -----
    The certainty of a classifier is the probability of what it predicts; without
    ``predict_proba``, the margin between the two highest values of ``decision_function``, for
    two labels its distance from zero, and for an SVC the nearest of the boundaries between the
    predicted label and every other: it votes, and the margin of votes says little.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits import RejectCurveDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> svm = SVC().fit(X[:900], y[:900])
    >>> display = RejectCurveDisplay.from_estimator(svm, X[900:], y[900:])
    >>> display.share_to_reject(0.01).round(2).to_dict()
    {'SVC': 0.07}
    """

    def __init__(self, *, curves):
        self.curves = curves

    @property
    def areas(self):
        """Series : area under the curve of every model (AURC), the lower the better."""
        return pd.Series({name: area_under(curve) for name, curve in self._by_model()}, dtype=float)

    def share_to_reject(self, error):
        """Say how many to reject for no more than an error among the others.

        Parameters
        ----------
        error : float
            The highest error among the accepted, 0 to 1.

        Returns
        -------
        Series
            The share for every model, 0 to 1; 1 where it takes all.
        """
        shares = {name: share_to_reject(curve, error) for name, curve in self._by_model()}
        return pd.Series(shares, dtype=float)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, name=None, ax=None):
        """Predict with a fitted classifier, and draw its curve.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a Pipeline that ends in one, with ``predict_proba`` or
            ``decision_function``.
        X : array-like
            Rows that it was not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        name : str, default=None
            What to call it; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RejectCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator does not say how certain it is.
        """
        return cls.from_estimators({name or type(estimator).__name__: estimator}, X, y, ax=ax)

    @classmethod
    def from_estimators(cls, estimators, X, y, *, ax=None):
        """Draw several fitted classifiers in one picture.

        Parameters
        ----------
        estimators : dict, list of (str, estimator) tuples, or list of estimators
            Fitted classifiers, by name.
        X : array-like
            Rows that they were not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RejectCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If an estimator does not say how certain it is.
        """
        who = "RejectCurveDisplay.from_estimators"
        named = name_estimators(estimators, who=who)
        for _, estimator in named:
            check_is_certain(estimator, who)
        return cls._draw({name: of_estimator(estimator, X, y) for name, estimator in named}, ax)

    @classmethod
    def from_predictions(cls, y_true, y_pred, certainty, *, name=None, ax=None):
        """Draw predictions that were made elsewhere.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,)
            True and predicted labels.
        certainty : array-like of shape (n_samples,)
            The higher, the surer.
        name : str, default=None
            What to call the model; None calls it "model".
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RejectCurveDisplay
            The display, drawn.
        """
        curve = reject_curve(y_true, y_pred, certainty)
        return cls(curves=curve.assign(model=name or _MODEL)).plot(ax=ax)

    @classmethod
    def from_cv_results(cls, cv_results, X, y, *, name=None, ax=None):
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
        name : str, default=None
            What to call the model; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RejectCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `cv_results` has no estimators or no indices, or the estimators do not say how
            certain they are.
        """
        who = "RejectCurveDisplay.from_cv_results"
        predicted = of_cv_results(cv_results, X, y, who=who)
        estimator = cv_results["estimator"][0]
        check_is_certain(estimator, who)
        return cls._draw({name or type(estimator).__name__: predicted}, ax)

    @classmethod
    def from_comparison(cls, comparison, *, ax=None):
        """Draw all models of a comparison that say how certain they are, out of fold.

        Parameters
        ----------
        comparison : ModelComparison
            What :func:`compare_models` returned.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RejectCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If no model has probabilities or a decision function.
        """
        who = "RejectCurveDisplay.from_comparison"
        certain = {*comparison.probabilities, *comparison.certainties}
        names = [name for name in comparison.table.index if name in certain]
        if not names:
            raise ValueError(
                f"{who} expects a model with predict_proba or decision_function, the comparison "
                "has none."
            )
        return cls._draw({name: of_comparison(comparison, name, who=who) for name in names}, ax)

    @classmethod
    def _draw(cls, found, ax):
        curves = [
            reject_curve(predicted.truth, predicted.predicted, predicted.certainty).assign(
                model=name
            )
            for name, predicted in found.items()
        ]
        return cls(curves=pd.concat(curves, ignore_index=True)).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the curves, as far as some model has mistakes left.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RejectCurveDisplay
            The display itself, with `ax_` and `figure_` set.
        """
        pyplot = import_optional("matplotlib.pyplot", extra="plot", who="RejectCurveDisplay.plot")
        if ax is None:
            _, ax = pyplot.subplots(figsize=(5.4, 3.8), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        lines = []
        for position, (_, curve) in enumerate(self._by_model()):
            lines += ax.step(
                curve["share_rejected"],
                curve["error"],
                where="post",
                color=f"C{position % 10}",
                linewidth=1.5,
            )
        with_mistakes = self.curves.loc[self.curves["error"] > 0, "share_rejected"]
        ax.set(
            xlim=(0, min(1, 1.1 * max(0.05, with_mistakes.max() if len(with_mistakes) else 0))),
            xlabel="rejected, the least certain first",
            ylabel="wrong among the accepted",
        )
        ax.set_ylim(bottom=0)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        ax.grid(alpha=0.25)
        hide_spines(ax, "top", "right")
        write_legend(ax, lines, self.curves["model"].unique(), frameon=False, fontsize=9)
        return self

    def _by_model(self):
        return self.curves.groupby("model", sort=False)

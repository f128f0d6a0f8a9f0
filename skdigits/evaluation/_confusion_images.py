"""A confusion matrix whose cells hold pictures."""

import numpy as np
from sklearn.metrics import confusion_matrix

from skdigits._optional import import_optional
from skdigits.evaluation._images import count_pixels, draw_image
from skdigits.evaluation._last_step import own_image_shape
from skdigits.evaluation._predicted import (
    of_comparison,
    of_cv_results,
    of_estimator,
    of_predictions,
)
from skdigits.evaluation._repeats import first_of_each
from skdigits.evaluation._style import hide_spines, plain

_MARGIN = 0.08  # of a cell, around its picture


class ConfusionImagesDisplay:
    """A confusion matrix of pictures: what was taken for what, and what that looks like.

    A cell off the diagonal shows the worst mistake of its kind (see
    :class:`MisclassifiedDisplay`) and how many there are; the diagonal shows the mean of the
    images that were read rightly. It is made by :meth:`from_estimator`,
    :meth:`from_predictions`, :meth:`from_cv_results` or :meth:`from_comparison`. All parameters
    are stored as attributes.

    Parameters
    ----------
    labels : ndarray of shape (n_labels,)
        The labels shown.
    counts : ndarray of shape (n_labels, n_labels)
        How often an image of the row's label was taken for the column's.
    images : ndarray of shape (n_labels, n_labels, channels, height, width)
        The picture of each cell, NaN where there is none.
    n_all_labels : int, default=None
        How many labels there are, shown or not; None means all are shown.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on.
    figure_ : matplotlib Figure
        The figure they are in.
    text_ : ndarray of shape (n_labels, n_labels) of matplotlib Text or None
        The counts.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : The same in numbers.
    MisclassifiedDisplay : Mistakes in the order of how bad they are.

    Notes
    -----
    Repeated cross-validation predicts a row several times: `counts` has every prediction, the
    mean of what was read rightly has each row once.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdigits import ConfusionImagesDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = GaussianNB().fit(X[:1000], y[:1000])
    >>> display = ConfusionImagesDisplay.from_estimator(model, X[1000:], y[1000:])
    >>> int(display.counts[4, 7])  # fours read as sevens
    24
    """

    def __init__(self, *, labels, counts, images, n_all_labels=None):
        self.labels = labels
        self.counts = counts
        self.images = images
        self.n_all_labels = n_all_labels

    @classmethod
    def from_estimator(cls, estimator, X, y, *, max_labels=12, image_shape=None, ax=None):
        """Predict images with a fitted classifier and draw what it confuses.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a Pipeline that ends in one.
        X : {array-like, DataFrame} of shape (n_samples, n_pixels), or array-like of shape \
                (n_samples, height, width) or (n_samples, channels, height, width)
            Images, that the estimator was not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        max_labels : int, default=12
            Where there are more labels, those that are confused most are shown.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None takes that of the
            classifier where it has one, else infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ConfusionImagesDisplay
            The display, drawn.
        """
        predicted = of_estimator(estimator, X, y)
        if image_shape is None:
            image_shape = own_image_shape(estimator, count_pixels(X))
        return cls._draw(predicted, max_labels, image_shape, ax, "from_estimator")

    @classmethod
    def from_predictions(
        cls, y_true, y_pred, X, *, y_proba=None, max_labels=12, image_shape=None, ax=None
    ):
        """Draw what predictions confuse.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The labels.
        y_pred : array-like of shape (n_samples,)
            What was predicted.
        X : array-like
            The images, as :meth:`from_estimator` takes them.
        y_proba : array-like of shape (n_samples, n_classes) or (n_samples,), default=None
            Probabilities, or those of the predicted labels; the worst mistakes got the highest.
        max_labels : int, default=12
            Where there are more labels, those that are confused most are shown.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ConfusionImagesDisplay
            The display, drawn.
        """
        predicted = of_predictions(y_true, y_pred, X, y_proba)
        return cls._draw(predicted, max_labels, image_shape, ax, "from_predictions")

    @classmethod
    def from_cv_results(cls, cv_results, X, y, *, max_labels=12, image_shape=None, ax=None):
        """Draw what a cross-validation confused on the rows that were not trained on.

        Parameters
        ----------
        cv_results : dict
            What :func:`sklearn.model_selection.cross_validate` returned, with
            ``return_estimator=True`` and ``return_indices=True``.
        X : array-like
            The images that were cross-validated, as :meth:`from_estimator` takes them.
        y : array-like of shape (n_samples,)
            Their labels.
        max_labels : int, default=12
            Where there are more labels, those that are confused most are shown.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None takes that of the
            classifier where it has one, else infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ConfusionImagesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `cv_results` has no estimators or no indices.
        """
        who = "ConfusionImagesDisplay.from_cv_results"
        predicted = of_cv_results(cv_results, X, y, who=who)
        if image_shape is None:
            image_shape = own_image_shape(cv_results["estimator"][0], count_pixels(X))
        return cls._draw(predicted, max_labels, image_shape, ax, "from_cv_results")

    @classmethod
    def from_comparison(cls, comparison, name=None, *, max_labels=12, ax=None):
        """Draw what one model of a comparison confused, out of fold.

        Parameters
        ----------
        comparison : ModelComparison
            What :func:`compare_models` returned.
        name : str, default=None
            The model; None takes the best.
        max_labels : int, default=12
            Where there are more labels, those that are confused most are shown.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ConfusionImagesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the comparison has no model of that name.
        """
        predicted = of_comparison(comparison, name, who="ConfusionImagesDisplay.from_comparison")
        return cls._draw(predicted, max_labels, comparison.image_shape, ax, "from_comparison")

    @classmethod
    def _draw(cls, predicted, max_labels, image_shape, ax, method):
        """Choose labels and the picture of each cell, and draw them."""
        who = f"ConfusionImagesDisplay.{method}"
        if max_labels < 1:
            raise ValueError(f"{who} expects max_labels of at least 1, got {max_labels}.")
        all_labels = np.union1d(predicted.truth, predicted.predicted)
        counts = confusion_matrix(predicted.truth, predicted.predicted, labels=all_labels)
        kept = _most_confused(counts, max_labels)
        labels = all_labels[kept]
        pictures = [
            [_picture(predicted, true, guess, image_shape, who) for guess in labels]
            for true in labels
        ]
        return cls(
            labels=labels,
            counts=counts[np.ix_(kept, kept)],
            images=np.array(pictures),
            n_all_labels=len(all_labels),
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ConfusionImagesDisplay
            The display itself, with `ax_`, `figure_` and `text_` set.
        """
        pyplot = import_optional(
            "matplotlib.pyplot", extra="plot", who="ConfusionImagesDisplay.plot"
        )
        n_labels = len(self.labels)
        if ax is None:
            side = 1.2 + 0.72 * n_labels
            _, ax = pyplot.subplots(figsize=(side, side), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.text_ = np.full((n_labels, n_labels), None, dtype=object)
        for true, guess in np.argwhere(self.counts > 0):
            self._draw_cell(ax, true, guess)
        self._dress(ax)
        return self

    def _draw_cell(self, ax, true, guess):
        left, right, top, bottom = guess, guess + 1, true, true + 1
        is_mistake = true != guess
        color = "#d55e00" if is_mistake else "#0072b2"
        ax.add_patch(_rectangle(guess, true, color, self._strength(true, guess)))
        draw_image(
            ax,
            self.images[true, guess],
            extent=(left + _MARGIN, right - _MARGIN, bottom - _MARGIN, top + _MARGIN),
        )
        self.text_[true, guess] = ax.text(
            right - _MARGIN,
            bottom - _MARGIN,
            str(self.counts[true, guess]),
            ha="right",
            va="bottom",
            zorder=3,
            fontsize=8,
            color="white",
            bbox={"facecolor": color, "edgecolor": "none", "pad": 1},
        )

    def _strength(self, true, guess):
        """How strongly a cell is coloured: by its share of the most frequent mistake."""
        if true == guess:
            return 0.35
        most = (self.counts - np.diag(np.diag(self.counts))).max()
        return 0.25 + 0.75 * self.counts[true, guess] / most

    def _dress(self, ax):
        n_labels = len(self.labels)
        middles = np.arange(n_labels) + 0.5
        rotation = 90 if max(len(str(label)) for label in self.labels) > 3 else 0
        ax.set(xlim=(0, n_labels), ylim=(n_labels, 0), aspect="equal")
        labels = [plain(label) for label in self.labels]
        ax.set_xticks(middles, labels, rotation=rotation)
        ax.set_yticks(middles, labels)
        ax.set(xlabel="Read as", ylabel="True label")
        for edge in range(n_labels + 1):
            ax.axhline(edge, color="0.9", linewidth=0.6, zorder=0)
            ax.axvline(edge, color="0.9", linewidth=0.6, zorder=0)
        ax.tick_params(length=0)
        hide_spines(ax)
        if self.n_all_labels is not None and self.n_all_labels > n_labels:
            ax.set_title(f"The {n_labels} most confused of {self.n_all_labels} labels")


def _most_confused(counts, max_labels):
    """Return the positions of the labels in most mistakes, in their own order."""
    mistakes = counts - np.diag(np.diag(counts))
    involved = mistakes.sum(axis=0) + mistakes.sum(axis=1)
    return np.sort(np.argsort(-involved, kind="stable")[:max_labels])


def _picture(predicted, true, guess, image_shape, who):
    """Return the worst of a kind of mistake, or the mean of what was read rightly."""
    worst = predicted.worst_first((predicted.truth == true) & (predicted.predicted == guess))
    if true == guess and len(worst):
        once = first_of_each(predicted.rows, worst)
        return predicted.images(once, image_shape, who=who).mean(axis=0)
    if len(worst):
        return predicted.images(worst[:1], image_shape, who=who)[0].astype(float)
    return np.full(predicted.images(np.arange(1), image_shape, who=who).shape[1:], np.nan)


def _rectangle(column, row, color, strength):
    patches = import_optional("matplotlib.patches", extra="plot", who="ConfusionImagesDisplay.plot")
    return patches.Rectangle((column, row), 1, 1, facecolor=color, alpha=strength, linewidth=0)

"""The worst mistakes of a classifier, as pictures."""

import numpy as np

from skdigits._optional import import_optional
from skdigits.evaluation._images import count_pixels, draw_image
from skdigits.evaluation._last_step import own_image_shape
from skdigits.evaluation._panels import fit_panels, lay_panels
from skdigits.evaluation._predicted import (
    of_comparison,
    of_cv_results,
    of_estimator,
    of_predictions,
)
from skdigits.evaluation._repeats import first_of_each
from skdigits.evaluation._style import plain

_WHO = "MisclassifiedDisplay.plot"
_N_COLUMNS = 6
_FONT_SIZE = 8
_PANEL = (1.35, 1.6)  # inches of a panel in a figure of its own
_WIDEST = 2.6


class MisclassifiedDisplay:
    """The worst mistakes first: picture, truth, guess, and how sure the model was.

    It is made by :meth:`from_estimator`, :meth:`from_predictions`, :meth:`from_cv_results` or
    :meth:`from_comparison`. All parameters are stored as attributes.

    Parameters
    ----------
    images : ndarray of shape (n_images, channels, height, width)
        The pictures to show.
    true_labels : ndarray of shape (n_images,)
        Their labels.
    predicted_labels : ndarray of shape (n_images,)
        What they were taken for.
    rows : ndarray of shape (n_images,)
        Where they are in the data.
    n_mistakes : int
        How many predictions were wrong, shown or not.
    n_samples : int
        How many predictions there were.
    probabilities : ndarray of shape (n_images,), default=None
        The probability that each wrong label got.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or the first panel.
    axes_ : ndarray of matplotlib Axes
        The panels, one for every picture.
    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    compare_models : Predicts every row out of fold.

    Notes
    -----
    Repeated cross-validation predicts a row several times. It is shown once, at its worst, while
    `n_mistakes` and `n_samples` count every prediction.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdigits import MisclassifiedDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = GaussianNB().fit(X[:1000], y[:1000])
    >>> display = MisclassifiedDisplay.from_estimator(model, X[1000:], y[1000:], n_images=3)
    >>> display.n_mistakes, display.n_samples, display.images.shape
    (165, 797, (3, 1, 8, 8))
    """

    def __init__(
        self,
        *,
        images,
        true_labels,
        predicted_labels,
        rows,
        n_mistakes,
        n_samples,
        probabilities=None,
    ):
        self.images = images
        self.true_labels = true_labels
        self.predicted_labels = predicted_labels
        self.rows = rows
        self.n_mistakes = n_mistakes
        self.n_samples = n_samples
        self.probabilities = probabilities

    @classmethod
    def from_estimator(cls, estimator, X, y, *, n_images=18, image_shape=None, ax=None):
        """Predict images with a fitted classifier and draw its mistakes.

        The worst are those that got the highest probability; without ``predict_proba`` those
        farthest on the wrong side by ``decision_function``; without either, the first.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a Pipeline that ends in one.
        X : {array-like, DataFrame} of shape (n_samples, n_pixels), or array-like of shape \
                (n_samples, height, width) or (n_samples, channels, height, width)
            Images, that the estimator was not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        n_images : int, default=18
            How many to show at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None takes that of the
            classifier where it has one, else infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn.
        """
        predicted = of_estimator(estimator, X, y)
        if image_shape is None:
            image_shape = own_image_shape(estimator, count_pixels(X))
        return cls._draw(predicted, n_images, image_shape, ax, "from_estimator")

    @classmethod
    def from_predictions(
        cls, y_true, y_pred, X, *, y_proba=None, n_images=18, image_shape=None, ax=None
    ):
        """Draw the mistakes among predictions.

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
        n_images : int, default=18
            How many to show at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn.
        """
        predicted = of_predictions(y_true, y_pred, X, y_proba)
        return cls._draw(predicted, n_images, image_shape, ax, "from_predictions")

    @classmethod
    def from_cv_results(cls, cv_results, X, y, *, n_images=18, image_shape=None, ax=None):
        """Draw the mistakes of a cross-validation on the rows that were not trained on.

        Parameters
        ----------
        cv_results : dict
            What :func:`sklearn.model_selection.cross_validate` returned, with
            ``return_estimator=True`` and ``return_indices=True``.
        X : array-like
            The images that were cross-validated, as :meth:`from_estimator` takes them.
        y : array-like of shape (n_samples,)
            Their labels.
        n_images : int, default=18
            How many to show at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None takes that of the
            classifier where it has one, else infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn. A row that was tested several times may be there several times.

        Raises
        ------
        ValueError
            If `cv_results` has no estimators or no indices.
        """
        predicted = of_cv_results(cv_results, X, y, who="MisclassifiedDisplay.from_cv_results")
        if image_shape is None:
            image_shape = own_image_shape(cv_results["estimator"][0], count_pixels(X))
        return cls._draw(predicted, n_images, image_shape, ax, "from_cv_results")

    @classmethod
    def from_comparison(cls, comparison, name=None, *, n_images=18, ax=None):
        """Draw the out-of-fold mistakes of one model of a comparison.

        Parameters
        ----------
        comparison : ModelComparison
            What :func:`compare_models` returned.
        name : str, default=None
            The model; None takes the best.
        n_images : int, default=18
            How many to show at most.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the comparison has no model of that name.
        """
        predicted = of_comparison(comparison, name, who="MisclassifiedDisplay.from_comparison")
        return cls._draw(predicted, n_images, comparison.image_shape, ax, "from_comparison")

    @classmethod
    def _draw(cls, predicted, n_images, image_shape, ax, method):
        """Choose the worst mistakes and draw them."""
        who = f"MisclassifiedDisplay.{method}"
        if n_images < 1:
            raise ValueError(f"{who} expects n_images of at least 1, got {n_images}.")
        mistakes = predicted.worst_first(predicted.truth != predicted.predicted)
        shown = first_of_each(predicted.rows, mistakes)[:n_images]
        # Without mistakes the first image tells the shape.
        images = predicted.images(shown if len(shown) else np.arange(1), image_shape, who=who)
        probability = predicted.probability
        return cls(
            images=images[: len(shown)],
            true_labels=predicted.truth[shown],
            predicted_labels=predicted.predicted[shown],
            rows=predicted.rows[shown],
            n_mistakes=len(mistakes),
            n_samples=len(predicted.truth),
            probabilities=None if probability is None else probability[shown],
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw a panel for every picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw: the panels are laid in the place of these axes. None makes a figure.

        Returns
        -------
        MisclassifiedDisplay
            The display itself, with `ax_`, `axes_` and `figure_` set.
        """
        titles = [self._title(position) for position in range(len(self.images))]
        n_panels = max(1, len(titles))
        n_columns, width, font_size = _arrange(ax, n_panels, *_measure(titles))
        panels, self.figure_ = lay_panels(
            ax,
            n_panels,
            n_columns,
            panel_size=(width, _PANEL[1]),
            margin=(0.2, 0.5),
            who=_WHO,
        )
        self.axes_ = np.array(panels)
        for panel, image, title in zip(panels, self.images, titles, strict=False):
            draw_image(panel, image)
            panel.set_title(title, fontsize=font_size)
        if not titles:
            panels[0].set_axis_off()
        self.ax_ = panels[0] if ax is None else ax
        if ax is None:
            self.figure_.suptitle(self._heading())
        else:
            ax.set_title(self._heading())
            fit_panels(ax, panels)
        return self

    def _title(self, position):
        true, guess = self.true_labels[position], self.predicted_labels[position]
        title = plain(f"{true}, read as {guess}")
        if self.probabilities is None:
            return title
        return f"{title}\n{100 * self.probabilities[position]:.1f} % sure"

    def _heading(self):
        wrong = f"{self.n_mistakes:,} of {self.n_samples:,} wrong"
        n_shown = len(self.images)
        return wrong if n_shown == self.n_mistakes else f"{wrong}, the worst {n_shown}"


def _measure(titles):
    """Return how wide and how high the largest of some titles is, in inches."""
    textpath = import_optional("matplotlib.textpath", extra="plot", who=_WHO)
    lines = [line for title in titles for line in title.split("\n")]
    longest = sorted(lines, key=len)[-_N_COLUMNS:]
    paths = [textpath.TextPath((0, 0), line, size=_FONT_SIZE) for line in longest]
    width = max((path.get_extents().width for path in paths), default=0)
    n_lines = max((title.count("\n") + 1 for title in titles), default=0)
    return width / 72, 1.4 * _FONT_SIZE * n_lines / 72


def _arrange(ax, n_panels, widest, highest):
    """Return the number of columns, the width of a panel and the size of its title."""
    if ax is None:
        width = min(max(_PANEL[0], widest + 0.15), _WIDEST)
        return _N_COLUMNS, width, _FONT_SIZE * min(1, (width - 0.1) / max(widest, 0.1))
    box = ax.get_window_extent()
    place = box.width / ax.figure.dpi, box.height / ax.figure.dpi

    def judge(n_columns):
        width = 0.9 * place[0] / n_columns
        height = 0.95 * place[1] / -(-n_panels // n_columns)
        scale = min(1, width / max(widest, 0.1), height / max(2 * highest, 0.1))
        return scale, min(width, height - scale * highest), n_columns

    scale, side, n_columns = max(map(judge, range(1, min(n_panels, 2 * _N_COLUMNS) + 1)))
    return n_columns, side, _FONT_SIZE * scale

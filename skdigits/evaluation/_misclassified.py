"""The worst mistakes of a classifier, as pictures."""

import numpy as np

from skdigits.evaluation._images import draw_image
from skdigits.evaluation._panels import lay_panels
from skdigits.evaluation._predicted import (
    of_comparison,
    of_cv_results,
    of_estimator,
    of_predictions,
)

_N_COLUMNS = 6


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
        How many mistakes there are, shown or not.
    n_samples : int
        How many images were predicted.
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
            (height, width) or (channels, height, width) of rows; None infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        MisclassifiedDisplay
            The display, drawn.
        """
        predicted = of_estimator(estimator, X, y)
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
            (height, width) or (channels, height, width) of rows; None infers a square.
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
        mistakes = predicted.worst_first(predicted.truth != predicted.predicted)
        shown, probability = mistakes[:n_images], predicted.probability
        who = f"MisclassifiedDisplay.{method}"
        return cls(
            images=predicted.images(shown, image_shape, who=who),
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
        panels, self.figure_ = lay_panels(
            ax,
            max(1, len(self.images)),
            _N_COLUMNS,
            panel_size=(1.35, 1.6),
            margin=(0.2, 0.5),
            who="MisclassifiedDisplay.plot",
        )
        self.axes_ = np.array(panels)
        for position, panel in enumerate(panels):
            self._draw_mistake(panel, position)
        self.ax_ = panels[0] if ax is None else ax
        if ax is None:
            self.figure_.suptitle(self._heading())
        else:
            ax.set_title(self._heading(), pad=18)
        return self

    def _draw_mistake(self, panel, position):
        if len(self.images) == 0:
            panel.set_axis_off()
            return
        draw_image(panel, self.images[position])
        title = f"{self.true_labels[position]}, read as {self.predicted_labels[position]}"
        if self.probabilities is not None:
            title += f"\n{100 * self.probabilities[position]:.1f} % sure"
        panel.set_title(title, fontsize=8)

    def _heading(self):
        wrong = f"{self.n_mistakes:,} of {self.n_samples:,} wrong"
        n_shown = len(self.images)
        return wrong if n_shown == self.n_mistakes else f"{wrong}, the worst {n_shown}"

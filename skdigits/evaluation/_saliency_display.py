"""Where classifiers looked: what speaks for and against a label, pixel by pixel."""

import numpy as np
from sklearn.utils import column_or_1d

from skdigits._validation import take_rows
from skdigits.evaluation._images import draw_image
from skdigits.evaluation._last_step import last_step
from skdigits.evaluation._naming import name_estimators
from skdigits.evaluation._panels import fit_panels, lay_panels
from skdigits.evaluation._predicted import of_cv_results
from skdigits.evaluation._saliency import Saliency, measure_saliency
from skdigits.evaluation._style import plain

_COLORS = "RdBu_r"  # red speaks for the label, blue against it
_FONT_SIZE = 8


class SaliencyDisplay:
    """Where classifiers looked: red pixels speak for a label, blue ones against it.

    It is made by :meth:`from_estimator`, :meth:`from_estimators` or :meth:`from_cv_results`. All
    parameters are stored as attributes.

    Parameters
    ----------
    saliencies : dict of str to tuple
        For every model the images as it saw them, ndarray of shape (n_images, channels, height,
        width); what each pixel does for the label, ndarray of shape (n_images, height, width);
        and the labels that are explained, of shape (n_images,).
    true_labels : ndarray of shape (n_images,), default=None
        The labels of the images.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that were drawn on, or the first panel.
    axes_ : ndarray of matplotlib Axes of shape (1 + n_models, n_images)
        The panels: the images, then a row for every model.
    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    FiltersDisplay : What the first layer looks for.
    CNNClassifier.attribute : The numbers that are drawn, of a network.

    Notes
    -----
    Each panel has its own scale. Gradients say what a slightly brighter pixel would do, which is
    another question than what the pixel as it is does; the other methods ask the latter.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skdigits import ANNClassifier, SaliencyDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> models = {"ann": ANNClassifier(max_iter=5), "svm": SVC()}
    >>> for model in models.values():
    ...     _ = model.fit(X[:1000], y[:1000])
    >>> display = SaliencyDisplay.from_estimators(models, X[1000:], y[1000:], n_images=4)
    >>> display.axes_.shape
    (3, 4)
    """

    def __init__(self, *, saliencies, true_labels=None):
        self.saliencies = saliencies
        self.true_labels = true_labels

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        target=None,
        method="auto",
        baseline=0.0,
        n_images=6,
        image_shape=None,
        name=None,
        ax=None,
    ):
        """Draw where a fitted classifier looked.

        Parameters
        ----------
        estimator : estimator instance
            A fitted classifier, or a Pipeline or search that ends in one.
        X : {array-like, DataFrame} of shape (n_samples, n_pixels), or array-like of shape \
                (n_samples, height, width) or (n_samples, channels, height, width)
            Images; the first `n_images` are drawn. A Pipeline's gradients are those of its last
            step, on the images that come to it.
        y : array-like of shape (n_samples,), default=None
            Their labels, for the headings.
        target : label, or array-like of shape (n_samples,), default=None
            The label that is explained; None explains what is predicted.
        method : str, default="auto"
            ``"gradients"``, ``"input_x_gradient"`` or ``"integrated_gradients"`` of a network of
            ours, as :meth:`CNNClassifier.attribute` says; ``"occlusion"`` of any classifier: what
            the label loses, in probability or ``decision_function``, where a square of a seventh
            of the side is covered [1]_. "auto" takes gradients where there are some, else
            occlusion.
        baseline : float, default=0.0
            The value of a pixel where there is nothing, and so of a covered one.
        n_images : int, default=6
            How many images to draw at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None infers a square.
        name : str, default=None
            What to call the classifier; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        SaliencyDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the classifier does not have the method, or a target is none of its labels.
        ImportError
            If the method is "integrated_gradients" and captum is missing:
            ``pip install "skdigits[explain]"``.

        References
        ----------
        .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
           ECCV 2014.
        """
        return cls._of_estimators(
            {name or type(last_step(estimator)).__name__: estimator},
            X,
            y,
            n_images,
            ax,
            "from_estimator",
            target=target,
            method=method,
            baseline=baseline,
            image_shape=image_shape,
        )

    @classmethod
    def from_estimators(
        cls,
        estimators,
        X,
        y=None,
        *,
        target=None,
        method="occlusion",
        baseline=0.0,
        n_images=6,
        image_shape=None,
        ax=None,
    ):
        """Draw where several fitted classifiers looked, a row for each.

        Parameters
        ----------
        estimators : dict, list of (str, estimator) tuples, or list of estimators
            Fitted classifiers, by name.
        X : array-like
            Images, as :meth:`from_estimator` takes them.
        y : array-like of shape (n_samples,), default=None
            Their labels, for the headings.
        target : label, or array-like of shape (n_samples,), default=None
            The label that is explained; None explains what each predicts.
        method : str, default="occlusion"
            As :meth:`from_estimator` takes it. Occlusion asks all of them the same question.
        baseline : float, default=0.0
            The value of a pixel where there is nothing, and so of a covered one.
        n_images : int, default=6
            How many images to draw at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None infers a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        SaliencyDisplay
            The display, drawn.
        """
        return cls._of_estimators(
            estimators,
            X,
            y,
            n_images,
            ax,
            "from_estimators",
            target=target,
            method=method,
            baseline=baseline,
            image_shape=image_shape,
        )

    @classmethod
    def _of_estimators(cls, estimators, X, y, n_images, ax, maker, *, target, **options):
        who = f"SaliencyDisplay.{maker}"
        chosen = slice(0, n_images)
        X, y = take_rows(X, chosen), None if y is None else column_or_1d(y)[chosen]
        target = target if target is None or np.ndim(target) == 0 else np.asarray(target)[chosen]
        saliencies = {
            name: measure_saliency(estimator, X, target, who=who, **options)
            for name, estimator in name_estimators(estimators, who=who)
        }
        return cls(saliencies=saliencies, true_labels=y).plot(ax=ax)

    @classmethod
    def from_cv_results(
        cls,
        cv_results,
        X,
        y,
        *,
        method="auto",
        baseline=0.0,
        n_images=6,
        image_shape=None,
        name=None,
        ax=None,
    ):
        """Draw the worst mistakes of a cross-validation, and where the model looked.

        Each is explained by the estimator that was not trained on it.

        Parameters
        ----------
        cv_results : dict
            What :func:`sklearn.model_selection.cross_validate` returned, with
            ``return_estimator=True`` and ``return_indices=True``.
        X : array-like
            The images that were cross-validated, as :meth:`from_estimator` takes them.
        y : array-like of shape (n_samples,)
            Their labels.
        method : str, default="auto"
            As :meth:`from_estimator` takes it.
        baseline : float, default=0.0
            The value of a pixel where there is nothing, and so of a covered one.
        n_images : int, default=6
            How many mistakes to draw at most.
        image_shape : tuple of int, default=None
            (height, width) or (channels, height, width) of rows; None infers a square.
        name : str, default=None
            What to call the classifier; None takes the name of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        SaliencyDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `cv_results` has no estimators or no indices, or there is no mistake.
        """
        who = "SaliencyDisplay.from_cv_results"
        predicted = of_cv_results(cv_results, X, y, who=who)
        mistakes = predicted.worst_first(predicted.truth != predicted.predicted)[:n_images]
        if not len(mistakes):
            raise ValueError(f"{who} expects a mistake to explain, but all is predicted rightly.")
        estimators = cv_results["estimator"]
        ends = np.cumsum([len(test) for test in cv_results["indices"]["test"]])
        found = [
            measure_saliency(
                estimators[np.searchsorted(ends, position, side="right")],
                take_rows(X, predicted.rows[[position]]),
                method=method,
                baseline=baseline,
                image_shape=image_shape,
                who=who,
            )
            for position in mistakes
        ]
        name = name or type(last_step(estimators[0])).__name__
        joined = Saliency(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        return cls(saliencies={name: joined}, true_labels=predicted.truth[mistakes]).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the images, and below them a row for every model.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw: the panels are laid in the place of these axes. None makes a figure.

        Returns
        -------
        SaliencyDisplay
            The display itself, with `ax_`, `axes_` and `figure_` set.
        """
        images, _, labels = next(iter(self.saliencies.values()))
        panels, self.figure_ = lay_panels(
            ax,
            (1 + len(self.saliencies)) * len(labels),
            len(labels),
            panel_size=(1.25, 1.4),
            margin=(0.4, 0.2),
            who="SaliencyDisplay.plot",
        )
        self.axes_ = np.array(panels).reshape(-1, len(labels))
        for position, panel in enumerate(self.axes_[0]):
            draw_image(panel, images[position])
            if self.true_labels is not None:
                panel.set_title(plain(self.true_labels[position]), fontsize=_FONT_SIZE)
        for row, (name, saliency) in zip(self.axes_[1:], self.saliencies.items(), strict=True):
            for position, panel in enumerate(row):
                _draw_saliency(panel, *(part[position] for part in saliency))
            row[0].set_ylabel(plain(name), fontsize=_FONT_SIZE + 1)
        self.ax_ = panels[0] if ax is None else ax
        fit_panels(ax, panels)
        return self


def _draw_saliency(panel, image, attribution, label):
    """Draw what each pixel does, and the outline of the image on it."""
    extreme = float(np.abs(attribution).max()) or 1.0
    draw_image(panel, attribution[None], limits=(-extreme, extreme), cmap=_COLORS)
    shades = image.mean(axis=0)
    if np.ptp(shades) > 0 and min(shades.shape) > 1:
        middle = (float(shades.min()) + float(shades.max())) / 2
        panel.contour(shades, [middle], colors="black", linewidths=0.8)
    panel.set_title(f"why {plain(label)}", fontsize=_FONT_SIZE)

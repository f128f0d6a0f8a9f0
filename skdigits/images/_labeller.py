"""What the ink of characters says, by any fitted classifier."""

import math

import numpy as np

from skdigits.images._normalizer import usual_normalizer
from skdigits.images._pictures import takes_pictures


class Labeller:
    """Labels and probabilities of pictures of ink, by a fitted classifier."""

    def __init__(self, estimator, classes=None):
        self._estimator = estimator
        self._normalizer = None if takes_pictures(estimator) else _normalizer_for(estimator)
        self._allowed = _allowed(estimator.classes_, classes)
        self.classes = estimator.classes_[self._allowed]
        self.has_probabilities = hasattr(estimator, "predict_proba")

    def probabilities(self, inks):
        """Return the probabilities of `classes`, (n, n_classes); NaN for pictures without ink.

        A classifier without probabilities gives its label 1.
        """
        result = np.full((len(inks), len(self.classes)), np.nan)
        written = [i for i, ink in enumerate(inks) if ink.any()]
        if written:
            result[written] = self._of_written([inks[i] for i in written])
        return result

    def _of_written(self, inks):
        # A margin: strokes that reach from border to border would be taken for ruled lines.
        X = [np.pad(ink, 1 + max(ink.shape) // 8) for ink in inks]
        if self._normalizer is not None:
            X = self._normalizer.transform(X)
        if not self.has_probabilities:
            labels = self._estimator.predict(X)
            return (labels[:, None] == self.classes[None]).astype(float)
        probabilities = self._estimator.predict_proba(X)[:, self._allowed]
        if not np.isfinite(probabilities).all():  # NaN stands for a picture without ink
            raise ValueError(
                "PageReader expects probabilities that are finite, "
                f"{type(self._estimator).__name__} gives others."
            )
        total = probabilities.sum(axis=1, keepdims=True)
        return probabilities / np.maximum(total, np.finfo(float).tiny)


def _normalizer_for(estimator):
    size = math.isqrt(estimator.n_features_in_)
    if size**2 != estimator.n_features_in_:
        raise ValueError(
            "PageReader expects a classifier of square images, or a Pipeline that begins with a "
            f"CharacterNormalizer, got one of rows of {estimator.n_features_in_} pixels."
        )
    return usual_normalizer(size, polarity="light", rules=False)


def _allowed(known, wanted):
    if wanted is None:
        return np.arange(len(known))
    unknown = [label for label in np.ravel(wanted).tolist() if label not in known.tolist()]
    if unknown:
        raise ValueError(
            f"PageReader expects classes that the classifier knows, {known.tolist()}, "
            f"got {unknown[0]!r}."
        )
    return np.flatnonzero(np.isin(known, wanted))

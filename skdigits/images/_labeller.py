"""What the ink of characters says, by any fitted classifier; touching characters parted."""

import math
from itertools import pairwise

import numpy as np
from sklearn.pipeline import Pipeline

from skdigits.images._layout import Place
from skdigits.images._normalizer import CharacterNormalizer
from skdigits.images._pictures import PictureTransformer

_WIDE = 0.9  # of its height: from here on a piece may be two characters
_MOST_PARTS = 6
_USUAL_WIDTH = 0.65  # of the height of a digit


class Labeller:
    """Labels and probabilities of pictures of ink, by a fitted classifier."""

    def __init__(self, estimator, classes=None):
        self._estimator = estimator
        self._normalizer = None if _takes_pictures(estimator) else _normalizer_for(estimator)
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
        X = inks if self._normalizer is None else self._normalizer.transform(inks)
        if not self.has_probabilities:
            labels = self._estimator.predict(X)
            return (labels[:, None] == self.classes[None]).astype(float)
        probabilities = self._estimator.predict_proba(X)[:, self._allowed]
        total = probabilities.sum(axis=1, keepdims=True)
        return probabilities / np.maximum(total, np.finfo(float).tiny)


def _takes_pictures(estimator):
    estimator = getattr(estimator, "best_estimator_", estimator)
    return isinstance(estimator, Pipeline) and isinstance(estimator[0], PictureTransformer)


def _normalizer_for(estimator):
    size = math.isqrt(estimator.n_features_in_)
    if size**2 != estimator.n_features_in_:
        raise ValueError(
            "PageReader expects a classifier of square images, or a Pipeline that begins with a "
            f"CharacterNormalizer, got one of rows of {estimator.n_features_in_} pixels."
        )
    return CharacterNormalizer(size, box=max(1, round(size * 20 / 28)), polarity="light")


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


def split_touching(places, labeller):
    """Return places, those that hold several characters cut apart.

    A wide piece is cut where its ink is thinnest, into as many parts as the classifier is surest
    of.
    """
    ways = [[[place], *_cuts(place)] for place in places]
    if all(len(ways_of_one) == 1 for ways_of_one in ways) or not labeller.has_probabilities:
        return places
    parts = [part for ways_of_one in ways for way in ways_of_one for part in way]
    sureness = iter(labeller.probabilities([part.ink for part in parts]).max(axis=1))
    chosen = []
    for ways_of_one in ways:
        scores = [np.mean([_score(part, next(sureness)) for part in way]) for way in ways_of_one]
        chosen += ways_of_one[int(np.nanargmax(scores))]
    return chosen


def _score(part, sureness):
    """Return how well a part does for one character: sure, and not wider than characters are."""
    height, width = part.ink.shape
    excess = max(0.0, math.log(width / height / _USUAL_WIDTH))
    return math.log(max(sureness, 1e-9)) - excess**2


def _cuts(place):
    """Return the ways to cut a wide piece of ink into two and more parts."""
    height, width = place.ink.shape
    most = min(round(1.8 * width / height), _MOST_PARTS) if width > _WIDE * height else 1
    return [_cut(place, n_parts) for n_parts in range(2, most + 1)]


def _cut(place, n_parts):
    profile = place.ink.sum(axis=0, dtype=float)
    share = len(profile) / n_parts
    columns = np.arange(len(profile))
    edges = [0]
    for number in range(1, n_parts):
        distance = np.abs(columns - number * share) / share
        cost = profile / profile.max() + distance**2
        cost[(distance > 0.4) | (columns <= edges[-1])] = np.inf
        edges.append(int(cost.argmin()))
    edges.append(len(profile))
    return [_part(place, *edge) for edge in pairwise(edges)]


def _part(place, start, stop):
    top, left, bottom, _ = place.box
    return Place((top, left + start, bottom, left + stop), place.line, place.ink[:, start:stop])

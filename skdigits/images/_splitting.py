"""Characters that touch, parted where a classifier is surest of what the parts are.

Ink is cut where there is little of it, more often than there are characters; of all ways to join
the slices again, the one of the highest probability is taken, as the shortest path through a graph
whose edges are runs of slices (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied
to document recognition", 1998, section V).
"""

from itertools import combinations, pairwise

import numpy as np
from scipy import ndimage

from skdigits.images._layout import Place

_WIDE = 0.9  # of its height: from here on a piece may be two characters
_NARROWEST = 0.15  # of the height, a slice
_CUTS = 3  # for a width of one height
_MOST_CUTS = 12
# Slices lower than a character are a part of one. These two, the cuts and the width were chosen
# on digits of MNIST's training images: alone, widened, and in touching pairs.
_LOWEST = 0.7  # of the height
_LOW_COST = 5.0  # for a height missing, in units of the logarithm of a probability


def split_touching(places, labeller):
    """Return places, those that hold several characters cut apart."""
    edges = [_edges(place.ink) for place in places]
    if all(len(columns) == 2 for columns in edges) or not labeller.has_probabilities:
        return places
    runs = [
        {run: _part(place, *run) for run in combinations(columns, 2)}
        for place, columns in zip(places, edges, strict=True)
    ]
    sureness = labeller.probabilities([part.ink for parts in runs for part in parts.values()])
    costs = iter(-np.log(np.fmax(sureness.max(axis=1), 1e-9)))
    split = []
    for place, columns, parts in zip(places, edges, runs, strict=True):
        cost = {run: next(costs) + _low_cost(part, place) for run, part in parts.items()}
        split += [parts[run] for run in _cheapest(columns, cost)]
    return split


def _edges(ink):
    """Return the columns at which ink may be cut, its two ends among them."""
    height, width = ink.shape
    if width <= _WIDE * height:
        return [0, width]
    profile = ndimage.gaussian_filter1d(ink.sum(axis=0, dtype=float), max(1, height / 30))
    inner = profile[1:-1]
    lowest = np.flatnonzero((inner <= profile[:-2]) & (inner <= profile[2:])) + 1
    cuts: list = []
    for column in lowest[np.argsort(profile[lowest], kind="stable")].tolist():
        if all(abs(column - other) >= _NARROWEST * height for other in (0, width, *cuts)):
            cuts.append(column)
    most = min(round(_CUTS * width / height), _MOST_CUTS)
    return [0, *sorted(cuts[:most]), width]


def _part(place, start, stop):
    top, left, bottom, _ = place.box
    return Place((top, left + start, bottom, left + stop), place.line, place.ink[:, start:stop])


def _low_cost(part, place):
    rows = np.flatnonzero(part.ink.any(axis=1))
    height = rows[-1] - rows[0] + 1 if len(rows) else 0
    return _LOW_COST * max(0.0, _LOWEST - height / len(place.ink))


def _cheapest(columns, cost):
    """Return the runs from the first column to the last one that cost least together."""
    total, path = {columns[0]: 0.0}, {columns[0]: [columns[0]]}
    for column in columns[1:]:
        before = min(
            (start for start in columns if start < column),
            key=lambda start: total[start] + cost[start, column],
        )
        total[column] = total[before] + cost[before, column]
        path[column] = [*path[before], column]
    return list(pairwise(path[columns[-1]]))

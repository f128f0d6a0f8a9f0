"""Where on a page the characters are: paper and ink, angle, what is in cells, lines of writing.

Boxes are rows (top, left, bottom, right) of integers, the last two exclusive.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from skdigits.images._operations import (
    NEIGHBOURS,
    cover,
    drop_rules,
    drop_specks,
    lift_ink,
    otsu,
    shrink,
)
from skdigits.images._overflow import across_lines, region_around

_TILES = 48  # a side of the page: the light is the same in one of them
_STEEPEST = 10.0  # degrees that a page may be turned by
LEAST_TURN = 0.2
_SMALLEST_CHARACTER = 8  # pixels
_SOFT_EDGE = 0.03  # of a cell, where its line fades
_DUST = 0.2  # of the height of a cell
_INTRUDER = 0.3  # of the largest piece in a cell
_LONGEST_LARGE = 800  # pixels of a side, to look at a few large characters
_LARGE = 1 / 6  # of the longer side
_SPECKS = 0.02  # of the largest piece
_EDGE = 0.5  # of the mean of a piece, from side to side of seven pixels
_FADING = 0.3  # of the edge of a shadow, at least
LARGE_INK = 0.2  # a share of ink: broken strokes hold together


def page_ink(picture, polarity="auto"):
    """Return shares of ink: how much of the paper's light around is missing, 0 to 1.

    Ink is light where light pixels stand out from their surroundings more than dark ones.
    """
    picture = picture.astype(np.float32)
    if polarity == "light" or (polarity == "auto" and _has_light_ink(picture[::4, ::4])):
        picture = max(255, picture.max()) - picture
    paper = _shade_around(picture, 0.8)
    return np.clip(1 - picture / np.maximum(paper, 1), 0, 1)


def large_ink(picture, polarity="auto"):
    """Return shares of ink of a picture that a few large characters fill, or None.

    Their strokes are as wide as the tiles in which :func:`page_ink` looks for the paper's light.
    """
    ink = cover(lift_ink(shrink(picture, _LONGEST_LARGE), polarity))
    ink = drop_specks(_drop_shadows(drop_rules(ink)), _SPECKS)
    found, areas, _ = _pieces(ink > LARGE_INK)
    if len(found) and _typical(found[:, 2] - found[:, 0], areas) >= _LARGE * max(ink.shape):
        return ink
    return None


def _drop_shadows(ink):
    """Return ink less the pieces that fade; strokes end within some pixels."""
    smooth = ndimage.gaussian_filter(ink, 2)  # less noise
    pieces, n_pieces = ndimage.label(smooth > LARGE_INK, NEIGHBOURS)
    edges = np.where(ndimage.minimum_filter(pieces, 3) == 0, pieces, 0)
    steps = ndimage.maximum_filter(smooth, 7) - ndimage.minimum_filter(smooth, 7)
    usual = _means(smooth, pieces, n_pieces)
    is_shadow = _means(steps < _EDGE * usual[pieces], edges, n_pieces) > _FADING
    return np.where(is_shadow[pieces] & (pieces > 0), 0, ink)


def _means(values, pieces, n_pieces):
    """Return the mean in each piece, 0 for what has no pixels; the first is of what is in none."""
    counts = np.bincount(pieces.ravel(), minlength=n_pieces + 1)
    sums = np.bincount(pieces.ravel(), weights=values.ravel(), minlength=n_pieces + 1)
    return sums / np.maximum(counts, 1)


def _has_light_ink(picture):
    rest = picture - _shade_around(picture, 0.5)
    return bool((rest**3).mean() > rest.std() ** 3)


def _shade_around(picture, quantile):
    """Return a quantile of the shades around every pixel, in tiles, interpolated."""
    side = max(8, -(-max(picture.shape) // _TILES))
    padded = np.pad(picture, [(0, -n % side) for n in picture.shape], mode="edge")
    tiles = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side)
    shades = np.quantile(tiles[:, ::2, :, ::2], quantile, axis=(1, 3)).astype(np.float32)
    shades = ndimage.gaussian_filter(ndimage.median_filter(shades, 3), 0.5)
    rows, columns = ((np.arange(n, dtype=np.float32) + 0.5) / side - 0.5 for n in picture.shape)
    return _interpolated(rows, _interpolated(columns, shades.T).T)


def _interpolated(positions, rows):
    """Return `rows` interpolated at fractional `positions`."""
    positions = np.clip(positions, 0, len(rows) - 1)
    lower = np.minimum(positions.astype(int), max(len(rows) - 2, 0))
    upper = np.minimum(lower + 1, len(rows) - 1)
    share = (positions - lower)[:, None].astype(np.float32)
    return (1 - share) * rows[lower] + share * rows[upper]


def ink_threshold(ink):
    """Return the share of ink from which on a pixel is written on."""
    sample = ink[::2, ::2]
    noise = 1.4826 * np.median(sample[sample < np.median(sample) + 0.1])
    return float(np.clip(0.6 * otsu(sample), max(4 * noise, 0.1), 0.5))


def page_tilt(mask):
    """Return by how many degrees the lines of a page fall to the right.

    The angle at which the ink, projected to the left margin, gathers in the fewest rows.
    """
    rows, columns = np.nonzero(mask)
    if len(rows) < 50:
        return 0.0
    step = -(-len(rows) // 20_000)
    rows, columns = rows[::step], columns[::step]
    coarse = np.arange(-_STEEPEST, _STEEPEST + 0.1, 0.5)
    best = coarse[np.argmax([_gathering(rows, columns, angle) for angle in coarse])]
    fine = best + np.arange(-0.5, 0.51, 0.1)
    return float(fine[np.argmax([_gathering(rows, columns, angle) for angle in fine])])


def _gathering(rows, columns, angle):
    heights = rows - columns * np.tan(np.radians(angle))
    counts = np.bincount(((heights - heights.min()) / 2).astype(int))
    return float((counts.astype(float) ** 2).sum())


def turned(picture, angle, fill):
    """Return a picture turned so that lines that fell by `angle` degrees are level."""
    if abs(angle) < LEAST_TURN:
        return picture
    return ndimage.rotate(picture, angle, reshape=False, order=1, mode="constant", cval=fill)


@dataclass(frozen=True)
class Place:
    """Where a character stands, in which line, and its ink alone, 0 to 255."""

    box: tuple
    line: int
    ink: np.ndarray


def places_in_cells(ink, threshold, cells, rows):
    """Return a place for every cell, in reading order; the ink of an empty cell is all 0."""
    mask = ink > threshold
    found = [_writing_of(box, mask, mask) for box in cells]
    beyond = np.zeros_like(mask)
    for region, *_, part in found:
        beyond[region] |= part
    within = mask & ~beyond
    places = []
    for box, row, (region, cell, written, *across) in zip(cells, rows, found, strict=True):
        if (written & beyond[region]).any():  # from a neighbour
            _, _, written, *across = _writing_of(box, within, mask)
        near = ndimage.binary_dilation(written, NEIGHBOURS) & ~mask[region]
        kept = np.logical_or.reduce([written, near, *across])
        picture = np.rint(np.where(kept, ink[region], 0) * 255).astype(np.uint8)
        (needed,) = ndimage.find_objects(np.logical_or.reduce([cell, *across]).astype(int))
        places.append(Place(tuple(box.tolist()), int(row), picture[needed]))
    return places


def _writing_of(box, within, mask):
    """Return the region of a cell, and there the cell and what is written in it.

    That is what is written inside, of what `within` has, and under and beyond the cell's lines.
    """
    region = region_around(box, mask.shape)
    top, left, bottom, right = box
    edge = max(1, round(_SOFT_EDGE * min(bottom - top, right - left)))
    rows = slice(top + edge - region[0].start, bottom - edge - region[0].start)
    columns = slice(left + edge - region[1].start, right - edge - region[1].start)
    cell, written = np.zeros((2, *mask[region].shape), dtype=bool)
    cell[rows, columns] = True
    written[rows, columns] = _of_cell(within[region][rows, columns])
    return region, cell, written, *across_lines(written, mask[region], cell)


def _of_cell(mask):
    """Return the writing in a cell less what reaches in from its neighbours, and less dust."""
    pieces, n_pieces = ndimage.label(mask, NEIGHBOURS)
    found = ndimage.find_objects(pieces)
    lengths = np.array([max(_lengths(where)) for where in found])
    if n_pieces == 0 or lengths.max() < _DUST * min(mask.shape):
        return np.zeros_like(mask)
    areas = np.bincount(pieces.ravel())[1:]
    intruding = [
        _touches(where, mask.shape) and area < _INTRUDER * areas.max()
        for where, area in zip(found, areas, strict=True)
    ]
    return np.concatenate([[False], ~np.array(intruding)])[pieces]


def _only(ink, pieces, kept):
    """Return ink as bytes, only that of the pieces kept and right beside them."""
    near = ndimage.binary_dilation(kept[pieces], NEIGHBOURS)
    return np.rint(np.where(near, ink, 0) * 255).astype(np.uint8)


def _touches(where, shape):
    return any(part.start == 0 or part.stop == n for part, n in zip(where, shape, strict=True))


def _lengths(where):
    return [part.stop - part.start for part in where]


def places_in_lines(ink, threshold, *, largest=0.5):
    """Return a place for every piece of writing on a page without cells, in reading order.

    Pieces higher or wider than `largest`, a share of the page, are frames and lines.
    """
    found, areas, pieces = _pieces(ink > threshold)
    if len(found) == 0:
        return []
    is_frame = ((found[:, 2:] - found[:, :2]) > np.array(ink.shape) * largest).any(axis=1)
    typical = _typical(found[:, 2] - found[:, 0], np.where(is_frame, 0, areas))
    places = []
    for number, line in enumerate(_lines(found, typical, 1.2 * largest * ink.shape[1])):
        for group in _joined(found, line, typical):
            box = _around(found[group])
            kept = np.zeros(len(found) + 1, dtype=bool)
            kept[group + 1] = True
            part = np.s_[box[0] : box[2], box[1] : box[3]]
            places.append(Place(box, number, _only(ink[part], pieces[part], kept)))
    return places


def _pieces(mask):
    """Return the boxes and the areas of connected pieces, and the picture of their numbers."""
    pieces, n_pieces = ndimage.label(mask, NEIGHBOURS)
    boxes = [(y.start, x.start, y.stop, x.stop) for y, x in ndimage.find_objects(pieces)]
    areas = np.bincount(pieces.ravel(), minlength=n_pieces + 1)[1:]
    return np.array(boxes, dtype=int).reshape(-1, 4), areas, pieces


def _typical(sizes, weights):
    """Return the weighted median; the largest size where nothing has weight."""
    if not weights.any():
        return float(sizes.max())
    order = np.argsort(sizes)
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(sizes[order][half])


def _lines(found, typical, widest):
    """Return the positions in `found` of each line's larger pieces, from the top of the page."""
    heights, widths = (found[:, 2] - found[:, 0]), (found[:, 3] - found[:, 1])
    longer = np.maximum(heights, widths)
    is_writing = (
        (longer >= max(0.5 * typical, _SMALLEST_CHARACTER))
        & (heights <= 3 * typical)
        & (widths <= widest)
    )
    large = np.flatnonzero(is_writing)
    middles = (found[large, 0] + found[large, 2]) / 2
    order = np.argsort(middles)
    breaks = np.flatnonzero(np.diff(middles[order]) > 0.5 * typical) + 1
    return [large[part] for part in np.split(order, breaks) if len(part)]


def _joined(found, line, typical):
    """Return groups of pieces that are one character each, from left to right.

    Pieces one above the other belong together, and small ones to the piece they are above of.
    """
    near = _small_ones(found, line, typical)
    members = np.concatenate([line, near])
    members = members[np.argsort(found[members, 1])]
    groups: list = []
    for piece in members:
        left, right = found[piece, 1], found[piece, 3]
        if groups:
            last = _around(found[groups[-1]])
            overlap = min(last[3], right) - max(last[1], left)
            if overlap > 0.5 * min(last[3] - last[1], right - left):
                groups[-1] = np.append(groups[-1], piece)
                continue
        groups.append(np.array([piece]))
    return [group for group in groups if np.isin(group, line).any()]


def _small_ones(found, line, typical):
    """Return pieces too small to be characters that lie within the height of a line."""
    top, _, bottom, _ = _around(found[line])
    longer = (found[:, 2:] - found[:, :2]).max(axis=1)
    is_small = (longer < 0.5 * typical) & (longer >= 0.08 * typical)
    inside = (found[:, 0] > top - 0.3 * typical) & (found[:, 2] < bottom + 0.3 * typical)
    return np.flatnonzero(is_small & inside)


def _around(boxes):
    """Return the box around boxes."""
    return (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())

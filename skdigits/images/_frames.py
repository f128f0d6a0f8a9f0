"""The frames on a page: rectangles of paper that lines enclose, and their lines taken off.

Boxes are rows (top, left, bottom, right) of integers, the last two exclusive.
"""

import numpy as np
from scipy import ndimage

from skdigits.images._operations import NEIGHBOURS

_SMALLEST = 12  # pixels
_FILLED = 0.4  # of a frame, with paper at least; the rest is writing
_THIN = 0.25  # of the shorter side of a frame: its lines are no thicker
_FREE = 0.25  # of the length of a line, at least: there, no writing touches it
_CORNER = 0.1  # of the shorter side of a frame
_STROKE = 0.11  # of the shorter side: lines of frames are thinner than that
_ALIKE = 0.25  # of the logarithm of a size
_PART = 0.2  # of a frame
_EDGE = 0.05  # of the shorter side of a frame, where its lines may bend
_FOUR = ndimage.generate_binary_structure(2, 1)


def find_frames(mask):
    """Return the boxes of rectangles less those that are characters, like an angular 0."""
    boxes = find_rectangles(mask)
    return boxes[_are_frames(boxes, mask)]


def find_rectangles(mask):
    """Return the boxes of all rectangles of paper that lines enclose.

    Writing that touches lines, or crosses them, is looked through: first only what is straight
    for long enough to be the side of a frame is taken for ink, frames of a size at a time.

    Parameters
    ----------
    mask : ndarray of shape (height, width)
        True for ink.

    Returns
    -------
    boxes : ndarray of shape (n_rectangles, 4)
        Their insides.
    """
    straight = _of_straight_lines(mask)
    enclosed = _enclosed(mask)
    return np.concatenate([straight, enclosed[~_are_parts(enclosed, straight, mask.shape)]])


def _of_straight_lines(mask):
    """Return the boxes of rectangles whose four sides are thin, straight lines."""
    mask = ndimage.binary_dilation(mask, NEIGHBOURS)  # lines may be askew and have small gaps
    level, upright = _run_lengths(mask), _run_lengths(mask.T)
    boxes = [np.empty((0, 4), dtype=int)]
    length = _SMALLEST
    while length <= min(level.max(), upright.max()):
        lines = _thin_runs(level, upright.T, length) | _thin_runs(upright, level.T, length).T
        found = _enclosed(lines, length, 2 * length)
        boxes.append(found[np.array([_has_corners(mask, box) for box in found], dtype=bool)])
        length *= 2
    grown = np.concatenate(boxes) + np.array([-1, -1, 1, 1])
    return np.clip(grown, 1, np.array(mask.shape * 2) - 1)


def _run_lengths(mask):
    """Return for every pixel the length of the run of ink in its row that it is in, or 0."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = mask
    changes = np.diff(padded.ravel())
    lengths = np.flatnonzero(changes == -1) - np.flatnonzero(changes == 1)
    runs = np.zeros(mask.shape, dtype=np.int32)
    runs[mask] = np.repeat(lengths, lengths)
    return runs


def _thin_runs(lengths, thickness, shortest):
    """Return where runs are that are long enough and not thick along most of their length."""
    lines = np.zeros(lengths.shape, dtype=bool)
    is_long = lengths >= shortest
    pixels = np.flatnonzero(is_long)
    if len(pixels) == 0:
        return lines
    is_first = (np.diff(pixels, prepend=-2) != 1) | (pixels % lengths.shape[1] == 0)
    firsts = np.flatnonzero(is_first)
    is_thin = thickness[is_long] <= _THIN * shortest + 2
    counts = np.diff(firsts, append=len(pixels))
    is_line = np.add.reduceat(is_thin, firsts, dtype=int) > _FREE * counts
    lines.flat[pixels[np.repeat(is_line, counts)]] = True
    return lines


def _enclosed(mask, shortest=_SMALLEST, below=np.inf):
    """Return the boxes of rectangles without ink whose shorter side is in a range."""
    paper, _ = ndimage.label(~mask, _FOUR)
    boxes = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(paper), 1):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        at_border = (
            0 in (rows.start, columns.start)
            or rows.stop == mask.shape[0]
            or columns.stop == mask.shape[1]
        )
        is_of_size = shortest <= min(height, width) < below
        if is_of_size and not at_border and _is_rectangle(paper[rows, columns] == number):
            boxes.append((rows.start, columns.start, rows.stop, columns.stop))
    return np.array(boxes, dtype=int).reshape(-1, 4)


def _is_rectangle(piece):
    """Whether paper takes much of its box and reaches all four sides along most of them."""
    if piece.mean() < _FILLED:
        return False
    depth = max(1, min(piece.shape) // 12)
    sides = (piece[:depth], piece[-depth:], piece[:, :depth].T, piece[:, -depth:].T)
    return all(side.any(axis=0).mean() > 0.75 for side in sides)


def _has_corners(mask, box):
    """Whether there is paper in all four corners of a box, as there is in no loop of a stroke."""
    top, left, bottom, right = box
    piece = mask[top:bottom, left:right]
    side = max(3, round(_CORNER * min(piece.shape)))
    return all(piece[rows, columns].mean() < 0.5 for rows in _ends(side) for columns in _ends(side))


def _ends(length):
    return slice(length), slice(-length, None)


def _are_parts(boxes, frames, shape):
    """Whether each box is a frame again, or so large a part of one as writing may cut off."""
    if len(frames) == 0:
        return np.zeros(len(boxes), dtype=bool)
    corners = boxes[:, :2] + _SMALLEST // 4
    around = _numbers_inside(frames, np.arange(1, len(frames) + 1), shape)[*corners.T]
    share = _areas(boxes) / _areas(frames)[around - 1]
    return (around > 0) & (share > _PART) & (share < 1 / _PART)


def _areas(boxes):
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)


def _numbers_inside(boxes, numbers, shape, edge=0.0):
    """Return a picture of the number of the smallest box, less an edge, around each place."""
    picture = np.zeros(shape, dtype=np.int32)
    edges = np.ceil(edge * (boxes[:, 2:] - boxes[:, :2]).min(axis=1)).astype(int)
    for position in np.argsort(-_areas(boxes)):
        (top, left, bottom, right), inset = boxes[position], edges[position]
        picture[top + inset : bottom - inset, left + inset : right - inset] = numbers[position]
    return picture


def _are_frames(boxes, mask):
    """Whether each rectangle is a frame, and not a character like an angular 0.

    Characters are empty, drawn in thick strokes, and no rectangle as large as they are has
    writing inside.
    """
    is_frame = ~_have_thick_lines(boxes, mask)
    doubtful = np.flatnonzero(~is_frame)
    is_frame[doubtful] = [_has_ink_inside(box, mask) for box in boxes[doubtful]]
    sizes = np.log(boxes[:, 2:] - boxes[:, :2])
    written = sizes[doubtful[is_frame[doubtful]]]
    for position in doubtful[~is_frame[doubtful]]:
        is_frame[position] = (np.abs(written - sizes[position]) < _ALIKE).all(axis=1).any()
    return is_frame


def _have_thick_lines(boxes, mask):
    """Whether most of twelve places around each box are as deep in ink as strokes are thick."""
    top, left, bottom, right = boxes.T[:, :, None]
    depth = np.ceil(_STROKE * np.minimum(bottom - top, right - left)).astype(int)
    along = np.array([0.25, 0.5, 0.75])
    rows = (top + along * (bottom - top)).astype(int)
    columns = (left + along * (right - left)).astype(int)
    last_row, last_column = np.array(mask.shape) - 1
    is_ink = np.ones((len(boxes), 12), dtype=bool)
    for share in (1, 2, 3):
        step = depth * share // 3
        rays = (
            mask[np.maximum(top - 1 - step, 0), columns],
            mask[np.minimum(bottom + step, last_row), columns],
            mask[rows, np.maximum(left - 1 - step, 0)],
            mask[rows, np.minimum(right + step, last_column)],
        )
        is_ink &= np.concatenate(rays, axis=1)
    return is_ink.mean(axis=1) > 0.5


def _has_ink_inside(box, mask):
    top, left, bottom, right = box
    edge = np.ceil(_CORNER * min(bottom - top, right - left)).astype(int)
    return mask[top + edge : bottom - edge, left + edge : right - edge].any()


def without_frames(ink, threshold, boxes):
    """Return shares of ink less the lines around rectangles; what is written in them stays."""
    if len(boxes) == 0:
        return ink
    pieces, n_pieces = ndimage.label(ink > threshold, NEIGHBOURS)
    frames = np.array([_piece_around(pieces, box) for box in boxes])
    is_frame = np.zeros(n_pieces + 1, dtype=bool)
    is_frame[frames] = True
    is_outside = _numbers_inside(boxes, frames, ink.shape, _EDGE) != pieces
    return np.where(is_frame[pieces] & is_outside, 0, ink)


def _piece_around(pieces, box):
    """Return the number of the piece of ink that encloses a box."""
    top, left, bottom, right = box
    sides = (
        pieces[top - 1, left:right],
        pieces[bottom, left:right],
        pieces[top:bottom, left - 1],
        pieces[top:bottom, right],
    )
    numbers, counts = np.unique(np.concatenate(sides), return_counts=True)
    return numbers[np.argmax(counts * (numbers > 0))]

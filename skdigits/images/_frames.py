"""The frames on a page: rectangles of paper that lines enclose, and their lines taken off.

Boxes are rows (top, left, bottom, right) of integers, the last two exclusive.
"""

import numpy as np
from scipy import ndimage

_SMALLEST = 12  # pixels
_EDGE = 0.05  # of the shorter side of a frame, where its lines may bend
_FOUR = ndimage.generate_binary_structure(2, 1)
_EIGHT = ndimage.generate_binary_structure(2, 2)
_THIN = 0.25  # of the shorter side
_MOSTLY_FREE = 0.25  # of a line: where no writing touches it
_CORNER = 0.1 # of the shorter side
_PART = 0.2  # of a frame: so large a part of it is no frame of its own


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
    return np.concatenate([straight, enclosed[~_are_parts(enclosed, straight)]])


def _of_straight_lines(mask):
    """Return the boxes of rectangles whose four sides are thin, straight lines."""
    mask = ndimage.binary_dilation(mask, _EIGHT)  # lines may be askew and have small gaps
    level, upright = _run_lengths(mask), _run_lengths(mask.T)
    boxes = [np.empty((0, 4), dtype=int)]
    length = _SMALLEST
    while length <= min(level.max(), upright.max()):
        lines = _thin_runs(level, upright.T, length) | _thin_runs(upright, level.T, length).T
        found = _enclosed(lines, length, 2 * length)
        boxes.append(found[np.array([_has_corners(mask, box) for box in found], dtype=bool)])
        length *= 2
    return np.concatenate(boxes) + [-1, -1, 1, 1]


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
    pixels = np.flatnonzero(lengths >= shortest)
    if len(pixels) == 0:
        return lines
    is_first = (np.diff(pixels, prepend=-2) != 1) | (pixels % lengths.shape[1] == 0)
    firsts = np.flatnonzero(is_first)
    is_thin = thickness[lengths >= shortest] <= _THIN * shortest + 2
    counts = np.diff(firsts, append=len(pixels))
    is_line = np.add.reduceat(is_thin, firsts, dtype=int) > _MOSTLY_FREE * counts
    lines.flat[pixels[np.repeat(is_line, counts)]] = True
    return lines


def _enclosed(mask, shortest=_SMALLEST, below=np.inf):
    """Return the boxes of rectangles without ink whose shorter side is in a range."""
    paper, n_pieces = ndimage.label(~mask, _FOUR)
    boxes = []
    areas = np.bincount(paper.ravel(), minlength=n_pieces + 1)
    for number, where in enumerate(ndimage.find_objects(paper), 1):
        height, width = (part.stop - part.start for part in where)
        at_border = any(
            part.start == 0 or part.stop == side
            for part, side in zip(where, mask.shape, strict=True)
        )
        is_of_size = shortest <= min(height, width) < below
        if not is_of_size or at_border or areas[number] < 0.4 * height * width:
            continue
        if _is_rectangle(paper[where] == number):
            boxes.append((where[0].start, where[1].start, where[0].stop, where[1].stop))
    return np.array(boxes, dtype=int).reshape(-1, 4)


def _is_rectangle(piece):
    """Whether paper reaches to all four sides of its box along most of their length."""
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


def _are_parts(boxes, others):
    """Whether each box is most of another one, or a large part of it beside writing."""
    return np.array([_is_part(box, others) for box in boxes], dtype=bool)


def _is_part(box, others):
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    return bool((shared > _PART * np.prod(others[:, 2:] - others[:, :2], axis=1)).any())


def without_frames(ink, threshold):
    """Return shares of ink less the lines around rectangles; what is written in them stays."""
    mask = ink > threshold
    boxes = find_rectangles(mask)
    if len(boxes) == 0:
        return ink
    pieces, n_pieces = ndimage.label(mask, _EIGHT)
    frames = np.array([_piece_around(pieces, box) for box in boxes])
    is_frame = np.zeros(n_pieces + 1, dtype=bool)
    is_frame[frames] = True
    return np.where(is_frame[pieces] & (_framed_by(boxes, frames, ink.shape) != pieces), 0, ink)


def _framed_by(boxes, frames, shape):
    """Return a picture of the frame, by its number, that has each place directly inside it."""
    picture = np.zeros(shape, dtype=np.int32)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    for position in np.argsort(-areas):
        top, left, bottom, right = boxes[position]
        edge = max(1, round(_EDGE * min(bottom - top, right - left)))
        picture[top + edge : bottom - edge, left + edge : right - edge] = frames[position]
    return picture


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

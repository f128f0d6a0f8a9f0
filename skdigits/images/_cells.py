"""The cells of forms: those rectangles of a page that hold one character each.

Boxes are rows (top, left, bottom, right) of integers, the last two exclusive.
"""

import numpy as np

_ALIKE = 0.25  # of the logarithm of a size
_MOSTLY = 0.8  # of the cells of a grid
_LONGEST = 2.5  # times as long as the other side: longer ones are for words
_LARGEST = 3.0  # times as large as most: a larger one alone is for text
_N_RULED = 3  # sides
_RULED = 0.5  # of the length of a side
_SLACK = 0.1  # of the shorter side


def find_cells(rectangles, mask, *, alike):
    """Return the cells of a form, in reading order.

    Those of a grid that were missed, because writing crosses their lines, are filled in where the
    rows and columns of the others say they are and lines are there.

    Parameters
    ----------
    rectangles : ndarray of shape (n_rectangles, 4)
        What :func:`find_rectangles` has found.
    mask : ndarray of shape (height, width)
        True for ink.
    alike : bool
        Whether a cell is what another one equals in size; or else each rectangle that is not
        much longer than high, has no other inside it, and is not by far larger than the others.

    Returns
    -------
    boxes : ndarray of shape (n_cells, 4)
        Their insides.
    rows : ndarray of shape (n_cells,)
        The number of each one's row, from the top.
    """
    boxes = rectangles[_have_equals(rectangles)] if alike else _of_a_character(rectangles)
    if len(boxes) == 0:
        return boxes, np.empty(0, dtype=int)
    boxes = _completed(boxes, mask)
    rows = _numbered(boxes, 0)
    order = np.lexsort((boxes[:, 1], rows))
    return boxes[order], rows[order]


def _have_equals(boxes):
    """Whether another one equals each box in height and width, give or take a quarter."""
    sizes = np.log(boxes[:, 2:] - boxes[:, :2])
    order = np.argsort(sizes[:, 0])
    heights, widths = sizes[order].T
    first = np.searchsorted(heights, heights - _ALIKE)
    last = np.searchsorted(heights, heights + _ALIKE, side="right")
    n_alike = np.empty(len(boxes), dtype=int)
    n_alike[order] = [
        (np.abs(widths[start:stop] - width) < _ALIKE).sum()
        for start, stop, width in zip(first, last, widths, strict=True)
    ]
    return n_alike > 1


def _of_a_character(boxes):
    """Return the boxes that could hold one character."""
    shorter, longer = np.sort(boxes[:, 2:] - boxes[:, :2], axis=1).T
    boxes = boxes[(longer <= _LONGEST * shorter) & ~_has_others_inside(boxes)]
    if len(boxes) == 0:
        return boxes
    shorter = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    usual = np.quantile(shorter, 0.5, method="lower")
    return boxes[_have_equals(boxes) | (shorter <= _LARGEST * usual)]


def _has_others_inside(boxes):
    """Whether the upper left corner of another box lies inside each."""
    top, left, bottom, right = boxes.T
    n_before = np.zeros((bottom.max(initial=0) + 1, right.max(initial=0) + 1), dtype=np.int32)
    n_before[top + 1, left + 1] = 1
    n_before = n_before.cumsum(axis=0).cumsum(axis=1)  # corners above and to the left of each place
    n_above = n_before[top + 1, right] - n_before[top + 1, left + 1]
    return n_before[bottom, right] - n_before[bottom, left + 1] - n_above > 0


def _completed(boxes, mask):
    """Return boxes, with the missing ones of a grid where they are ruled."""
    rows, columns = _numbered(boxes, 0), _numbered(boxes, 1)
    grid = np.full((rows.max() + 1, columns.max() + 1, 4), np.nan)
    grid[rows, columns] = boxes
    is_found = ~np.isnan(grid[:, :, 0])
    if is_found.sum() < len(boxes) or is_found.mean() < _MOSTLY or min(is_found.shape) == 1:
        return boxes
    missing = [
        box
        for box in _between_the_others(grid)[~is_found]
        if not _overlaps(box, boxes) and _is_ruled(mask, box)
    ]
    return np.concatenate([boxes, np.array(missing, dtype=int).reshape(-1, 4)])


def _numbered(boxes, axis):
    """Return the number of the row (axis 0) or column (axis 1) of every box."""
    middles = (boxes[:, axis] + boxes[:, axis + 2]) / 2
    size = np.median(boxes[:, axis + 2] - boxes[:, axis])
    order = np.argsort(middles)
    numbers = np.empty(len(boxes), dtype=int)
    numbers[order] = np.concatenate([[0], np.cumsum(np.diff(middles[order]) > size / 2)])
    return numbers


def _between_the_others(grid):
    """Return for every row and column the box that those of its row and its column tell of."""
    by_row, by_column = np.nanmedian(grid, axis=1), np.nanmedian(grid, axis=0)
    typical = np.empty(grid.shape, dtype=int)
    typical[:, :, [0, 2]] = by_row[:, None, [0, 2]].round()
    typical[:, :, [1, 3]] = by_column[None, :, [1, 3]].round()
    return typical


def _overlaps(box, others):
    slack = _slack(box)
    starts_before, ends_after = others[:, :2] < box[2:] - slack, others[:, 2:] > box[:2] + slack
    return (starts_before & ends_after).all(axis=1).any()


def _slack(box):
    """Return by how many pixels the lines of a cell may lie beside where they should be."""
    return max(2, round(_SLACK * (box[2:] - box[:2]).min()))


def _is_ruled(mask, box):
    """Whether most sides of a box have a line beside them, along most of their length."""
    top, left, bottom, right = box
    slack = _slack(box)
    rows, columns = np.s_[top:bottom], np.s_[left:right]
    level = [mask[_beside(edge, slack), columns].any(axis=0).mean() for edge in (top, bottom)]
    upright = [mask[rows, _beside(edge, slack)].any(axis=1).mean() for edge in (left, right)]
    return np.count_nonzero(np.array(level + upright) > _RULED) >= _N_RULED


def _beside(edge, slack):
    return slice(max(edge - slack, 0), edge + slack)

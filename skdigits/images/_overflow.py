"""Writing that goes on across the lines of its cell."""

import numpy as np
from scipy import ndimage

from skdigits.images._operations import NEIGHBOURS

_REACH = 0.3  # of the shorter side of a cell: what goes on for longer is something else
_THICKEST = 0.2  # of the shorter side of a cell
_RULED = 0.5  # of the length of a side


def region_around(box, shape):
    """Return the rows and columns of a cell and of what its writing may reach around it."""
    top, left, bottom, right = box
    reach = round(_REACH * min(bottom - top, right - left))
    rows = slice(max(top - reach, 0), min(bottom + reach, shape[0]))
    return rows, slice(max(left - reach, 0), min(right + reach, shape[1]))


def across_lines(written, mask, cell):
    """Return where writing goes on under the lines of its cell, and where beyond them.

    Parameters
    ----------
    written : ndarray of bool, shape (height, width)
        What is written inside the cell.
    mask : ndarray of bool, shape (height, width)
        All ink in the cell and around it.
    cell : ndarray of bool, shape (height, width)
        True inside the cell.

    Returns
    -------
    under, beyond : ndarray of bool, shape (height, width)
        True for ink.
    """
    under, beyond = np.zeros_like(mask), np.zeros_like(mask)
    inside = written[cell.any(axis=1)][:, cell.any(axis=0)]
    if not (inside[[0, -1]].any() or inside[:, [0, -1]].any()):
        return under, beyond
    for turn in range(4):
        turned = [np.rot90(picture, turn) for picture in (written, mask, cell, under, beyond)]
        _go_on_downwards(*turned)
    return under, beyond


def _go_on_downwards(written, mask, cell, under, beyond):
    """Set in `under` and `beyond` where writing goes on at the lower side of a cell."""
    rows, columns = (np.flatnonzero(cell.any(axis=axis)) for axis in (1, 0))
    bottom, side = rows[-1] + 1, slice(columns[0], columns[-1] + 1)
    feet = written[bottom - 1, side]
    if not feet.any():
        return
    thickest = round(_THICKEST * min(len(rows), len(columns)))
    ruled = np.flatnonzero(mask[bottom : bottom + thickest, side].mean(axis=1) > _RULED)
    if len(ruled) == 0:
        return
    end = bottom + ruled[-1] + 1
    near = ndimage.binary_dilation(feet, iterations=end - bottom)
    pieces, _ = ndimage.label(mask[end:, side], NEIGHBOURS)
    going_on = np.setdiff1d(pieces[:1, near], np.append(pieces[-1:], 0))
    if len(going_on):
        beyond[end:, side] |= np.isin(pieces, going_on)
    else:
        end = bottom + (end - bottom) // 2
    under[bottom:end, side] = mask[bottom:end, side] & feet

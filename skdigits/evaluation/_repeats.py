"""Rows that were predicted several times, as repeated cross-validation does."""

import numpy as np


def first_of_each(rows, positions):
    """Return positions in their order, without those of rows that came before.

    Parameters
    ----------
    rows : ndarray of shape (n,)
        The row of the data at every position.
    positions : ndarray of int
        Positions, the one to keep first.

    Returns
    -------
    ndarray of int
        One position for every row.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.evaluation._repeats import first_of_each
    >>> first_of_each(np.array([7, 8, 7, 9]), np.array([2, 3, 0])).tolist()
    [2, 3]
    """
    _, firsts = np.unique(rows[positions], return_index=True)
    return positions[np.sort(firsts)]

"""What ``skdigits datasets`` does, as functions that know nothing of a terminal."""

import pandas as pd

from skdigits.app._data_table import DATA_SETS


def list_datasets(*, data_home=None):
    """Look which data sets are in the data home.

    Parameters
    ----------
    data_home : str or path-like, default=None
        See :func:`skdigits.datasets.fetch_mnist`.

    Returns
    -------
    DataFrame
        A row a data set, with the columns "what" and "state": "ready", "missing", "damaged", or
        "unread" where the package that reads its files is missing.
    """
    rows = {
        name: (data_set.what, _state(data_set.fetch, data_home))
        for name, data_set in DATA_SETS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["what", "state"])


def _state(fetch, data_home):
    try:
        fetch(data_home=data_home, subset="all", download_if_missing=False)
    except FileNotFoundError:
        return "missing"
    except ImportError:
        return "unread"
    except (OSError, ValueError):
        return "damaged"
    return "ready"


def format_datasets(table):
    """Write the table of :func:`list_datasets`, a line a data set.

    Parameters
    ----------
    table : DataFrame
        The table.

    Returns
    -------
    str
        Names, states and what they are, in columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdigits.app._datasets import format_datasets
    >>> table = pd.DataFrame({"what": ["digits"], "state": ["ready"]}, index=["mnist"])
    >>> print(format_datasets(table))
    mnist          ready    digits
    """
    rows = table.itertuples()
    return "\n".join(f"{row.Index:14} {row.state:8} {row.what}" for row in rows)


def get_dataset(name, *, data_home=None):
    """Download what is missing of a data set, and check all of it.

    Parameters
    ----------
    name : str
        One of :data:`skdigits.app._data_table.DATA_SETS`.
    data_home : str or path-like, default=None
        See :func:`skdigits.datasets.fetch_mnist`.

    Returns
    -------
    int
        The number of its images.

    Raises
    ------
    ImportError
        If a package is missing that downloads or reads it.
    OSError
        If a file cannot be downloaded or written.
    ValueError
        If a file is damaged.
    """
    X, _ = DATA_SETS[name].fetch(data_home=data_home, subset="all", return_X_y=True)
    return len(X)

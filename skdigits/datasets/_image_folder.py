"""Pictures of the user's own: a folder whose sub-folders are the labels, or a table of paths."""

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_DESCRIPTION = """\
Pictures of {path}
------------------

:Number of Instances: {n_rows:,}
:Number of Classes: {n_labels:,}
:Attribute Information: the path of a picture, which is not opened here
:Missing Attribute Values: None
"""


def load_image_folder(
    path, *, path_column="path", label_column="label", return_X_y=False, as_frame=False
):
    """Load the paths and labels of pictures of your own.

    The pictures themselves are not opened: :class:`~skdigits.CharacterNormalizer` and the other
    transformers take paths, so that a Pipeline reads a picture when it comes to it.

    Parameters
    ----------
    path : str or path-like
        A folder whose sub-folders have the labels as names and the pictures in them, however
        deep: files whose names end in ``.bmp``, ``.gif``, ``.jpeg``, ``.jpg``, ``.pgm``,
        ``.png``, ``.ppm``, ``.tif``, ``.tiff`` or ``.webp``, small or capital. Hidden files and
        folders, and all other files, are left out. Or a CSV file, in UTF-8 and with commas,
        whose first row has the names of its columns.
    path_column : str, default="path"
        The column of a CSV file that has the paths, relative to the folder of the file.
    label_column : str, default="label"
        The column of a CSV file that has the labels.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (object array of shape (n_samples,): the paths as str),
        `target` (str of shape (n_samples,): the labels, "007" being "007"), `target_names`
        (every label once, sorted), `frame` (DataFrame of data and target, None unless
        `as_frame`) and `DESCR`. The pictures of a folder are sorted by label and path; those of
        a CSV file are in its order.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If `path`, or a picture that a CSV file names, does not exist or cannot be read.
    ValueError
        If a folder has no pictures in sub-folders, or a CSV file is none, is empty, lacks a
        column or a value, or has rows of different lengths.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdigits.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ["one/a.png", "one/b.png", "two/c.png"]:
    ...         Path(folder, name).parent.mkdir(exist_ok=True)
    ...         Path(folder, name).touch()
    ...     X, y = load_image_folder(folder, return_X_y=True)
    >>> Path(X[0]).name, y.tolist()
    ('a.png', ['one', 'one', 'two'])
    """
    path = Path(path)
    if path.is_dir():
        pairs = _list_folder(path)
    elif path.exists():
        pairs = _read_table(path, path_column, label_column)
    else:
        raise FileNotFoundError(
            f"load_image_folder expects a folder or a CSV file, {path} does not exist."
        )
    return _make_bunch(pairs, path, return_X_y, as_frame)


def _list_folder(root):
    """Return (path, label) of every picture, by label and path."""
    labels = [path for path in root.iterdir() if path.is_dir() and path.name[0] != "."]
    found = [
        (path.relative_to(label).parts, str(path), label.name)
        for label in labels
        for path in label.rglob("*")
        if _is_picture(path, label)
    ]
    if not found:
        raise ValueError(
            "load_image_folder expects a folder of pictures for every label, "
            f"{root} has {'no sub-folders' if not labels else 'no pictures in its sub-folders'}."
        )
    found.sort(key=lambda picture: (picture[2], picture[0]))
    return [(path, label) for _, path, label in found]


def _is_picture(path, label):
    is_hidden = any(part[0] == "." for part in path.relative_to(label).parts)
    return not is_hidden and path.suffix.lower() in _SUFFIXES and path.is_file()


def _read_table(path, path_column, label_column):
    """Return (path, label) of every row of a CSV file."""
    header, *rows = _read_rows(path)
    for column in (path_column, label_column):
        if header.count(column) != 1:
            raise ValueError(
                f"load_image_folder expects one column {column!r} in {path}, "
                f"it has {', '.join(map(repr, header))}."
            )
    i_path, i_label = header.index(path_column), header.index(label_column)
    for number, row in enumerate(rows, start=1):
        if not row[i_label]:
            raise ValueError(
                f"load_image_folder expects a label in every row of {path}, "
                f"row {number} after the header has none."
            )
    pairs = [(str(path.parent / row[i_path]), row[i_label]) for row in rows]
    missing = [picture for picture, _ in pairs if not os.path.isfile(picture)]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise FileNotFoundError(
            f"load_image_folder expects the files that {path} names, "
            f"it misses {missing[0]!r}{more}."
        )
    return pairs


def _read_rows(path):
    """Return the header and the other rows of a CSV file, each as long as the header."""
    try:
        # "utf-8-sig", because spreadsheets put a mark in front.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"load_image_folder expects a folder or a CSV file in UTF-8, {path} is neither."
        ) from error
    if len(rows) < 2:
        raise ValueError(
            f"load_image_folder expects a CSV file with a header and rows, {path} has "
            f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}."
        )
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"load_image_folder expects {len(rows[0])} values in every row of {path}, "
                f"row {number} after the header has {len(row)}."
            )
    return rows


def _make_bunch(pairs, path, return_X_y, as_frame):
    paths, labels = zip(*pairs, strict=True)
    data = np.array(paths, dtype=object)
    target = np.array(labels)
    target_names = np.unique(target)
    frame = None
    if as_frame:
        data, target = pd.Series(data, name="path"), pd.Series(target, name="target")
        frame = pd.concat([data, target], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        target_names=target_names,
        DESCR=_DESCRIPTION.format(path=path, n_rows=len(pairs), n_labels=len(target_names)),
    )

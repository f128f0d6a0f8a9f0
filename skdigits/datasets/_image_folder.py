"""Pictures of one's own and their labels: from folders, or from a table of paths."""

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)


def load_image_folder(
    path, *, path_column="path", label_column="label", return_X_y=False, as_frame=False
):
    """Find pictures and their labels: in a folder with a sub-folder a label, or in a CSV file.

    What comes back are paths, which :class:`~skdigits.CharacterNormalizer` and the other
    transformers of pictures read, so that a Pipeline that begins with one of them is trained on
    files of any size.

    Parameters
    ----------
    path : str or path-like
        A folder, the names of whose sub-folders are the labels of the pictures in them and below;
        or a CSV file with a column of paths, relative to its own folder, and one of labels.
    path_column : str, default="path"
        The column of paths in a CSV file.
    label_column : str, default="label"
        The column of labels in a CSV file.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes `data` (paths, an object array of shape (n_samples,)), `target` (labels
        as text, of shape (n_samples,)), `target_names`, `frame` (DataFrame of both, None unless
        `as_frame`) and `DESCR`.
    (data, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If `path` or a file that the table names does not exist.
    ValueError
        If there are no pictures, or the table is not as described.

    Notes
    -----
    Pictures are files that end in .bmp, .gif, .jpeg, .jpg, .pgm, .png, .ppm, .tif, .tiff or .webp;
    others and hidden ones are left out. They come in the order of their names. Labels stay the text
    that they are: "007" is not 7.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdigits.datasets import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("three/a.png", "seven/b.jpg", "seven/c.jpg"):
    ...         Path(folder, name).parent.mkdir(exist_ok=True)
    ...         Path(folder, name).touch()
    ...     paths, labels = load_image_folder(folder, return_X_y=True)
    >>> labels
    array(['seven', 'seven', 'three'], dtype='<U5')
    """
    path = Path(path)
    if path.is_dir():
        paths, labels = _in_folders(path)
    else:
        paths, labels = _in_table(path, path_column, label_column)
    data, target, frame = np.array(paths, dtype=object), np.array(labels), None
    if as_frame:
        frame = pd.DataFrame({"path": paths, "target": labels})
        data, target = frame["path"], frame["target"]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=np.unique(labels),
        frame=frame,
        DESCR=f"{len(paths)} pictures of {path}",
    )


def _in_folders(folder):
    found = [
        (str(file), label.name)
        for label in sorted(folder.iterdir())
        if label.is_dir() and not label.name.startswith(".")
        for file in sorted(label.rglob("*"))
        if _is_picture(file.relative_to(folder)) and file.is_file()
    ]
    if not found:
        raise ValueError(
            f"load_image_folder expects folders with pictures in {folder}, one a label; there are "
            "none."
        )
    paths, labels = zip(*found, strict=True)
    return list(paths), list(labels)


def _is_picture(path):
    is_hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not is_hidden


def _in_table(path, path_column, label_column):
    rows = _read_table(path)
    for column in (path_column, label_column):
        if column not in rows.columns:
            raise ValueError(
                f"load_image_folder expects the columns {path_column!r} and {label_column!r} in "
                f"{path}, there are {', '.join(map(repr, rows.columns))}."
            )
    names, labels = rows[path_column], rows[label_column]
    if len(rows) == 0 or (names == "").any() or (labels == "").any():
        what = "there are no rows" if len(rows) == 0 else "there is a row without one"
        raise ValueError(f"load_image_folder expects paths and labels in {path}, {what}.")
    paths = [os.path.join(path.parent, name) for name in names]
    missing = [file for file in paths if not os.path.isfile(file)]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise FileNotFoundError(
            f"load_image_folder misses {missing[0]}{others}, which {path} names."
        )
    return paths, labels.tolist()


def _read_table(path):
    """Return a CSV file's rows, all of text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"load_image_folder expects {path} to exist.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"load_image_folder expects a folder or a CSV file, {path} is neither."
        ) from error
    rows = [row for row in rows if row]
    if not rows or len({len(row) for row in rows}) > 1:
        what = "is empty" if not rows else "has rows of different lengths"
        raise ValueError(f"load_image_folder expects a table in {path}, it {what}.")
    return pd.DataFrame(rows[1:], columns=rows[0], dtype=str)

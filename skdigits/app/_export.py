"""What ``skdigits export`` does, as functions that know nothing of a terminal."""

import json
import os
from dataclasses import asdict, dataclass

from skdigits.app._model_argument import open_classifier
from skdigits.images._pictures import takes_pictures
from skdigits.persistence import list_pretrained
from skdigits.persistence._flat_steps import flat_steps
from skdigits.persistence._onnx import export_onnx
from skdigits.persistence._onnx_rows import make_rows

WHO = "skdigits export"


@dataclass(frozen=True)
class Export:
    """A file that was written.

    Parameters
    ----------
    file : str
        Its path.
    pixels : int
        What it takes of an image.
    classes : list
        What it tells apart.
    left_out : list of str
        The steps in front that are not in it.
    verified : bool
        Whether it was compared with the model.
    difference : float or None
        The largest difference of a probability found.
    """

    file: str
    pixels: int
    classes: list
    left_out: list
    verified: bool
    difference: float | None


def export_model(model, path, *, without_normalizer, verify):
    """Write a model as an ONNX file.

    Parameters
    ----------
    model : str
        A name of :func:`skdigits.list_pretrained`, or a file of :func:`skdigits.save_model`.
    path : str
        The file to write.
    without_normalizer : bool
        Whether to leave out the steps in front that take pictures.
    verify : bool
        Whether to compare the file with the model.

    Returns
    -------
    Export
        What was written.

    Raises
    ------
    ImportError
        If a package of the extra is missing.
    OSError
        If a file cannot be opened.
    TypeError, ValueError
        If there is no such model, it cannot be exported, or `path` is its own file.
    """
    estimator = open_classifier(model, who=WHO)
    if model not in list_pretrained() and os.path.exists(path) and os.path.samefile(model, path):
        raise ValueError(f"{WHO} does not write over the model: give --onnx another name.")
    left_out = []
    if takes_pictures(estimator) and not without_normalizer:
        raise ValueError(
            f"{WHO} cannot write {type(estimator[0]).__name__}, which ONNX has no words for: "
            "--without-normalizer exports the steps behind it, and the file takes the pixels that "
            "it returns."
        )
    while takes_pictures(estimator):
        left_out.append(type(estimator[0]).__name__)
        estimator = estimator[1:]
    if verify and make_rows(flat_steps(estimator)) is None:
        raise ValueError(
            f"{WHO} has no rows to compare the file on, as {model} does not tell what its rows are "
            "like: --no-verify writes it unseen, export_onnx in Python takes rows."
        )
    difference = export_onnx(estimator, path, verify=verify)
    return Export(
        file=path,
        pixels=int(estimator.n_features_in_),
        classes=estimator.classes_.tolist(),
        left_out=left_out,
        verified=verify,
        difference=difference,
    )


def format_export(export):
    """Return what was written as one line of text.

    Parameters
    ----------
    export : Export
        What was written.

    Returns
    -------
    str
        The line.

    Examples
    --------
    >>> from skdigits.app._export import Export, format_export
    >>> format_export(Export("a.onnx", 784, [0, 1], ["Deskewer"], True, 4.1e-07))
    'a.onnx: takes 784 pixels as Deskewer returns them, tells 2 classes, differs by 4.1e-07'
    """
    pixels = f"{export.pixels} pixels"
    if export.left_out:
        pixels += f" as {' and '.join(export.left_out)} returns them"
    checked = "labels agree" if export.difference is None else f"differs by {export.difference:.2g}"
    checked = checked if export.verified else "not verified"
    return f"{export.file}: takes {pixels}, tells {len(export.classes)} classes, {checked}"


def to_json(export):
    """Return what was written as one line of JSON.

    Parameters
    ----------
    export : Export
        What was written.

    Returns
    -------
    str
        An object with the attributes of :class:`Export`.

    Examples
    --------
    >>> from skdigits.app._export import Export, to_json
    >>> print(to_json(Export("a.onnx", 64, [0, 1], [], False, None)))
    {"file": "a.onnx", "pixels": 64, "classes": [0, 1], "left_out": [], "verified": false,
     "difference": null}
    """
    return json.dumps(asdict(export), ensure_ascii=False)

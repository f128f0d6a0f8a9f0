"""What ``skdigits read`` does, as functions that know nothing of a terminal."""

import json

from skdigits._optional import import_optional
from skdigits.app._problems import say_why
from skdigits.images import PageReader
from skdigits.images._pictures import takes_pictures

WHO = "skdigits read"
MODEL = "cnn-mnist"


def make_reader(model=None, **parameters):
    """Make a reader of pages.

    Parameters
    ----------
    model : str, default=None
        A name of :func:`skdigits.list_pretrained`, or a file of :func:`skdigits.save_model`. None
        takes the convolutional net that comes with the library.
    **parameters
        Of :class:`skdigits.PageReader`; `classes` as text.

    Returns
    -------
    PageReader
        Ready to read.

    Raises
    ------
    ImportError
        If Pillow is not installed, or the model takes another package that is not.
    OSError
        If the file of the model cannot be opened.
    ValueError
        If there is no such model, it cannot read characters or does not know one of the classes.

    Warns
    -----
    UserWarning
        If the model does not tell the range of its pixels, which is then taken to be 0 to 255.
    """
    import_optional("PIL", extra="images", who=WHO)
    estimator = _open(model)
    classes = parameters.pop("classes", None)
    return PageReader(estimator, classes=_parse_classes(classes, estimator.classes_), **parameters)


def _open(model):
    if model is None:
        from skdigits.persistence import load_pretrained  # here, as torch takes seconds to import

        return load_pretrained(MODEL)
    from skdigits.app._model_argument import open_classifier, split_off_normalizer

    estimator = open_classifier(model, who=WHO, what="--model")
    _, classifier = split_off_normalizer(estimator, name=model, who=WHO)
    # Rows alone are left to the reader, which knows more of their ink than of a picture's.
    return estimator if takes_pictures(estimator) else classifier


def _parse_classes(text, known):
    if text is None:
        return None
    by_name = {str(label): label for label in known.tolist()}
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in by_name]
    if unknown or not names:
        what = f"unknown class {unknown[0]!r}" if unknown else "no class named"
        raise ValueError(f"{what}, choose from {', '.join(by_name)}.")
    return [by_name[name] for name in names]


def read_all(reader, paths):
    """Read one picture after another; a bad one does not keep the others from being read.

    Parameters
    ----------
    reader : PageReader
        The reader.
    paths : list of str
        The files.

    Yields
    ------
    path : str
        The file.
    page : Page or None
        What is on it; None where it cannot be read.
    error : str or None
        Why not.
    """
    for path in paths:
        try:
            yield path, reader.read(path), None
        except (OSError, ValueError) as error:
            yield path, None, say_why(error)


def format_page(path, page, *, with_name, nothing="(nothing written)"):
    """Return the text of a page, under or behind the name of its file where there are several.

    Parameters
    ----------
    path : str
        The file.
    page : Page
        What is on it.
    with_name : bool
        Whether to name the file.
    nothing : str, default="(nothing written)"
        What to say of a page without characters.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.app._read import format_page
    >>> from skdigits.images._page import Page
    >>> print(format_page("blank.png", Page(np.zeros((9, 9)), []), with_name=True))
    blank.png: (nothing written)
    """
    text = page.text or nothing
    if not with_name:
        return text
    return f"{path}:{chr(10) if len(page.lines) > 1 else ' '}{text}"


def to_json(path, page, error):
    """Return what was read, or why nothing was, as one line of JSON.

    Parameters
    ----------
    path : str
        The file.
    page : Page or None
        What is on it.
    error : str or None
        Why it cannot be read.

    Returns
    -------
    str
        An object with "file", and either "error" or "text", "lines" and "characters".

    Examples
    --------
    >>> from skdigits.app._read import to_json
    >>> to_json("lost.png", None, "lost.png does not exist.")
    '{"file": "lost.png", "error": "lost.png does not exist."}'
    """
    content = {"error": error} if page is None else json.loads(page.to_json())
    return json.dumps({"file": path, **content}, ensure_ascii=False, allow_nan=False)

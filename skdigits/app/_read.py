"""What ``skdigits read`` does, as functions that know nothing of a terminal."""

import json

from skdigits._optional import import_optional
from skdigits.images import PageReader

MODEL = "cnn-mnist"


def make_reader(**parameters):
    """Make a reader of pages with the model that comes with the library.

    Parameters
    ----------
    **parameters
        Of :class:`skdigits.PageReader`; `classes` as text.

    Returns
    -------
    PageReader
        Ready to read.

    Raises
    ------
    ValueError
        If the model does not know one of the classes.
    ImportError
        If Pillow is not installed.
    """
    import_optional("PIL", extra="images", who="skdigits read")
    from skdigits.persistence import load_pretrained  # here, because torch takes seconds to import

    model = load_pretrained(MODEL)
    classes = parameters.pop("classes", None)
    return PageReader(model, classes=_parse_classes(classes, model.classes_), **parameters)


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
        except OSError as error:
            yield path, None, f"cannot open {path}: {error.strerror or error}."
        except ValueError as error:
            yield path, None, str(error)


def format_page(path, page, *, with_name):
    """Return the text of a page, under or behind the name of its file where there are several.

    Parameters
    ----------
    path : str
        The file.
    page : Page
        What is on it.
    with_name : bool
        Whether to name the file.

    Returns
    -------
    str
        The text; "(nothing written)" for an empty page.

    Examples
    --------
    >>> import numpy as np
    >>> from skdigits.app._read import format_page
    >>> from skdigits.images._page import Page
    >>> print(format_page("blank.png", Page(np.zeros((9, 9)), []), with_name=True))
    blank.png: (nothing written)
    """
    text = page.text or "(nothing written)"
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
    return json.dumps({"file": path, **content}, ensure_ascii=False)

"""The drawing page's files, which lie in the folder demo."""

from importlib.resources import files

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def page_files():
    """Return the contents and the type of every file of the page.

    Returns
    -------
    dict of str to (bytes, str)
        By name.

    Examples
    --------
    >>> from skdigits.app._demo_files import page_files
    >>> page_files()["index.html"][1]
    'text/html; charset=utf-8'
    """
    found = {}
    for file in (files("skdigits.app") / "demo").iterdir():
        kind = _TYPES.get(file.name[file.name.rfind(".") :])
        if kind is not None:
            found[file.name] = (file.read_bytes(), kind)
    return found

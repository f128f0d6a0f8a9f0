"""The versions that a repetition would need."""

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("skdigits", "scikit-learn", "skorch", "torch", "numpy", "scipy", "pandas")


def find_versions():
    """Return the versions of Python and of the packages that results depend on.

    Returns
    -------
    dict of str to str
        By name; what is not installed is left out.

    Examples
    --------
    >>> from skdigits.evaluation._versions import find_versions
    >>> list(find_versions())[:3]
    ['python', 'skdigits', 'scikit-learn']
    """
    found = {name: _find_version(name) for name in _PACKAGES}
    return {"python": platform.python_version()} | {k: v for k, v in found.items() if v}


def _find_version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None

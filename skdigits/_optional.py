"""Optional imports, with an error that names the extra to install."""

import importlib


def import_optional(name, *, extra, who):
    """Import the module `name`, or say which extra of skdigits brings it.

    Parameters
    ----------
    name : str
        Full name of the module, such as ``"matplotlib.pyplot"``.
    extra : str
        The extra that installs it, such as ``"plot"``.
    who : str
        The function or method that needs it, as the user calls it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    ImportError
        If the package is not installed. An installed package that fails on its own import
        raises its own error.

    Examples
    --------
    >>> from skdigits._optional import import_optional
    >>> import_optional("math", extra="plot", who="ModelComparisonDisplay.plot").sqrt(4)
    2.0
    """
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise ImportError(f'{who} needs {package}: pip install "skdigits[{extra}]"') from error

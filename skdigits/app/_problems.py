"""Why something failed, in one sentence for the command line."""

import errno


def say_why(error):
    """Return an exception as a sentence.

    Parameters
    ----------
    error : Exception
        What was raised. The operating system's have a number and no sentence.

    Returns
    -------
    str
        The sentence.

    Examples
    --------
    >>> from skdigits.app._problems import say_why
    >>> say_why(FileNotFoundError(2, "No such file or directory", "seven.png"))
    'cannot open seven.png: No such file or directory.'
    """
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename is None:
        return f"{error.strerror}."
    verb = "write" if is_full(error) else "open"
    return f"cannot {verb} {error.filename}: {error.strerror}."


def is_full(error):
    """Whether an exception says that there is no more space to write to."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)

"""Why something failed, in one sentence for the command line."""


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
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"cannot open {error.filename}: {error.strerror}."
    return str(error)

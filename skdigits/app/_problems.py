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
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename is None:
        return f"{error.strerror}."
    return f"cannot open {error.filename}: {error.strerror}."

"""Estimators and their names."""


def name_estimators(estimators, *, who):
    """Return pairs of a name and an estimator.

    Parameters
    ----------
    estimators : dict, list of (str, estimator) tuples, or list of estimators
        A list without names gets the names that :func:`sklearn.pipeline.make_pipeline` would give.
    who : str
        The name that an error speaks for.

    Returns
    -------
    list of (str, estimator)
        The pairs, in the order given.

    Raises
    ------
    TypeError, ValueError
        If these are no estimators, there is none, or a name is empty or twice there.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skdigits.evaluation._naming import name_estimators
    >>> name_estimators([SVC()], who="example")
    [('svc', SVC())]
    """
    pairs = _pairs(estimators, who)
    if not pairs:
        raise ValueError(f"{who} expects at least one estimator, got none.")
    names = [name for name, _ in pairs]
    for name in names:
        _check_name(name, names, who)
    return pairs


def describe_type(value):
    """Return the name of a value's type with its article.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skdigits.evaluation._naming import describe_type
    >>> describe_type(SVC()), describe_type([])
    ('an SVC', 'a list')
    """
    name = type(value).__name__
    spelled = name[:2].isupper()  # letter by letter: an SVC
    vowels = "AEFHILMNORSX" if spelled else "AEIOUaeiou"
    return f"{'an' if name[0] in vowels else 'a'} {name}"


def _pairs(estimators, who):
    if hasattr(estimators, "items"):
        return list(estimators.items())
    if hasattr(estimators, "fit") or isinstance(estimators, str):
        raise TypeError(
            f"{who} expects a dict or a list of estimators, "
            f"got {describe_type(estimators)}: put it in a list."
        )
    entries = list(estimators)
    are_pairs = [isinstance(entry, tuple) and len(entry) == 2 for entry in entries]
    if all(are_pairs):
        return entries
    if any(are_pairs):
        raise TypeError(f"{who} expects names for all of the estimators or for none.")
    return list(zip(_make_names(entries), entries, strict=True))


def _make_names(estimators):
    """Name estimators as make_pipeline does: the class in small letters, numbered if twice."""
    names = [type(estimator).__name__.lower() for estimator in estimators]
    return [
        f"{name}-{names[: position + 1].count(name)}" if names.count(name) > 1 else name
        for position, name in enumerate(names)
    ]


def _check_name(name, names, who):
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"{who} expects names that are non-empty strings, got {name!r}.")
    if names.count(name) > 1:
        raise ValueError(f"{who} expects distinct names, got {name!r} twice.")

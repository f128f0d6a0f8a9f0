"""Numbers and lists as a sentence has them."""


def say_percent(share, digits=2):
    """Write a share of one.

    Examples
    --------
    >>> from skdigits.evaluation._wording import say_percent
    >>> say_percent(0.98886)
    '98.89 %'
    """
    return f"{100 * share:.{digits}f} %"


def say_seconds(seconds):
    """Write a time to two digits, in the unit that suits it.

    Examples
    --------
    >>> from skdigits.evaluation._wording import say_seconds
    >>> [say_seconds(time) for time in (0.00123, 0.25, 12.34, 300)]
    ['1.2 ms', '250 ms', '12 s', '5.0 min']
    """
    unit, size = next(
        (unit, size)
        for unit, size, limit in (("ms", 1e-3, 0.9995), ("s", 1, 99.5), ("min", 60, float("inf")))
        if seconds < limit
    )
    return f"{seconds / size:.{0 if seconds / size >= 9.95 else 1}f} {unit}"


def say_count(number, noun, plural=None):
    """Write a number of things.

    Examples
    --------
    >>> from skdigits.evaluation._wording import say_count
    >>> say_count(1, "mistake"), say_count(1797, "mistake")
    ('1 mistake', '1,797 mistakes')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def say_list(words):
    """Join words by commas and a last "and".

    Examples
    --------
    >>> from skdigits.evaluation._wording import say_list
    >>> say_list(["a", "b", "c"])
    'a, b and c'
    """
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last

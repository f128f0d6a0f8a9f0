"""Values as JSON holds them, their arrays apart; no code, no pickle."""

import math

import numpy as np

_KINDS = "biuf"  # of arrays that a file holds: booleans, integers, floats
_MAX_TEXT = 4096  # characters of a text in an array


class Damaged(ValueError):
    """What a file says makes no sense; its message completes "it is damaged: "."""


def to_plain(value, arrays, convert):
    """Return `value` as JSON holds it; its arrays go into `arrays`.

    What JSON does not know is an object of one member, whose name says what it is.

    Parameters
    ----------
    value : object
        Numbers, text, None, tuples, lists, dicts, arrays of numbers or of text, and what
        `convert` knows.
    arrays : dict of str to ndarray
        Filled with the arrays by their numbers.
    convert : callable
        Called with any other value; returns it as JSON holds it, or raises a TypeError.
    """

    def inner(part):
        return to_plain(part, arrays, convert)

    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return {"scalar": _array_to_plain(np.atleast_1d(value), arrays)}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, np.ndarray):
        return _array_to_plain(value, arrays)
    if type(value) is tuple:
        return {"tuple": [inner(part) for part in value]}
    if type(value) is list:
        return [inner(part) for part in value]
    if type(value) is dict:
        if all(isinstance(key, str) for key in value):
            return {"dict": {key: inner(part) for key, part in value.items()}}
        return {"pairs": [[inner(key), inner(part)] for key, part in value.items()]}
    return convert(value)


def _array_to_plain(array, arrays):
    is_text = array.dtype.kind == "U"
    if is_text or (array.dtype == object and all(isinstance(item, str) for item in array.flat)):
        width = array.dtype.itemsize // 4 if is_text else None
        if array.ndim == 1 and (width or 0) <= _MAX_TEXT:
            return {"text": array.tolist(), "width": width}
    elif array.dtype.kind in _KINDS and array.dtype.itemsize <= 8:
        name = str(len(arrays))
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        arrays[name] = np.require(native, requirements="C")
        return {"array": name}
    raise TypeError(f"an array of {array.dtype} and shape {array.shape}")


def from_plain(value, take, convert):
    """Undo :func:`to_plain`.

    Parameters
    ----------
    value : object
        What JSON held.
    take : callable
        Returns the array of a name.
    convert : callable
        Called with tag and content of what :func:`to_plain` left to its `convert`.

    Raises
    ------
    Damaged
        If `value` is nothing that :func:`to_plain` returns.
    """
    if isinstance(value, list):
        return [from_plain(part, take, convert) for part in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"text", "width"}:
        return _text_array(value["text"], value["width"])
    if len(value) != 1:
        raise Damaged("an object of it has no kind")
    ((tag, content),) = value.items()
    if tag in ("array", "float"):
        return take(content) if tag == "array" else _read_float(content)
    if tag == "dict":
        items = _expect(content, dict, tag).items()
        return {key: from_plain(part, take, convert) for key, part in items}
    if tag in ("pairs", "tuple", "scalar"):
        return _from_members(tag, content, lambda part: from_plain(part, take, convert))
    return convert(tag, content)


def _from_members(tag, content, inner):
    if tag == "tuple":
        return tuple(inner(part) for part in _expect(content, list, tag))
    if tag == "scalar":
        array = inner(content)
        if not isinstance(array, np.ndarray) or array.shape != (1,):
            raise Damaged("a number of it is none")
        return array[0]
    pairs = [inner(_expect(pair, list, tag)) for pair in _expect(content, list, tag)]
    keys_are_plain = all(len(pair) == 2 and isinstance(pair[0], int | str) for pair in pairs)
    if not keys_are_plain:
        raise Damaged("its pairs are none")
    return dict(pairs)


def _expect(content, kind, tag):
    if type(content) is not kind:
        raise Damaged(f"its {tag} is a {type(content).__name__}")
    return content


def _read_float(content):
    if content not in ("inf", "-inf", "nan"):
        raise Damaged("a number of it is none")
    return float(content)


def _text_array(content, width):
    texts = _expect(content, list, "text")
    fits = width is None or (type(width) is int and 0 < width <= _MAX_TEXT)
    if not fits or not all(isinstance(text, str) for text in texts):
        raise Damaged("a text of it is none")
    if width is not None and any(len(text) > width for text in texts):
        raise Damaged("a text of it is too long")
    array = np.empty(len(texts), dtype=object if width is None else f"<U{width}")
    array[:] = texts
    return array

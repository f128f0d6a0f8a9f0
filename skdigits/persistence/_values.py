"""Values as JSON holds them, their arrays apart; no code, no pickle."""

import math

import numpy as np

_KINDS = "biuf"  # of arrays that a file holds: booleans, integers, floats
_MAX_TEXT = 4096  # characters of a text in an array
_MAX_TEXTS = 2**24  # characters of all texts in arrays, each as wide as its array's widest
_LONGEST_QUOTE = 80


class Damaged(ValueError):
    """What a file says makes no sense; its message completes "load_model cannot read …: "."""


def quoted(value):
    """Return what a file says as a message may show it: short, and no escapes of terminals."""
    return cut(ascii(value))


def cut(text, most=_LONGEST_QUOTE):
    """Return text that may have come from a file, on one short line of plain letters."""
    text = ascii(" ".join(text.split()))[1:-1]
    return text if len(text) <= most else f"{text[: most - 3]}..."


def are_labels(classes):
    """Whether an array can be the labels of a classifier: in order, none twice, none NaN."""
    if classes.ndim != 1 or classes.size == 0:
        return False
    try:
        return np.array_equal(np.unique(classes), classes)
    except TypeError:  # objects of several kinds
        return False


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


class PlainReader:
    """Undoes :func:`to_plain`, every array taken once and texts no larger than they may be.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The arrays by their names.

    Notes
    -----
    A subclass says by `convert`, called with tag and content, what is left to it. All methods
    raise :class:`Damaged` where a value is nothing that :func:`to_plain` returns.
    """

    def __init__(self, arrays):
        self._arrays, self._taken, self._n_characters = arrays, set(), 0
        self._readers = {
            "array": self._take,
            "dict": self._read_dict,
            "float": _read_float,
            "pairs": self._read_pairs,
            "scalar": self._read_scalar,
            "tuple": self._read_tuple,
        }

    def read_plain(self, value):
        """Return the value that JSON stands for."""
        if isinstance(value, list):
            return [self.read_plain(part) for part in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"text", "width"}:
            return self._read_text(value["text"], value["width"])
        if len(value) != 1:
            raise Damaged("an object of it has no kind")
        ((tag, content),) = value.items()
        return self._readers[tag](content) if tag in self._readers else self.convert(tag, content)

    def convert(self, tag, content):
        """Return what an object of another kind stands for."""
        raise Damaged(f"it has an unknown part, {quoted(tag)}")

    def check_all_taken(self):
        """Refuse arrays that no part of the value has asked for."""
        extra = set(self._arrays) - self._taken
        if extra:
            raise Damaged(f"it has an array too many, {quoted(sorted(extra)[0])}")

    def _take(self, name):
        if not isinstance(name, str) or name not in self._arrays or name in self._taken:
            raise Damaged(f"it has no array {quoted(name)}, or needs it twice")
        self._taken.add(name)
        return self._arrays[name]

    def _read_dict(self, content):
        items = _expect(content, dict, "dict").items()
        return {key: self.read_plain(part) for key, part in items}

    def _read_pairs(self, content):
        pairs = [self.read_plain(_expect(pair, list, "pairs")) for pair in _expect(content, list)]
        if not all(len(pair) == 2 and _is_key(pair[0]) for pair in pairs):
            raise Damaged("its pairs are none")
        found = dict(pairs)
        if len(found) < len(pairs):
            raise Damaged("its pairs have a key twice")
        return found

    def _read_scalar(self, content):
        array = self.read_plain(content)
        if not isinstance(array, np.ndarray) or array.shape != (1,) or array.dtype.kind == "O":
            raise Damaged("a number of it is none")
        return array[0]

    def _read_tuple(self, content):
        return tuple(self.read_plain(part) for part in _expect(content, list, "tuple"))

    def _read_text(self, texts, width):
        texts = _expect(texts, list, "text")
        fits = width is None or (type(width) is int and 0 < width <= _MAX_TEXT)
        if not fits or not all(isinstance(text, str) for text in texts):
            raise Damaged("a text of it is none")
        if width is not None and any(len(text) > width for text in texts):
            raise Damaged("a text of it is too long")
        self._n_characters += len(texts) * (width or 0)
        if self._n_characters > _MAX_TEXTS:
            raise Damaged("its texts are too large")
        array = np.empty(len(texts), dtype=object if width is None else f"<U{width}")
        array[:] = texts
        return array


def _is_key(value):
    return isinstance(value, int | float | str | np.generic)


def _expect(content, kind, tag="pairs"):
    if type(content) is not kind:
        raise Damaged(f"its {tag} is a {type(content).__name__}")
    return content


def _read_float(content):
    if content not in ("inf", "-inf", "nan"):
        raise Damaged("a number of it is none")
    return float(content)

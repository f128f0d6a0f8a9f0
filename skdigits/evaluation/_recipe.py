"""A comparison as the Python code that makes it again."""

import ast
import inspect
import sys
from collections import defaultdict
from importlib import import_module
from textwrap import fill

import numpy as np
from sklearn import model_selection

_WIDTH = 88  # of a line of code
_MAX_NUMBERS = 1000  # of an array that is written out
_PLAIN = (bool, int, str, bytes, complex, range, type(None), type(Ellipsis))
_BRACKETS: dict[type, str] = {list: "[]", tuple: "()", set: "{}", dict: "{}"}
_MAX_LETTERS = 12  # of items that share lines
_TAKEN = ("X", "y", "models", "comparison", "compare_models", "np")


def write_recipe(comparison):
    """Return a script that makes a comparison again.

    Every estimator is written whole, with the imports it takes. What Python code cannot say, an
    open generator of random numbers or a function without a name, stands there as a name, and a
    comment says what it was.

    Parameters
    ----------
    comparison : ModelComparison
        The comparison.

    Returns
    -------
    str
        Python code, that takes `X`, `y` and what its comments name.
    """
    writer = _Writer([*_TAKEN, *comparison.settings])
    entries = [
        f"{name!r}: {writer.write(estimator, name, indent=4)}"
        for name, estimator in comparison.estimators.items()
    ]
    models = "models = " + _bracket("{", entries, "}", indent=0, is_long=True)
    arguments = [
        f"{name}={writer.write_setting(name, text)}" for name, text in comparison.settings.items()
    ]
    call = _bracket("compare_models(", ["models", "X", "y", *arguments], ")", indent=0)
    comments = ["# X, y: the images and the labels that were compared on.", *writer.comments]
    return "\n".join([*writer.write_imports(), "", *comments, models, f"comparison = {call}"])


class _Writer:
    """Writes values as code, and keeps the imports and the comments that the code takes."""

    def __init__(self, taken):
        self.comments = []
        self._imports = {"compare_models": ("skdigits", "compare_models")}
        self._names = set(taken)

    def write_imports(self):
        """Return the lines of the imports."""
        modules, lines = [], defaultdict(list)
        for alias, (module, name) in self._imports.items():
            if name:
                lines[module].append(name if alias == name else f"{name} as {alias}")
            else:
                modules.append(f"import {module} as {alias}")
        return modules + [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(lines.items())
        ]

    def write(self, value, owner, *, name="value", indent=0):
        """Return the code of a value of the model `owner`; a long one goes on after `indent`."""
        if type(value) in _PLAIN:
            return repr(value)
        if isinstance(value, float | np.floating):
            number = repr(float(value))
            return number if np.isfinite(value) else f'float("{number}")'
        if isinstance(value, np.generic) and type(value.item()) in _PLAIN:
            return repr(value.item())
        if type(value) in _BRACKETS:
            return self._write_items(value, owner, name, indent)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
            return self._write_array(value, owner, name)
        if hasattr(value, "get_params") and not isinstance(value, type):
            return self._write_estimator(value, owner, indent)
        if callable(value) and _find_import(value) is not None:
            return self._import(value)
        if type(value) is vars(model_selection).get(type(value).__name__) and _is_code(value):
            self._import(type(value))
            return repr(value)
        return self._leave_out(value, owner, name)

    def write_setting(self, name, text):
        """Return the code of an argument, of which the comparison kept the text."""
        try:
            used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        except SyntaxError:
            used, text = {name}, name
        for word in sorted(used):
            if word == "np":
                self._imports["np"] = ("numpy", "")
            elif word in vars(model_selection):
                self._imports[word] = ("sklearn.model_selection", word)
            else:
                self.comments.append(f"# {word}: as it was given to compare_models.")
        return text

    def _write_items(self, value, owner, name, indent):
        def write(item):
            return self.write(item, owner, name=name, indent=indent + 4)

        if isinstance(value, dict):
            items = [f"{write(key)}: {write(item)}" for key, item in value.items()]
        else:
            items = [write(item) for item in value]
        if isinstance(value, set) and not items:
            return "set()"
        if isinstance(value, tuple) and len(items) == 1:
            return f"({items[0]},)"
        return _bracket(_BRACKETS[type(value)][0], items, _BRACKETS[type(value)][1], indent=indent)

    def _write_array(self, value, owner, name):
        is_finite = value.dtype.kind != "f" or np.isfinite(value).all()
        if value.size > _MAX_NUMBERS or not is_finite:
            return self._leave_out(value, owner, name)
        self._imports["np"] = ("numpy", "")
        dtype = "" if value.dtype.kind == "U" else f", dtype={value.dtype.name!r}"
        return f"np.array({value.tolist()!r}{dtype})"

    def _write_estimator(self, value, owner, indent):
        """Return the call that makes an estimator, with the parameters that are not defaults."""
        kind = type(value)
        if _find_import(kind) is None:
            self._comment(f"# {kind.__name__}: a class of your own, of {owner!r}.")
            called = kind.__name__
        else:
            called = self._import(kind)
        defaults = inspect.signature(kind).parameters
        arguments = [
            f"{name}={self.write(parameter, owner, name=name, indent=indent + 4)}"
            for name, parameter in value.get_params(deep=False).items()
            if name not in defaults or repr(parameter) != repr(defaults[name].default)
        ]
        return _bracket(f"{called}(", arguments, ")", indent=indent)

    def _import(self, value):
        """Import a class or a function, under another name where its own is taken."""
        found, alias, number = _find_import(value), value.__name__, 1
        while self._imports.get(alias, found) != found or (
            alias not in self._imports and alias in self._names
        ):
            number += 1
            alias = f"{value.__name__}_{number}"
        self._imports[alias] = found
        self._names.add(alias)
        return alias

    def _leave_out(self, value, owner, name):
        """Put a name where no code can be, and say what it stands for."""
        alias, number = name, 1
        while alias in self._names:
            number += 1
            alias = f"{name}_{number}"
        self._names.add(alias)
        said = " ".join(repr(value).split())
        said = said if len(said) <= 60 else f"{said[:59]}…"
        self._comment(f"# {alias}: of {owner!r}, which code cannot say: {said}")
        return alias

    def _comment(self, text):
        if text not in self.comments:
            self.comments.append(text)


def _is_code(value):
    """Say whether a value shows itself as code."""
    try:
        ast.parse(repr(value))
    except SyntaxError:
        return False
    return True


def _bracket(opening, items, closing, *, indent, is_long=False):
    """Join items on a line, or one a line where they are too long for that."""
    line = f"{opening}{', '.join(items)}{closing}"
    if not items or not (is_long or "\n" in line or indent + len(line) > _WIDTH):
        return line
    start = " " * (indent + 4)
    if any(len(item) > _MAX_LETTERS or " " in item for item in items) or is_long:
        inner = "".join(f"{start}{item},\n" for item in items)
    else:
        text = ", ".join(items) + ","
        inner = fill(text, _WIDTH, initial_indent=start, subsequent_indent=start) + "\n"
    return f"{opening}\n{inner}{' ' * indent}{closing}"


def _find_import(value):
    """Return the shortest public module that has a class or a function, and its name; or None."""
    name, path = getattr(value, "__name__", ""), getattr(value, "__module__", None)
    if not path or path == "__main__" or not name.isidentifier():
        return None
    parts = path.split(".")
    for n_parts in range(1, len(parts) + 1):
        module = ".".join(parts[:n_parts])
        if module in sys.modules and getattr(import_module(module), name, None) is value:
            return module, name
    return None

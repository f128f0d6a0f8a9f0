"""The drawing page as a folder that any web server can serve: the net runs in the browser."""

import errno
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sklearn.datasets import load_digits

from skdigits._optional import import_optional
from skdigits.app._demo_files import page_files
from skdigits.app._model_argument import open_classifier
from skdigits.app._web_runtime import copy_runtime
from skdigits.images import CharacterNormalizer
from skdigits.persistence._onnx import export_onnx

WHO = "skdigits export --web"

# What the server of `skdigits demo` says in a header, and WebAssembly.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_HEAD = b'<meta charset="utf-8">\n'

# The parameters that normalize.js has as well, by the names that it has for them.
_PORTED = {"size": "size", "box": "box", "specks": "specks", "stroke_width": "strokeWidth"}
_NOT_PORTED = ("polarity", "rules", "centering")


@dataclass(frozen=True)
class WebExport:
    """A folder that was written.

    Parameters
    ----------
    folder : str
        Its path.
    classes : list of str
        What its model tells apart.
    difference : float or None
        The largest difference of a probability found between its net and the model; None where
        only labels were compared.
    megabytes : float
        The size of all its files.
    """

    folder: str
    classes: list
    difference: float | None
    megabytes: float


def export_web(model, folder, *, runtime=None):
    """Write the drawing page and a model as a folder of static files.

    Parameters
    ----------
    model : str
        A name of :func:`skdigits.list_pretrained`, or a file of :func:`skdigits.save_model`: a
        Pipeline that begins with a CharacterNormalizer.
    folder : str
        The folder to write, whole or not at all. It must be empty or not be there.
    runtime : str, default=None
        The unpacked npm package onnxruntime-web. None takes what the environment variable
        SKDIGITS_ORT_WEB says, or fetches the package with npm.

    Returns
    -------
    WebExport
        What was written.

    Raises
    ------
    ImportError
        If a package of the extra is missing.
    OSError
        If a file cannot be opened, or the folder not be made.
    TypeError, ValueError
        If there is no such model or runtime, the model cannot be exported, or the folder is not
        empty.
    """
    estimator = open_classifier(model, who=WHO)
    _check_normalizer(estimator, model)
    with _new_folder(Path(folder)) as new:
        difference = _write_model(estimator, Path(model).name, new)
        _write_page(new)
        (new / "runtime").mkdir()
        copy_runtime(new / "runtime", runtime, who=WHO)
        n_bytes = sum(path.stat().st_size for path in new.rglob("*"))
    return WebExport(
        folder=folder,
        classes=_labels(estimator),
        difference=difference,
        megabytes=round(n_bytes / 1e6, 1),
    )


def format_web_export(export):
    """Return what was written as one line of text.

    Parameters
    ----------
    export : WebExport
        What was written.

    Returns
    -------
    str
        The line, and how to look at it.

    Examples
    --------
    >>> from skdigits.app._export_web import WebExport, format_web_export
    >>> print(format_web_export(WebExport("page", ["0", "1"], 4.1e-07, 15.2)))
    page: 15.2 MB, tells 2 classes, differs by 4.1e-07; see it with
    python -m http.server --bind 127.0.0.1 --directory page
    """
    checked = "labels agree" if export.difference is None else f"differs by {export.difference:.2g}"
    return (
        f"{export.folder}: {export.megabytes} MB, tells {len(export.classes)} classes, {checked}; "
        "see it with\n"
        f"python -m http.server --bind 127.0.0.1 --directory {export.folder}"
    )


def _check_normalizer(estimator, model):
    """Refuse what JavaScript does not normalise as Python does."""
    steps = getattr(estimator, "steps", [("", estimator)])
    first = steps[0][1]
    if type(first) is not CharacterNormalizer or len(steps) == 1:
        raise ValueError(
            f"{WHO} expects a Pipeline that begins with a CharacterNormalizer, {model} begins with "
            f"a {type(first).__name__}: put one in front."
        )
    defaults = CharacterNormalizer().get_params()
    for name in _NOT_PORTED:
        if getattr(first, name) != defaults[name]:
            raise ValueError(
                f"{WHO} expects a CharacterNormalizer with {name}={defaults[name]!r}, which is all "
                f"that the page can do, got {name}={getattr(first, name)!r}."
            )


@contextmanager
def _new_folder(folder):
    """Give a temporary folder beside `folder`; move it there when the block succeeds."""
    if not folder.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder.parent))
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{WHO} expects an empty or a new folder, {folder} has files.")
    folder = folder.absolute()
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        temporary.mkdir()
    except OSError as error:  # which is told of the folder that was asked for
        raise OSError(error.errno, error.strerror, str(folder)) from None
    try:
        yield temporary
        if folder.exists():
            folder.rmdir()  # it is empty; Windows renames onto nothing that exists
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_model(estimator, name, folder):
    """Write the net and what the page must know of it; return by how much the net differs."""
    normalizer, classifier = estimator[0], estimator[1:]
    characters = normalizer.transform(load_digits().images[:100].astype("uint8"))
    difference = export_onnx(classifier, folder / "net.onnx", X=characters)
    about = {
        "name": name,
        "labels": _labels(estimator),
        "classes": [_in_json(label) for label in estimator.classes_.tolist()],
        "normalizer": {ported: getattr(normalizer, name) for name, ported in _PORTED.items()},
        "output": _output_of(folder / "net.onnx"),
    }
    text = json.dumps(about, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / "labels.json").write_text(text + "\n", encoding="utf-8")
    return difference


def _in_json(label):
    """Return a label as JavaScript can read it: its numbers end at 2 to the power of 53."""
    is_integer = isinstance(label, int) and not isinstance(label, bool)
    return str(label) if is_integer else label


def _labels(estimator):
    return [str(label) for label in estimator.classes_.tolist()]


def _output_of(path):
    """Return what the page asks the net for: the label where it has no probabilities."""
    onnx = import_optional("onnx", extra="onnx", who=WHO)
    outputs = {output.name for output in onnx.load(path).graph.output}
    return "probabilities" if "probabilities" in outputs else "label"


def _write_page(folder):
    for name, (content, _) in page_files().items():
        (folder / name).write_bytes(content)
    model = files("skdigits.app") / "demo" / "static" / "model.js"
    (folder / "model.js").write_bytes(model.read_bytes())
    page = folder / "index.html"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    page.write_bytes(page.read_bytes().replace(_HEAD, _HEAD + policy.encode()))

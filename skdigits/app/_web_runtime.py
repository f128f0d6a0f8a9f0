"""onnxruntime-web, which runs a net in a browser: where its files come from."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from skdigits._optional import import_optional

VERSION = "1.30.0"  # the one that was tested
VARIABLE = "SKDIGITS_ORT_WEB"
_PACKAGE = f"onnxruntime-web@{VERSION}"
# What the registry states, as `npm view onnxruntime-web@VERSION dist.integrity`.
_SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
# The entry that knows WebAssembly alone: half the size of the default one. As .js, which every
# server knows to be JavaScript; the other name is in the code of the first.
_FILES = {
    "dist/ort.wasm.bundle.min.mjs": "ort.js",
    "dist/ort-wasm-simd-threaded.wasm": "ort-wasm-simd-threaded.wasm",
    "package.json": "package.json",
}
_LICENCES = ("LICENSE", "ThirdPartyNotices.txt")
_PATIENCE = 600  # seconds for 33 MB


def copy_runtime(folder, source, *, who):
    """Put the files of onnxruntime-web into a folder, with their licences.

    Parameters
    ----------
    folder : path-like
        An empty folder.
    source : path-like or None
        The unpacked npm package. None takes what the environment variable SKDIGITS_ORT_WEB says,
        or fetches the package with npm.
    who : str
        The command that an error speaks for.

    Raises
    ------
    ImportError
        If onnxruntime, whose licences these are, is not installed.
    OSError
        If a file cannot be read or written.
    ValueError
        If there is no such package, it is another version, or cannot be fetched.
    """
    source = source or os.environ.get(VARIABLE)
    with _fetched(who) if source is None else _unpacked(source, who) as package:
        for name, copy in _FILES.items():
            shutil.copyfile(package / name, Path(folder) / copy)
    import_optional("onnxruntime", extra="onnx", who=who)
    for name in _LICENCES:  # the npm package has none of its own; both are built of one source
        (Path(folder) / name).write_bytes((files("onnxruntime") / name).read_bytes())


@contextmanager
def _unpacked(source, who):
    """Give the folder of a package that the user has."""
    package = Path(source)
    missing = [name for name in _FILES if not (package / name).is_file()]
    if missing:
        raise ValueError(
            f"{who} expects the unpacked npm package {_PACKAGE} in {source}, "
            f"which has no {missing[0]}."
        )
    found = _name_of(package)
    if found != _PACKAGE:
        raise ValueError(f"{who} expects {_PACKAGE} in {source}, got {found}.")
    yield package


def _name_of(package):
    try:
        content = json.loads((package / "package.json").read_bytes())
        return f"{content['name']}@{content['version']}"
    except (KeyError, TypeError, ValueError):
        return "a package.json without name or version"


def fetch_package(folder, *, who):
    """Fetch the package with npm, and unpack what is needed of it.

    Parameters
    ----------
    folder : path-like
        Where to put it.
    who : str
        The command that an error speaks for.

    Returns
    -------
    Path
        The package's folder, a new one in `folder`.

    Raises
    ------
    ValueError
        If npm is not there, cannot fetch the package, or fetches another than the pinned one.
    """
    archive = _pack(Path(folder), who)
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != _SHA512:
        raise ValueError(f"{who} refuses the {_PACKAGE} that npm fetched: its hash is another.")
    with tarfile.open(archive) as package:
        for name in _FILES:
            package.extract(f"package/{name}", folder, filter="data")
    return Path(folder) / "package"


@contextmanager
def _fetched(who):
    """Give the folder of a package that npm fetches, until the block ends."""
    with TemporaryDirectory() as temporary:
        yield fetch_package(temporary, who=who)


def _pack(folder, who):
    """Have npm write its archive of the package into a folder, and return the archive's path."""
    way_out = (
        f"unpack the npm package {_PACKAGE} and give its folder by --runtime or as {VARIABLE}."
    )
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError(f"{who} finds no npm to fetch onnxruntime-web: {way_out}")
    command = [npm, "pack", "--silent", "--ignore-scripts", _PACKAGE]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_PATIENCE)
        return next(folder.glob("*.tgz"))
    except (subprocess.SubprocessError, StopIteration) as error:
        raise ValueError(f"{who} could not fetch {_PACKAGE} with npm: {way_out}") from error

"""Files of data sets: found in the data home, or downloaded into it."""

import tempfile
from contextlib import contextmanager, suppress

from skdigits._files import atomic_path
from skdigits._optional import import_optional
from skdigits.datasets._home import describe_missing, find_file, find_folder

_TIMEOUT = (10, 60)  # seconds to connect, and from one piece to the next
_CHUNK = 1 << 16


def find_or_download(origin, checks, *, data_home, download_if_missing):
    """Return the paths of files, downloaded where they are missing.

    Parameters
    ----------
    origin : Origin
        Where they come from, and where they belong.
    checks : dict of str to callable
        For the name of every file, as it is published, a function that takes the path of a
        download and returns whether it is the published file (or raises a ValueError). Files
        that are there already are not checked here.
    data_home : str or path-like, or None
        The data home.
    download_if_missing : bool
        Whether to download.

    Returns
    -------
    list of Path
        In the order of `checks`.

    Raises
    ------
    OSError
        One sentence: which files are missing, where they belong, where they can be had, and why
        they could not be downloaded. Nothing is left under the name of a file that failed, and no
        empty folder.
    """
    folder = find_folder(origin, data_home)
    missing = [name for name in checks if find_file(folder, name) is None]
    if missing:
        download = _make_download(origin, missing, folder, download_if_missing)
        with _folder_for(origin, folder):
            _download_all(origin, {name: checks[name] for name in missing}, folder, download)
    return [find_file(folder, name) for name in checks]


def _download_all(origin, checks, folder, download):
    names = list(checks)
    for done, name in enumerate(names):
        reasons = _try_mirrors(origin, folder / name, checks[name], download)
        if reasons:
            sentence = describe_missing(origin, names[done:], folder)
            raise OSError(f"{sentence}, but the download failed ({'; '.join(reasons)}).")


def has_hash(known, algorithm="sha256"):
    """Return a check that compares the hash of a file with the known one."""

    def check(path):
        import pooch  # which downloaded it

        return pooch.file_hash(str(path), alg=algorithm) == known

    return check


def _make_download(origin, missing, folder, download_if_missing):
    """Return a function of an address and a path, or raise the sentence why there is none."""
    sentence = describe_missing(origin, missing, folder)
    if not download_if_missing:
        raise FileNotFoundError(f"{sentence}.")
    try:
        pooch = import_optional("pooch", extra="data", who="downloading")
    except ImportError as error:
        raise FileNotFoundError(f"{sentence}; {error}") from error
    # Unpacked on the way, a .gz file would no longer have its hash.
    headers = {"Accept-Encoding": "identity"}
    downloader = pooch.HTTPDownloader(chunk_size=_CHUNK, timeout=_TIMEOUT, headers=headers)

    def download(url, path):
        pooch.get_logger().info("Downloading %s", url)
        downloader(url, str(path), None)

    return download


@contextmanager
def _folder_for(origin, folder):
    """Make a folder and those above it; take away again what is empty when the block fails."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        _make_folder(origin, folder)
        yield
    except BaseException:
        with suppress(OSError):  # it has files, or is not there
            for path in new:
                path.rmdir()
        raise


def _make_folder(origin, folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"{origin.who} cannot write into {folder} ({error.strerror}): "
            "name another data home (data_home, --data-home or SKDIGITS_DATA)."
        ) from error


def _try_mirrors(origin, path, check, download):
    """Download a file from the first mirror that has it; return why each failed if all do."""
    reasons = []
    for mirror in origin.mirrors:
        try:
            with atomic_path(path) as partial:
                download(mirror + path.name, partial)
                if not _passes(check, partial):
                    raise ValueError("not the published file")
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            reasons.append(f"{mirror}{path.name}: {_explain(error)}")
        else:
            return []
    return reasons


def _passes(check, path):
    try:
        return check(path)
    except ValueError:
        return False


def _explain(error):
    """Return a few words in the place of the half page that requests has."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)

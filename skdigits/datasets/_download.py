"""Files of data sets from the web: several mirrors, contents checked, never half a file."""

import os
from dataclasses import dataclass

from skdigits._optional import import_optional

_SECONDS = (10, 60)  # to connect, and without a byte


@dataclass(frozen=True)
class Remote:
    """A file on the web.

    Attributes
    ----------
    name : str
        Of the file, on the web and here.
    digest : str
        Of its contents, as ``"sha256:..."``.
    mirrors : tuple of str
        Addresses of the folders that hold it, each tried in turn.
    """

    name: str
    digest: str
    mirrors: tuple


def download(remotes, folder, *, who):
    """Download files into a folder; none appears there under its name but whole and checked.

    Raises
    ------
    ImportError
        If pooch is not installed.
    OSError
        If a file cannot be had from any mirror, or not be written.
    """
    pooch = import_optional("pooch", extra="data", who=f"{who} without files in {folder}")
    if os.path.exists(folder) and not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{who} cannot write into {folder}.")
    for position, remote in enumerate(remotes):
        failures = _download_one(pooch, remote, folder)
        if failures:
            names = ", ".join(other.name for other in remotes[position:])
            raise OSError(
                f"{who} could not download {remote.name} ({'; '.join(failures)}): put {names} "
                f"into {folder} yourself, or name another data home (data_home, --data-home or "
                "SKDIGITS_DATA)."
            )


def _download_one(pooch, remote, folder):
    """Try one mirror after another; return why each failed, or nothing.

    A file half done has another name, and is deleted.
    """
    failures = []
    for mirror in remote.mirrors:
        try:
            pooch.retrieve(
                mirror + remote.name,
                known_hash=remote.digest,
                fname=remote.name,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=_SECONDS),
            )
        except (OSError, ValueError) as error:  # the network's errors, and a wrong digest
            failures.append(f"{mirror}: {_reason(error)}")
        else:
            return []
    return failures


def _reason(error):
    if isinstance(error, ValueError) and "hash" in str(error).lower():
        return "not the published file"
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    return type(error).__name__

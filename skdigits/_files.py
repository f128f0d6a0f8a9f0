"""Files that are complete or absent."""

import errno
import os
import secrets
import stat
from contextlib import contextmanager
from pathlib import Path

_LONGEST_STEM = 50  # of a temporary name, which is to be no longer than names may be


@contextmanager
def atomic_path(path):
    """Give a temporary path beside `path`; move it there when the block succeeds.

    A link is followed, and the file that is replaced leaves its mode to the new one.

    Parameters
    ----------
    path : path-like
        The file; where there is one it is a regular one.

    Yields
    ------
    temporary : Path
        A new, empty file in the same folder, of a name that nobody can know before.

    Raises
    ------
    OSError
        If the folder is missing or cannot be written to, or what is at `path` is no regular file.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    mode = _mode_of(path)
    # The suffix stays, for what reads the format off it (matplotlib's savefig).
    name = f".{path.stem[:_LONGEST_STEM]}.{secrets.token_hex(8)}.partial{path.suffix}"
    temporary = path.with_name(name)
    _create(temporary, path)
    try:
        if mode is not None:
            temporary.chmod(mode)
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _mode_of(path):
    """Return the mode of the file at `path`, None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return stat.S_IMODE(status.st_mode)


def _create(temporary, path):
    """Create a file that is there for nobody else, whatever link lies in its place."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        os.close(os.open(temporary, flags, 0o666))
    except OSError as error:  # which is told of the file that was asked for
        raise OSError(error.errno, error.strerror, str(path)) from None

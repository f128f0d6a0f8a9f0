"""Files that are complete or absent."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path):
    """Give a temporary path beside `path`; move it there when the block succeeds."""
    path = Path(path)
    # The suffix stays, for what reads the format off it (matplotlib's savefig).
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

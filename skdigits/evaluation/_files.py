"""Files that are complete or absent: written under a temporary name, then moved into place."""

import os
import re
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


def write_text(path, text):
    """Write `text` in UTF-8, all or nothing, and return the path."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def file_stems(names):
    """Map names to distinct stems that every file system takes."""
    stems: dict[str, str] = {}
    for name in names:
        stem_base = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:80] or "model"
        stem = stem_base
        number = 1
        while stem.lower() in {taken.lower() for taken in stems.values()}:
            number += 1
            stem = f"{stem_base}-{number}"
        stems[name] = stem
    return stems

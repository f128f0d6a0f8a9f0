"""Names of files, and text in them."""

import re
from pathlib import Path

from skdigits._files import atomic_path


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

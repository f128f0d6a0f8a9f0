"""Files that an earlier comparison left in a folder."""

import json
import re
from hashlib import sha256
from pathlib import Path

from skdigits.evaluation._files import file_stems

_REPORT = "report.html"
_MARK = re.compile(r'<meta name="comparison" content="(\w+)">')
_HEAD = 4096  # characters of a page, in which its mark is


def mark_comparison(comparison):
    """Return what tells a comparison from others, for a page of it."""
    return sha256(comparison.to_json().encode()).hexdigest()[:16]


def find_leftovers(folder, comparison):
    """Return what an earlier comparison wrote into a folder, and a report of it there.

    Parameters
    ----------
    folder : Path
        The folder, before anything is written.
    comparison : ModelComparison
        What will be written: a report of it is no leftover.

    Returns
    -------
    set of Path
        Files that belong to the tables that are there, as their comparison.json tells. Empty
        where there is none.
    """
    earlier = _read(folder / "comparison.json")
    if earlier is None:
        return set()
    names = {"comparison.png"}
    names |= {f"confusion_{stem}.png" for stem in file_stems(earlier["models"]).values()}
    if earlier["has_robustness"]:
        names |= {"robustness.csv", "robustness.png"}
    if _read_mark(folder / _REPORT) not in (None, mark_comparison(comparison)):
        names.add(_REPORT)
    return {folder / name for name in names}


def remove_files(paths):
    """Remove files, those that are there."""
    for path in paths:
        Path(path).unlink(missing_ok=True)


def _read(path):
    """Return the models of a comparison.json and whether it has robustness; None if it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = [str(model["model"]) for model in content["models"]]
        return {"models": names, "has_robustness": bool(content["robustness"])}
    except (OSError, ValueError, LookupError, TypeError):
        return None  # of somebody else


def _read_mark(path):
    try:
        with path.open(encoding="utf-8", errors="replace") as page:
            found = _MARK.search(page.read(_HEAD))
    except OSError:
        return None
    return found and found[1]

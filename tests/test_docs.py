"""The examples in the user guide run."""

import doctest
from pathlib import Path

GUIDE = Path(__file__).parents[1] / "docs" / "user_guide.rst"


def test_the_user_guide_runs():
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testfile(str(GUIDE), module_relative=False, optionflags=flags)
    assert result.attempted > 20
    assert result.failed == 0

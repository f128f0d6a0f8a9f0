"""The examples in the user guide run."""

import doctest
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", ["user_guide.rst", "own_pictures.rst", "persistence.rst"])
def test_a_page_of_the_guide_runs(page):
    plt.switch_backend("agg")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testfile(str(DOCS / page), module_relative=False, optionflags=flags)
    plt.close("all")
    assert result.attempted > 10
    assert result.failed == 0

"""The examples in the guide run, from the top of a page to its end."""

import doctest
import io
import re
import sys
import textwrap
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?: {3}.*\n|\n)+)", flags=re.MULTILINE)


def run_block(source):
    """Run a block without prompts in the page's own names; what it prints is not compared."""
    with redirect_stdout(io.StringIO()):
        exec(textwrap.dedent(source), sys._getframe(1).f_globals)


def read_page(page):
    """Return the text of a page, its blocks without prompts turned into examples."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return BLOCK.sub(lambda block: f"\n>>> run_block({block[1]!r})\n\n", text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "get_started.rst",
        "user_guide.rst",
        "own_pictures.rst",
        "persistence.rst",
        "onnx.rst",
        "searching.rst",
        "scaling.rst",
        "coming_from.rst",
    ],
)
def test_a_page_of_the_guide_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    parser, runner = (
        doctest.DocTestParser(),
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS),
    )
    names = {"run_block": run_block, "__name__": "__main__"}
    test = parser.get_doctest(read_page(page), names, page, page, 0)
    result = runner.run(test)
    plt.close("all")
    assert result.attempted > 9
    assert result.failed == 0


def test_every_file_that_the_page_on_the_inside_names_is_there():
    text = (DOCS / "inside.rst").read_text(encoding="utf-8")
    named = re.findall(r"``(?:\w+/)?(_\w+\.py)``", text)
    there = {path.name for path in (DOCS.parent / "skdigits").rglob("*.py")}
    assert len(named) > 15
    assert set(named) <= there

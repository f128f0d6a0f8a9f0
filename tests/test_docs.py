"""The examples in the guide run, from the top of a page to its end."""

import doctest
import io
import re
import sys
import textwrap
from contextlib import redirect_stdout
from pathlib import Path

import click
import matplotlib.pyplot as plt
import pytest

from skdigits.app.cli import main

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
        "cluster.rst",
        "optuna.rst",
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
    assert result.attempted > 4
    assert result.failed == 0


@pytest.mark.slow
def test_the_lines_of_python_in_the_readme_run(capsys):
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    exec(block, {})
    assert 0.97 < float(capsys.readouterr().out) < 1


def test_every_file_that_the_page_on_the_inside_names_is_there():
    text = (DOCS / "inside.rst").read_text(encoding="utf-8")
    named = re.findall(r"``(?:\w+/)?(_\w+\.py)``", text)
    there = {path.name for path in (DOCS.parent / "skdigits").rglob("*.py")}
    assert len(named) > 15
    assert set(named) <= there


def options_of(command):
    """Return the names of the options of a command, that of its help among them."""
    parameters = main.commands[command].get_params(click.Context(main.commands[command]))
    return {"--help"} | {name for parameter in parameters for name in parameter.opts}


def test_every_command_that_the_documentation_shows_is_one_with_these_options():
    pages = [DOCS.parent / "README.md", *DOCS.glob("*.rst")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    shown = re.findall(r"(?:^ +(?:\$ )?|`)skdigits ([a-z]+)([^`\n]*)", text, flags=re.MULTILINE)
    assert len(shown) > 30
    for command, rest in shown:
        assert command in main.commands, f"skdigits {command}{rest}"
        assert set(re.findall(r"(?<!\S)--[\w-]+", rest)) <= options_of(command), command + rest


@pytest.mark.parametrize("command", main.commands)
def test_the_page_of_the_command_line_has_every_option(command):
    text = (DOCS / "command_line.rst").read_text(encoding="utf-8")
    section = text.partition(f"``skdigits {command}``\n--")[2].partition("\n\n``skdigits ")[0]
    options = {name for name in options_of(command) if name.startswith("--")} - {"--help"}
    assert {name for name in options if not re.search(rf"{name}\b", section)} == set()

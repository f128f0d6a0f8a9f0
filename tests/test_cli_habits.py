"""What a shell and a terminal are used to: completion after Tab, and NO_COLOR."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from skdigits import list_pretrained
from skdigits.app._completion import PRETRAINED_NAMES
from skdigits.app._data_table import DATA_NAMES, DATA_SETS
from skdigits.app._models import MODEL_NAMES

SKDIGITS = [sys.executable, "-c", "from skdigits.app.cli import main; main(prog_name='skdigits')"]
QUICK = ["compare", "--models", "knn,svm", "--cv", "2", "--n-jobs", "1", "--out"]
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7])m")


def complete(line):
    """What the shell is given after Tab at the end of `line`, as pairs of type and value."""
    words = line.split(" ")
    environment = os.environ | {
        "_SKDIGITS_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    shown = subprocess.run(SKDIGITS, env=environment, capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    return [tuple(row.split(",", 1)) for row in shown.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("skdigits co", ["compare"]),
        ("skdigits compare --models ", list(MODEL_NAMES)),
        ("skdigits compare --models svm,k", ["svm,knn"]),
        ("skdigits train ", list(DATA_NAMES)),
        ("skdigits evaluate cnn-mnist us", ["usps"]),
        ("skdigits datasets ", list(DATA_SETS)),
        ("skdigits read --model a", ["ann-mnist"]),
        ("skdigits export cnn", ["cnn-mnist"]),
    ],
)
def test_names_are_offered(line, offered):
    assert complete(line) == [("plain", name) for name in offered]


@pytest.mark.parametrize(
    "line", ["skdigits read ph", "skdigits predict cnn-mnist ", "skdigits train my"]
)
def test_files_are_offered_where_no_name_begins_so(line):
    assert [kind for kind, _ in complete(line)] == ["file"]


def test_the_names_are_those_of_the_models_that_come_along():
    assert list(PRETRAINED_NAMES) == list_pretrained()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_takes_the_script():
    environment = os.environ | {"_SKDIGITS_COMPLETE": "bash_source"}
    script = subprocess.run(SKDIGITS, env=environment, capture_output=True, text=True, check=True)
    subprocess.run(["bash", "-n"], input=script.stdout, text=True, check=True)
    assert "_skdigits_completion" in script.stdout


def test_nothing_that_takes_time_is_loaded_for_a_list():
    code = (
        "import sys, skdigits.app.cli, skdigits.app._completion\n"
        "print(sorted({'numpy', 'sklearn', 'torch', 'pandas'} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_no_color_is_heeded(tmp_path, on_a_terminal, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert COLOUR.search(on_a_terminal([*SKDIGITS, *QUICK, tmp_path / "colours"]))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(on_a_terminal([*SKDIGITS, *QUICK, tmp_path / "none"]))

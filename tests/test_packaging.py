"""The files that say what skdigits is and what shape it keeps agree with the code."""

import ast
import configparser
import inspect
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from numpydoc.validate import validate
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import skdigits

ROOT = Path(__file__).parents[1]

# Left out of numpydoc's checks: where text starts (GL01, GL02), blank lines (GL03), the order of
# sections, which is scikit-learn's, as is the name of a value returned (GL07, RT02); what is not
# owed by everything, that is an extended summary, a "See Also", an example, a description of what
# is returned (ES01, SA01, SA04, EX01, RT03); a description that begins with a name or ends in a
# formula (PR08, PR09, RT04, RT05).
STYLE_ONLY = {
    *("ES01", "EX01", "GL01", "GL02", "GL03", "GL07"),
    *("PR08", "PR09", "RT02", "RT03", "RT04", "RT05", "SA01", "SA04"),
}


def _pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _setup_cfg():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def _documented_objects():
    """Return the dotted name of every public function, class, method and property."""
    namespaces = {"skdigits": skdigits, "skdigits.datasets": skdigits.datasets}
    for prefix, namespace in namespaces.items():
        for name in namespace.__all__:
            value = getattr(namespace, name)
            if not inspect.ismodule(value) and callable(value):
                yield f"{prefix}.{name}"
                if inspect.isclass(value):
                    yield from _documented_members(value, f"{prefix}.{name}")


def _documented_members(owner, prefix):
    for name, member in inspect.getmembers_static(owner):
        if isinstance(member, classmethod | staticmethod):
            member = member.__func__
        function = member.fget if isinstance(member, property) else inspect.unwrap(member)
        is_ours = inspect.isfunction(function) and function.__module__.startswith("skdigits.")
        if is_ours and not name.startswith("_"):
            yield f"{prefix}.{name}"


def test_setup_cfg_says_nothing_about_the_package():
    forbidden = {"metadata", "options", "tool:pytest"}
    assert not [name for name in _setup_cfg() if name.split(".")[0] in forbidden]


def test_pyproject_says_nothing_about_the_shape():
    assert not {"mypy", "coverage", "importlinter"} & set(_pyproject()["tool"])


def test_version_is_written_once():
    project = _pyproject()["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]


def test_all_takes_every_extra_of_users():
    extras = _pyproject()["project"]["optional-dependencies"]
    taken = set(re.fullmatch(r"skdigits\[(.*)\]", extras["all"][0])[1].split(","))
    assert taken == set(extras) - {"all", "bench", "test", "docs", "dev"}


def test_constraints_pin_every_direct_dependency():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    for requirement in map(Requirement, requires("skdigits")):
        name = canonicalize_name(requirement.name)
        assert name == "skdigits" or requirement.specifier.contains(pins[name])


def test_import_layers_hold():
    code = (  # in a process of its own: it switches off the loggers that are there
        "from importlinter.cli import lint_imports\n"
        "raise SystemExit(lint_imports(cache_dir=None, no_cache=True))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_torch_contract_names_every_other_room():
    rooms = {path.stem for path in (ROOT / "skdigits").iterdir() if path.name[0] != "."}
    rooms = {room for room in rooms if room not in {"__init__", "__pycache__", "neural", "py"}}
    named = _setup_cfg()["importlinter:contract:torch"]["source_modules"].split()
    assert {name.removeprefix("skdigits.") for name in named} == rooms


def test_import_loads_neither_torch_nor_scikit_learn():
    code = "import sys, skdigits; print(*{'torch', 'skorch', 'sklearn'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


def test_public_names_exist():
    for name in skdigits.__all__:
        assert getattr(skdigits, name) is not None


def test_type_checkers_find_the_public_names_where_they_are():
    tree = ast.parse(Path(skdigits.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {name.name: line.module for line in block.body for name in line.names}
    assert seen == skdigits._PUBLIC_NAMES | dict.fromkeys(skdigits._PUBLIC_MODULES, "skdigits")


def test_public_names_are_in_the_api_reference():
    text = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    public = {name for name in skdigits.__all__ if name not in {"__version__", "datasets"}}
    public |= set(skdigits.datasets.__all__)
    assert public <= set(re.findall(r"^   (\w+)$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", list(_documented_objects()))
def test_docstring_is_complete(name):
    errors = [text for code, text in validate(name)["errors"] if code not in STYLE_ONLY]
    assert errors == []

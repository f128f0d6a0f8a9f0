"""Optional imports: found, missing, and broken for another reason."""

import math
import re
import sys

import pytest

from skdigits._optional import import_optional


def test_an_installed_module_comes_back():
    assert import_optional("math", extra="plot", who="f") is math


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    message = 'ModelComparisonDisplay.plot needs matplotlib: pip install "skdigits[plot]"'
    with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
        import_optional("matplotlib.pyplot", extra="plot", who="ModelComparisonDisplay.plot")


def test_an_installed_package_that_misses_another_says_so_itself(monkeypatch, tmp_path):
    (tmp_path / "broken_package.py").write_text("import missing_package")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'missing_package'"):
        import_optional("broken_package", extra="plot", who="f")

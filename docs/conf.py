"""How Sphinx builds the documentation: ``sphinx-build -W -b html docs docs/_build/html``."""

import re

from skdigits import __version__

project = "skdigits"
author = "The skdigits developers"
copyright = "2026, The skdigits developers"
version = release = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "code"

autosummary_generate = True
numpydoc_show_class_members = False  # the class template lists the members
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = f"skdigits {version}"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_show_sourcelink = False

# Methods inherited from scikit-learn refer to pages of its own manual: only their text stays.
SKLEARN_REFERENCE = re.compile(r":(?:ref|term):`([^`<]+?)(?:\s*<[^`>]+>)?`")


def keep_text_of_sklearn_references(app, what, name, obj, options, lines):
    if what == "method" and not getattr(obj, "__module__", "").startswith("skdigits"):
        lines[:] = [SKLEARN_REFERENCE.sub(r"\1", line) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", keep_text_of_sklearn_references)

"""How Sphinx builds the documentation: ``sphinx-build -W -b html docs docs/_build/html``."""

import re

from skdigits import __version__

project = "skdigits"
author = "The skdigits developers"
copyright = "2026, The skdigits developers"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "code"

autosummary_generate = True
numpydoc_show_class_members = False  # the class template lists the members

# `-D plot_gallery=0` builds the pages without running the examples, which the tests run too.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": r"^(?!plot_)",
    "within_subsection_order": "ExampleTitleSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 1,
    "remove_config_comments": True,
    "doc_module": ("skdigits",),
    "reference_url": {"skdigits": None},
}

plot_formats = ["png"]
plot_html_show_formats = False
plot_html_show_source_link = False

html_theme = "pydata_sphinx_theme"
html_title = f"skdigits {version}"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_show_sourcelink = False

# Methods inherited from scikit-learn refer to pages of its own manual: only their text stays.
SKLEARN_REFERENCE = re.compile(r":(?:ref|term):`([^`<]+?)(?:\s*<[^`>]+>)?`")

# `X : array of shape (n_samples, *image_shape_)`: to reStructuredText the star begins an emphasis,
# and the name with a trailing underscore is a link.
TYPED_NAME = re.compile(r"(\s*\w+ : )([^`]*)")
MARKUP = re.compile(r"\*|_(?!\w)")


def plain_docstring(app, what, name, obj, options, lines):
    if what == "method" and not getattr(obj, "__module__", "").startswith("skdigits"):
        lines[:] = [SKLEARN_REFERENCE.sub(r"\1", line) for line in lines]
    for i, line in enumerate(lines):
        if typed_name := TYPED_NAME.fullmatch(line):
            lines[i] = typed_name[1] + MARKUP.sub(r"\\\g<0>", typed_name[2])


def setup(app):
    before_numpydoc = 400
    app.connect("autodoc-process-docstring", plain_docstring, priority=before_numpydoc)

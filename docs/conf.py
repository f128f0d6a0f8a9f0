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
html_sidebars = {"*": []}  # pages with none below them have nothing to list beside their text
html_show_sourcelink = False

# What is inherited from scikit-learn refers to pages of its own manual: only the text stays.
SKLEARN_REFERENCE = re.compile(r":(?:ref|term):`([^`<]+?)(?:\s*<[^`>]+>)?`")

# `X : array of shape (n_samples, *image_shape_)`: to reStructuredText the star begins an emphasis,
# and the name with a trailing underscore is a link.
TYPED_NAME = re.compile(r"(\s*\w+ : )([^`]*)")
MARKUP = re.compile(r"\*|_(?!\w)")


def text_of(reference):
    text = reference[1]
    return f"`{text}`" if text.endswith("_") else text  # which alone would be a link


def without_references(app, what, name, obj, options, lines):
    lines[:] = [SKLEARN_REFERENCE.sub(text_of, line) for line in lines]


def plain_docstring(app, what, name, obj, options, lines):
    for i, line in enumerate(lines):
        if typed_name := TYPED_NAME.fullmatch(line):
            lines[i] = typed_name[1] + MARKUP.sub(r"\\\g<0>", typed_name[2])


def setup(app):
    before_numpydoc, after_numpydoc = 400, 600
    app.connect("autodoc-process-docstring", plain_docstring, priority=before_numpydoc)
    app.connect("autodoc-process-docstring", without_references, priority=after_numpydoc)

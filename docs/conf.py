"""Settings of the site: ``sphinx-build -W -n --keep-going docs TARGET``.

It needs no network: plots and sounds are made from the samples.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))  # the parts
sys.path.insert(0, str(ROOT / "src"))

from murmur import __version__  # noqa: E402

project = "murmur"
author = "The murmur developers"
copyright = author
version = release = __version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "parts.reference",
    "parts.recordings",
    "parts.described",
]
exclude_patterns = ["_generated"]
root_doc = "index"
default_role = "py:obj"

myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

autosummary_generate = False
autodoc_typehints = "none"  # the docstrings name types in words
autodoc_member_order = "groupwise"
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True

# single backticks in a docstring also name parameters and things outside murmur, which stay code
nitpick_ignore_regex = [("py:obj", r".*")]

html_theme = "furo"
html_title = f"murmur {release}"
html_static_path = ["_static"]
html_css_files = ["murmur.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses from file://
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#9b2226", "color-brand-content": "#9b2226"},
    "dark_css_variables": {"color-brand-primary": "#f0908f", "color-brand-content": "#f0908f"},
    "announcement": "For research and education, not a medical device.",
}

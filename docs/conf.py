# ruff: noqa: INP001  # Sphinx reads it by its path
"""How Sphinx makes the site; ``nox -s site`` prepares the pages first."""

import os

project = "Monokeel"
author = "the authors of Monokeel"
html_show_copyright = False
version = release = os.environ.get("SITE_VERSION", "")
html_title = f"Monokeel {version}"
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
html_theme = "furo"
html_show_sourcelink = False
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
nitpicky = True
exclude_patterns = ["manifests"]
suppress_warnings = ["misc.highlighting_failure"]

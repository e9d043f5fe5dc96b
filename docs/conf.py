"""How Sphinx makes the web site of the folder that tools/site_sources.py fills: `make site`.

The notebooks are shown with their stored outputs and never run. Nothing on a page asks another
machine: formulas become MathML here, and the scripts of the widgets are left out.
"""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import cnnlab

project = "cnnlab"
author = "The cnnlab authors"
version = release = cnnlab.__version__
copyright = "the cnnlab authors. Code: Apache-2.0; text and pictures: CC BY 4.0"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"cnnlab {release}"
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {"light_css_variables": {"code-font-size": "0.75rem"}}  # 98 characters a line
suppress_warnings = ["toc.empty_glob"]  # there may be no assignment

nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
default_role = "code"  # docstrings write `name` as Markdown does
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]


def _inline(page, node):
    page.body.append(convert(node.astext(), display="inline"))
    raise SkipNode


def _block(page, node):
    page.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise SkipNode


def _source_as_section(app, what, name, subject, options, lines):
    """Gives `Source: …` the form that napoleon takes for a section, a line of its own."""
    for number in reversed(range(len(lines))):
        if lines[number].startswith("Source: "):
            text = lines[number].removeprefix("Source: ")
            lines[number : number + 1] = ["Source:", f"    {text}"]


def setup(app):
    """Formulas as MathML, which browsers draw by themselves: no script, no font, no network."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _source_as_section, priority=400)  # napoleon: 500

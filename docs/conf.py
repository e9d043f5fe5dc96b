"""How Sphinx makes the web site of the folder that tools/site_sources.py fills: `make site`.

The notebooks are shown with their stored outputs and never run. Nothing on a page asks another
machine: formulas become MathML here, and the scripts of the widgets are left out.
"""

import re
from pathlib import Path

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
html_static_path = ["static"]
html_css_files = ["site.css"]
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
    formula = convert(node.astext(), display="block")
    page.body.append(f'<div class="math" tabindex="0">{formula}</div>')
    raise SkipNode


def _source_as_section(app, what, name, subject, options, lines):
    """Gives `Source: …` the form that napoleon takes for a section, a line of its own."""
    for number in reversed(range(len(lines))):
        if lines[number].startswith("Source: "):
            text = lines[number].removeprefix("Source: ")
            lines[number : number + 1] = ["Source:", f"    {text}"]


# What Sphinx, its theme and pandas leave out for those who cannot see the page, or have no mouse.
MENDED = [
    (r'role="heading">', 'role="heading" aria-level="2">'),  # captions of the navigation
    (r"<pre>", '<pre tabindex="0">'),  # code wider than the page is scrolled by key
    (r'<div class="output text_html">', '<div class="output text_html" tabindex="0">'),
    (r'<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    (r"<th(?: [^>]*)?></th>|<th [^>]*>(?:&nbsp;|\s)*</th>", "<td></td>"),  # a head without a word
    (r'(<div id="search-results">)', r"<h1>Search</h1>\1"),
    (r'<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    (r'<aside class="sidebar-drawer', '<aside aria-label="All pages" class="sidebar-drawer'),
]


def _scoped(table):
    """A table whose heads say whether they stand above a column or before a row."""
    head, body, rest = table[0].partition("<tbody")
    head = re.sub(r"<th(?=[ >])(?![^>]*scope=)", '<th scope="col"', head)
    return head + re.sub(r"<th(?=[ >])(?![^>]*scope=)", '<th scope="row"', body + rest)


def _mend(app, error):
    """Mends every page once it is written."""
    for page in Path(app.outdir).rglob("*.html") if error is None else []:
        text = page.read_text(encoding="utf-8")
        for found, instead in MENDED:
            text = re.sub(found, instead, text)
        text = re.sub(r"<table.*?</table>", _scoped, text, flags=re.DOTALL)
        page.write_text(text, encoding="utf-8")


def setup(app):
    """Formulas as MathML, which browsers draw by themselves: no script, no font, no network."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _source_as_section, priority=400)  # napoleon: 500
    app.connect("build-finished", _mend)

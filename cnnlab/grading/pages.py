"""Pages of HTML that need nothing else: no file beside them, no script, no network."""

import html
from pathlib import Path

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #ccc;
  overflow-wrap: anywhere; }
td.number, th.number { text-align: right; white-space: nowrap; width: 1%; }
.bar { display: inline-block; height: .8rem; background: #1f6fb2; vertical-align: middle; }
.note { color: #444; }
"""


def escaped(value):
    """A value as text of a page."""
    return html.escape(str(value))


def page(title, body):
    """A whole page.

    Args:
        title: plain text.
        body: HTML, in which every text is `escaped` already.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escaped(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def table(header, rows, numbers=()):
    """A table; its cells are HTML.

    Args:
        header: plain texts, one per column.
        rows: sequences of HTML.
        numbers: the places of the columns that hold numbers.
    """
    kind = [' class="number"' if place in numbers else "" for place in range(len(header))]
    head = "".join(
        f'<th scope="col"{k}>{escaped(text)}</th>' for k, text in zip(kind, header, strict=True)
    )
    lines = [
        "<tr>" + "".join(f"<td{k}>{cell}</td>" for k, cell in zip(kind, row, strict=True)) + "</tr>"
        for row in rows
    ]
    body = "\n".join(lines)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def bar(share):
    """A bar as long as a share, 0 to 1."""
    return f'<span class="bar" style="width: {share * 10:.2f}rem"></span>'


def write(path, text):
    """Writes a page to the side and moves it into place."""
    beside = Path(path).with_name(f"{Path(path).name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)

"""Fill a folder with everything Sphinx makes the web site from.

python tools/site_sources.py build/site/pages

The pages of docs/, the lessons as they are stored, and a page for every module of the package.
"""

import ast
import base64
import io
import re
import shutil
import sys
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cnnlab"
WIDGET = "application/vnd.jupyter.widget-view+json"
SLIDERS = "*In JupyterLab there are sliders here. The next figure is one of their pictures.*"
THUMBNAIL = 320  # pixels
ATLAS = """\
The first twelve filters of each of the thirteen convolutions of `vgg16_slim`. Left in each strip a
picture that was painted so that the filter answers as strongly as it can, right the nine pieces of
324 pictures to which it answers most. Lesson 08 tells how they are made, and how far they can be
believed; `tools/make_atlas.py` makes them."""
FIGURES = "Every figure of the lessons, to leaf through. Each is explained where it stands."
INTRODUCTION = "A module imports only modules that stand above it. Its examples are run as tests."


def shown(notebook):
    """A lesson as the site shows it: a sentence in place of sliders and their stored state.

    A picture is as wide as on a plain screen, however many dots are stored of it.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.source = cell.source.replace("](../docs/", "](../")  # a page of the site
        for output in cell.get("outputs", []):
            width = output.get("metadata", {}).get("image/png", {}).get("width")
            if width:
                image = cell.metadata.setdefault("mystnb", {}).setdefault("image", {})
                image["width"] = f"{width}px"
            if WIDGET in output.get("data", {}):
                output.data = nbformat.from_dict({"text/markdown": SLIDERS})
    return notebook


def linked(page, lessons):
    """A page in which "lesson 05" leads to that lesson, where it exists."""

    def link(found):
        names = [name for name in lessons if name.startswith(f"{found[1]}_")]
        return f"[{found[0]}](lessons/{names[0]}.ipynb)" if names else found[0]

    return re.sub(r"\b[Ll]esson (\d\d)\b", link, page)


def docstring(source):
    """The docstring of a module or package, not imported."""
    source = source / "__init__.py" if source.is_dir() else source.with_suffix(".py")
    return ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))


def floors():
    """[(floor, modules)] as the docstring of the package lists them; a package stands by itself."""
    text = " ".join(docstring(PACKAGE).split())
    listed = re.findall(r"- ([^:]+): ((?:``\w+``(?:, )?)+)", text)
    return [
        (floor.strip("`"), [floor.strip("`")] if "`" in floor else re.findall(r"\w+", modules))
        for floor, modules in listed
    ]


def write_api(folder):
    """A page for each module, and one that lists them by floors."""
    folder.mkdir(parents=True)
    page = ["# Modules and functions", "", INTRODUCTION, ""]
    for floor, modules in floors():
        page += [f"## {floor[0].upper()}{floor[1:]}", ""]
        page += [f"- [{n}]({n}.rst): {docstring(PACKAGE / n).splitlines()[0]}" for n in modules]
        page += ["", "```{toctree}", ":hidden:", "", *modules, "```", ""]
        for name in modules:
            title = f"cnnlab.{name}"
            rst = [title, "=" * len(title), "", f".. automodule:: {title}", "   :members:"]
            if (PACKAGE / name).is_dir():  # its functions live in modules of its own
                rst.append("   :imported-members:")
            (folder / f"{name}.rst").write_text("\n".join([*rst, ""]), encoding="utf-8")
    (folder / "index.md").write_text("\n".join(page), encoding="utf-8")


def write_atlas(target):
    """A page with a sheet for each convolution: what its first filters look for."""
    page = ["# What the filters look for", "", ATLAS, ""]
    for sheet in sorted((ROOT / "data" / "atlas").glob("*.jpg")):
        shutil.copy(sheet, target / sheet.name)
        alt = f"Twelve patterns of {sheet.stem}, each beside nine pieces of pictures."
        page += [f"## {sheet.stem}", "", f"![{alt}]({sheet.name})", ""]
    (target / "atlas.md").write_text("\n".join(page), encoding="utf-8")


def write_figures(target, notebooks):
    """A page with all figures of the lessons, small, each with the words that describe it."""
    (target / "small").mkdir()
    page = ["# All figures", "", FIGURES, ""]
    for path in notebooks:
        page += [f"## {path.stem.replace('_', ' ')}", ""]
        for number, (data, alt) in enumerate(figures(nbformat.read(path, 4))):
            name = f"small/{path.stem}-{number}"
            name = _thumbnail(data, target, name)
            page += [f"![{alt}]({name})", ""]
        link = path.relative_to(ROOT / "notebooks").as_posix()
        page += [f"[The lesson](lessons/{link})", ""]
    (target / "figures.md").write_text("\n".join(page), encoding="utf-8")


def figures(notebook):
    """(what is stored of it, its alt text) for each figure of a notebook."""
    for cell in notebook.cells:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for output in cell.get("outputs", []):
            if any(kind.startswith("image/") for kind in output.get("data", {})):
                yield output.data, alt


def _thumbnail(data, target, name):
    """The name of a picture at most THUMBNAIL wide; a drawing stays what it is."""
    if "image/svg+xml" in data:
        (target / f"{name}.svg").write_text(data["image/svg+xml"], encoding="utf-8")
        return f"{name}.svg"
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    image.quantize(64).save(target / f"{name}.png", optimize=True)
    return f"{name}.png"


def main(target):
    target = Path(target)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target, ignore=shutil.ignore_patterns("*.lock", "__pycache__"))
    notebooks = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    notebooks = [path for path in notebooks if ".ipynb_checkpoints" not in path.parts]
    for path in notebooks:
        copy = target / "lessons" / path.relative_to(ROOT / "notebooks")
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(shown(nbformat.read(path, 4)), copy)
    for page in target.glob("*.md"):
        text = page.read_text(encoding="utf-8").replace("](../notebooks/", "](lessons/")
        text = linked(text, [path.stem for path in notebooks])
        page.write_text(text, encoding="utf-8")
    write_api(target / "api")
    write_atlas(target)
    write_figures(target, notebooks)


if __name__ == "__main__":
    main(*sys.argv[1:])

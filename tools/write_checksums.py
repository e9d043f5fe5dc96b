"""Write data/SHA256SUMS, against which every file is checked when it is read.

python tools/write_checksums.py      (check by hand: cd data && sha256sum -c SHA256SUMS)
"""

import hashlib
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
UNCHECKED = {"README.md", "SHA256SUMS", ".gitattributes"}


def main():
    files = sorted(p for p in DATA.rglob("*") if p.is_file() and "results" not in p.parts)
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(DATA).as_posix()}\n"
        for path in files
        if path.name not in UNCHECKED
    ]
    (DATA / "SHA256SUMS").write_text("".join(lines), newline="\n")


if __name__ == "__main__":
    main()

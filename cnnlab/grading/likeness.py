"""Which submissions hold nearly the same code: a hint where to look, not more.

Short runs of code, names, numbers and comments aside, are what two submissions may share; what many
share, such as the handed-out cells, says nothing and is left out. So one code with the numbers of
two variants is the same.

Source: Schleimer, Wilkerson and Aiken, Winnowing: local algorithms for document fingerprinting,
SIGMOD 2003; here every run is kept, for a class is small.
"""

import keyword
import re
from collections import Counter, defaultdict

from cnnlab.grading import soundness

RUN = 12  # tokens of code
FEWEST = 20  # runs of its own that a submission must have to be compared
SHARED_BY = 0.2  # what more than this share of a class has says nothing
ALIKE = 0.8


def code_of(content):
    """The code of a notebook's bytes, without lines that are no Python; "" if it is none."""
    code = () if soundness.trouble(content) else soundness.code_cells(content)
    return "\n".join(re.sub(r"^\s*[%!].*$", "", text, flags=re.MULTILINE) for text, _ in code)


def alike(codes, share=ALIKE):
    """Pairs of submissions with nearly the same code.

    Args:
        codes: {name: code}.
        share: how much of the smaller one's own code both must have, 0 to 1.

    Returns:
        A list of (name, other name, share), the most alike first.
    """
    runs = {name: _runs(code) for name, code in codes.items()}
    counts = Counter(run for own in runs.values() for run in own)
    most = max(2, SHARED_BY * len(codes))
    own = {name: {run for run in all_ if counts[run] <= most} for name, all_ in runs.items()}
    own = {name: kept for name, kept in own.items() if len(kept) >= FEWEST}
    holders = defaultdict(list)
    for name in sorted(own):
        for run in own[name]:
            holders[run].append(name)
    common = Counter()
    for names in holders.values():
        common.update((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    found = [(a, b, n / min(len(own[a]), len(own[b]))) for (a, b), n in common.items()]
    return sorted((f for f in found if f[2] >= share), key=lambda f: (-f[2], f[:2]))


def _runs(code):
    code = re.sub(r"#.*", "", code)
    tokens = [*map(_kind, re.findall(r"[^\W\d]\w*|\d[\w.]*|\S", code))]
    return {tuple(tokens[i : i + RUN]) for i in range(len(tokens) - RUN + 1)}


def _kind(token):
    """A token of code; any name and any number stand for their like."""
    if token[0].isdigit():
        return "number"
    return "name" if token.isidentifier() and not keyword.iskeyword(token) else token

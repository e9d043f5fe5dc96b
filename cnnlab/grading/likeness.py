"""Which submissions hold nearly the same code: a hint where to look, not more.

Short runs of code, names, numbers and comments aside, are what two submissions may share. So one
code with the numbers of two variants is the same. Own code is that of the cells with a check, and
elsewhere what few have: so handed-out cells are left out, and an answer that many found is not.

Source: Schleimer, Wilkerson and Aiken, Winnowing: local algorithms for document fingerprinting,
SIGMOD 2003; here every run is kept, for a class is small.
"""

import keyword
import re
from collections import Counter, defaultdict
from itertools import chain

from cnnlab.grading import soundness

RUN = 12  # tokens of code
FEWEST = 20  # runs that a submission must have of its own, and two must share that few others have
SHARED_BY = 0.2  # what more than this share of a class has is not rare
ALIKE = 0.8


def code_of(content):
    """The cells of a notebook's bytes, without lines that are no Python; none if it is none."""
    code = () if soundness.trouble(content) else soundness.code_cells(content)
    return [re.sub(r"^\s*[%!].*$", "", text, flags=re.MULTILINE) for text, _ in code]


def alike(codes, share=ALIKE):
    """Submissions with the same code, or nearly the same.

    Args:
        codes: {name: the texts of the cells}.
        share: how much of the shorter one's own code two must have in common, 0 to 1.

    Returns:
        A list of (names, share): first those that have one and the same code, without a share;
        then pairs, the most alike first.
    """
    tokens = {name: [*map(_tokens, cells)] for name, cells in codes.items()}
    counts = Counter(run for cells in tokens.values() for run in _runs(cells))
    most = max(2, SHARED_BY * len(codes))
    rare = {n: {r for r in _runs(cells) if counts[r] <= most} for n, cells in tokens.items()}
    own = {n: rare[n] | _runs(filter(_is_answer, cells)) for n, cells in tokens.items()}
    groups, holders, common = defaultdict(list), defaultdict(list), Counter()
    for name in sorted(n for n in own if len(own[n]) >= FEWEST):
        groups[tuple(chain.from_iterable(tokens[name]))].append(name)
        for run in rare[name]:
            holders[run].append(name)
    for names in holders.values():
        common.update((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    same = [tuple(names) for names in groups.values() if len(names) > 1]
    found = [
        (pair, len(own[pair[0]] & own[pair[1]]) / min(len(own[name]) for name in pair))
        for pair, count in common.items()
        if count >= FEWEST and not any({*pair} <= {*names} for names in same)
    ]
    pairs = sorted((f for f in found if f[1] >= share), key=lambda f: (-f[1], f[0]))
    return [*((names, None) for names in sorted(same)), *pairs]


def _tokens(code):
    """A cell in which any name and any number stand for their like; "check" in front of answers."""
    code = re.sub(r"#.*", "", code)
    words = re.findall(r"[^\W\d]\w*|\d[\w.]*|\S", code)
    answer = ["check"] if re.search(r"\bcheck\s*\(", code) else []
    return [*answer, *map(_kind, words)]


def _is_answer(tokens):
    return tokens[:1] == ["check"]


def _runs(cells):
    return {tuple(c[i : i + RUN]) for c in cells for i in range(len(c) - RUN + 1)}


def _kind(token):
    """A token of code; any name and any number stand for their like."""
    if token[0].isdigit():
        return "number"
    return "name" if token.isidentifier() and not keyword.iskeyword(token) else token

"""One row per budget: what was measured, the budget, and beside what it was measured."""


def row(what, measured, budget, unit, beside=""):
    """Prints a row; returns whether the budget is kept.

    Args:
        what: what was measured.
        measured: the number.
        budget: the largest number that is allowed.
        unit: "×" for a ratio to a peer in the same run, or "s", "MB".
        beside: the peer, or what else there is to know.
    """
    kept = measured <= budget
    verdict = "" if kept else "OVER BUDGET"
    line = f"{what:58} {measured:7.2f} {unit:2} of {budget:6.2f}  {beside}  {verdict}"
    print(line.rstrip(), flush=True)
    return kept

"""A kind of mistake with its name, its function and its source, and how a finding of it is told."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A kind of mistake.

    Attributes:
        finding: its name.
        function: of a `Case`, gives `Finding`s; its docstring says why it is a mistake and holds
            an example.
        source: where it is described, or what decides it.
    """

    finding: str
    function: Callable
    source: str

    def row(self, found):
        """A `Finding` of this rule as a row of the table that is told."""
        if not found.decides:
            return (self.finding, found.where, found.evidence, found.remedy)
        evidence = f"{found.evidence}. What would decide: {found.decides}"
        return (f"perhaps {self.finding}", found.where, evidence, found.remedy)

"""How a run stands among those before it, as every report can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock

if TYPE_CHECKING:
    from assay.ledger.store import Run

_COUNTS = ("fail", "unknown", "waived", "not_evaluated")


class Trend(NamedTuple):
    """The last runs of one scope, the latest first; the first of them is the run that is being reported."""

    runs: list[Run]

    def shape(self) -> dict[str, Any]:
        """As `-o json` prints it: `scope`, `run`, `changes` since the run before, and the counts of the `runs`."""
        latest = self.runs[0]
        return {
            "scope": latest.scope, "run": latest.id, "changes": latest.changes,
            "runs": [
                {"run": r.id, "time": clock.stamp(r.at), "incomplete": r.incomplete}
                | {name: r.summary.get(name, 0) for name in _COUNTS}
                for r in self.runs
            ],
        }  # fmt: skip

    def sentence(self) -> str:
        """As text says it, in one line."""
        latest, changes = self.runs[0], self.runs[0].changes
        if len(self.runs) < 2:
            return f"Run {latest.id} is the first that the ledger has of this."
        before = self.runs[1]
        counts = ", ".join(f"{changes[name]:,} {name}" for name in ("new", "fixed", "regressed", "unchanged"))
        fails = " → ".join(f"{r.summary.get('fail', 0):,}" for r in reversed(self.runs))
        return f"Since run {before.id} ({clock.stamp(before.at)}): {counts}. Failures so far: {fails}."

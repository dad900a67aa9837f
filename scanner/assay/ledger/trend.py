"""How a run stands among those before it, as every report can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock
from assay.ledger.baseline import COUNTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.ledger.store import Changes, Row, Run
    from assay.model import Finding

COUNTS = ("new", "fixed", "regressed", "unchanged")
"""What the changes since the run before are counted as."""
_COUNTS = ("fail", "unknown", "waived", "not_evaluated")
_KEPT = ("fingerprint", "verdict", "severity", "rule", "address", "message")


class Trend(NamedTuple):
    """The last runs of one scope, the latest first; the first of them is the run that is being reported.

    `new` and `regressed` hold fingerprints, `fixed` what the run before had found and this one did not; all three are
    empty where there is no run before.
    """

    runs: list[Run]
    new: frozenset[str] = frozenset()
    regressed: frozenset[str] = frozenset()
    fixed: Sequence[Row] = ()

    @classmethod
    def of(cls, runs: list[Run], changes: Changes) -> Trend:
        """The trend of a run that was kept just now."""
        if len(runs) < 2:
            return cls(runs)
        new, back = (frozenset(r.fingerprint for r in rows) for rows in (changes.new, changes.regressed))
        return cls(runs, new, back, changes.fixed)

    def change(self, finding: Finding) -> str:
        """new, regressed or unchanged since the run before; empty where that cannot be said."""
        if len(self.runs) < 2 or finding.verdict not in COUNTED:
            return ""
        mine = finding.fingerprint
        return "new" if mine in self.new else "regressed" if mine in self.regressed else "unchanged"

    def shape(self) -> dict[str, Any]:
        """As `-o json` prints it: `scope`, `run`, `changes` since the run before, which they are, and the counts of
        the `runs`."""
        latest = self.runs[0]
        shown: dict[str, Any] = {
            "scope": latest.scope, "run": latest.id, "changes": latest.changes,
            "runs": [
                {"run": r.id, "time": clock.stamp(r.at), "incomplete": r.incomplete}
                | {name: r.summary.get(name, 0) for name in _COUNTS}
                for r in self.runs
            ],
        }  # fmt: skip
        if len(self.runs) > 1:
            shown |= {"new": sorted(self.new), "regressed": sorted(self.regressed)}
            shown["fixed"] = [{name: getattr(row, name) for name in _KEPT} for row in self.fixed]
        return shown

    @classmethod
    def read(cls, shown: dict[str, Any]) -> Trend:
        """The trend that `shape` has written."""
        from assay.ledger.store import Row, Run

        runs = [
            Run(r["run"], shown["scope"], clock.instant(r["time"]), "", r["incomplete"],
                {name: int(r[name]) for name in _COUNTS}, shown["changes"])
            for r in shown["runs"]
        ]  # fmt: skip
        fixed = [
            Row(f["fingerprint"], f["verdict"], "fixed", f["severity"], f["rule"], "", f["address"], None, None,
                f["message"])
            for f in shown.get("fixed", ())
        ]  # fmt: skip
        if not runs or not all(type(shown["changes"][name]) is int for name in COUNTS):
            raise ValueError("the trend has no runs, or no counts")
        return cls(runs, frozenset(shown.get("new", ())), frozenset(shown.get("regressed", ())), fixed)

    def failures(self) -> list[int]:
        """How many findings failed in each run, the earliest first."""
        return [int(r.summary.get("fail", 0)) for r in reversed(self.runs)]

    def sentence(self) -> str:
        """As text says it, in one line."""
        latest = self.runs[0]
        if len(self.runs) < 2:
            return f"Run {latest.id} is the first that the ledger has of this."
        before = self.runs[1]
        counts = ", ".join(f"{latest.changes[name]:,} {name}" for name in COUNTS)
        fails = " → ".join(f"{n:,}" for n in self.failures())
        return f"Since run {before.id} ({clock.stamp(before.at)}): {counts}. Failures so far: {fails}."

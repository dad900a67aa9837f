"""What a run saw: its findings as the ledger keeps them, and whether one of an earlier run could have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.ledger.store import Row
from assay.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from assay.engine import Report
    from assay.model import Finding, Resource

_UNDECIDED = (Verdict.UNKNOWN.value, Verdict.NOT_EVALUATED.value)


class Sight:
    """A report as the ledger sees it.

    Args:
        asked: the ids of the rules that were to judge.
        known: the ids of all rules there are; what else found something is a plugin, which judges all or nothing.
    """

    def __init__(self, report: Report, asked: Collection[str], known: Collection[str]) -> None:
        self.tool = report.tool_version
        self.summary: dict[str, Any] = report.summary
        self.incomplete = report.incomplete
        self._unasked = set(known) - set(asked)
        kept: dict[tuple[str, str], Row] = {}
        self._undecided: dict[tuple[str, str, str], set[str]] = {}
        for finding in report.findings:
            if finding.verdict is not Verdict.PASS:
                row = _row(finding)
                kept.setdefault((row.fingerprint, row.verdict), row)
                if row.verdict in _UNDECIDED:
                    self._undecided.setdefault(_subject(row), set()).add(row.fingerprint)
        self.rows = list(kept.values())
        self._there = self._present(report) if report.incomplete else set()
        coverage = report.coverage
        self._blind = any(i["status"] == "failed" for i in coverage.inputs)
        self._dark: set[tuple[str | None, str | None]] = {
            (u["account"], u["region"]) for u in coverage.units if u["status"] != "ok"
        } | {(account, region) for _, account, region, _ in coverage.unlisted}

    @staticmethod
    def _present(report: Report) -> set[tuple[str, str]]:
        from assay.reports.shape import text

        return {(_place(r), text(r.address)) for r in (report.graph.resources if report.graph is not None else ())}

    def saw(self, row: Row, old: Collection[Row]) -> bool:
        """Whether this run would have found a finding of an earlier run again, were it still there.

        Not where its rule was not asked or could not decide on the resource now; and, where the resource is not to be
        seen, not while a file could not be read or a list of its account and region was denied. A doubt that stood
        beside the finding already, in the `old` run, is about something else.
        """
        doubts = self._undecided.get(_subject(row), set())
        if doubts and row.status != "unseen":
            doubts = doubts - {r.fingerprint for r in old if r.verdict in _UNDECIDED and _subject(r) == _subject(row)}
        if doubts or row.rule in self._unasked:
            return False
        if (row.place, row.address) in self._there:
            return True
        return not self._blind and not any(
            _same(account, row.account) and _same(region, row.region) for account, region in self._dark
        )


def _subject(row: Row) -> tuple[str, str, str]:
    return row.rule, row.place, row.address


def _same(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _place(r: Resource) -> str:
    from assay.reports.shape import text

    return text(r.root or r.account or "")


def _row(finding: Finding) -> Row:
    from assay.reports.shape import cleaner

    r, mask = finding.resource, cleaner(finding)

    def clean(value: str) -> str:
        return mask(value).replace("\0", "�")  # which PostgreSQL cannot hold

    return Row(
        finding.fingerprint, finding.verdict.value, "", finding.severity.label, finding.rule, _place(r),
        clean(r.address), r.account, r.region, clean(finding.message),
    )  # fmt: skip

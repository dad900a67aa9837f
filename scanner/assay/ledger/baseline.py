"""Baselines: the findings a team has seen and lives with, as a sorted text of fingerprints, so that new ones stand out.

One line a finding: fingerprint, verdict, rule, address. No line numbers, so that moved code keeps it; sorted, so that
it merges and its diff reads as what came and what went. Only the fingerprint and the verdict decide: an unknown that
has become a failure is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.config import ConfigError
from assay.files import output
from assay.model import Verdict, Waiver

if TYPE_CHECKING:
    from assay.engine import Report
    from assay.model import Finding

HEADER = "# assay-baseline/1: findings that are known; `assay baseline write` makes this file anew"
COUNTED = (Verdict.FAIL, Verdict.UNKNOWN)

Key = tuple[str, str]


def key(finding: Finding) -> Key:
    """What tells a finding from another across runs: its fingerprint and its verdict."""
    return finding.fingerprint, finding.verdict.value


def line(finding: Finding) -> str:
    """A finding as its line in the file."""
    from assay.reports.shape import text
    from assay.reports.text import printable  # an address may hold what ends a line

    address = printable(text(finding.resource.address))
    return f"{finding.fingerprint} {finding.verdict.value} {finding.rule} {address}"


def lines(report: Report) -> list[str]:
    """The lines of a baseline of this report, sorted."""
    return sorted({line(f) for f in report.findings if f.verdict in COUNTED})


def read(path: str) -> dict[Key, str]:
    """The lines of a baseline file, by key.

    Raises:
        ConfigError: there is no such file, or it is no baseline.
    """
    try:
        with open(path, encoding="utf-8") as handle:
            written = handle.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: not a baseline that can be read: {said}") from error
    found: dict[Key, str] = {}
    for number, one in enumerate(written, 1):
        if not one.strip() or one.startswith("#"):
            continue
        words = one.split(" ", 3)
        if len(words) != 4 or words[1] not in {v.value for v in COUNTED}:
            raise ConfigError(f"{path}:{number}: not a line of a baseline (fingerprint, verdict, rule, address)")
        found[words[0], words[1]] = one
    return found


def write(path: str, wanted: list[str]) -> None:
    """Write a baseline; the file is complete or as it was."""
    with output(path) as stream:
        stream.write("\n".join([HEADER, *wanted]) + "\n")


def apply(report: Report, known: dict[Key, str], shown: str) -> None:
    """Turn the findings that a baseline knows into waived ones; what may not be waived stays."""
    for finding in report.findings:
        mine = finding.verdict in COUNTED and key(finding) in known
        if mine and (finding.rule not in report.rules or report.rules[finding.rule].waivable):
            finding.verdict = Verdict.WAIVED
            finding.waiver = Waiver("baseline", "known: it is in the baseline", shown)
    report.recount()
    report.sort()

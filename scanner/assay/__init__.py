"""Assay: one rule, every source. This is what a rule author imports; nothing here is heavy."""

from __future__ import annotations

from assay.graph import Graph
from assay.model import (
    Block,
    Finding,
    Location,
    Resource,
    Severity,
    Undetermined,
    Unknown,
    Verdict,
    all_of,
    any_of,
    as_list,
    is_map,
    show,
)
from assay.rule import require, rule

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

__all__ = [
    "CRITICAL", "HIGH", "INFO", "LOW", "MEDIUM", "Block", "Finding", "Graph", "Location", "Resource", "Severity",
    "Undetermined", "Unknown", "Verdict", "all_of", "any_of", "as_list", "is_map", "require", "rule", "show",
]  # fmt: skip

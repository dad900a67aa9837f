"""Assay: one rule, every source. This is what a rule author imports; each name is loaded when it is first asked for."""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing: `--version` passes here
if TYPE_CHECKING:
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

_ELSEWHERE = {"Graph": "assay.graph", "require": "assay.rule", "rule": "assay.rule"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'assay' has no attribute {name!r}")
    from importlib import import_module

    if name in ("require", "rule"):  # `assay.rule` the module would hide `rule` the decorator
        from assay.rule import require, rule

        globals().update(require=require, rule=rule)
    elif name.isupper():
        from assay.model import Severity

        globals()[name] = Severity[name]
    else:
        globals()[name] = getattr(import_module(_ELSEWHERE.get(name, "assay.model")), name)
    return globals()[name]

"""Recovery points: how old the newest copy is of what has promised how much may be lost."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, Finding, Graph, Resource, rule
from assay.analysis.naming import tag
from assay.analysis.recovery import TAGS, TYPES, is_copy, points, said, seconds
from assay.analysis.service_levels import lasting


@rule(
    on=list(TYPES), severity=HIGH, sources=["aws", "oci"], controls=["nist-800-53r5:CP-9", "nist-800-53r5:CP-10"],
    params={"tags": list(TAGS), "default": ""},
)  # fmt: skip
def sla_rpo_exceeded(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """The newest backup or replica is younger than the declared recovery point objective.

    ## Why
    What is lost when the data goes is all that came after the newest copy. A schedule that stopped shows nowhere else
    until the copy is needed.
    ## Fix
    Find out why no backup was made, make one, and back up at least as often as is declared. The objective is a tag
    (`rpo = "24h"`; `15m`, `1 day` and `PT1H` are read too), or `default` of this rule.
    """
    declared = tag(r, *params["tags"])
    if declared == None:
        declared = params["default"]
    if str(declared) == "" or is_copy(r):
        return
    allowed = seconds(str(declared))
    if allowed == None:
        yield r.unsure(
            f"the declared recovery point is {declared}: without a unit (24h, 15m) nobody can tell", at="tags"
        )
        return
    doubts = []
    found = []
    for point in points(r, graph):
        if point.age == None:
            doubts.append(point)
        elif point.age <= allowed:
            return
        else:
            found.append(point)
    newest = min(found, key=lambda p: p.age or 0.0, default=None)
    is_said = said(newest) if newest != None else "there is no backup"
    goal = f"{lasting(allowed)} is declared"
    if doubts:
        yield r.unsure(f"{goal}; {is_said}, and nobody can tell {', '.join(d.what for d in doubts)}")
    else:
        at = newest.at if newest != None and newest.at else None
        yield r.fails(f"{goal}, {is_said}", at=at)

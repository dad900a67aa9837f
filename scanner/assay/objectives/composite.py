"""Composite SLOs: several objectives, each with an indicator of its own, weighed into one.

OpenSLO gives the weights and leaves open what they do. Here the composite's bad share is the weighted mean of its
parts' shares, and its budget that of theirs, so that it is met when, in sum, its parts spent no more than they may; a
part that is twice as heavy spends twice as much of it. Each part is judged by its own objective besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.objectives.alerts import Alert
    from assay.objectives.openslo import Origin

_OF_PART = ("target", "bad", "total", "whole", "recent", "seconds")


class Composite(NamedTuple):
    """A composite SLO: `parts` are the names of its objectives with their weights."""

    name: str
    service: str
    description: str
    parts: dict[str, float]
    alerts: tuple[Alert, ...]
    origin: Origin


def composed(
    composites: Sequence[Composite], measured: Sequence[Resource]
) -> tuple[list[Resource], list[tuple[Composite, str]]]:
    """The composites whose parts are all measured, and those that lack one, with the reason."""
    by_name = {r.address: r for r in measured}
    found: list[Resource] = []
    lost: list[tuple[Composite, str]] = []
    for one in composites:
        gone = [name for name in one.parts if name not in by_name]
        if gone:
            lost.append((one, f"{one.name} could not be measured: {', '.join(gone)} could not, of which it is made"))
        else:
            found.append(_made(one, by_name))
    return found, lost


def _made(one: Composite, by_name: Mapping[str, Resource]) -> Resource:
    members = [by_name[name] for name in one.parts]
    weights = list(one.parts.values())
    parts = [
        {"name": r.address, "weight": weight, **{key: r.values[key] for key in _OF_PART}}
        for r, weight in zip(members, weights, strict=True)
    ]
    first = members[0].values
    values: dict[str, Any] = {
        **{key: first[key] for key in ("method", "window", "seconds", "rolling")},
        "name": one.name, "service": one.service, "description": one.description, "parts": parts,
        "target": round(sum(p["weight"] * p["target"] for p in parts) / sum(weights), 12),
        "condition": None, "last": None, "unit": "its parts", "alerts": [a._asdict() for a in one.alerts],
        "from": min(r.values["from"] for r in members), "to": min(r.values["to"] for r in members),
        "sources": sorted({s for r in members for s in r.values["sources"]}),
    }  # fmt: skip
    return Resource("service", one.name, members[0].source, values, one.origin, name=one.name,
                    account=members[0].account, region=members[0].region)  # fmt: skip

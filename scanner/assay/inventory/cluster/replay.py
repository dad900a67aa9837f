"""Recorded clusters as live ones: what examples and fixtures hold, put through the real collector.

`{"objects": [API objects], "version": "v1.34.0", "denied": {"pods": "reason"}, "cluster": {...}}` is one cluster;
`{"clusters": {"prod": {...}, "stage": {...}}}` are several. `cluster` adds to the values of the scope resource.
`registries` are those that may be asked for signatures: by host and path what they answer, a text or JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.inventory.cluster.connection import METADATA_ONLY, Refused
from assay.inventory.cluster.kinds import KINDS, plural
from assay.inventory.cluster.registries import Answer, RegistryError
from assay.inventory.cluster.units import PROVIDER, Wishes, units_of
from assay.inventory.collect import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from assay.inventory.collect import Emitter

NAME = "example"


class Recorded:
    """Answers as `Connection` does, from objects that were recorded."""

    def __init__(self, name: str, recorded: Mapping[str, Any]) -> None:
        self.name = name
        self.date: str | None = None
        self.version = str(recorded.get("version", "v1.34.0"))
        self.denied: dict[str, str] = dict(recorded.get("denied", {}))
        self.objects: list[dict[str, Any]] = list(recorded.get("objects", ()))
        self.kinds = {(group, kind): "v1" for group, kinds in KINDS.items() for kind in kinds}
        for o in self.objects:
            group, _, version = o["apiVersion"].rpartition("/")
            self.kinds[group, o["kind"]] = version

    def get(self, path: str, query: Mapping[str, Any] | None = None, accept: str = "") -> Any:
        """The answer to a path of the API."""
        steps = path.strip("/").split("/")
        if path == "/version":
            major, minor = self.version.lstrip("v").split(".")[:2]
            return {"major": major, "minor": minor, "gitVersion": self.version}
        if path == "/apis":
            groups = {group: version for (group, _), version in self.kinds.items() if group}
            return {"groups": [{"name": g, "preferredVersion": {"version": v}} for g, v in groups.items()]}
        group, depth = ("", 2) if steps[0] == "api" else (steps[1], 3)
        mine = {plural(kind): kind for g, kind in self.kinds if g == group}
        if len(steps) == depth:
            return {"resources": [{"name": name, "kind": kind, "verbs": ["list"]} for name, kind in mine.items()]}
        name, space = steps[-1], steps[depth + 1] if len(steps) == depth + 3 else None
        if name in self.denied:
            raise Refused(403, "Forbidden", self.denied[name])
        return {"items": [self._item(o, accept) for o in self.objects if self._is(o, group, mine[name], space)]}

    def read(self, path: str, query: Mapping[str, Any] | None = None, accept: str = "") -> bytes:
        """Pages that are no JSON are not recorded."""
        raise Refused(404, "NotFound", f"{path} was not recorded")

    @staticmethod
    def _is(o: dict[str, Any], group: str, kind: str, namespace: str | None) -> bool:
        return (
            o["kind"] == kind
            and o["apiVersion"].rpartition("/")[0] == group
            and namespace in (None, o["metadata"].get("namespace"))
        )

    @staticmethod
    def _item(o: dict[str, Any], accept: str) -> dict[str, Any]:
        if accept == METADATA_ONLY:
            return {"metadata": dict(o["metadata"])}
        return {k: v for k, v in o.items() if k not in ("apiVersion", "kind")}


def units(answers: Mapping[str, Any]) -> Iterator[Unit]:
    """The collector's units over recorded clusters."""
    clusters = answers.get("clusters") or {NAME: answers}
    for name, recorded in clusters.items():
        connection: Any = Recorded(name, recorded)
        registries = [RecordedRegistry(host, told) for host, told in recorded.get("registries", {}).items()]
        for unit in units_of(connection, Wishes(registries=registries)):
            if unit.service == "cluster":
                yield Unit(PROVIDER, name, None, "cluster", unit.types, _scope(connection, recorded))
            else:
                yield unit


class RecordedRegistry:
    """A registry's answers by path; one that is `denied` answers nothing."""

    def __init__(self, host: str, told: Any) -> None:
        self.host = host
        self._told = told

    def get(self, path: str, accept: str = "*/*") -> Answer | None:
        if self._told == "denied":
            raise RegistryError(f"{self.host} shows nothing without credentials", denied=True)
        found = self._told.get(path)
        body = found if isinstance(found, str) else json.dumps(found)
        return None if found is None else Answer(body.encode(), "")


def _scope(connection: Recorded, recorded: Mapping[str, Any]) -> Callable[[Emitter], None]:
    """The scope resource, with what was recorded of it: when it was looked at, counters, an earlier look."""
    values = {"name": connection.name, "version": connection.get("/version"), **recorded.get("cluster", {})}
    return lambda emitter: emitter.resource("cluster", connection.name, values, name=connection.name)

"""From a connection to resources: what the server has of the kinds wanted, listed page by page and cleaned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.inventory.cluster.connection import JSON, Connection, Refused, pages
from assay.inventory.cluster.connection import METADATA_ONLY as METADATA
from assay.inventory.cluster.kinds import KINDS, METADATA_ONLY, NAMESPACE, SELECTED
from assay.inventory.collect import DENIED, FAILED, THROTTLED, CollectionStopped
from assay.model import Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from assay.inventory.collect import Emitter

_DROPPED_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied")
"""Whole earlier objects, Secrets' data included."""
CONCEALED = "it looks like a credential, so it was not kept"


class Listed(NamedTuple):
    """A kind to list: where, and the version it is served in."""

    group: str
    version: str
    kind: str
    resource: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        space = f"/namespaces/{NAMESPACE[self.kind]}" if self.kind in NAMESPACE else ""
        return f"{base}{space}/{self.resource}"

    @property
    def service(self) -> str:
        """As kubectl names it: `deployments.apps`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


class Discovered(NamedTuple):
    """What discovery gave: the kinds to list, and (service, kinds, reason) where it failed."""

    kinds: list[Listed]
    failed: list[tuple[str, tuple[str, ...], str]]


def discover(connection: Connection, more: Collection[str] = ()) -> Discovered:
    """The kinds of the table that the server has, and those named in `more` whatever their group.

    Raises:
        Refused, CollectionStopped: not even the list of groups can be had.
    """
    groups = {"": "v1"}
    for group in connection.get("/apis").get("groups") or []:
        groups[group["name"]] = group["preferredVersion"]["version"]
    found = Discovered([], [])
    for group, version in groups.items():
        wanted = set(KINDS.get(group, ())) | set(more)
        if group not in KINDS and not more:
            continue
        try:
            answer = connection.get(f"/apis/{group}/{version}" if group else f"/api/{version}")
        except Refused as no:  # an aggregated API whose server is down
            found.failed.append((group or "core", KINDS.get(group, ()), str(no)))
            continue
        for r in answer.get("resources") or []:
            if r["kind"] in wanted and "/" not in r["name"] and "list" in r["verbs"]:
                found.kinds.append(Listed(group, version, r["kind"], r["name"]))
    return found


def collect_kind(connection: Connection, listed: Listed, emitter: Emitter) -> None:
    """List one kind into the emitter; a refusal becomes a problem, never an empty list."""
    seen: set[str] = set()
    bare = listed.kind in METADATA_ONLY
    query = SELECTED.get(listed.kind, {})
    try:
        for page in pages(connection, listed.path, query, METADATA if bare else JSON):
            for item in page:
                meta = item["metadata"]
                uid = meta.get("uid") or f"{meta.get('namespace')}/{meta['name']}"
                if uid not in seen:
                    seen.add(uid)
                    values = _clean(item, listed, bare=bare)
                    emitter.resource(listed.kind, address(values), values, name=meta["name"])
    except Refused as no:
        status = {403: DENIED, 429: THROTTLED}.get(no.status, FAILED)
        if no.status == 404 and listed.kind in NAMESPACE:
            return
        emitter.problem(f"list {listed.service}", status, str(no), (listed.kind,))
    except CollectionStopped as gone:  # half-way: what the other kinds have given still counts
        emitter.problem(f"list {listed.service}", FAILED, str(gone), (listed.kind,))


def address(values: dict[str, Any]) -> str:
    """`ns/Kind/name`, or `Kind/name` of what belongs to no namespace."""
    meta = values["metadata"]
    short = f"{values['kind']}/{meta['name']}"
    return f"{meta['namespace']}/{short}" if meta.get("namespace") else short


# --- what is kept of an object ----------------------------------------------------------------------------------------


def _clean(item: dict[str, Any], listed: Listed, *, bare: bool) -> dict[str, Any]:
    """The object with its type, without bookkeeping and without credentials; the item is used up."""
    meta = item["metadata"]
    meta.pop("managedFields", None)
    annotations = meta.get("annotations")
    if annotations:
        for name in _DROPPED_ANNOTATIONS:
            annotations.pop(name, None)
        for name, value in annotations.items():
            annotations[name] = conceal(name, value)
    values = {"apiVersion": listed.api_version, "kind": listed.kind, "metadata": meta}
    if bare:  # whatever a server sends that does not know metadata-only lists is dropped here
        return values
    for name, value in item.items():
        values.setdefault(name, value)
    if listed.kind in ("ConfigMap", "Secret"):
        for part in ("data", "binaryData", "stringData"):
            if isinstance(values.get(part), dict):
                values[part] = {k: conceal(k, v) for k, v in values[part].items()}
    else:
        for spec in _pod_specs(values):
            for container in _containers(spec):
                _conceal_container(container)
    return values


def _pod_specs(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    spec = values.get("spec")
    if not isinstance(spec, dict):
        return
    if values["kind"] == "Pod":
        yield spec
    template = spec.get("template") or ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        yield template["spec"]


def _containers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(part) or ()


def _conceal_container(container: dict[str, Any]) -> None:
    known = _concealed.get
    for entry in container.get("env") or ():
        value = entry.get("value")
        if value:
            kept = known((entry["name"], value))  # inlined: a large cluster has a million of these
            entry["value"] = conceal(entry["name"], value) if kept is None else kept
    for part in ("command", "args"):
        if container.get(part):
            container[part] = list(_arguments(container[part]))


def _arguments(words: list[str]) -> Iterator[Any]:
    """Words of a command line; in `--password hunter2` the second answers to the first."""
    option = ""
    for word in words:
        yield conceal(option, word)
        option = word.lstrip("-") if word.startswith("-") and "=" not in word else ""


_concealed: dict[tuple[str, str], Any] = {}
"""Replicas carry the same environment: each text is searched once (short ones, and not without bound)."""


def conceal(name: str, value: Any) -> Any:
    """A value without the credential it is or holds: an unknown that says so, or a text with unknown pieces."""
    if not isinstance(value, str) or not value:
        return value
    key = (name, value)
    if key in _concealed:
        return _concealed[key]
    found = _without_credentials(name, value)
    if len(value) < 300 and len(_concealed) < 50_000:
        _concealed[key] = found
    return found


def _without_credentials(name: str, value: str) -> Any:
    from assay.reports.masking import hides, spans

    hole = Unknown(CONCEALED, not_null=True, sensitive=True)
    if hides(name, value):
        return hole
    parts: list[str | Unknown] = []
    at = 0
    for start, end, _ in spans(value):
        parts += [value[at:start], hole] if start > at else [hole]
        at = end
    if not parts:
        return value
    if at < len(value):
        parts.append(value[at:])
    return hole if len(parts) == 1 else Text(parts)

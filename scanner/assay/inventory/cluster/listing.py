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
_BUILT_IN = frozenset(group for group in KINDS if "." not in group or group.endswith(".k8s.io"))
"""API groups whose objects hold a text that somebody wrote only where it is looked for; of others it is anywhere."""
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
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
    found = Discovered([], [])
    for group, versions in _groups(connection.get("/apis")).items():
        if group not in KINDS and not more:
            continue
        missing = {*KINDS.get(group, ()), *more}
        if not versions:
            found.failed.append((group, tuple(sorted(missing)), f"discovery names no version of {group}"))
        for version in versions:  # the preferred one first; a kind may be served in another one only
            try:
                answer = connection.get(f"/apis/{group}/{version}" if group else f"/api/{version}")
            except Refused as no:  # an aggregated API whose server is down
                found.failed.append((group or "core", tuple(sorted(missing)), str(no)))
                break
            listed = [r for r in answer.get("resources") or () if _is_listed(r) and r["kind"] in missing]
            found.kinds.extend(Listed(group, version, r["kind"], r["name"]) for r in listed)
            missing -= {r["kind"] for r in listed}
            if not missing:
                break
    return Discovered(found.kinds, list(_in_doubt(found)))


def _groups(answer: dict[str, Any]) -> dict[str, list[str]]:
    """API group -> its versions, the preferred one first; one that names none has none."""
    found = {"": ["v1"]}
    for group in answer.get("groups") or ():
        if isinstance(group, dict) and isinstance(group.get("name"), str):
            told = [group.get("preferredVersion"), *(group.get("versions") or ())]
            names = [v["version"] for v in told if isinstance(v, dict) and isinstance(v.get("version"), str)]
            found[group["name"]] = list(dict.fromkeys(names))
    return found


def _is_listed(resource: Any) -> bool:
    """True for a resource of discovery that can be listed: no subresource, and with the verb."""
    if not isinstance(resource, dict) or "list" not in (resource.get("verbs") or ()):
        return False
    return isinstance(resource.get("kind"), str) and "/" not in str(resource.get("name") or "/")


def _in_doubt(found: Discovered) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """The groups that failed, each with the kinds that it may have: not those of users' rules that another one has."""
    known = {listed.kind for listed in found.kinds}
    for group, kinds, reason in found.failed:
        own = KINDS.get("" if group == "core" else group, ())
        kept = tuple(kind for kind in kinds if kind in own or kind not in known)
        if kept:
            yield group, kept, reason


def collect_kind(connection: Connection, listed: Listed, emitter: Emitter) -> None:
    """List one kind into the emitter; a refusal becomes a problem, never an empty list."""
    seen: set[str] = set()
    odd = 0
    bare = listed.kind in METADATA_ONLY
    query = SELECTED.get(listed.kind, {})
    try:
        for page in pages(connection, listed.path, query, METADATA if bare else JSON):
            for item in page:
                meta = item.get("metadata") if isinstance(item, dict) else None
                if not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
                    odd += 1
                    continue
                uid = meta.get("uid") or f"{meta.get('namespace')}/{meta['name']}"
                if uid not in seen:
                    seen.add(uid)
                    values = _clean(item, listed, bare=bare)
                    emitter.resource(listed.kind, address(values), values, name=meta["name"])
        if odd:
            emitter.problem(f"list {listed.service}", FAILED, f"{odd} of its items have no name", (listed.kind,))
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
    _conceal_annotations(meta)
    values = {"apiVersion": listed.api_version, "kind": listed.kind, "metadata": meta}
    if bare:  # whatever a server sends that does not know metadata-only lists is dropped here
        return values
    for name, value in item.items():
        values.setdefault(name, value)
    if listed.kind in ("ConfigMap", "Secret"):
        for part in ("data", "binaryData", "stringData"):
            if isinstance(values.get(part), dict):
                values[part] = {k: conceal(k, v) for k, v in values[part].items()}
        return values
    if listed.group not in _BUILT_IN:
        _conceal_below(values.get("spec"))
    if listed.kind == "Event":
        for part in ("message", "note"):
            if part in values:
                values[part] = conceal("", values[part])
    elif listed.kind == "Pod":
        _conceal_status(values.get("status") or {})
    for spec in _pod_specs(values):
        for container in _containers(spec):
            _conceal_container(container)
    return values


def _conceal_annotations(meta: dict[str, Any]) -> None:
    annotations = meta.get("annotations")
    if annotations:
        for name in _DROPPED_ANNOTATIONS:
            annotations.pop(name, None)
        for name, value in annotations.items():
            annotations[name] = conceal(name, value)


def _conceal_below(value: Any, headers: bool = False) -> None:
    """Conceal in a custom resource what is a credential by its form, and header fields by their name too.

    The names of other fields say little there: `secretKey: password` names a key.
    """
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        if isinstance(inner, str):
            value[key] = conceal(str(key) if headers else "", inner)
        else:
            _conceal_below(inner, str(key).lower().endswith("headers"))
    if isinstance(value, dict) and isinstance(value.get("image"), str):
        _conceal_container(value)


def _conceal_status(status: dict[str, Any]) -> None:
    """Conceal in what the kubelet says of a pod: messages repeat what a program printed last."""
    if "message" in status:
        status["message"] = conceal("", status["message"])
    for part in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for one in status.get(part) or ():
            state, last = one.get("state"), one.get("lastState")
            if state and "running" not in state:  # which has no message, and is what most are
                _conceal_messages(state)
            if last:
                _conceal_messages(last)


def _conceal_messages(state: dict[str, Any]) -> None:
    for told in state.values():
        if told and "message" in told:
            told["message"] = conceal("", told["message"])


def _pod_specs(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    spec = values.get("spec")
    if not isinstance(spec, dict):
        return
    if values["kind"] == "Pod":
        yield spec
    template = spec.get("template") or ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        if isinstance(template.get("metadata"), dict):
            _conceal_annotations(template["metadata"])
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
    for part in _PROBES:
        if part in container:
            _conceal_handler(container[part])
    if "lifecycle" in container:
        for handler in (container["lifecycle"] or {}).values():
            _conceal_handler(handler)


def _conceal_handler(handler: Any) -> None:
    """Conceal in what a probe or a hook runs or asks."""
    asked, run = (handler.get("httpGet"), handler.get("exec")) if handler else (None, None)
    if asked and "httpHeaders" in asked:
        for header in asked["httpHeaders"] or ():
            header["value"] = conceal(str(header.get("name")), header.get("value"))
    if run and run.get("command"):
        run["command"] = list(_arguments(run["command"]))


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

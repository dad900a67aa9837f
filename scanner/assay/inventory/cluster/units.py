"""The units of a cluster's inventory: one for the cluster itself, one for each kind it is asked for."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from assay.clock import seconds, stamp
from assay.inventory.cluster.connection import Connection, Refused, pages
from assay.inventory.cluster.kinds import KINDS, METADATA_ONLY
from assay.inventory.cluster.listing import collect_kind, discover
from assay.inventory.cluster.metrics import WINDOW_MINUTES, MetricsError, from_cadvisor, from_prometheus, shown
from assay.inventory.cluster.metrics import throttled_between as between
from assay.inventory.cluster.registries import TYPE as IMAGE
from assay.inventory.cluster.registries import collect_images
from assay.inventory.collect import DENIED, FAILED, CollectionStopped, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from assay.inventory.cluster.listing import Listed
    from assay.inventory.cluster.registries import Registry
    from assay.inventory.collect import Emitter

PROVIDER = "cluster"


class Earlier:
    """What an earlier look at a cluster told: restarts by pod uid, CPU counters, and when that was."""

    def __init__(self, at: float, restarts: dict[str, int], counters: dict[str, Any] | None = None) -> None:
        self.at = at
        self.restarts = restarts
        self.counters = counters


class Wishes:
    """What an audit of a cluster was asked for beyond listing it."""

    def __init__(
        self, *, prometheus: str | None = None, cadvisor: bool = False, secrets: bool = True,
        more: Collection[str] = (), earlier: Sequence[Earlier] = (), registries: Sequence[Registry] = (),
    ) -> None:  # fmt: skip
        self.prometheus = prometheus
        self.cadvisor = cadvisor
        self.secrets = secrets
        self.more = more
        self.earlier = list(earlier)  # oldest first
        self.registries = list(registries)  # those that may be asked for signatures


def feeds(wishes: Wishes) -> list[str]:
    """The types an audit looks for."""
    left_out = frozenset() if wishes.secrets else METADATA_ONLY
    kinds = {kind for group in KINDS.values() for kind in group} | set(wishes.more)
    return ["cluster", *sorted(kinds - left_out)]


def units_of(connection: Connection, wishes: Wishes) -> Iterator[Unit]:
    """The units of one cluster, by discovery.

    Raises:
        CollectionStopped: the server cannot be reached or refuses the credentials.
    """
    name = connection.name
    try:
        found = discover(connection, wishes.more)
    except Refused as no:
        types = feeds(wishes)
        yield _failing(name, "discovery", types, DENIED if no.status in (401, 403) else FAILED, str(no))
        return
    yield Unit(PROVIDER, name, None, "cluster", ("cluster",), lambda e: _cluster(connection, wishes, e))
    for group, kinds, reason in found.failed:
        yield _failing(name, f"discovery.{group}", kinds, FAILED, reason)
    for listed in found.kinds:
        if wishes.secrets or listed.kind not in METADATA_ONLY:
            yield Unit(PROVIDER, name, None, listed.service, (listed.kind,), _listing(connection, listed))
    if wishes.registries:
        workloads = [listed for listed in found.kinds if listed.kind in TEMPLATES]
        work = lambda e: collect_images(_pods(connection, workloads), wishes.registries, e)  # noqa: E731
        yield Unit(PROVIDER, name, None, "registries", (IMAGE,), work)


TEMPLATES = {
    "Pod": (),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Rollout", "DeploymentConfig"), ("template",)
    ),
    "CronJob": ("jobTemplate", "spec", "template"),
}
"""Where below `spec` the pod of a kind stands."""


def _pods(connection: Connection, workloads: Sequence[Listed]) -> Iterator[dict[str, Any]]:
    """Every pod and pod template, also those of which no pod runs now."""
    for listed in workloads:
        try:
            for page in pages(connection, listed.path, {}):
                for item in page:
                    for step in ("spec", *TEMPLATES[listed.kind]) if TEMPLATES[listed.kind] else ():
                        item = item.get(step) or {}
                    yield item
        except (Refused, CollectionStopped):
            continue  # the list of the kind itself says why


def failed_cluster(name: str, wishes: Wishes, reason: str) -> Unit:
    """The unit that stands for a cluster of which nothing could be had."""
    return _failing(name, "cluster", feeds(wishes), FAILED, reason)


def _failing(name: str, service: str, types: Sequence[str], status: str, reason: str) -> Unit:
    return Unit(PROVIDER, name, None, service, types, lambda e: e.problem("", status, reason, types))


def _listing(connection: Connection, listed: Listed) -> Callable[[Emitter], None]:
    return lambda emitter: collect_kind(connection, listed, emitter)


# --- the cluster itself -----------------------------------------------------------------------------------------------


def _cluster(connection: Connection, wishes: Wishes, emitter: Emitter) -> None:
    """The scope resource: version, number of nodes, when it was looked at, and what earlier looks and counters tell."""
    try:
        version = connection.get("/version")
    except (Refused, CollectionStopped) as no:  # what the lists have given still counts
        denied = isinstance(no, Refused) and no.status == 403
        emitter.problem("get /version", DENIED if denied else FAILED, str(no), ("cluster",))
        return
    at = _now(connection.date)
    nodes = _nodes(connection)
    values: dict[str, Any] = {"name": connection.name, "version": version, "collectedAt": stamp(at)}
    if nodes is not None:
        values["nodes"] = nodes
    if wishes.earlier:
        first = wishes.earlier[0]
        values["previous"] = {"collectedAt": stamp(first.at), "restarts": first.restarts}
    values["throttling"] = _throttling(connection, wishes, at, values)
    emitter.resource("cluster", connection.name, values, name=connection.name)


def _now(date: str | None) -> float:
    """The server's clock; SOURCE_DATE_EPOCH and a server without one mean ours."""
    import os

    if date is None or os.environ.get("SOURCE_DATE_EPOCH"):
        return seconds()
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return seconds()


def _nodes(connection: Connection) -> int | None:
    try:
        answer = connection.get("/api/v1/nodes", {"limit": 1})
    except (Refused, CollectionStopped):
        return None  # the listing of nodes says why
    return len(answer.get("items") or []) + int((answer.get("metadata") or {}).get("remainingItemCount") or 0)


def _throttling(connection: Connection, wishes: Wishes, at: float, values: dict[str, Any]) -> dict[str, Any]:
    """`{"shares": {"ns/pod/container": 0.4}, "source": ...}`, or `{"reason": why there are no counters}`."""
    try:
        if wishes.prometheus:
            return {"source": shown(wishes.prometheus), "shares": from_prometheus(wishes.prometheus)}
        if not wishes.cadvisor:
            return {"reason": "no CPU counters were asked for: give --prometheus URL, or --cadvisor"}
        counters = from_cadvisor(connection, _node_names(connection))
    except (MetricsError, Refused, CollectionStopped) as error:
        return {"reason": str(error)}
    values["counters"] = counters
    old = [e for e in wishes.earlier if e.counters is not None]
    then = next((e for e in reversed(old) if at - e.at >= WINDOW_MINUTES * 60), None)
    if then is None or then.counters is None:
        since = f"{(at - old[0].at) / 60:.0f} minutes" if old else "one reading"
        said = f"the counters are known for {since}; throttling is judged over {WINDOW_MINUTES} minutes"
        return {"reason": f"{said} (--watch, or --since an earlier snapshot)"}
    return {"source": "cadvisor", "shares": between(then.counters, counters)}


def _node_names(connection: Connection) -> list[str]:
    from assay.inventory.cluster.connection import METADATA_ONLY as METADATA

    return [item["metadata"]["name"] for page in pages(connection, "/api/v1/nodes", {}, METADATA) for item in page]


def restarts_of(pod: dict[str, Any]) -> int:
    """How often the containers of a pod have restarted, initial and ephemeral ones included."""
    status = pod.get("status") or {}
    parts = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    return sum(int(c.get("restartCount") or 0) for part in parts for c in status.get(part) or ())

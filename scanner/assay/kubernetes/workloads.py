"""Pods and containers of any workload, as rules judge them.

`pods` and `containers` are what a rule names in `each=`. An object that another collected one owns says nothing new:
its owner is judged, once. Of a pod only those containers are judged that its owner's template does not have (an
injected sidecar, a debugging container), once per owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kubernetes.owners import controller_of, top_owner
from assay.model import Block, PartialList, Undetermined, Unknown, lookup, lookup_quietly, parse_path, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.graph import Graph
    from assay.model import Resource

    Parts = Callable[[Resource, Graph], list[Any]]

_TEMPLATE = "spec.template"
_TEMPLATES = {
    "Pod": "",
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": "spec.jobTemplate.spec.template",
    "ReplicationController": _TEMPLATE,
    "Rollout": _TEMPLATE,
    "DeploymentConfig": _TEMPLATE,
}
"""Where the pod template of a kind stands."""

PODS = tuple(_TEMPLATES)
SERVING = tuple(kind for kind in PODS if kind not in ("Job", "CronJob"))
LISTS = ("containers", "initContainers", "ephemeralContainers")


class Pod(Block):
    """The pod spec of a workload: reading and findings are relative to it."""

    __slots__ = ("template",)

    def __init__(self, resource: Resource, template: tuple[str | int, ...], values: Any) -> None:
        super().__init__(resource, (*template, "spec"), values)
        self.template = template

    def __str__(self) -> str:
        return self.resource.address

    @property
    def labels(self) -> Any:
        """The labels of the pods."""
        return lookup(self.resource.values, (*self.template, "metadata", "labels")) or {}

    @property
    def annotations(self) -> Any:
        """The annotations of the pods."""
        return lookup(self.resource.values, (*self.template, "metadata", "annotations")) or {}

    @property
    def containers(self) -> list[Any]:
        """Every container, init and ephemeral ones included."""
        return containers_of(self)

    def views(self) -> Iterator[Block]:
        """The pod itself, then its containers: what has a security context. Incomplete lists raise at the end."""
        yield self
        yield from self.containers

    def annotation(self, name: str) -> Any:
        """The value of an annotation of the pods; None when they have none."""
        return _get(self.annotations, name)

    @property
    def windows(self) -> bool:
        """True for pods of Windows nodes, to which Linux' security settings do not apply."""
        return bool(self["os.name"] == "windows") or _get(self["nodeSelector"], "kubernetes.io/os") == "windows"

    def volumes(self, kind: str) -> list[Block]:
        """The volumes of a kind (`hostPath`, `secret`), those of unknown kind in doubt."""
        found = self.each("volumes")
        kept = [v for v in list.__iter__(found) if not v.absent(kind)]
        return PartialList(kept, found.unknown) if isinstance(found, PartialList) else kept


class Container(Block):
    """One container of a pod, of whatever list."""

    __slots__ = ("list", "pod")

    def __init__(self, pod: Pod, list_: str, path: tuple[str | int, ...], values: Any) -> None:
        super().__init__(pod.resource, path, values)
        self.pod = pod
        self.list = list_

    def __str__(self) -> str:
        kind = {"initContainers": "init container", "ephemeralContainers": "ephemeral container"}
        name = self["name"]
        return f"{kind.get(self.list, 'container')} {name if isinstance(name, str) else show(name)}"

    @property
    def label(self) -> str:
        return f"{self}: "

    @property
    def runs_on(self) -> bool:
        """True when the container runs as long as its pod: a plain one, or an init container that always restarts."""
        return self.list == "containers" or (self.list == "initContainers" and self["restartPolicy"] == "Always")

    def effective(self, field: str) -> Any:
        """A field of the security context: the container's own, else the pod's."""
        own = self[f"securityContext.{field}"]
        return self.pod[f"securityContext.{field}"] if own is None else own

    @property
    def escalates_anyway(self) -> bool:
        """Whether the API server refuses `allowPrivilegeEscalation: false` here, or might, as far as that is known."""
        context = lookup_quietly(self.values, ("securityContext",))
        if type(context) is not dict:
            return context is not None
        privileged, added = context.get("privileged"), lookup_quietly(context, ("capabilities", "add"))
        if not (privileged is None or privileged is False):
            return True
        given = list.__iter__(added) if type(added) is list else iter([added])
        return added is not None and any(type(one) is not str or one.endswith("SYS_ADMIN") for one in given)

    def because(self, field: str) -> list[Any]:
        """The pod's field as a further place, where it is what decides."""
        decides = self[f"securityContext.{field}"] is None and not self.pod.absent(f"securityContext.{field}")
        return [self.pod.where(f"securityContext.{field}")] if decides else []


def capability(name: Any) -> str:
    """A capability as the API documents it: runtimes take any case, some of them the kernel's `CAP_` too."""
    return f"{name}".upper().removeprefix("CAP_")


def _get(table: Any, key: str) -> Any:
    """The value under a key that may hold dots."""
    if isinstance(table, Unknown):
        raise Undetermined(table)
    return table.get(key) if isinstance(table, dict) else None


def _remembered(name: str, make: Callable[[Resource, Graph], list[Any]], r: Resource, graph: Graph) -> list[Any]:
    key = (name, id(r))
    found: list[Any] | None = graph._memo.get(key)
    if found is None:
        found = graph._memo[key] = make(r, graph)
    return found


def unowned(r: Resource, graph: Graph) -> list[Any]:
    """The object itself, in a list; empty when somebody else's template says the same."""
    return _remembered("unowned", lambda r, graph: [] if owner_of(r, graph) is not None else [r], r, graph)


def pods(r: Resource, graph: Graph) -> list[Any]:
    """The pod spec of a workload, in a list; empty when somebody else's template says the same."""
    return _remembered("pods", _pods, r, graph)


def _pods(r: Resource, graph: Graph) -> list[Any]:
    return [] if owner_of(r, graph) is not None else [pod for pod in [pod_of(r)] if pod is not None]


def pod_of(r: Resource) -> Pod | None:
    """The pod spec that an object holds itself; None when it is no workload."""
    path = _TEMPLATES.get(r.type)
    if path is None:
        return None
    template = parse_path(path)
    values = lookup(r.values, (*template, "spec"))
    return Pod(r, template, values) if isinstance(values, (dict, Unknown)) else None


def owner_of(r: Resource, graph: Graph) -> Resource | None:
    """The collected workload whose template an object was made from; None for one that stands for itself."""
    memo: dict[int, Resource | None] = graph._memo.setdefault("template owners", {})
    if id(r) not in memo:
        memo[id(r)] = _owner_of(r, graph)
    return memo[id(r)]


def _owner_of(r: Resource, graph: Graph) -> Resource | None:
    if not r.values.get("metadata", {}).get("ownerReferences") or controller_of(r) is None:
        return None
    owner = top_owner(graph, r)
    return owner if owner is not r and owner.type in _TEMPLATES and "spec" in owner.values else None


def containers(r: Resource, graph: Graph) -> list[Any]:
    """The containers of a workload, init and ephemeral ones included; of an owned pod the additional ones."""
    return _remembered("containers", _containers, r, graph)


def part_of(whole: Parts) -> Callable[[Parts], Parts]:
    """Says that a function gives some of what another gives: who has nothing of that need not be asked again."""

    def mark(part: Parts) -> Parts:
        part.__dict__["part_of"] = whole
        return part

    return mark


@part_of(containers)
def sized_containers(r: Resource, graph: Graph) -> list[Any]:
    """The containers that may ask for resources: all but the ephemeral ones."""
    found = containers(r, graph)
    return _remembered("sized", lambda *_: _only(found, lambda c: c.list != "ephemeralContainers"), r, graph)


@part_of(containers)
def running_containers(r: Resource, graph: Graph) -> list[Any]:
    """The containers that run as long as the pod does, sidecars included."""
    found = containers(r, graph)
    return _remembered("running", lambda *_: _only(found, lambda c: c.runs_on), r, graph)


def _only(found: list[Any], test: Callable[[Any], bool]) -> list[Any]:
    kept = [c for c in list.__iter__(found) if test(c)]
    return PartialList(kept, found.unknown) if isinstance(found, PartialList) else kept


def _containers(r: Resource, graph: Graph) -> list[Any]:
    owner = owner_of(r, graph)
    if owner is not None and r.type != "Pod":
        return []
    pod = pod_of(r)
    if pod is None or owner is None:
        return containers_of(pod) if pod is not None else []
    seen: set[Any] | None = graph._memo.get(("containers of", id(owner)))
    if seen is None:
        seen = graph._memo["containers of", id(owner)] = _names_of(owner)
    spec = pod.values
    if type(spec) is dict and all(c.get("name") in seen for list_ in LISTS for c in spec.get(list_) or ()):
        return []  # nearly every replica: no block need be made of it
    fresh = [c for c in containers_of(pod) if isinstance(c["name"], str) and c["name"] not in seen]
    seen.update(c["name"] for c in fresh)
    return fresh


def _names_of(owner: Resource) -> set[Any]:
    pod = pod_of(owner)
    return {c.values.get("name") for c in list.__iter__(containers_of(pod)) if type(c.values) is dict} if pod else set()


def containers_of(pod: Pod) -> list[Any]:
    """Every container of a pod spec; partial when a list of them is not known."""
    found: list[Any] = []
    doubt: Unknown | None = None
    for list_ in LISTS:
        blocks = pod.each(list_)
        certain = [b for b in list.__iter__(blocks) if isinstance(b.values, (dict, Unknown))]
        found += [Container(pod, list_, b.path, b.values) for b in certain]
        if isinstance(blocks, PartialList):
            doubt = doubt or blocks.unknown
    return PartialList(found, doubt) if doubt is not None else found

"""What belongs to what in a cluster: label selectors, and names within a namespace.

All questions are asked within one scope: the same source, root and cluster. An object that names no namespace may be
put into any, so it is a neighbour of every one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kubernetes.workloads import PODS, Pod, pods
from assay.model import PartialList, Resource, Undetermined, Unknown, View, any_of, as_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.graph import Graph

SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")


def namespace_of(view: View) -> Any:
    """The namespace an object names; None when it names none."""
    return view.resource["metadata.namespace"]


def near(a: View, b: View) -> bool:
    """True when two objects are, or may well be put, in one namespace."""
    mine, other = namespace_of(a), namespace_of(b)
    return mine == None or other == None or bool(mine == other)  # noqa: E711 - an Unknown answers ==


def matches(selector: Any, labels: Any) -> bool:
    """Whether a LabelSelector, or a plain map of labels, selects something with these labels. An empty one selects all.

    Raises:
        Undetermined: the label that decides is unknown.
    """
    for known in (selector, labels):
        if isinstance(known, Unknown):
            raise Undetermined(known)
    if not isinstance(selector, dict) or not isinstance(labels, dict):
        return False
    if not ("matchLabels" in selector or "matchExpressions" in selector):
        return all(_has(labels, key, value) for key, value in selector.items())
    wanted = selector.get("matchLabels") or {}
    if not isinstance(wanted, dict):
        return False
    return all(_has(labels, key, value) for key, value in wanted.items()) and all(
        _meets(labels, e) for e in selector.get("matchExpressions") or []
    )


def _has(labels: Any, key: str, value: Any) -> bool:
    return key in labels and bool(labels[key] == value)


def _meets(labels: Any, expression: Any) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    listed = key in labels and labels[key] in values
    return listed if operator == "In" else not listed


# --- indexes: one pass over a kind, however often it is asked ---------------------------------------------------------


def _names(key: Any) -> bool:
    """False for a list or a map that stands in a name's place, and names nothing: the API server refuses it."""
    return not isinstance(key[-1] if isinstance(key, tuple) else key, dict | list)


class _Index:
    """Things by key; `rest` holds those whose key is unknown or does not exist, `doubt` why there may be more."""

    __slots__ = ("doubt", "found", "rest")

    def __init__(self) -> None:
        self.found: dict[Any, list[Any]] = {}
        self.rest: list[Any] = []
        self.doubt: Unknown | None = None

    def put(self, key: Any, thing: Any) -> None:
        if isinstance(key, Unknown) or key is None:
            self.rest.append(thing)
        elif _names(key):
            self.found.setdefault(key, []).append(thing)

    def certain(self, keys: Iterable[Any], test: Callable[[Any], bool]) -> list[Any]:
        """The things under these keys, or under none, of which the test certainly holds.

        Raises:
            Undetermined: it certainly holds of none, but perhaps of one.
        """
        kept: dict[int, Any] = {}
        doubt = self.doubt
        names = [key for key in keys if _names(key)]
        for candidates in (*(self.found.get(key, ()) for key in names), self.rest):
            for thing in candidates:
                try:
                    if test(thing):
                        kept[id(thing)] = thing
                except Undetermined as error:
                    doubt = doubt or error.unknown
        if not kept and doubt is not None:
            raise Undetermined(doubt)
        return list(kept.values())


def _index(view: View, graph: Graph, name: str, fill: Callable[[View, Graph, _Index], None]) -> _Index:
    r = view.resource
    key = (name, r.source, r.root, r.account)
    found: _Index | None = graph._memo.get(key)
    if found is None:
        found = graph._memo[key] = _Index()
        fill(view, graph, found)
    return found


_SELDOM = ("ScaledObject", "SealedSecret", "ReplicationController")
"""Kinds that an audit does not list: where none was met, there is taken to be none."""


def _each_beside(view: View, types: Iterable[str], graph: Graph, index: _Index) -> Iterator[Resource]:
    for type_ in types:
        others = graph.beside(view, type_)
        yield from list.__iter__(others)
        if isinstance(others, PartialList) and type_ not in _SELDOM:
            index.doubt = index.doubt or others.unknown


def _pairs(selector: Any) -> list[tuple[str, Any]]:
    """The label pairs that a selector demands."""
    if not isinstance(selector, dict):
        return []
    plain = not ("matchLabels" in selector or "matchExpressions" in selector)
    labels = selector if plain else selector.get("matchLabels")
    pairs = labels.items() if isinstance(labels, dict) else ()
    return [(key, value) for key, value in pairs if isinstance(value, str)]


def _fill_kind(view: View, graph: Graph, index: _Index, type_: str) -> None:
    for other in _each_beside(view, (type_,), graph, index):
        index.put(namespace_of(other), other)


def neighbours(view: View, type_: str, graph: Graph) -> list[Resource]:
    """The objects of a kind in the same scope and namespace; partial when they could not all be listed."""
    index = _index(view, graph, f"{type_} by namespace", lambda v, g, i: _fill_kind(v, g, i, type_))
    mine = namespace_of(view)
    keys = list(index.found) if mine is None or isinstance(mine, Unknown) else [mine]
    groups = [*(index.found.get(key, []) for key in keys), index.rest]
    found = [other for group in groups for other in group if other is not view.resource and _may_be_near(view, other)]
    return PartialList(found, index.doubt) if index.doubt is not None else found


def inside(namespace: Resource, type_: str, graph: Graph) -> list[Resource]:
    """The objects of a kind in a Namespace, those included that name none; partial when not all could be listed."""
    index = _index(namespace, graph, f"{type_} by namespace", lambda v, g, i: _fill_kind(v, g, i, type_))
    name = namespace["metadata.name"]
    found = [*(index.found.get(name, []) if isinstance(name, str) else []), *index.rest]
    return PartialList(found, index.doubt) if index.doubt is not None else found


def _may_be_near(view: View, other: Resource) -> bool:
    try:
        return near(view, other)
    except Undetermined:
        return True


def _fill_workloads(view: View, graph: Graph, index: _Index) -> None:
    for other in _each_beside(view, PODS, graph, index):
        for pod in pods(other, graph):
            labels = pod.labels
            if isinstance(labels, dict):
                for key, value in labels.items():
                    index.put(value if isinstance(value, Unknown) else (key, value), pod)
                index.put("all", pod)
                space = namespace_of(pod)
                index.put(space if isinstance(space, Unknown) else ("in", space), pod)
            else:
                index.rest.append(pod)


def peopled(view: View, graph: Graph) -> bool:
    """Whether there is any workload in the same scope and namespace: where there is none, a selector is no mistake.

    Raises:
        Undetermined: there is none for certain, but there may be.
    """
    index = _index(view, graph, "workloads", _fill_workloads)
    mine = namespace_of(view)
    keys: list[Any] = ["all"] if mine is None or isinstance(mine, Unknown) else [("in", mine), ("in", None)]
    if index.rest or any(key in index.found for key in keys):
        return True
    if index.doubt is not None:
        raise Undetermined(index.doubt)
    return False


def selected(selector: Any, view: View, graph: Graph) -> list[Pod]:
    """The workloads near an object whose pods a selector matches.

    Raises:
        Undetermined: none certainly, but one perhaps.
    """
    index = _index(view, graph, "workloads", _fill_workloads)
    keys: list[Any] = [*_pairs(selector)[:1]] or ["all"]
    return index.certain(keys, lambda pod: near(view, pod) and matches(selector, pod.labels))


def selecting(pod: Pod, type_: str, path: str, graph: Graph) -> list[Resource]:
    """The objects of a kind whose selector at a path matches the pods of a workload.

    Raises:
        Undetermined: none certainly, but one perhaps.
    """

    def fill(view: View, graph: Graph, index: _Index) -> None:
        for other in _each_beside(view, (type_,), graph, index):
            pairs = _pairs(other[path])
            index.put(pairs[0] if pairs else None, other)

    labels = pod.labels
    keys = list(labels.items()) if isinstance(labels, dict) else []
    index = _index(pod, graph, f"{type_} by selector", fill)
    known = [key for key in keys if isinstance(key[1], str)]
    return index.certain(known, lambda other: near(pod, other) and matches(other[path], labels))


def services_of(pod: Pod, graph: Graph) -> list[Resource]:
    """The Services that send traffic to the pods of a workload."""
    return [s for s in selecting(pod, "Service", "spec.selector", graph) if s["spec.selector"]]


def _fill_autoscalers(view: View, graph: Graph, index: _Index) -> None:
    for other in _each_beside(view, ("HorizontalPodAutoscaler", "ScaledObject"), graph, index):
        index.put(other["spec.scaleTargetRef.name"], other)


def autoscalers_of(r: Resource, graph: Graph) -> list[Resource]:
    """What scales a workload: HorizontalPodAutoscalers and KEDA's ScaledObjects that name it."""
    name = r["metadata.name"]
    return _index(r, graph, "autoscalers", _fill_autoscalers).certain(
        [name] if isinstance(name, str) else [],
        lambda other: (
            (other["spec.scaleTargetRef.kind"] or "Deployment") == r.type
            and other["spec.scaleTargetRef.name"] == name
            and near(r, other)
        ),
    )


def replicas(r: Resource, graph: Graph) -> Any:
    """The least number of pods a workload runs: its autoscaler's minimum, else its own number, else 1."""
    for scaler in autoscalers_of(r, graph):
        least = scaler["spec.minReplicas"] if scaler.type != "ScaledObject" else scaler["spec.minReplicaCount"]
        return 1 if least is None else least
    own = r["spec.replicas"]
    return 1 if own is None else own


def _fill_names(view: View, graph: Graph, index: _Index, type_: str) -> None:
    for other in _each_beside(view, (type_,), graph, index):
        index.put(other["metadata.name"], other)


def named(view: View, type_: str, name: Any, graph: Graph) -> Resource | None:
    """The object of a kind and name near another; None when there is none.

    Raises:
        Undetermined: the name is unknown, or one of unknown name may be it.
    """
    index = _index(view, graph, f"{type_} by name", lambda v, g, i: _fill_names(v, g, i, type_))
    if isinstance(name, Unknown):
        raise Undetermined(name)
    found = index.certain([name], lambda other: near(view, other) and bool(other["metadata.name"] == name))
    return found[0] if found else None


def service_account(pod: Pod) -> Any:
    """The name of the ServiceAccount that a workload runs as."""
    return pod["serviceAccountName"] or pod["serviceAccount"] or "default"


def _fill_accounts(view: View, graph: Graph, index: _Index) -> None:
    for other in _each_beside(view, PODS, graph, index):
        for pod in pods(other, graph):
            index.put(service_account(pod), pod)


def running_as(view: View, account: Any, graph: Graph) -> list[Pod]:
    """The workloads that run as a ServiceAccount of the namespace of `view`."""
    return _index(view, graph, "workloads by account", _fill_accounts).certain(
        [account] if isinstance(account, str) else [],
        lambda pod: near(view, pod) and bool(service_account(pod) == account),
    )


def accounts_of(subject: View, graph: Graph) -> list[Resource]:
    """The ServiceAccounts that a binding's subject names."""
    space, name = subject["namespace"], subject["name"]
    index = _index(subject, graph, "ServiceAccount by name", lambda v, g, i: _fill_names(v, g, i, "ServiceAccount"))

    def same(account: Resource) -> bool:
        if account["metadata.name"] != name:
            return False
        return near(subject, account) if space is None else account["metadata.namespace"] in (space, None)

    return index.certain([name] if isinstance(name, str) else [], same)


def subject_accounts(binding: Resource, graph: Graph) -> Iterator[Resource]:
    """The collected ServiceAccounts that a binding certainly names."""
    subjects = binding.each("subjects")
    for subject in list.__iter__(subjects):
        try:
            if subject["kind"] == "ServiceAccount":
                yield from accounts_of(subject, graph)
        except Undetermined:
            continue


def _fill_bindings(view: View, graph: Graph, index: _Index) -> None:
    for binding in _each_beside(view, ("RoleBinding", "ClusterRoleBinding"), graph, index):
        index.put(("role", binding["roleRef.name"]), binding)
        for subject in as_list(binding["subjects"]):
            name = subject.get("name") if isinstance(subject, dict) else subject
            index.put(name if isinstance(name, Unknown) else ("subject", name), binding)


def bindings_of(view: View, account: Any, graph: Graph) -> list[Resource]:
    """The RoleBindings and ClusterRoleBindings that name a ServiceAccount of the namespace of `view`."""
    return _index(view, graph, "bindings", _fill_bindings).certain(
        [("subject", account)] if isinstance(account, str) else [],
        lambda binding: any_of(binding.each("subjects"), lambda s: _names_account(s, view, account)),
    )


def _names_account(subject: View, view: View, account: Any) -> bool:
    if subject["kind"] != "ServiceAccount" or subject["name"] != account:
        return False
    space = subject["namespace"]
    mine = namespace_of(view)
    if space is None:  # its own: that of the binding
        return near(subject, view)
    return mine is None or bool(space == mine)


def bindings_to(role: Resource, graph: Graph) -> list[Resource]:
    """The bindings that hand out a role."""
    name = role["metadata.name"]
    return _index(role, graph, "bindings", _fill_bindings).certain(
        [("role", name)] if isinstance(name, str) else [],
        lambda binding: (
            binding["roleRef.kind"] == role.type
            and binding["roleRef.name"] == name
            and (role.type == "ClusterRole" or near(role, binding))
        ),
    )


_NAMED = ("cluster-admin", "admin", "edit", "view", "extension-apiserver-authentication-reader")


def built_in(r: Resource) -> bool:
    """True for the roles and bindings that Kubernetes makes itself.

    A cluster is believed by the label or by the name; in code, where anybody writes either, both are wanted.
    """
    name = _text(r["metadata.name"])
    reserved = name.startswith("system:")
    marked = bool(label(r, "kubernetes.io/bootstrapping") == "rbac-defaults")
    if r.source == "cluster":
        return marked or reserved
    return marked and (reserved or name in _NAMED)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def annotation(view: View, name: str) -> Any:
    """The value of an annotation of the object; None when it has none."""
    return _entry(view.resource["metadata.annotations"], name)


def label(view: View, name: str) -> Any:
    """The value of a label of the object; None when it has none."""
    return _entry(view.resource["metadata.labels"], name)


def _entry(table: Any, name: str) -> Any:
    if isinstance(table, Unknown):
        raise Undetermined(table)
    return table.get(name) if isinstance(table, dict) else None


def system_namespace(view: View) -> bool:
    """True for what belongs to Kubernetes' own namespaces."""
    return namespace_of(view) in SYSTEM_NAMESPACES


def each_entry(view: View, path: str) -> Iterable[tuple[str, Any]]:
    """The entries of a map; none when it is absent."""
    table = view[path]
    if isinstance(table, Unknown):
        raise Undetermined(table)
    return table.items() if isinstance(table, dict) else ()

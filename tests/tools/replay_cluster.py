"""A Kubernetes API server that answers from recorded objects: HTTP on 127.0.0.1, reads only, every call logged.

It serves discovery, get, paged lists (`limit`, `continue`; 400 for a token it never gave, 410 for one that has
expired), label and field selectors, metadata-only lists, watches with bookmarks, a node's cAdvisor page through its
proxy, and the Status objects of 401, 403, 404, 405 and 410, as a real one was seen to do. Tables and aggregated
discovery are not offered; kubectl falls back by itself.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

Object = dict[str, Any]
RV = 1000


class Kind(NamedTuple):
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    short: tuple[str, ...] = ()


BUILT_IN = [
    Kind("", "v1", "namespaces", "Namespace", False, ("ns",)),
    Kind("", "v1", "nodes", "Node", False, ("no",)),
    Kind("", "v1", "pods", "Pod", True, ("po",)),
    Kind("", "v1", "services", "Service", True, ("svc",)),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",)),
    Kind("", "v1", "configmaps", "ConfigMap", True, ("cm",)),
    Kind("", "v1", "secrets", "Secret", True),
    Kind("", "v1", "events", "Event", True, ("ev",)),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",)),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",)),
    Kind("", "v1", "resourcequotas", "ResourceQuota", True, ("quota",)),
    Kind("", "v1", "limitranges", "LimitRange", True, ("limits",)),
    Kind("apps", "v1", "deployments", "Deployment", True, ("deploy",)),
    Kind("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",)),
    Kind("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",)),
    Kind("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",)),
    Kind("batch", "v1", "jobs", "Job", True),
    Kind("batch", "v1", "cronjobs", "CronJob", True, ("cj",)),
    Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",)),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",)),
    Kind("networking.k8s.io", "v1", "ingresses", "Ingress", True, ("ing",)),
    Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", False),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",)),
    Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True),
    Kind("coordination.k8s.io", "v1", "leases", "Lease", True),
    Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",)),
    Kind("rbac.authorization.k8s.io", "v1", "roles", "Role", True),
    Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", True),
    Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False),
    Kind("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    Kind("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
         False),
    Kind("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False),
    Kind("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False, ("crd",)),
]  # fmt: skip


class Call(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    accept: str


class Refused(Exception):
    """An answer that is a Status object."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.details = code, reason, details


class Cluster:
    """What the server answers from, and how it misbehaves."""

    def __init__(
        self, objects: Iterable[Object] = (), *, denied: Iterable[str] = (), version: str = "v1.34.0",
        token: str | None = None,
    ) -> None:  # fmt: skip
        self.objects = list(objects)
        self.denied = set(denied)
        self.version = version
        self.token = token
        self.calls: list[Call] = []
        self.faults: dict[str, list[int]] = {}
        """Path -> statuses to answer first (429, 500, 503 ...)."""
        self.breaks: dict[str, list[str]] = {}
        """Path -> what happens first: `reset` (no answer), `cut` (half of one), `slow`, or the text of an answer."""
        self.expire: dict[str, int] = {}
        """Plural -> how many continue tokens have expired when they are used."""
        self.cadvisor: dict[str, str] = {}
        self.before_list: Callable[[Kind], None] | None = None
        self.changed = threading.Condition()
        self.log: list[tuple[int, str, Object]] = [(i + 1, "ADDED", o) for i, o in enumerate(self.objects)]

    @property
    def kinds(self) -> list[Kind]:
        found = list(BUILT_IN)
        for o in self.objects:
            if o["kind"] == "CustomResourceDefinition":
                spec, names = o["spec"], o["spec"]["names"]
                version = next(v["name"] for v in spec["versions"] if v.get("storage") or v.get("served"))
                short = tuple(names.get("shortNames", ()))
                found.append(
                    Kind(spec["group"], version, names["plural"], names["kind"], spec["scope"] == "Namespaced", short)
                )
        return found

    def add(self, o: Object) -> None:
        """A new object, told to whoever watches."""
        with self.changed:
            self.objects.append(o)
            self.log.append((RV + len(self.log), "ADDED", o))
            self.changed.notify_all()

    def of(self, kind: Kind, namespace: str | None = None) -> list[Object]:
        group = f"{kind.group}/" if kind.group else ""
        return [
            o for o in self.objects
            if o["kind"] == kind.kind and o["apiVersion"].startswith(group) and ("/" in o["apiVersion"]) == bool(group)
            and namespace in (None, o["metadata"].get("namespace"))
        ]  # fmt: skip


# --- selectors --------------------------------------------------------------------------------------------------------


def _field(o: Object, path: str) -> str:
    value: Any = o
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def _selects(query: dict[str, str]) -> Callable[[Object], bool]:
    fields = [_equation(term) for term in query.get("fieldSelector", "").split(",") if term]
    labels = [_equation(term) for term in query.get("labelSelector", "").split(",") if term]

    def selected(o: Object) -> bool:
        return all((_field(o, name) == wanted) is equal for name, wanted, equal in fields) and all(
            ((_labels(o).get(name) == wanted) if wanted is not None else (name in _labels(o))) is equal
            for name, wanted, equal in labels
        )

    return selected


def _equation(term: str) -> tuple[str, str | None, bool]:
    """`a=b`, `a!=b`, `a`, `!a` as name, value (None: any) and whether it must hold."""
    if "=" not in term:
        return term.lstrip("!"), None, not term.startswith("!")
    sign = "!=" if "!=" in term else "==" if "==" in term else "="
    name, _, wanted = term.partition(sign)
    return name.strip(), wanted.strip(), sign != "!="


def _labels(o: Object) -> dict[str, str]:
    return o["metadata"].get("labels") or {}


# --- the answers ------------------------------------------------------------------------------------------------------


def _discovery(cluster: Cluster, parts: list[str]) -> Object | None:
    """What stands at /api, /apis and below, as far as it is no resource."""
    if parts == ["version"]:
        major, minor, *_ = cluster.version.lstrip("v").split(".")
        return {"major": major, "minor": minor, "gitVersion": cluster.version, "platform": "linux/amd64"}
    if parts == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if parts == ["apis"]:
        groups: dict[str, str] = {k.group: k.version for k in cluster.kinds if k.group}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(g, v) for g, v in groups.items()]}
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2] if len(parts) > 2 else "")
    mine = [k for k in cluster.kinds if (k.group, k.version) == (group, version)]
    if len(parts) == (2 if parts[0] == "api" else 3) and mine:
        return {
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{group}/{version}".lstrip("/"),
            "resources": [
                {"name": k.plural, "singularName": k.kind.lower(), "namespaced": k.namespaced, "kind": k.kind,
                 "verbs": ["get", "list", "watch"], "shortNames": list(k.short)} for k in mine
            ],
        }  # fmt: skip
    return None


def _group(group: str, version: str) -> Object:
    one = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [one], "preferredVersion": one}


def _find(cluster: Cluster, parts: list[str]) -> tuple[Kind, str | None, str | None]:
    """The kind, namespace and name that a path means."""
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    namespace = None
    if len(rest) >= 3 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    for kind in cluster.kinds:
        if rest and (kind.group, kind.version, kind.plural) == (group, version, rest[0]) and len(rest) <= 2:
            return kind, namespace, rest[1] if len(rest) == 2 else None
    raise Refused(404, "NotFound", "the server could not find the requested resource")


def _page(cluster: Cluster, kind: Kind, found: list[Object], query: dict[str, str]) -> tuple[list[Object], Object]:
    """One page of a list, and the list's metadata."""
    offset, limit = 0, int(query.get("limit") or 0)
    if token := query.get("continue"):
        try:
            offset = json.loads(base64.b64decode(token, validate=True))["offset"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(400, "BadRequest", "invalid continue token") from error
        if cluster.expire.get(kind.plural, 0) > 0:
            cluster.expire[kind.plural] -= 1
            raise Refused(410, "Expired", "The provided continue parameter is too old to display a consistent list.")
    meta: Object = {"resourceVersion": str(RV + len(cluster.log))}
    end = offset + limit if limit else len(found)
    if end < len(found):
        meta["continue"] = base64.b64encode(json.dumps({"offset": end}).encode()).decode()
        if "labelSelector" not in query and "fieldSelector" not in query:
            meta["remainingItemCount"] = len(found) - end
    return found[offset:end], meta


def _list(cluster: Cluster, kind: Kind, namespace: str | None, query: dict[str, str], accept: str) -> Object:
    if cluster.before_list:
        cluster.before_list(kind)
    selects = _selects(query)
    items, meta = _page(cluster, kind, [o for o in cluster.of(kind, namespace) if selects(o)], query)
    version = f"{kind.group}/{kind.version}".lstrip("/")
    if "as=PartialObjectMetadataList" in accept:
        part = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        bare = [{**part, "metadata": o["metadata"]} for o in items]
        return {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "items": bare}
    stripped = [{k: v for k, v in o.items() if k not in ("apiVersion", "kind")} for o in items]
    return {"kind": f"{kind.kind}List", "apiVersion": version, "metadata": meta, "items": stripped}


def _watch(cluster: Cluster, kind: Kind, namespace: str | None, query: dict[str, str]) -> Iterator[Object]:
    since = query.get("resourceVersion") or "0"
    if since != "0" and int(since) < RV:
        message = f"too old resource version: {since} ({RV})"
        yield {"type": "ERROR", "object": _status(410, "Expired", message)}
        return
    selects = _selects(query)
    seen, left = 0, float(query.get("timeoutSeconds") or 5)
    while True:
        with cluster.changed:
            if len(cluster.log) <= seen and not cluster.changed.wait(left):
                break
            news, seen = cluster.log[seen:], len(cluster.log)
        for rv, what, o in news:
            if rv > int(since) and o in cluster.of(kind, namespace) and selects(o):
                yield {"type": what, "object": o}
    version = f"{kind.group}/{kind.version}".lstrip("/")
    mark = {"kind": kind.kind, "apiVersion": version, "metadata": {"resourceVersion": str(RV + len(cluster.log))}}
    yield {"type": "BOOKMARK", "object": mark}


def _status(code: int, reason: str, message: str, details: Object | None = None) -> Object:
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "details": details or {}, "code": code,
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # else delayed acknowledgements cost 40 ms a call
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        try:
            self._answer()
        except Refused as no:
            self._send(no.code, _status(no.code, no.reason, str(no), no.details))

    def _write(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.cluster.calls.append(Call(self.command, self.path, {}, self.headers.get("Accept", "")))
        message = f"{self.command} is not allowed: this is a recording"
        self._send(405, _status(405, "MethodNotAllowed", message))

    do_POST = do_PUT = do_PATCH = do_DELETE = _write  # noqa: N815 - the base class's names

    def _answer(self) -> None:
        cluster = self.server.cluster
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        accept = self.headers.get("Accept", "")
        cluster.calls.append(Call("GET", url.path, query, accept))
        parts = [unquote(p) for p in url.path.strip("/").split("/")]
        if cluster.token is not None and self.headers.get("Authorization") != f"Bearer {cluster.token}":
            raise Refused(401, "Unauthorized", "Unauthorized")
        if planned := cluster.faults.get(url.path):
            raise Refused(planned.pop(0), "InternalError", "the recording fails here")
        if broken := cluster.breaks.get(url.path):
            return self._break(broken.pop(0))
        if parts[-3:] == ["proxy", "metrics", "cadvisor"]:
            return self._cadvisor(cluster, parts)
        if (answer := _discovery(cluster, parts)) is not None:
            return self._send(200, answer)
        if parts[0] not in ("api", "apis") or len(parts) < 3:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        kind, namespace, name = _find(cluster, parts)
        if kind.plural in cluster.denied:
            verb = "get" if name else "list"
            who = f'{kind.plural} is forbidden: User "auditor" cannot {verb} resource "{kind.plural}" in API group'
            raise Refused(403, "Forbidden", f'{who} "{kind.group}" at the cluster scope', {"kind": kind.plural})
        if name is not None:
            return self._send(200, _get(cluster, kind, namespace, name))
        if query.get("watch") in ("1", "true"):
            return self._stream(_watch(cluster, kind, namespace, query))
        return self._send(200, _list(cluster, kind, namespace, query, accept))

    def _break(self, how: str) -> None:
        self.close_connection = True
        if how == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"items": [')
        elif how == "slow":
            time.sleep(1.5)
        elif how != "reset":
            self._body(200, how.encode(), "application/json")

    def _cadvisor(self, cluster: Cluster, parts: list[str]) -> None:
        if "nodes/proxy" in cluster.denied:
            raise Refused(403, "Forbidden", "nodes is forbidden: cannot get resource nodes/proxy", {"kind": "nodes"})
        if parts[3] not in cluster.cadvisor:
            raise Refused(404, "NotFound", f'nodes "{parts[3]}" not found')
        self._body(200, cluster.cadvisor[parts[3]].encode(), "text/plain")

    def _send(self, code: int, answer: Object) -> None:
        self._body(code, json.dumps(answer).encode(), "application/json")

    def _body(self, code: int, body: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: Iterator[Object]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            line = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


def _get(cluster: Cluster, kind: Kind, namespace: str | None, name: str) -> Object:
    found = next((o for o in cluster.of(kind, namespace) if o["metadata"]["name"] == name), None)
    if found is None:
        details = {"name": name, "kind": kind.plural}
        raise Refused(404, "NotFound", f'{kind.plural} "{name}" not found', details)
    return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    cluster: Cluster


class ReplayServer:
    """`with ReplayServer(cluster) as server:` serves it at `server.url` until the block ends."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.cluster = cluster
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> ReplayServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


def kubeconfig(path: Path, servers: dict[str, str], *, token: str = "replay", current: str | None = None) -> Path:
    """Write a kubeconfig with a context for each name -> URL; the first is the current one."""
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": current or next(iter(servers)),
        "clusters": [{"name": n, "cluster": {"server": url}} for n, url in servers.items()],
        "users": [{"name": "auditor", "user": {"token": token}}],
        "contexts": [{"name": n, "context": {"cluster": n, "user": "auditor"}} for n in servers],
    }  # fmt: skip
    path.write_text(json.dumps(config), encoding="utf-8")
    return path

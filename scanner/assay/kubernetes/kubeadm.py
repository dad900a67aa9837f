"""What kubeadm is told: the programs of a control plane, and kubelets, as its configuration will start them.

Read are its own documents, and the ConfigMaps in which it keeps them in a cluster (`kubeadm-config`,
`kubelet-config`). Where the pods of such a cluster are seen as well, they say what runs: a program of the ConfigMap
that a pod beside it runs is judged there and not here. Patches that kubeadm is to lay over its pods are not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.decode import decode_yaml
from assay.kubernetes.objects import name as name_of
from assay.kubernetes.objects import namespace, opened
from assay.model import Block, Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.graph import Graph
    from assay.model import Resource

CLUSTER = "ClusterConfiguration"
NODES = ("InitConfiguration", "JoinConfiguration")
CONFIGURATION = "KubeletConfiguration"
STORE = "ConfigMap"
_PKI = "/etc/kubernetes/pki"

_ARGUMENTS = {
    "kube-apiserver": "apiServer.extraArgs",
    "kube-controller-manager": "controllerManager.extraArgs",
    "kube-scheduler": "scheduler.extraArgs",
    "etcd": "etcd.local.extraArgs",
    "kubelet": "nodeRegistration.kubeletExtraArgs",
}
"""Where kubeadm is told the further flags of a program: a map of texts, since v1beta4 a list of names and values."""

# Which flags kubeadm gives by itself: cmd/kubeadm/app/phases/controlplane/manifests.go (getAPIServerCommand,
# getControllerManagerCommand, getSchedulerCommand) and cmd/kubeadm/app/phases/etcd/local.go (getEtcdCommand) of
# kubernetes/kubernetes. An extra argument of the same name takes the place of the default; what is in neither, such as
# --anonymous-auth and --profiling, is not on the command line.
_DEFAULTS: dict[str, dict[str, str]] = {
    "kube-apiserver": {
        "allow-privileged": "true", "authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction",
        "enable-bootstrap-token-auth": "true", "secure-port": "6443", "client-ca-file": f"{_PKI}/ca.crt",
        "tls-cert-file": f"{_PKI}/apiserver.crt", "tls-private-key-file": f"{_PKI}/apiserver.key",
        "kubelet-client-certificate": f"{_PKI}/apiserver-kubelet-client.crt",
        "kubelet-client-key": f"{_PKI}/apiserver-kubelet-client.key",
        "service-account-key-file": f"{_PKI}/sa.pub", "service-account-signing-key-file": f"{_PKI}/sa.key",
        "etcd-cafile": f"{_PKI}/etcd/ca.crt", "etcd-certfile": f"{_PKI}/apiserver-etcd-client.crt",
        "etcd-keyfile": f"{_PKI}/apiserver-etcd-client.key",
    },
    "kube-controller-manager": {
        "bind-address": "127.0.0.1", "leader-elect": "true", "client-ca-file": f"{_PKI}/ca.crt",
        "root-ca-file": f"{_PKI}/ca.crt", "service-account-private-key-file": f"{_PKI}/sa.key",
        "cluster-signing-cert-file": f"{_PKI}/ca.crt", "cluster-signing-key-file": f"{_PKI}/ca.key",
        "use-service-account-credentials": "true", "controllers": "*,bootstrapsigner,tokencleaner",
    },
    "kube-scheduler": {"bind-address": "127.0.0.1", "leader-elect": "true"},
    "etcd": {
        "cert-file": f"{_PKI}/etcd/server.crt", "key-file": f"{_PKI}/etcd/server.key",
        "trusted-ca-file": f"{_PKI}/etcd/ca.crt", "client-cert-auth": "true",
        "peer-cert-file": f"{_PKI}/etcd/peer.crt", "peer-key-file": f"{_PKI}/etcd/peer.key",
        "peer-trusted-ca-file": f"{_PKI}/etcd/ca.crt", "peer-client-cert-auth": "true",
    },
    "kubelet": {},
}  # fmt: skip
_EXTERNAL = {
    "etcd-cafile": ("caFile",),
    "etcd-certfile": ("certFile", "keyFile"),
    "etcd-keyfile": ("keyFile", "certFile"),
}
"""With an etcd that kubeadm does not run: what these flags come from, and what must be given for them to be set."""
_LISTS = frozenset(
    (
        "authorization-mode",
        "disable-admission-plugins",
        "enable-admission-plugins",
        "feature-gates",
        "tls-cipher-suites",
    )
)
"""Flags that take a list: given twice they add up, where of others the last one counts."""

KUBELET_DEFAULTS = {"authentication.x509.clientCAFile": f"{_PKI}/ca.crt"}
KUBELET_FORCED = {"rotateCertificates": True}
"""What kubeadm writes into kubelets' configuration where it says nothing, and whatever it says:
`Default` in cmd/kubeadm/app/componentconfigs/kubelet.go of kubernetes/kubernetes. What else it sets is kubelets' own
default too."""

_STORED = pattern(r"kubeadm-config|kubelet-config(?:-(\d+)\.(\d+))?")


class Program(Block):
    """A program as kubeadm starts it; `values` is the document that says how."""

    __slots__ = ("program",)

    environment = "etcd.local.extraEnvs"  # only etcd's is ever asked for

    def __init__(self, document: Block, program: str) -> None:
        super().__init__(document.resource, document.path, document.values)
        self.program = program

    def __str__(self) -> str:
        return f"{self.resource.address} {self.program}"

    def flag(self, name: str) -> tuple[Any, str]:
        """The value of a flag, None when it is not given, and where it is said.

        Raises:
            Undetermined: it hangs on what nobody knows.
        """
        told = list(self._told(name))
        if told:
            unknown = next((value for value, _ in told if isinstance(value, Unknown)), None)
            if unknown is not None:
                raise Undetermined(unknown)
            values = sorted((value for value, _ in told), key=str)  # as kubeadm writes them
            joined = ",".join(map(str, values)) if name in _LISTS and len(values) > 1 else values[-1]
            return joined, next(at for value, at in told if value is values[-1])
        return self._default(name), _ARGUMENTS[self.program]

    def _told(self, name: str) -> Iterator[tuple[Any, str]]:
        """What the extra arguments say of a flag, each with its place."""
        path = _ARGUMENTS[self.program]
        given = self[path]
        if isinstance(given, Unknown):
            raise Undetermined(given)
        if isinstance(given, dict):
            if name in given:
                yield _text(given[name]), f"{path}.{name}"
            return
        doubt: Unknown | None = None
        found = False
        for i, block in enumerate(list.__iter__(self.each(path))):
            called = block["name"]
            if isinstance(called, Unknown):
                doubt = called
            elif called == name:
                found = True
                yield _text(block["value"]), f"{path}[{i}].value"
        if doubt is not None and not found:
            raise Undetermined(doubt)

    def _default(self, name: str) -> str | None:
        if (
            self.program == "kube-apiserver"
            and name == "authorization-mode"
            and any(self._told("authorization-config"))
        ):
            return None
        if name in _EXTERNAL or self.program == "etcd":
            external = self["etcd.external"]
            if isinstance(external, Unknown):
                raise Undetermined(external)
            if external is not None and name in _EXTERNAL:
                files = [self[f"etcd.external.{field}"] for field in _EXTERNAL[name]]
                return files[0] if all(file != None and file != "" for file in files) else None  # noqa: E711
        if name == "hostname-override" and not self.absent("nodeRegistration.name"):
            raise Undetermined(
                Unknown("kubeadm sets --hostname-override where nodeRegistration.name is not the host's")
            )
        return _DEFAULTS[self.program].get(name)


def _text(value: Any) -> Any:
    """The value of an argument as it comes to stand on a command line."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return value if isinstance(value, Unknown) else str(value)


def started_by_kubeadm(r: Resource, graph: Graph) -> list[Any]:
    """The programs that a document of kubeadm, or a ConfigMap that holds one, tells how to start."""
    if r.type == STORE:
        return _stored_programs(r, graph)
    if not _is_kubeadm(r.values):
        return []
    document = Block(r, (), r.values)
    if r.type == CLUSTER:
        return list(_of_cluster(document))
    return [Program(document, "kubelet")]


def _of_cluster(document: Block) -> Iterator[Program]:
    for program in _ARGUMENTS:
        external = document["etcd.external"] if program == "etcd" else None
        if program != "kubelet" and (external is None or isinstance(external, Unknown)):
            yield Program(document, program)


def _stored_programs(r: Resource, graph: Graph) -> list[Any]:
    document = stored(r, CLUSTER)
    if document is None:
        return []
    if isinstance(document.values, dict) and not _is_kubeadm(document.values):
        return []
    running = _running_beside(r, graph)
    told = list(_of_cluster(document))
    seen = [p.program for p in told if p.program in running]
    note = f"{r.address}: pods that were read run {', '.join(seen)}, so they were judged and not what it says of these"
    if seen and note not in graph.coverage.notes:
        graph.coverage.notes.append(note)
    return [p for p in told if p.program not in running]


def _running_beside(r: Resource, graph: Graph) -> set[str]:
    """The programs that pods of the cluster that holds a ConfigMap are seen to run; of files, those in its folder."""
    from assay.kubernetes.control_plane import HOSTS, program_of
    from assay.kubernetes.workloads import containers_of, pod_of

    found: set[str] = set()
    for kind in HOSTS:
        for host in list.__iter__(graph.beside(r, kind)):
            if namespace(host.values) != "kube-system" or (pod := pod_of(host)) is None:
                continue
            if r.source == "manifest" and _folder(host) != _folder(r):
                continue
            found.update(program_of(container) for container in list.__iter__(containers_of(pod)))
    return found


def _folder(r: Resource) -> str:
    return r.where().file.rpartition("/")[0]


def _is_kubeadm(values: Any) -> bool:
    """Whether a document is one of kubeadm, in a version that has extra arguments where they are looked for."""
    version = values.get("apiVersion") if isinstance(values, dict) else None
    return isinstance(version, str) and version.startswith("kubeadm.k8s.io/v1") and "alpha" not in version


def stored(r: Resource, kind: str) -> Block | None:
    """The document of a kind that kubeadm keeps in a ConfigMap; None when this one is not of that kind.

    The values of one that cannot be read are an Unknown.
    """
    prefix, key = ("kubeadm", CLUSTER) if kind == CLUSTER else ("kubelet", "kubelet")
    own = name_of(r.values)
    if not own.startswith(prefix) or _STORED.fullmatch(own) is None or namespace(r.values) not in (None, "kube-system"):
        return None
    data = r.values.get("data")
    text = data.get(key) if isinstance(data, dict) else data
    values = text if isinstance(text, Unknown) and not hasattr(text, "parts") else decode_yaml(text)
    if isinstance(values, dict):
        values = opened(values) if values.get("kind") == kind else None
    elif not isinstance(values, Unknown):
        values = None
    return None if values is None else Block(r, ("data", key), values)


def stored_kubelet(r: Resource, graph: Graph) -> Block | None:
    """The configuration of kubelets in a ConfigMap; None in one that a newer one has superseded.

    kubeadm asks for `kubelet-config` first (kubeletConfigFromCluster); before v1.24 each version had a ConfigMap of its
    own, and an upgrade leaves the old ones where they are.
    """
    found = stored(r, CONFIGURATION)
    if found is None:
        return None
    others = (x for x in list.__iter__(graph.beside(r, STORE)) if namespace(x.values) == namespace(r.values))
    if r.source == "manifest":
        others = (x for x in others if _age(x) is not None and _folder(x) == _folder(r))
    newest = max(filter(None, map(_age, others)), default=None)
    return found if newest is None or _age(r) == newest else None


def _age(r: Resource) -> tuple[int, int] | None:
    """The version in the name of a ConfigMap of kubelets; the one without is newer than all."""
    own = name_of(r.values)
    match = _STORED.fullmatch(own)
    if match is None or not own.startswith("kubelet-"):
        return None
    return (int(match[1]), int(match[2])) if match[1] else (99, 0)


def in_file(r: Resource, kinds: Sequence[str], graph: Graph) -> list[Resource]:
    """The documents of some kinds of kubeadm or of a kubelet that stand in the file of another."""
    key = ("kubeadm files", kinds, r.source, r.root, r.account)
    files: dict[str, list[Resource]] | None = graph._memo.get(key)
    if files is None:
        files = graph._memo[key] = {}
        for x in (x for kind in kinds for x in list.__iter__(graph.beside(r, kind))):
            if x.type == CONFIGURATION or _is_kubeadm(x.values):
                files.setdefault(x.where().file, []).append(x)
    return files.get(r.where().file, []) if files else []


def told_of_kubelets(r: Resource, graph: Graph) -> list[Program] | None:
    """Where a document of kubeadm leaves kubelets to its defaults: the flags that nodes are given beside it.

    None of what is no such document, or has a configuration of kubelets in its file.
    """
    if r.type != CLUSTER or not _is_kubeadm(r.values) or in_file(r, (CONFIGURATION,), graph):
        return None
    return [Program(Block(x, (), x.values), "kubelet") for x in in_file(r, NODES, graph)]

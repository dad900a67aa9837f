"""`kubernetes_*` resources of Terraform as the API objects they make.

The provider spells fields in snake case, blocks in the singular and single objects as lists of one. A table holds what
does not follow from that. An object keeps the address, source and root of its resource; its origin turns a path of the
API into the path of the block, so that a finding stands at the attribute in the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Resource, Text, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.model import Location, Origin, Step, ValuePath

    Names = dict[ValuePath, ValuePath]

_VERSIONED = pattern(r"kubernetes_(\w+?)(?:_(v\d+(?:(?:alpha|beta)\d+)?))?")
_GROUPS = {
    "": """Pod Service ConfigMap Secret Namespace ServiceAccount PersistentVolume PersistentVolumeClaim ResourceQuota
        LimitRange ReplicationController Endpoints""",
    "apps": "Deployment StatefulSet DaemonSet ReplicaSet",
    "batch": "Job CronJob",
    "networking.k8s.io": "Ingress IngressClass NetworkPolicy",
    "rbac.authorization.k8s.io": "Role ClusterRole RoleBinding ClusterRoleBinding",
    "autoscaling": "HorizontalPodAutoscaler",
    "policy": "PodDisruptionBudget PodSecurityPolicy",
    "storage.k8s.io": "StorageClass CSIDriver",
    "scheduling.k8s.io": "PriorityClass",
    "node.k8s.io": "RuntimeClass",
    "discovery.k8s.io": "EndpointSlice",
    "admissionregistration.k8s.io": "ValidatingWebhookConfiguration MutatingWebhookConfiguration",
    "certificates.k8s.io": "CertificateSigningRequest",
    "apiregistration.k8s.io": "APIService",
}
_KINDS = {kind: group for group, kinds in _GROUPS.items() for kind in kinds.split()}
_CAMEL = {**{kind.lower(): kind for kind in _KINDS}, "defaultserviceaccount": "ServiceAccount"}
_OLD = {
    "kubernetes_ingress": "extensions/v1beta1",
    "kubernetes_cron_job": "batch/v1beta1",
    "kubernetes_pod_disruption_budget": "policy/v1beta1",
    "kubernetes_pod_security_policy": "policy/v1beta1",
    "kubernetes_csi_driver": "storage.k8s.io/v1beta1",
}
"""The versions that resources without one in their name speak, where it is not v1."""

_MANIFESTS = ("kubernetes_manifest", "kubectl_manifest")

# --- names ------------------------------------------------------------------------------------------------------------

_NAMES = {
    "host_ip": "hostIP", "host_pid": "hostPID", "host_ipc": "hostIPC", "pod_ip": "podIP", "cluster_ip": "clusterIP",
    "cluster_ips": "clusterIPs", "external_ips": "externalIPs", "load_balancer_ip": "loadBalancerIP",
    "non_resource_urls": "nonResourceURLs", "run_as_username": "runAsUserName", "ca_bundle": "caBundle",
    "disk_uri": "diskURI", "pod_cidr": "podCIDR", "pod_cidrs": "podCIDRs", "volume_id": "volumeID", "pd_id": "pdID",
    "storage_provisioner": "provisioner", "wwids": "wwids", "target_wwns": "targetWWNs", "fs_type": "fsType",
    "chap_auth_discovery": "chapAuthDiscovery", "external_id": "externalID",
}  # fmt: skip
"""Attributes that camel case alone does not give."""

_LISTS = {
    "allowed_flex_volumes": "allowedFlexVolumes", "allowed_host_paths": "allowedHostPaths", "host_ports": "hostPorts",
    "range": "ranges", "allowed_topologies": "allowedTopologies", "cluster_role_selectors": "clusterRoleSelectors",
    "config_map_items": "items", "container": "containers", "egress": "egress", "env": "env", "env_from": "envFrom",
    "from": "from", "host_aliases": "hostAliases", "http_header": "httpHeaders", "ingress": "ingress",
    "image_pull_secret": "imagePullSecrets", "image_pull_secrets": "imagePullSecrets", "items": "items",
    "init_container": "initContainers",
    "limit": "limits", "match_expression": "matchExpressions", "match_expressions": "matchExpressions",
    "match_fields": "matchFields", "match_label_expressions": "matchLabelExpressions", "metric": "metrics",
    "node_selector_term": "nodeSelectorTerms", "option": "options",
    "owner_references": "ownerReferences", "path": "paths", "policy": "policies",
    "port": "ports", "ports": "ports", "preferred_during_scheduling_ignored_during_execution":
    "preferredDuringSchedulingIgnoredDuringExecution", "readiness_gate": "readinessGates", "rule": "rules",
    "secret": "secrets", "sources": "sources", "subject": "subjects", "subset": "subsets", "sysctl": "sysctls",
    "tls": "tls", "to": "to", "toleration": "tolerations", "topology_spread_constraint": "topologySpreadConstraints",
    "volume": "volumes", "volume_claim_template": "volumeClaimTemplates", "volume_device": "volumeDevices",
    "volume_mount": "volumeMounts", "webhook": "webhooks",
}  # fmt: skip
"""Blocks that may stand several times: a list in the API."""

_SINGLE = {
    ("volume", "secret"), ("sources", "secret"), ("service", "port"), ("pods", "metric"), ("object", "metric"),
    ("external", "metric"), ("ephemeral", "volume_claim_template"),
}  # fmt: skip
"""(the block around, the block): one object, whatever the name says elsewhere."""

_REQUIRED = "required_during_scheduling_ignored_during_execution"
_NUMBERS = frozenset(
    (
        "replicas", "runAsUser", "runAsGroup", "fsGroup", "port", "targetPort", "containerPort", "hostPort", "nodePort",
        "number", "minAvailable", "maxUnavailable", "maxSurge", "minReplicas", "maxReplicas", "ttlSecondsAfterFinished",
        "startingDeadlineSeconds", "backoffLimit", "completions", "parallelism", "partition", "min", "max",
    )
)  # fmt: skip
"""Fields that the API takes as numbers and the provider as texts."""
_TEXTS = frozenset(("value", "args", "command", "name", "data"))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return _NAMES.get(name) or head + "".join(word.capitalize() for word in rest)


def _field(name: str, around: str, block: bool) -> tuple[str, bool]:
    """The API's name of an attribute or block, and whether a block is one of a list."""
    if block and (around, name) not in _SINGLE:
        if name == _REQUIRED:
            return _camel(name), around in ("pod_affinity", "pod_anti_affinity")
        if name in _LISTS:
            return _LISTS[name], True
    return _camel(name), False


# --- values -----------------------------------------------------------------------------------------------------------


class _Reader:
    """Turns the values of one resource, and notes for every path of the API where Terraform has it."""

    def __init__(self) -> None:
        self.names: Names = {}

    def block(self, values: dict[str, Any], at: ValuePath, came: ValuePath, around: str) -> dict[str, Any]:
        """The object that a block makes."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            if value is None or name in ("wait_for_rollout", "timeouts", "id"):
                continue
            block = _is_block(value)
            field, several = _field(name, around, block)
            here, there = (*at, field), (*came, name)
            self.names[here] = there
            if block:
                made = self._several(value, here, there, name) if several else self._one(value, here, there, name)
            elif isinstance(value, list):
                made = value
                self.names.update({(*here, i): (*there, i) for i in range(list.__len__(value))})
            else:
                made = _scalar(field, value) if not isinstance(value, dict) else value
            if made is not None:
                found[field] = made
        return found

    def _one(self, value: Any, here: ValuePath, there: ValuePath, name: str) -> Any:
        items = list(list.__iter__(value))
        if not items:
            return value.unknown if isinstance(value, PartialList) else None
        self.names[here] = (*there, 0)
        inner = items[0]
        return self.block(inner, here, (*there, 0), name) if isinstance(inner, dict) else inner

    def _several(self, value: Any, here: ValuePath, there: ValuePath, name: str) -> Any:
        made: list[Any] = []
        for i, item in enumerate(list.__iter__(value)):
            self.names[(*here, i)] = (*there, i)
            made.append(self.block(item, (*here, i), (*there, i), name) if isinstance(item, dict) else item)
        return PartialList(made, value.unknown) if isinstance(value, PartialList) else made


def _is_block(value: Any) -> bool:
    return isinstance(value, PartialList) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


def _scalar(field: str, value: Any) -> Any:
    """Texts that the provider takes for numbers and booleans, as the API has them."""
    if isinstance(value, str):
        if field in _NUMBERS and value.lstrip("-").isdigit():
            return int(value)
        if value in ("true", "false") and field not in _TEXTS:
            return value == "true"
    return value


# --- resources --------------------------------------------------------------------------------------------------------


class ObjectOrigin:
    """The origin of an object: its resource's, asked for the attribute that makes the field."""

    __slots__ = ("names", "origin", "prefix")

    def __init__(self, origin: Origin, names: Names | None = None, prefix: ValuePath = ()) -> None:
        self.origin = origin
        self.names = names
        self.prefix = prefix

    def _path(self, path: ValuePath) -> ValuePath:
        if self.names is None:
            return (*self.prefix, *path)
        for end in range(len(path), 0, -1):
            known = self.names.get(path[:end])
            if known is not None:
                return (*known, *path[end:])
        return ()

    def written(self, path: ValuePath) -> ValuePath | None:
        """The attribute that makes a field; None where none does."""
        return (*self.prefix, *path) if self.names is None else self.names.get(path)

    def locate(self, path: ValuePath) -> Location:
        return self.origin.locate(self._path(path) if path else ())

    def trace(self, path: ValuePath) -> list[Step]:
        return self.origin.trace(self._path(path))


def objects(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The API objects that the resources make, those of other providers passed over."""
    for r in resources:
        if r.type.startswith(("kubernetes_", "kubectl_manifest")):
            made = _object(r)
            if made is not None:
                values, origin = made
                yield Resource(
                    str(values["kind"]), r.address, r.source, values, origin, root=r.root, name=_name(values, r.name),
                    account=r.account, region=r.region,
                )  # fmt: skip


def _name(values: dict[str, Any], fallback: str) -> str:
    metadata = values.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else fallback


def _object(r: Resource) -> tuple[dict[str, Any], Any] | None:
    if r.type in _MANIFESTS:
        return _manifest(r)
    match = _VERSIONED.fullmatch(r.type)
    kind = _CAMEL.get(match[1].replace("_", "")) if match else None
    if match is None or kind is None:
        return None
    group = _KINDS[kind]
    version = match[2] or "v1"
    reader = _Reader()
    values = reader.block(r.values, (), (), kind)
    shape = _SHAPES.get(kind)
    if shape is not None:
        shape(values, reader.names)
    version = f"{group}/{version}" if group else version
    values = {"apiVersion": _OLD.get(r.type, version), "kind": kind, **values}
    values.setdefault("metadata", {})
    return values, ObjectOrigin(r.origin, reader.names)


def _manifest(r: Resource) -> tuple[dict[str, Any], Any] | None:
    """The object that stands in an attribute as it is."""
    values, path = (r.values.get("manifest"), "manifest")
    if r.type == "kubectl_manifest":
        from assay.kubernetes.documents import Broken, parse

        path = "yaml_body"
        text, holes = _with_holes(r.values.get("yaml_body"))
        try:
            values = _filled(parse(text.encode()).value, holes) if text is not None else None
        except Broken:
            return None
    if not isinstance(values, dict) or not isinstance(values.get("kind"), str):
        return None
    if r.type == "kubectl_manifest":
        return values, ObjectOrigin(r.origin, {(key,): (path,) for key in values})
    return values, ObjectOrigin(r.origin, prefix=(path,))


_HOLE = "unknown-part-%d-of-it"


def _with_holes(value: Any) -> tuple[str | None, dict[str, Unknown]]:
    """A text with a word in the place of each part that is not known, and those words; None for what is no text."""
    if not isinstance(value, Text):
        return (value if isinstance(value, str) else None), {}
    holes: dict[str, Unknown] = {}
    written = []
    for part in value.parts:
        if isinstance(part, Unknown):
            word = _HOLE % len(holes)
            holes[word] = part
            part = word
        written.append(part)
    return "".join(written), holes


def _filled(value: Any, holes: dict[str, Unknown]) -> Any:
    """The value with the unknown parts back in their places."""
    if not holes:
        return value
    if isinstance(value, dict):
        return {key: _filled(inner, holes) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, holes) for inner in value]
    if not isinstance(value, str) or "unknown-part-" not in value:
        return value
    import re

    pieces = [p for p in re.split("(" + "|".join(map(re.escape, holes)) + ")", value) if p]
    parts = [holes.get(piece, piece) for piece in pieces]
    return parts[0] if len(parts) == 1 else Text(parts)


def left_out(resources: Iterable[Resource]) -> Iterator[tuple[Resource, str, str]]:
    """The resources that hold a manifest of which no object was made: with a coverage status and a sentence."""
    from assay.kubernetes.documents import Broken, parse

    for r in resources:
        if r.type not in _MANIFESTS or _manifest(r) is not None:
            continue
        value = r.values.get("manifest" if r.type == "kubernetes_manifest" else "yaml_body")
        kind = value.get("kind") if isinstance(value, dict) else None
        unknown = next((v for v in (value, kind) if isinstance(v, Unknown) and not isinstance(v, Text)), None)
        if unknown is not None:
            yield r, "skipped", f"{r.address}: which Kubernetes object it makes is not known: {unknown.reason}"
            continue
        said = "it names no kind"
        try:
            parse((_with_holes(value)[0] or "").encode())
        except Broken as error:
            said = str(error)
        yield r, "failed", f"{r.address}: its manifest cannot be judged: {said}"


def _secret(values: dict[str, Any], names: Names) -> None:
    """Terraform's `data` is what the API's `stringData` is, and its `binary_data` the API's `data`."""
    _move(values, names, ("data",), ("stringData",))
    _move(values, names, ("binaryData",), ("data",))


def _volume(values: dict[str, Any], names: Names) -> None:
    """The block around a volume's source does not exist in the API."""
    spec = values.get("spec")
    source = spec.get("persistentVolumeSource") if isinstance(spec, dict) else None
    if isinstance(spec, dict) and isinstance(source, dict):
        for kind in list(source):
            spec[kind] = source[kind]
            _move(values, names, ("spec", "persistentVolumeSource", kind), ("spec", kind), moved=True)
        del spec["persistentVolumeSource"]


def _move(
    values: dict[str, Any], names: Names, old: ValuePath, new: ValuePath, *, moved: bool = False
) -> None:  # fmt: skip
    if not moved and old[0] in values:
        values[str(new[0])] = values.pop(str(old[0]))
    size = len(old)
    for path in [p for p in names if p[:size] == old]:
        names[(*new, *path[size:])] = names.pop(path)


_SHAPES: dict[str, Callable[[dict[str, Any], Names], None]] = {"Secret": _secret, "PersistentVolume": _volume}

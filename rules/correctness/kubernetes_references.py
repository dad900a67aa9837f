"""What an object names has to be there."""

from collections.abc import Iterator
from typing import Any

from assay import INFO, LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.kubernetes.relations import (
    autoscalers_of,
    each_entry,
    matches,
    named,
    namespace_of,
    neighbours,
    peopled,
    selected,
    service_account,
)
from assay.kubernetes.workloads import PODS, Container, Pod, containers, containers_of, pods, unowned
from assay.model import Block


@rule(
    on=(*PODS, "RoleBinding"),
    each=unowned,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    equivalents=["kube-linter:non-existent-service-account", "kubescape:C-0307"],
)
def k8s_missing_reference(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Workloads find the accounts, ConfigMaps, Secrets and keys they name.

    ## Why
    The pod waits in `CreateContainerConfigError`, or is not made at all, and the rollout stands still.

    ## Fix
    Add what is missing, correct the name, or mark the reference `optional: true`. Of a Secret that is not in the code,
    which others may make, nothing is said but that.
    """
    for pod in pods(r, graph):
        name = service_account(pod)
        if name != "default" and named(pod, "ServiceAccount", name, graph) == None:
            yield pod.fails(f"there is no ServiceAccount {name}", at="serviceAccountName")
        for view, kind, path, key, optional in _references(pod):
            if optional != True:
                yield from _missing(view, kind, path, key, graph)


_GIVEN = ("kube-root-ca.crt", "openshift-service-ca.crt")
"""ConfigMaps that the cluster puts into every namespace."""
_Reference = tuple[Block, str, str, Any, Any]


def _references(pod: Pod) -> Iterator[_Reference]:
    """Where a pod names a ConfigMap or a Secret: the block, the kind, the path of the name, the key, whether
    optional."""
    for c in containers_of(pod):
        for entry in c.each("env"):
            for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                ref = f"valueFrom.{field}"
                if not entry.absent(f"{ref}.name"):
                    yield entry, kind, f"{ref}.name", entry[f"{ref}.key"], entry[f"{ref}.optional"]
        for entry in c.each("envFrom"):
            for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                if not entry.absent(f"{field}.name"):
                    yield entry, kind, f"{field}.name", None, entry[f"{field}.optional"]
    for volume in pod.each("volumes"):
        for kind, path in (("ConfigMap", "configMap.name"), ("Secret", "secret.secretName")):
            if not volume.absent(path):
                yield volume, kind, path, None, volume[f"{path.partition('.')[0]}.optional"]
        for source in volume.each("projected.sources"):
            for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
                if not source.absent(f"{field}.name") and source[f"{field}.name"] not in _GIVEN:
                    yield source, kind, f"{field}.name", None, source[f"{field}.optional"]


def _missing(view: Block, kind: str, path: str, key: Any, graph: Graph) -> Iterator[Finding]:
    name = view[path]
    found = named(view, kind, name, graph)
    if found == None:
        if kind == "ConfigMap" or view.resource.source == "cluster":
            yield view.fails(f"there is no {kind} {name}", at=path, key=f"{kind}/{name}")
        elif all(named(view, maker, name, graph) == None for maker in ("ExternalSecret", "SealedSecret")):
            yield view.unsure(
                f"the Secret {name} is not in the code; somebody else has to make it", at=path, key=f"{name}"
            )
    elif key != None and (not found.absent("data") or not found.absent("stringData")):
        keys = [k for field in ("data", "stringData", "binaryData") for k, _ in each_entry(found, field)]
        if key not in keys:
            yield view.fails(f"the {kind} {name} has no key {key}", at=path, key=f"{kind}/{name}/{key}")


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["nist-800-53r5:SI-10"],
    equivalents=["kube-linter:liveness-port", "kube-linter:readiness-port", "kube-linter:startup-port"],
)
def k8s_probe_port_mismatch(c: Container) -> Iterator[Finding]:
    """Probes ask a port that is open, each its own question.

    ## Why
    A probe of a closed port fails for ever. When liveness asks what readiness asks, a slow dependency restarts the pod
    that
    should only have left the Service.

    ## Fix
    Name a port of the container; let the liveness probe ask only whether the process itself is stuck.
    """
    open_ports = [p for other in c.pod.containers for p in other.each("ports")]
    known = [p["containerPort"] for p in open_ports] + [p["name"] for p in open_ports]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        for handler in ("httpGet", "tcpSocket", "grpc"):
            port = c[f"{probe}.{handler}.port"]
            if port != None and port not in known and (open_ports or not f"{port}".isdigit()):
                yield c.fails(f"{c}: {probe} asks port {port}, which is not open", at=f"{probe}.{handler}.port")
    if not c.absent("livenessProbe") and c["livenessProbe"] == c["readinessProbe"]:
        yield c.fails(f"{c}: liveness and readiness ask the same", at="livenessProbe")


@rule(
    on=("Deployment", "HorizontalPodAutoscaler"),
    severity=LOW,
    sources=("manifest", "terraform", "plan"),
    controls=["nist-800-53r5:SI-10"],
    equivalents=["kics:5744cbb8"],
)
def k8s_autoscaler_fixed_replicas(r: Resource, graph: Graph) -> Iterator[Finding]:
    """What an autoscaler scales does not set its own number of replicas.

    ## Why
    Each apply sets the number back, in the middle of the load that raised it.

    ## Fix
    Remove `replicas` from the Deployment.
    """
    if r.type == "Deployment" and not r.absent("spec.replicas"):
        for scaler in autoscalers_of(r, graph):
            yield r.fails(f"{scaler} scales it, and each apply resets the number", at="spec.replicas")


@rule(
    on="NetworkPolicy",
    severity=MEDIUM,
    controls=["cis-kubernetes-1.23:5.3.2", "nist-800-53r5:SI-10"],
    equivalents=[
        "kics:b80b14c6",
        "kics:85ab1c5b",
        "AVD-KSV-0038",
        "kube-linter:dangling-networkpolicy",
        "kube-linter:dangling-networkpolicypeer-podselector",
        "kubescape:C-0299",
    ],
)
def k8s_network_policy_dangling(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Network policies select pods that exist.

    ## Why
    A policy whose labels fit nothing protects nothing, and looks as if it did.

    ## Fix
    Correct the labels, or remove the policy.
    """
    if not peopled(policy, graph):
        return
    if policy["spec.podSelector"] and not selected(policy["spec.podSelector"], policy, graph):
        yield policy.fails("podSelector matches no pod", at="spec.podSelector")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for entry in policy.each(f"spec.{direction}"):
            for peer in entry.each(peers):
                here = peer["podSelector"] if peer.absent("namespaceSelector") else None
                if here and not selected(here, policy, graph):
                    yield peer.fails(f"a peer of {direction} matches no pod", at="podSelector")


@rule(
    on="Service",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    equivalents=[
        "kics:3ca03a61",
        "kube-linter:dangling-service",
        "kube-linter:invalid-target-ports",
        "kube-linter:mismatching-selector",
        "kubescape:C-0296",
        "kubescape:C-0293",
    ],
)
def k8s_service_dangling(service: Resource, graph: Graph) -> Iterator[Finding]:
    """Services find their pods and ports.

    ## Why
    A Service without endpoints refuses every connection, and nothing in the cluster calls that an error.

    ## Fix
    Correct the selector or the target port.
    """
    selector = service["spec.selector"]
    if not selector or service["spec.type"] == "ExternalName" or not peopled(service, graph):
        return
    chosen = selected(selector, service, graph)
    if not chosen:
        yield service.fails("the selector matches no pod", at="spec.selector")
        return
    ports = [p for pod in chosen for c in pod.containers for p in c.each("ports")]
    known = [p["containerPort"] for p in ports] + [p["name"] for p in ports]
    for port in service.each("spec.ports"):
        target = port["targetPort"] or port["port"]
        if target not in known and (ports or not f"{target}".isdigit()):
            yield port.fails(f"no pod it selects has port {target}", at="targetPort")


@rule(
    on="Ingress",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    equivalents=["kube-linter:dangling-ingress", "kubescape:C-0298", "kubescape:C-0302"],
)
def k8s_ingress_dangling(ingress: Resource, graph: Graph) -> Iterator[Finding]:
    """Ingresses lead to a Service and a port that exist.

    ## Why
    The path answers 503, for as long as nobody tries it.

    ## Fix
    Correct the name or the port of the backend.
    """
    if not neighbours(ingress, "Service", graph):
        return
    backends = ingress.each("spec.defaultBackend")
    for entry in ingress.each("spec.rules"):
        backends = [*backends, *(b for path in entry.each("http.paths") for b in path.each("backend"))]
    for backend in backends:
        name = backend["service.name"]
        if name == None:
            continue
        service = named(ingress, "Service", name, graph)
        if service == None:
            yield backend.fails(f"there is no Service {name}", at="service.name")
            continue
        wanted = backend["service.port.number"] or backend["service.port.name"]
        offered = [p[field] for p in service.each("spec.ports") for field in ("port", "name")]
        if wanted != None and wanted not in offered:
            yield backend.fails(f"the Service {name} has no port {wanted}", at="service.port")


@rule(
    on=PODS,
    each=pods,
    severity=INFO,
    controls=["nist-800-53r5:SI-10"],
    equivalents=["kube-linter:deprecated-service-account-field", "kubescape:C-0294"],
)
def k8s_deprecated_service_account_field(pod: Pod) -> Iterator[Finding]:
    """Pods name their account in `serviceAccountName`.

    ## Why
    `serviceAccount` is an old name for it: where both are written and differ, readers and tools see different accounts.

    ## Fix
    Write `serviceAccountName`.
    """
    if not pod.absent("serviceAccount") and pod.absent("serviceAccountName"):
        yield pod.fails("the account is named in a deprecated field", at="serviceAccount")


@rule(
    on="ServiceMonitor",
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["kube-linter:dangling-servicemonitor"],
)
def k8s_service_monitor_dangling(monitor: Resource, graph: Graph) -> Iterator[Finding]:
    """Monitors select Services that exist.

    Judged where a Service of a namespace that the monitor looks into is among the inputs.

    ## Why
    A monitor whose labels fit nothing collects nothing: the dashboard is empty, and no alarm ever fires.

    ## Fix
    Correct `selector`, the labels of the Service, or `namespaceSelector`.
    """
    everywhere = monitor["spec.namespaceSelector.any"] == True
    names = monitor["spec.namespaceSelector.matchNames"] or [namespace_of(monitor)]
    services = [s for s in graph.beside(monitor, "Service") if everywhere or namespace_of(s) in names]
    selector = monitor["spec.selector"]
    if services and not any_of(services, lambda s: matches(selector, s["metadata.labels"] or {})):
        yield monitor.fails("its selector matches no Service", at="spec.selector")

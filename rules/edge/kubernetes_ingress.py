"""What of a cluster the outside reaches, and how."""

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Resource, any_of, as_list, rule
from assay.analysis.load_balancers import internal, source_ranges
from assay.kubernetes.relations import annotation

_CERTIFICATES = (
    "alb.ingress.kubernetes.io/certificate-arn", "networking.gke.io/managed-certificates",
    "ingress.gcp.kubernetes.io/pre-shared-cert", "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
)  # fmt: skip


@rule(on=("Ingress", "Gateway"), severity=HIGH, controls=["nist-800-53r5:SC-7"], equivalents=["kubescape:C-0263"])
def k8s_ingress_no_tls(r: Resource) -> Iterator[Finding]:
    """Every host is served over TLS.

    ## Why
    Whoever is on the way reads and changes requests, cookies and passwords included.

    ## Fix
    Add a `tls` entry with the host and a certificate, by cert-manager for example; on a Gateway an HTTPS listener.
    """
    if r.type == "Gateway":
        secure = [one["hostname"] for one in r.each("spec.listeners") if one["protocol"] in ("HTTPS", "TLS")]
        for listener in r.each("spec.listeners"):
            if listener["protocol"] == "HTTP" and listener["hostname"] not in secure:
                yield listener.fails("the listener has no HTTPS beside it", at="protocol")
        return
    if any(annotation(r, name) != None for name in _CERTIFICATES):
        return
    if any_of(r.each("spec.tls"), lambda entry: not entry["hosts"]):
        return  # an entry without hosts is for all
    covered = [f"{h}" for entry in r.each("spec.tls") for h in as_list(entry["hosts"])]
    for entry in r.each("spec.rules"):
        host = entry["host"]
        if host == None:
            if not r["spec.tls"]:
                yield entry.fails("requests to any host are served without TLS", key="any")
        elif not any(_covers(name, f"{host}") for name in covered):
            yield entry.fails(f"{host} is served without TLS", at="host", key=f"{host}")


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


_ANYWHERE = ("0.0.0.0/0", "::/0")


@rule(
    on=("Service",),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "kics:e2c83c1f",
        "kics:5c281bf8",
        "kics:2a52567c",
        "kics:69bbc5e3",
        "kics:845acfbe",
        "kics:26763a1c",
        "kube-linter:exposed-services",
        "kubescape:C-0021",
        "kubescape:C-0256",
        "kubescape:C-0266",
    ],
)
def k8s_service_external(service: Resource) -> Iterator[Finding]:
    """Services are reachable from outside only where that is said.

    ## Why
    A NodePort is open on every node. A LoadBalancer without source ranges is public, past the ingress with its TLS and
    its
    firewall.

    ## Fix
    Use a ClusterIP behind an Ingress or Gateway; make the load balancer internal, or set `loadBalancerSourceRanges`.
    """
    kind = service["spec.type"]
    if kind == "NodePort":
        yield service.fails("the service is open on every node", at="spec.type")
    if kind != "LoadBalancer" or internal(service):
        return
    ranges = source_ranges(service)
    if any_of(ranges, lambda r: r in _ANYWHERE):
        yield service.fails("the load balancer admits every address", at="spec.loadBalancerSourceRanges")
    elif not ranges:
        yield service.fails("the load balancer is public", at="spec.type")


@rule(on="Service", severity=HIGH, controls=["nist-800-53r5:SC-7"], equivalents=["AVD-KSV-0108"])
def k8s_service_external_ip(service: Resource) -> Iterator[Finding]:
    """Services claim no addresses of their own choice.

    ## Why
    `externalIPs` takes over the cluster's traffic to any address, a neighbour's or the metadata service's included
    (CVE-2020-8554).

    ## Fix
    Remove `externalIPs` and use a load balancer.
    """
    if service["spec.externalIPs"]:
        yield service.fails("it takes the traffic to addresses of its own choice", at="spec.externalIPs")


@rule(
    on=("Ingress", "ConfigMap"),
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_K8S_154", "CKV_K8S_153", "CKV_K8S_152", "AVD-KCV-0093", "kubescape:C-0059"],
)
def k8s_ingress_snippet(r: Resource) -> Iterator[Finding]:
    """Ingresses bring no configuration of their own.

    ## Why
    A snippet is code of the controller: it reads every Secret that the controller may read (CVE-2021-25742).

    ## Fix
    Remove the snippet annotations, and leave `allow-snippet-annotations` at `false`.
    """
    if r.type == "ConfigMap":
        if (r["data"] or {}).get("allow-snippet-annotations") == "true":
            yield r.fails("snippet annotations are allowed", at="data")
        return
    for name in r["metadata.annotations"] or {}:
        if name.endswith("-snippet") and name.startswith(("nginx.ingress.kubernetes.io/", "nginx.org/")):
            yield r.fails(f"{name} changes the controller's configuration", at="metadata.annotations", key=name)

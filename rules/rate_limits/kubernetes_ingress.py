"""How often an ingress lets a client ask."""

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule
from assay.kubernetes.relations import annotation

_LIMITS = {
    "nginx": ("limit-rps", "limit-rpm", "limit-connections", "limit-req-rate"),
    "haproxy": ("rate-limit-requests", "rate-limit-period", "limit-rps", "limit-connections"),
    "traefik": ("router.middlewares",),
    "kong": ("plugins",),
    "alb": ("wafv2-acl-arn", "web-acl-id"),
}


@rule(on="Ingress", severity=LOW, controls=["nist-800-53r5:SC-5"])
def k8s_ingress_no_rate_limit(ingress: Resource) -> Iterator[Finding]:
    """Ingresses limit the rate of requests.

    ## Why
    Password guessing and floods reach the application as fast as the network allows.

    ## Fix
    Add the controller's own annotation: `nginx.ingress.kubernetes.io/limit-rps`, a rate limit middleware of Traefik, a
    plugin of Kong, a web ACL of the load balancer.
    """
    name = ingress["spec.ingressClassName"] or annotation(ingress, "kubernetes.io/ingress.class") or "nginx"
    wanted = next((words for word, words in _LIMITS.items() if word in f"{name}"), None)
    internal = annotation(ingress, "alb.ingress.kubernetes.io/scheme") != "internet-facing" and "alb" in f"{name}"
    if wanted == None or internal:
        return
    if not any(f"{key}".endswith(wanted) for key in ingress["metadata.annotations"] or {}):
        yield ingress.fails(f"no annotation of {name} limits the rate of requests", at="metadata.annotations")

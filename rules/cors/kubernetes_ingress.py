"""Which origins an ingress lets browsers answer to."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule
from assay.kubernetes.relations import annotation

_NGINX = "nginx.ingress.kubernetes.io"


@rule(on="Ingress", severity=MEDIUM, controls=["nist-800-53r5:AC-4"])
def k8s_ingress_open_cors(ingress: Resource) -> Iterator[Finding]:
    """An ingress that sends credentials names the origins it trusts.

    ## Why
    With origin `*` and credentials any web page acts in its visitor's name. ingress-nginx does both unless it is told
    otherwise.

    ## Fix
    Set `nginx.ingress.kubernetes.io/cors-allow-origin` to the origins, or `cors-allow-credentials: "false"`.
    """
    if annotation(ingress, f"{_NGINX}/enable-cors") != "true":
        return
    origin = annotation(ingress, f"{_NGINX}/cors-allow-origin")
    if origin in (None, "", "*") and annotation(ingress, f"{_NGINX}/cors-allow-credentials") != "false":
        yield ingress.fails("every origin is allowed, with credentials", at="metadata.annotations")

"""Load balancers: what they speak with clients and with backends."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, require, rule

SSL = "ssl_configuration"
OLD_PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")
OLD_SUITES = (
    "oci-compatible-ssl-cipher-suite-v1", "oci-wider-compatible-ssl-cipher-suite-v1",
    "oci-tls-11-12-13-wider-ssl-cipher-suite-v1",
)  # fmt: skip

require(
    "oci-lb-backend-unverified",
    severity=LOW,
    controls=["nist-800-53r5:SC-8"],
    on="oci_load_balancer_backend_set",
    path=f"{SSL}.verify_peer_certificate",
    not_equals=False,
    title="Load balancers check the certificates of their TLS backends.",
    why="Encrypted traffic to whoever answers at the backend's address protects nothing.",
)


def _redirects(listener: Resource, graph: Graph) -> bool:
    """True when a rule set of the listener sends callers to HTTPS."""
    sets = graph.follow(listener, "rule_set_names")
    return any_of(
        sets,
        lambda s: any_of(
            s.each("items"),
            lambda i: (
                i["action"] == "REDIRECT"
                and any_of(("HTTPS", "{protocol}s"), lambda p: i["redirect_uri.protocol"] == p)
            ),
        ),
    )


@rule(on="oci_load_balancer_listener", severity=MEDIUM, controls=["nist-800-53r5:SC-8"])
def oci_lb_http_listener(listener: Resource, graph: Graph) -> Iterator[Finding]:
    """Public listeners speak HTTPS.

    ## Why
    What is said in plain HTTP, passwords and sessions included, is read and changed by everybody on the way.
    ## Fix
    Add `ssl_configuration`, or a rule set that redirects to HTTPS.
    """
    if listener["protocol"] != "HTTP" or listener.each(SSL) or _redirects(listener, graph):
        return
    if any_of(graph.follow(listener, "load_balancer_id"), lambda balancer: balancer["is_private"] != True):
        yield listener.fails("plain HTTP, and no redirect to HTTPS", at="protocol")


@rule(on="oci_load_balancer_listener", severity=HIGH, controls=["nist-800-53r5:SC-8", "nist-800-53r5:SC-13"])
def oci_lb_old_tls(listener: Resource) -> Iterator[Finding]:
    """Listeners speak TLS 1.2 or newer, with current ciphers.

    ## Why
    The protocols before it have known breaks, and no client still needs them.
    ## Fix
    Set `protocols = ["TLSv1.2", "TLSv1.3"]` and a current `cipher_suite_name`.
    """
    old = [p for p in OLD_PROTOCOLS if p in as_list(listener[f"{SSL}.protocols"])]
    if old:
        yield listener.fails(f"allows {', '.join(old)}", at=f"{SSL}.protocols", key="protocols")
    if listener[f"{SSL}.cipher_suite_name"] in OLD_SUITES:
        yield listener.fails("a cipher suite kept for old clients", at=f"{SSL}.cipher_suite_name", key="suite")

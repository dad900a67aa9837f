"""Load balancers: TLS, and nothing that confuses what stands behind."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, INFO, LOW, MEDIUM, Block, Finding, Graph, Resource, all_of, any_of, require, rule, show
from assay.analysis.aws_arns import arn_service
from assay.analysis.parts import one_by_one

LISTENERS = ["aws_lb_listener", "aws_alb_listener"]
BALANCERS = ["aws_lb", "aws_alb"]


def redirects(listener: Resource) -> bool:
    """True when what arrives is sent on to HTTPS; a redirect that names no protocol keeps the one that it came by."""
    actions = listener.each("default_action")
    return any_of(actions, lambda a: a["type"] == "redirect" and a["redirect.protocol"] == "HTTPS")


def plain(listener: Resource, graph: Graph) -> bool:
    """True for HTTP, which is also what a listener of an application load balancer speaks when it does not say."""
    protocol = listener["protocol"]
    if protocol not in (None, ""):
        return bool(protocol.upper() == "HTTP")
    balancers = graph.follow(listener, "load_balancer_arn")
    return any_of(balancers, lambda balancer: balancer["load_balancer_type"] in (None, "application"))


@rule(
    on=[*LISTENERS, "aws_elb"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_2",
        "CKV2_AWS_20",
        "CKV_AWS_376",
        "AVD-AWS-0054",
        "kics:de7f5e83",
        "prowler:elb_ssl_listeners",
        "prowler:elbv2_ssl_listeners",
        "steampipe-aws:elb_application_lb_redirect_http_request_to_https",
        "steampipe-aws:elb_classic_lb_use_tls_https_listeners",
        "steampipe-aws:elb_application_network_listener_uses_secure_protocol",
    ],
)
def aws_elb_http_listener(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Listeners speak HTTPS, or send to it.

    ## Why
    On plain HTTP everybody on the way reads the session and changes the page.
    ## Fix
    Set `protocol = "HTTPS"`, or a `default_action` of type `redirect` with `protocol = "HTTPS"`.
    """
    if r.type == "aws_elb":
        yield from one_by_one(r.each("listener"), judge_listener)
    elif all_of((lambda: plain(r, graph), lambda: not redirects(r)), lambda test: test()):
        yield r.fails("the listener speaks plain HTTP", at="protocol")


def judge_listener(listener: Block) -> Iterator[Finding]:
    if listener["lb_protocol"].upper() == "HTTP":
        yield listener.fails("the listener speaks plain HTTP", at="lb_protocol")


require(
    "aws-elb-target-http",
    on=["aws_lb_target_group", "aws_alb_target_group"],
    path="protocol",
    not_equals="HTTP",
    title="Load balancers talk to their targets over TLS.",
    why="Inside the VPC the traffic is plain: whoever gets onto one machine, or a mirror session, reads it.",
    fix='Set `protocol = "HTTPS"` and a certificate on the targets; it need not be signed by anybody.',
    severity=LOW,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_378"],
)


@rule(
    on=LISTENERS,
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_103",
        "CKV2_AWS_74",
        "AVD-AWS-0047",
        "prowler:elb_insecure_ssl_ciphers",
        "prowler:elbv2_insecure_ssl_ciphers",
        "steampipe-aws:elb_network_lb_tls_listener_security_policy_configured",
        "steampipe-aws:elb_listener_use_secure_ssl_cipher",
        "steampipe-aws:elb_tls_listener_protocol_version",
        "steampipe-aws:elb_application_network_lb_https_tls_listener_recommended_security_policy",
    ],
)
def aws_elb_old_tls_policy(listener: Resource) -> Iterator[Finding]:
    """Listeners admit TLS 1.2 and newer only.

    ## Why
    Older versions have known attacks. Without `ssl_policy` the default of 2016 admits them.
    ## Fix
    Set `ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"`.
    """
    if listener["protocol"] not in ("HTTPS", "TLS"):
        return
    policy = listener["ssl_policy"]
    modern = (
        "ELBSecurityPolicy-TLS13-1-2",
        "ELBSecurityPolicy-TLS13-1-3",
        "ELBSecurityPolicy-TLS-1-2",
        "ELBSecurityPolicy-FS-1-2",
    )
    if policy == None or not policy.startswith(modern):
        yield listener.fails(f"the policy is {show(policy)}", at="ssl_policy")


@rule(
    on=["aws_elb", *LISTENERS],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_127",
        "prowler:elb_ssl_listeners_use_acm_certificate",
        "steampipe-aws:elb_classic_lb_use_ssl_certificate",
        "steampipe-aws:elb_application_network_lb_use_ssl_certificate",
    ],
)
def aws_elb_no_certificate(r: Resource, graph: Graph) -> Iterator[Finding]:
    """TLS listeners have a certificate from ACM.

    ## Why
    Without one the listener cannot be made; one that was uploaded to IAM ends without a warning.
    ## Fix
    Set `certificate_arn` (or `ssl_certificate_id`) to a certificate of ACM.
    """
    if r.type == "aws_elb":
        yield from one_by_one(r.each("listener"), judge_certificate)
    elif r["protocol"] in ("HTTPS", "TLS"):
        if r.absent("certificate_arn"):
            if not graph.users(r, "aws_lb_listener_certificate"):
                yield r.fails("the listener has no certificate", at="certificate_arn")
        elif uploaded(r["certificate_arn"]):
            yield r.fails("the certificate was uploaded to IAM", at="certificate_arn")


def uploaded(arn: Any) -> bool:
    """True for a certificate that IAM keeps, in whatever partition."""
    return arn_service(arn) in ("iam", "aws_iam_server_certificate")


def judge_certificate(listener: Block) -> Iterator[Finding]:
    arn = listener["ssl_certificate_id"]
    if arn in (None, ""):
        yield listener.fails("the listener has no certificate")
    elif uploaded(arn):
        yield listener.fails("the certificate was uploaded to IAM", at="ssl_certificate_id")


@rule(
    on=BALANCERS,
    severity=LOW,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["prowler:elbv2_nlb_tls_termination_enabled"],
)
def aws_nlb_no_tls_termination(balancer: Resource, graph: Graph) -> Iterator[Finding]:
    """Network load balancers have a TLS listener.

    ## Why
    Otherwise every target holds the certificate and its key, and each must be renewed by itself.
    ## Fix
    Add an `aws_lb_listener` with `protocol = "TLS"`.
    """
    if balancer["load_balancer_type"] != "network":
        return
    listeners = [listener for type_ in LISTENERS for listener in graph.users(balancer, type_)]
    if listeners and not any_of(listeners, lambda listener: listener["protocol"] == "TLS"):
        yield balancer.fails("no listener ends TLS", because=[listener.where("protocol") for listener in listeners])


require(
    "aws-elb-keeps-invalid-headers",
    on=BALANCERS,
    path="drop_invalid_header_fields",
    equals=True,
    when=lambda balancer: balancer["load_balancer_type"] in (None, "application"),
    title="Application load balancers drop malformed headers.",
    why="Balancer and server may read such a header differently; one request is then smuggled inside another.",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    equivalents=[
        "CKV_AWS_131",
        "AVD-AWS-0052",
        "kics:6e3fd2ed",
        "prowler:elbv2_alb_drop_invalid_header_fields_enabled",
        "steampipe-aws:elb_application_lb_drop_http_headers",
        "steampipe-aws:elb_application_lb_http_drop_invalid_header_enabled",
    ],
)
require(
    "aws-elb-desync-mitigation-off",
    on=[*BALANCERS, "aws_elb"],
    path="desync_mitigation_mode",
    not_equals="monitor",
    default="defensive",
    title="Load balancers refuse requests that can be read in two ways.",
    why="In the mode `monitor` they pass: one user's request is completed with another's.",
    fix='Set `desync_mitigation_mode = "defensive"` or `"strictest"`.',
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    equivalents=[
        "CKV_AWS_328",
        "prowler:elb_desync_mitigation_mode",
        "prowler:elbv2_desync_mitigation_mode",
        "steampipe-aws:elb_application_lb_desync_mitigation_mode",
        "steampipe-aws:elb_classic_lb_desync_mitigation_mode",
    ],
)


require(
    "aws-elb-public",
    on=[*BALANCERS, "aws_elb"],
    path="internal",
    equals=True,
    default=False,
    when=lambda balancer: balancer.resource.type == "aws_elb" or balancer["load_balancer_type"] != "gateway",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "AVD-AWS-0053",
        "prowler:elbv2_internet_facing",
        "prowler:elb_internet_facing",
        "steampipe-aws:elb_application_classic_network_lb_prohibit_public_access",
    ],
    title="Load balancers that face the internet are known.",
    why="Each is a door: the list of them is what a web ACL, a certificate and a penetration test have to cover.",
    fix="Set `internal = true`, or waive this for a balancer that is meant to be public.",
    message="the load balancer faces the internet",
)

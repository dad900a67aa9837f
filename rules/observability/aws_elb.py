from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule


@rule(
    on=["aws_elb", "aws_lb", "aws_alb"],
    severity=MEDIUM,
    controls=["cis-aws-7.0:4.10", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_AWS_92",
        "CKV_AWS_91",
        "kics:20018359",
        "prowler:elb_logging_enabled",
        "prowler:elbv2_logging_enabled",
        "steampipe-aws:elb_application_classic_lb_logging_enabled",
    ],
)
def aws_elb_no_access_log(balancer: Resource) -> Iterator[Finding]:
    """Load balancers log who calls them.

    ## Why
    The balancer sees the client's address and what was refused; the application behind it does not.
    ## Fix
    Add `access_logs` with a bucket and `enabled = true`.
    """
    if balancer["load_balancer_type"] == "gateway":
        return  # it passes packets on and has no requests to log
    enabled = balancer["access_logs.enabled"]
    on_by_default = balancer.type == "aws_elb" and enabled == None
    if balancer.absent("access_logs") or (enabled != True and not on_by_default):
        yield balancer.fails("requests are not logged", at="access_logs.enabled")

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.aws_defaults import demands_tokens

_MACHINES = ["aws_launch_template", "aws_launch_configuration", "aws_instance"]


def _demands_tokens(machine: Resource) -> bool:
    options = "metadata_options"
    return bool(machine[f"{options}.http_tokens"] == "required" or machine[f"{options}.http_endpoint"] == "disabled")


@rule(
    on=_MACHINES,
    severity=HIGH,
    controls=["cis-aws-7.0:6.7", "nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_79",
        "AVD-AWS-0130",
        "AVD-AWS-0028",
        "prowler:ec2_confidential_workload_host_imdsv2_not_enforced",
        "prowler:ec2_instance_imdsv2_enabled",
        "prowler:ec2_launch_template_imdsv2_required",
        "prowler:autoscaling_group_launch_configuration_requires_imdsv2",
        "steampipe-aws:ec2_instance_uses_imdsv2",
        "steampipe-aws:ec2_launch_template_default_version_uses_imdsv2",
        "steampipe-aws:autoscaling_launch_config_requires_imdsv2",
    ],
    fixable=True,
)
def aws_ec2_imdsv1(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """The metadata service of instances demands a session token.

    ## Why
    Without tokens one request that a server can be made to send returns the credentials of its role.
    ## Fix
    Set `http_tokens = "required"` in `metadata_options`, or in an `aws_ec2_instance_metadata_defaults` for all machines
    that say nothing.
    """
    path = "metadata_options.http_tokens"
    if _demands_tokens(machine):
        return
    if machine.type == "aws_instance" and machine.absent("metadata_options"):
        for name in ("launch_template.id", "launch_template.name"):
            if not machine.absent(name) and all(_demands_tokens(t) for t in graph.follow(machine, name)):
                return
    if machine.absent(path) and demands_tokens(machine, graph):
        return
    yield machine.fails(
        "version 1 of the metadata service answers", at=path, fix=machine.set(path, "required", safe=False)
    )


require(
    "aws-ec2-metadata-hop-limit",
    on=_MACHINES,
    path="metadata_options.http_put_response_hop_limit",
    at_most=1,
    default=1,
    severity=LOW,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_341", "steampipe-aws:autoscaling_launch_config_hop_limit"],
    title="The metadata service answers the instance itself only.",
    why="With a limit of two, a container on the instance gets the credentials of the instance's role.",
)

require(
    "aws-account-imdsv1-default",
    on="aws_ec2_instance_metadata_defaults",
    path="http_tokens",
    equals="required",
    severity=LOW,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["prowler:ec2_instance_account_imdsv2_enabled"],
    title="New instances demand session tokens by default.",
    why="Instances that people start by hand otherwise answer version 1 of the metadata service.",
)


@rule(
    on="aws_instance",
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV2_AWS_41"],
)
def aws_ec2_no_instance_role(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Instances have a role of their own.

    ## Why
    A program that needs the platform and has no role gets a long-lived key, copied onto the machine.
    ## Fix
    Set `iam_instance_profile`, here or in the launch template.
    """
    if not machine.absent("iam_instance_profile"):
        return
    for name in ("launch_template.id", "launch_template.name"):
        if not machine.absent(name) and any(not t.absent("iam_instance_profile") for t in graph.follow(machine, name)):
            return
    yield machine.fails("no instance profile is set", at="iam_instance_profile")


@rule(
    on="data.aws_ami",
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-14"],
    equivalents=["CKV_AWS_386"],
    sources=["terraform"],
)
def aws_ami_lookup_no_owner(lookup: Resource) -> Iterator[Finding]:
    """Images are looked up by owner.

    ## Why
    Anybody can publish an image under a name that matches, and the newest one is taken.
    ## Fix
    Set `owners`.
    """
    if lookup["most_recent"] not in (True, "true") or lookup["owners"]:
        return
    named = ("owner-alias", "owner-id", "image-id")
    if not any_of(lookup.each("filter"), lambda f: f["name"] in named):
        yield lookup.fails("the newest image of any owner is taken", at="owners")

from collections.abc import Iterator

from assay import INFO, LOW, MEDIUM, Finding, Graph, Resource, require, rule

require(
    "aws-ec2-no-detailed-monitoring",
    on={"aws_instance": "monitoring", "aws_launch_template": "monitoring.enabled"},
    equals=True,
    # What an instance leaves to its launch template is judged there.
    when=lambda r: r.resource.type != "aws_instance" or not r.absent("monitoring") or r.absent("launch_template"),
    severity=INFO,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "CKV_AWS_126",
        "kics:23b70e32",
        "prowler:ec2_instance_detailed_monitoring_enabled",
        "steampipe-aws:ec2_instance_detailed_monitoring_enabled",
    ],
    title="Instances report their metrics every minute.",
    why="At five minutes an alarm is late and a short overload invisible.",
)


@rule(
    on="aws_vpc",
    severity=MEDIUM,
    controls=["cis-aws-1.2:2.9", "cis-aws-1.4:3.9", "cis-aws-7.0:4.7", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV2_AWS_11",
        "kics:f83121ea",
        "AVD-AWS-0178",
        "prowler:vpc_flow_logs_enabled",
        "steampipe-aws:vpc_flow_logs_enabled",
    ],
)
def aws_vpc_no_flow_log(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """Networks keep flow logs.

    ## Why
    Flow logs show who talked to whom, which is the only way to see data leaving after the fact.
    ## Fix
    Declare an `aws_flow_log` with this `vpc_id`.
    """
    if not graph.users(vpc, "aws_flow_log"):
        yield vpc.fails("no flow log names this network")


require(
    "aws-global-accelerator-no-flow-log",
    on="aws_globalaccelerator_accelerator",
    path="attributes.flow_logs_enabled",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_75", "kics:96e8183b"],
    title="Accelerators keep flow logs.",
    why="Behind the accelerator the network's own logs no longer show where the traffic entered.",
)

"""Instances, containers, functions and notebooks: no public addresses, inside a network."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, INFO, MEDIUM, Block, Finding, Resource, any_of, as_list, require, rule
from assay.analysis.network import is_anywhere
from assay.analysis.parts import one_by_one

require(
    "aws-ecs-public-ip",
    on="aws_ecs_service",
    path="network_configuration.assign_public_ip",
    not_equals=True,
    default=False,
    title="ECS services give their tasks no public address.",
    why="Every task can then be reached from the internet directly, past the load balancer.",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_333",
        "prowler:ecs_service_no_assign_public_ip",
        "prowler:ecs_task_set_no_assign_public_ip",
        "steampipe-aws:ecs_service_not_publicly_accessible",
    ],
)
require(
    "aws-eks-public-endpoint",
    on="aws_eks_cluster",
    path="vpc_config.endpoint_public_access",
    equals=False,
    title="The Kubernetes API is not on the internet.",
    why="A leaked token, or a flaw in the API server, can then be used from everywhere.",
    fix="Set `endpoint_public_access = false` and `endpoint_private_access = true`.",
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_39", "AVD-AWS-0040", "kics:42f4b905"],
)
require(
    "aws-lambda-outside-vpc",
    on="aws_lambda_function",
    path="vpc_config.subnet_ids",
    present=True,
    title="Functions run in a VPC.",
    why="Outside a VPC a function reaches the internet past every firewall and flow log of yours.",
    fix="Add `vpc_config` where the function talks to things inside, or where its traffic must be controlled.",
    message="the function runs outside every VPC",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_117", "prowler:awslambda_function_inside_vpc", "steampipe-aws:lambda_function_in_vpc"],
)
require(
    "aws-sagemaker-notebook-direct-internet",
    on="aws_sagemaker_notebook_instance",
    path="direct_internet_access",
    equals="Disabled",
    default="Enabled",
    title="Notebooks have no direct line to the internet.",
    why="Code pasted into a notebook can carry the training data anywhere, past every control of the VPC.",
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_122"],
)
require(
    "aws-sagemaker-outside-vpc",
    on={"aws_sagemaker_notebook_instance": "subnet_id", "aws_sagemaker_model": "vpc_config.subnets"},
    path="subnet_id",
    present=True,
    title="SageMaker notebooks and models are in a VPC.",
    why="Outside a VPC their traffic, with the data, passes none of your controls.",
    fix="Set `subnet_id` (notebooks) or `vpc_config` (models).",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_306",
        "prowler:sagemaker_models_vpc_settings_configured",
        "prowler:sagemaker_notebook_instance_vpc_settings_configured",
        "prowler:sagemaker_training_jobs_vpc_settings_configured",
        "steampipe-aws:sagemaker_model_in_vpc",
        "steampipe-aws:sagemaker_notebook_instance_in_vpc",
        "steampipe-aws:sagemaker_training_job_in_vpc",
    ],
)
require(
    "aws-sagemaker-model-no-isolation",
    on="aws_sagemaker_model",
    path="enable_network_isolation",
    equals=True,
    title="Models run without a network of their own.",
    why="A model package from elsewhere can call home from inside your account, with the data it is given.",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_370",
        "prowler:sagemaker_models_network_isolation_enabled",
        "steampipe-aws:sagemaker_model_network_isolation_enabled",
    ],
)


@rule(
    on=["aws_instance", "aws_launch_configuration", "aws_launch_template"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_389",
        "CKV_AWS_88",
        "AVD-AWS-0009",
        "kics:5a2486aa",
        "prowler:ec2_confidential_workload_host_public_ip",
        "prowler:ec2_instance_public_ip",
        "prowler:ec2_launch_template_no_public_ip",
        "prowler:autoscaling_group_launch_configuration_no_public_ip",
        "steampipe-aws:ec2_launch_template_not_publicly_accessible",
        "steampipe-aws:ec2_instance_not_publicly_accessible",
        "steampipe-aws:autoscaling_launch_config_public_ip_disabled",
    ],
)
def aws_ec2_public_ip(r: Resource) -> Iterator[Finding]:
    """Instances get no public address.

    ## Why
    The instance itself is then on the internet: one open port in its security group and it is found.
    ## Fix
    Set `associate_public_ip_address = false`; let a load balancer or a NAT gateway have the public address.
    """
    if r.type == "aws_launch_template":
        yield from one_by_one(r.each("network_interfaces"), judge_address)
    else:
        yield from judge_address(r)


def judge_address(place: Resource | Block) -> Iterator[Finding]:
    if place["associate_public_ip_address"] in (True, "true"):  # a launch template has it as text
        fix = place.set("associate_public_ip_address", False)
        yield place.fails("a public address is assigned", at="associate_public_ip_address", fix=fix)


@rule(
    on="aws_eks_cluster",
    severity=CRITICAL,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_38",
        "AVD-AWS-0041",
        "kics:61cf9883",
        "prowler:eks_cluster_not_publicly_accessible",
        "steampipe-aws:eks_cluster_endpoint_public_access_restricted",
    ],
)
def aws_eks_endpoint_open(cluster: Resource) -> Iterator[Finding]:
    """A public Kubernetes API admits known addresses only.

    ## Why
    By default the whole internet may knock: every leaked token works from anywhere, every flaw is found by scanners.
    ## Fix
    Set `public_access_cidrs`, or switch the public endpoint off.
    """
    for config in cluster.each("vpc_config"):
        if config["endpoint_public_access"] == False:
            continue
        cidrs = as_list(config["public_access_cidrs"])
        if not cidrs or any_of(cidrs, is_anywhere):
            yield config.fails("the whole internet may reach the API", at="public_access_cidrs")

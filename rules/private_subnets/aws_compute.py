"""Instances, containers, functions and notebooks: no public addresses, inside a network."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, INFO, MEDIUM, Block, Finding, Graph, Resource, any_of, as_list, require, rule
from assay.analysis.aws_network import private_with_same_role
from assay.analysis.network import names_nobody
from assay.analysis.parts import one_by_one

require(
    "aws-ecs-public-ip",
    on=["aws_ecs_service", "aws_ecs_task_set"],
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
        if not cidrs or any_of(cidrs, names_nobody):
            yield config.fails("the whole internet may reach the API", at="public_access_cidrs")


@rule(
    on=["aws_eks_node_group", "aws_eks_cluster"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["prowler:eks_cluster_private_nodes_enabled"],
)
def aws_eks_public_nodes(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Kubernetes nodes stand in subnets that give out no public addresses.

    Judged are the subnets of node groups, and those of a cluster that makes its nodes by itself (`compute_config`).

    ## Why
    The kubelet and every NodePort of such a node are on the internet: one rule in its security group and they answer.
    ## Fix
    Name private subnets in `subnet_ids`, with a NAT gateway or VPC endpoints for what the nodes need.
    """
    path = "subnet_ids" if r.type == "aws_eks_node_group" else "vpc_config.subnet_ids"
    if r.type == "aws_eks_cluster" and r["compute_config.enabled"] != True:
        return

    def judge(subnet: Resource) -> Iterator[Finding]:
        if subnet.source == "uncollected":
            from assay.analysis.reach.reading import absent

            yield r.unsure(absent("subnet", subnet.address), at=path, key=subnet.address)
        elif subnet["map_public_ip_on_launch"] == True:
            place = subnet.where("map_public_ip_on_launch")
            yield r.fails(f"{subnet} gives its nodes public addresses", at=path, because=[place], key=subnet.address)

    yield from one_by_one(graph.follow(r, path), judge)


@rule(
    on="aws_instance",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["kics:a31a5a29", "steampipe-aws:ec2_instance_in_vpc"],
)
def aws_ec2_outside_vpc(instance: Resource) -> Iterator[Finding]:
    """Instances say in which network they stand.

    An instance that names neither a subnet nor a security group of a VPC nor a network interface is judged; one that
    has a launch template may name them there.

    ## Why
    It lands in the default VPC, all of whose subnets are public, in a group that admits whatever stands beside it.
    ## Fix
    Set `subnet_id` and `vpc_security_group_ids`.
    """
    for path in ("subnet_id", "vpc_security_group_ids", "network_interface", "primary_network_interface"):
        if instance[path] not in (None, "", []):
            return
    if instance.absent("launch_template"):
        yield instance.fails("neither a subnet nor a security group of a VPC is named", at="subnet_id")


@rule(
    on="aws_instance",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "kics:c53c7a89",
        "prowler:ec2_instance_internet_facing_with_instance_profile",
        "steampipe-aws:ec2_instance_publicly_accessible_iam_profile_attached",
    ],
)
def aws_ec2_public_with_role(instance: Resource, graph: Graph) -> Iterator[Finding]:
    """Instances with a public address carry no role.

    ## Why
    Whoever gets in takes the role's credentials along; where private machines share the role, theirs are the same.
    ## Fix
    Put the instance behind a load balancer, in a private subnet; where it must be public, give it a role of its own
    that may do next to nothing, and waive this with the reason.
    """
    if instance["associate_public_ip_address"] != True:
        return
    profile = instance["iam_instance_profile"]
    if profile == None or profile == "":
        return
    said = "whoever gets in from the internet acts with its instance profile"
    private = private_with_same_role(instance, graph)
    if private:
        said += f", which {private[0]} has as well"
    yield instance.fails(said, at="iam_instance_profile", because=[i.where() for i in private[:4]])


PORTS = (
    20, 21, 22, 23, 88, 139, 389, 445, 636, 1433, 1434, 1521, 2375, 2376, 2379, 3306, 3389, 5000, 5432, 5601, 6379,
    7000, 9042, 9092, 9160, 9200, 9300, 11211, 27017, 27018,
)  # fmt: skip


@rule(
    on="aws_instance",
    sources=("aws",),
    params={"ports": list(PORTS)},
    severity=HIGH,
    controls=["cis-aws-7.0:6.1.2", "nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:ec2_confidential_workload_host_vsock_proxy_exposed",
        "prowler:ec2_instance_port_cassandra_exposed_to_internet",
        "prowler:ec2_instance_port_cifs_exposed_to_internet",
        "prowler:ec2_instance_port_elasticsearch_kibana_exposed_to_internet",
        "prowler:ec2_instance_port_ftp_exposed_to_internet",
        "prowler:ec2_instance_port_kafka_exposed_to_internet",
        "prowler:ec2_instance_port_kerberos_exposed_to_internet",
        "prowler:ec2_instance_port_ldap_exposed_to_internet",
        "prowler:ec2_instance_port_memcached_exposed_to_internet",
        "prowler:ec2_instance_port_mongodb_exposed_to_internet",
        "prowler:ec2_instance_port_mysql_exposed_to_internet",
        "prowler:ec2_instance_port_oracle_exposed_to_internet",
        "prowler:ec2_instance_port_postgresql_exposed_to_internet",
        "prowler:ec2_instance_port_rdp_exposed_to_internet",
        "prowler:ec2_instance_port_redis_exposed_to_internet",
        "prowler:ec2_instance_port_sqlserver_exposed_to_internet",
        "prowler:ec2_instance_port_ssh_exposed_to_internet",
        "prowler:ec2_instance_port_telnet_exposed_to_internet",
    ],
)
def aws_ec2_open_port(instance: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Running instances answer strangers on no port of administration or data.

    Proved on the way a packet takes: gateway, routes, network ACLs, security groups, and back.

    ## Why
    Scanners try every address of AWS within hours: a weak password or an unpatched server is found before its owner.
    ## Fix
    Take the public address away, or name the sources in the security group; administer by Session Manager.
    """
    if instance["instance_state"] != "running":
        return
    from assay.analysis.reach.strangers import reached_by_anybody

    found, way, doubt = reached_by_anybody(instance, graph, params["ports"])
    if found:
        said = f"anybody on the internet reaches port {', '.join(map(str, found[:6]))}"
        yield instance.fails(f"{said}{' and more' if len(found) > 6 else ''}", at="public_ip", hops=way, key="open")
    elif doubt:
        yield instance.unsure(f"cannot be decided: {doubt}", at="public_ip")

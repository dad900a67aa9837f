"""VPCs: private subnets are private, and reach AWS without the internet."""

from collections.abc import Iterator
from typing import Any

from assay import INFO, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, is_map, require, rule
from assay.analysis.aws_network import (
    Route,
    called_private,
    has_endpoint,
    leads_to_internet_gateway,
    routes_written,
    subnets_of,
)
from assay.analysis.parts import one_by_one
from assay.analysis.reach.public import internet_routes

require(
    "aws-subnet-auto-public-ip",
    on="aws_subnet",
    path="map_public_ip_on_launch",
    not_equals=True,
    default=False,
    title="Subnets give out no public addresses by themselves.",
    why="Every instance started there is on the internet, whether or not its owner thought of it.",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_130",
        "AVD-AWS-0164",
        "kics:52f04a44",
        "prowler:vpc_subnet_no_public_ip_by_default",
        "steampipe-aws:vpc_subnet_auto_assign_public_ip_disabled",
    ],
)


@rule(
    on=["aws_default_vpc", "aws_vpc"],
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_148", "AVD-AWS-0101", "kics:96ed3526"],
)
def aws_default_vpc(vpc: Resource) -> Iterator[Finding]:
    """Nothing is built on the default VPC.

    ## Why
    All its subnets are public, its group is open inside, and it looks the same in every account: nothing in it was
    chosen.
    ## Fix
    Make an `aws_vpc` with the subnets you need, and delete the default one.
    """
    if vpc.address.endswith("[?]"):
        yield vpc.unsure("whether the default VPC is adopted depends on a count that is not known")
    elif vpc.type == "aws_default_vpc":
        yield vpc.fails("the default VPC is adopted")
    elif vpc["is_default"] == True:
        yield vpc.fails("the account still has its default VPC")


@rule(on=["aws_route_table", "aws_default_route_table", "aws_route"], severity=LOW, equivalents=["CKV2_AWS_35"])
def aws_route_nat_instance(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Private subnets leave through a NAT gateway, not through an instance.

    ## Why
    A NAT instance is one machine that somebody must patch and that takes the subnet down with it.
    ## Fix
    Use an `aws_nat_gateway` and set `nat_gateway_id`.
    """

    def judge(view: Resource | Block) -> Iterator[Finding]:
        for name in ("instance_id", "network_interface_id"):
            if view[name] not in (None, "") and Route(view, names_of(r)).default:
                yield view.fails("the default route leads to an instance", at=name)

    yield from one_by_one(routes_written(r), judge)


def names_of(r: Resource) -> tuple[str, ...]:
    """What a route calls its destinations."""
    plain = ("cidr_block", "ipv6_cidr_block")
    return tuple(f"destination_{name}" for name in plain) if r.type == "aws_route" else plain


@rule(
    on=["aws_route_table", "aws_route"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["steampipe-aws:vpc_route_table_restrict_public_access_to_igw"],
)
def aws_route_to_internet_gateway(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Subnets that are called private have no route to an internet gateway.

    ## Why
    Somebody placed a database there because the name says private.
    ## Fix
    Route through a NAT gateway, or call the subnet public.
    """
    tables = [r] if r.type == "aws_route_table" else graph.follow(r, "route_table_id")
    private = [s for table in tables for s in subnets_of(table, graph) if called_private(s)]
    if not private:
        return

    def judge(view: Resource | Block) -> Iterator[Finding]:
        if leads_to_internet_gateway(view, graph) and Route(view, names_of(r)).default:
            places = [s.where() for s in private]
            yield view.fails(
                f"{private[0]} is called {called_private(private[0])} and reaches the internet gateway",
                at="gateway_id",
                because=places,
            )

    yield from one_by_one(routes_written(r), judge)


@rule(
    on="aws_vpc",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["prowler:vpc_subnet_separate_private_public", "steampipe-aws:vpc_subnet_public_and_private"],
)
def aws_vpc_no_private_subnet(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """VPCs have public subnets for what faces the internet, and private ones for the rest.

    ## Why
    With public subnets only, databases stand where load balancers do; with private ones only nothing can be published
    without a detour.
    ## Fix
    Add subnets of the other kind. A VPC none of whose subnets is here is not judged.
    """
    subnets = graph.users(vpc, "aws_subnet")
    if not subnets:
        return
    public = [s for s in subnets if internet_routes(s, graph)]
    if len(public) == len(subnets):
        yield vpc.fails("every subnet of the VPC is public")
    elif not public:
        yield vpc.fails("all its subnets are private: nothing in it can face the internet", severity=INFO)


@rule(on="aws_vpc_endpoint", severity=LOW, controls=["nist-800-53r5:SC-7"], equivalents=["kics:e9b7acf9"])
def aws_vpc_endpoint_no_private_dns(endpoint: Resource, graph: Graph) -> Iterator[Finding]:
    """Interface endpoints answer under the service's own name.

    ## Why
    Without private DNS the SDKs go on using the public address, and the endpoint is paid for and not used.
    ## Fix
    Set `private_dns_enabled = true`, and leave `enable_dns_support` of the VPC on.
    """
    if endpoint["vpc_endpoint_type"] != "Interface":
        return
    if endpoint["private_dns_enabled"] != True:
        yield endpoint.fails(
            "private DNS is off", at="private_dns_enabled", fix=endpoint.set("private_dns_enabled", True)
        )
        return
    for vpc in graph.follow(endpoint, "vpc_id"):
        if vpc.source != "uncollected" and vpc["enable_dns_support"] == False:
            place = vpc.where("enable_dns_support")
            yield endpoint.fails(f"{vpc} resolves no names", at="private_dns_enabled", because=[place])


@rule(on="aws_vpc_endpoint", severity=LOW, equivalents=["kics:0bc534c5"])
def aws_vpc_gateway_endpoint_no_route(endpoint: Resource, graph: Graph) -> Iterator[Finding]:
    """Gateway endpoints are in a route table.

    ## Why
    Without a route no packet takes the endpoint: the traffic goes over the internet or nowhere.
    ## Fix
    Set `route_table_ids`, or add an `aws_vpc_endpoint_route_table_association`.
    """
    if endpoint["vpc_endpoint_type"] not in (None, "Gateway"):
        return
    if endpoint["route_table_ids"] in (None, []) and not graph.users(
        endpoint, "aws_vpc_endpoint_route_table_association"
    ):
        yield endpoint.fails("the endpoint is in no route table", at="route_table_ids")


CALLS = {
    "aws_ecs_service": ("ecr.api", "ecr.dkr", "logs"),
    "aws_instance": ("ssm", "ssmmessages"),
    "aws_lambda_function": ("logs",),
}


@rule(
    on="aws_vpc",
    params={"services": ["ecr.api", "ecr.dkr", "ssm", "ssmmessages", "ec2"]},
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:vpc_endpoint_for_ec2_enabled",
        "steampipe-aws:vpc_configured_to_use_vpc_endpoints",
        "steampipe-aws:vpc_configured_to_use_interface_endpoint_for_ecr_api",
        "steampipe-aws:vpc_configured_to_use_interface_endpoint_for_docker_registry",
        "steampipe-aws:vpc_configured_to_use_interface_endpoint_for_ssm",
        "steampipe-aws:vpc_configured_to_use_interface_endpoint_for_ssm_contacts",
        "steampipe-aws:vpc_configured_to_use_interface_endpoint_for_ssm_incidents",
    ],
)
def aws_vpc_no_interface_endpoint(vpc: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Private subnets reach the AWS services they use through endpoints.

    ## Why
    Without an endpoint the traffic needs a NAT gateway, costs by the gigabyte, and leaves the network; without either
    it fails.
    ## Fix
    Add an `aws_vpc_endpoint` of type `Interface` for the service. `services` of this rule says which ones count.
    """
    private = [s for s in graph.users(vpc, "aws_subnet") if not internet_routes(s, graph)]
    used = {name for type_, names in CALLS.items() if any(graph.users(s, type_) for s in private) for name in names}
    for service in params["services"]:
        if service in used and not has_endpoint(vpc, service, graph):
            yield vpc.fails(f"workloads in private subnets use {service} and there is no endpoint for it", key=service)


@rule(on="aws_vpc", severity=LOW, controls=["nist-800-53r5:SC-7"])
def aws_secret_no_vpc_endpoint(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions in a VPC read their secrets through an endpoint.

    ## Why
    Otherwise the request for the secret leaves the network through a NAT gateway, or fails for want of one.
    ## Fix
    Add an `aws_vpc_endpoint` for `secretsmanager` to the VPC.
    """
    if not any_of(graph.beside(vpc, "aws_lambda_function"), reads_secrets):
        return
    readers = [
        f for s in graph.users(vpc, "aws_subnet") for f in graph.users(s, "aws_lambda_function") if reads_secrets(f)
    ]
    if readers and not has_endpoint(vpc, "secretsmanager", graph):
        places = [f.where() for f in readers]
        yield vpc.fails(f"{readers[0]} reads secrets and there is no endpoint for Secrets Manager", because=places)


def reads_secrets(function: Resource) -> bool:
    """True when the function's environment names a secret."""
    variables = function["environment.variables"]
    return is_map(variables) and any("SECRET" in name.upper() for name in variables)

"""Databases, brokers and clusters: not on the internet."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, is_map, require, rule
from assay.analysis.aws_network import public_among
from assay.analysis.aws_policy import Statement, flag, joined
from assay.analysis.aws_policy_documents import statements

WHY = "Whoever finds the address may try passwords, and every flaw of the server is reachable from everywhere."
HOW = "Set `publicly_accessible = false` and reach it from inside the VPC."

require(
    "aws-neptune-public",
    on="aws_neptune_cluster_instance",
    path="publicly_accessible",
    not_equals=True,
    default=False,
    title="Neptune instances have no public address.",
    why=WHY,
    fix=HOW,
    severity=CRITICAL,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_102", "kics:9ba198e0"],
)
require(
    "aws-rds-public",
    on=["aws_db_instance", "aws_rds_cluster_instance"],
    path="publicly_accessible",
    not_equals=True,
    default=False,
    title="RDS instances have no public address.",
    why=WHY,
    fix=HOW,
    severity=CRITICAL,
    controls=["cis-aws-7.0:3.2.3", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_17",
        "AVD-AWS-0180",
        "kics:35113e6f",
        "prowler:rds_instance_no_public_access",
        "steampipe-aws:rds_db_instance_prohibit_public_access",
    ],
)
require(
    "aws-redshift-public",
    on="aws_redshift_cluster",
    path="publicly_accessible",
    equals=False,
    title="Redshift clusters say that they have no public address.",
    why=f"{WHY} Before version 6 of the AWS provider, not to say it meant public.",
    fix=HOW,
    severity=CRITICAL,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_87",
        "kics:af173fde",
        "prowler:redshift_cluster_public_access",
        "steampipe-aws:redshift_cluster_prohibit_public_access",
    ],
)
require(
    "aws-mq-public",
    on="aws_mq_broker",
    path="publicly_accessible",
    not_equals=True,
    default=False,
    title="Message brokers have no public address.",
    why=WHY,
    fix=HOW,
    severity=CRITICAL,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_69", "AVD-AWS-0072", "kics:4eb5f791", "prowler:mq_broker_not_publicly_accessible"],
)
require(
    "aws-dms-public",
    on="aws_dms_replication_instance",
    path="publicly_accessible",
    not_equals=True,
    default=False,
    title="DMS replication instances have no public address.",
    why="The instance holds the credentials of both databases, and all data passes through it.",
    fix=HOW,
    severity=CRITICAL,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_89",
        "kics:030d3b18",
        "prowler:dms_instance_no_public_access",
        "steampipe-aws:dms_replication_instance_not_publicly_accessible",
    ],
)
require(
    "aws-msk-public",
    on="aws_msk_cluster",
    path="broker_node_group_info.connectivity_info.public_access.type",
    one_of=("DISABLED",),
    default="DISABLED",
    title="Kafka brokers are not public.",
    why=WHY,
    fix='Set `public_access { type = "DISABLED" }`.',
    severity=CRITICAL,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_291",
        "kics:54378d69",
        "prowler:kafka_cluster_is_public",
        "steampipe-aws:msk_cluster_not_publicly_accessible",
    ],
)
require(
    "aws-rds-public-snapshot",
    on=["aws_db_snapshot", "aws_db_cluster_snapshot"],
    path="shared_accounts",
    lacks="all",
    title="Database snapshots are not shared with everybody.",
    why="Any AWS account may restore the snapshot and read the whole database.",
    fix="List the accounts that need it in `shared_accounts`.",
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "CKV_AWS_302",
        "prowler:rds_snapshots_public_access",
        "steampipe-aws:rds_db_snapshot_prohibit_public_access",
    ],
)
require(
    "aws-elasticache-default-subnet-group",
    on="aws_elasticache_cluster",
    path="subnet_group_name",
    none_of=(None, "", "default"),
    when=lambda cache: cache.absent("replication_group_id"),  # a member stands where its group does
    title="Caches are in a subnet group of their own.",
    why="The default group has all subnets of the default VPC, the public ones too.",
    fix="Set `subnet_group_name` to an `aws_elasticache_subnet_group` of private subnets.",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_323", "steampipe-aws:elasticache_cluster_no_default_subnet_group"],
)
require(
    "aws-redshift-no-enhanced-routing",
    on="aws_redshift_cluster",
    path="enhanced_vpc_routing",
    equals=True,
    title="Redshift copies and unloads through the VPC.",
    why="Otherwise its traffic takes the internet, past the VPC's endpoint policies, ACLs and flow logs.",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_321",
        "prowler:redshift_cluster_enhanced_vpc_routing",
        "steampipe-aws:redshift_cluster_enhanced_vpc_routing_enabled",
    ],
)
require(
    "aws-redshift-outside-vpc",
    on="aws_redshift_cluster",
    path="cluster_subnet_group_name",
    present=True,
    title="Redshift clusters name their subnets.",
    why="Without a subnet group the cluster is outside every VPC, or in the default one with public subnets.",
    fix="Set `cluster_subnet_group_name` to an `aws_redshift_subnet_group`.",
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_154", "AVD-AWS-0127", "kics:0a494a6a"],
)


def public_access(one: Any) -> bool:
    """True for an entry of a network policy that admits the internet."""
    return is_map(one) and one.get("AllowFromPublic") == True


def open_policy(domain: Resource, graph: Graph) -> list[Statement]:
    """The access policy of a search domain, inline and separate."""
    separate = f"{domain.type}_policy"
    return joined(
        [
            statements(domain, "access_policies"),
            *(statements(p, "access_policies") for p in graph.users(domain, separate)),
        ]
    )


@rule(
    on=["aws_opensearch_domain", "aws_elasticsearch_domain", "aws_opensearchserverless_security_policy"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_137", "steampipe-aws:es_domain_in_vpc", "steampipe-aws:opensearch_domain_in_vpc"],
)
def aws_opensearch_exposed(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Search domains are in a VPC, and their policy names who may ask.

    ## Why
    Open search clusters are found by scanners within hours; what is in them is copied, and deleted for a ransom.
    ## Fix
    Set `vpc_options`, and name principals in the access policy. For a serverless collection use a VPC endpoint instead
    of `AllowFromPublic`.
    """
    if r.type == "aws_opensearchserverless_security_policy":
        if r["type"] == "network" and any_of(as_list(r.json("policy")), public_access):
            yield r.fails("the collection is open to the internet", at="policy")
        return
    if not r.each("vpc_options"):
        yield r.fails("the domain has a public endpoint: no vpc_options")
    yield from flag(open_policy(r, graph), lambda s: s.public, "admits everybody")


require(
    "aws-rds-outside-vpc",
    on="aws_db_instance",
    path="db_subnet_group_name",
    present=True,
    when=lambda database: database.absent("replicate_source_db"),  # a replica stands where its source does
    title="RDS instances name their subnets.",
    why="Without a subnet group the database is outside every VPC, or in the default one with public subnets.",
    fix="Set `db_subnet_group_name` to an `aws_db_subnet_group` of private subnets.",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["prowler:rds_instance_inside_vpc", "steampipe-aws:rds_db_instance_in_vpc"],
)


def in_public_subnet(r: Resource, graph: Graph, path: str, groups: tuple[str, ...]) -> Iterator[Finding]:
    """A finding on a subnet group that names its public subnets; what is in a group that is not here is unknown."""
    if r.type not in groups:
        for group in graph.follow(r, path):
            if group.source == "uncollected":
                yield r.unsure(f"the subnets of {group.address} are not among the inputs", at=path)
        return
    public, doubt = public_among(graph.follow(r, "subnet_ids"), graph)
    if public:
        places = [place for subnet, route in public for place in (subnet.where(), route.where())]
        names = " and ".join(dict.fromkeys(str(subnet) for subnet, _ in public))
        verb = "has" if len(public) == 1 else "have"
        yield r.fails(f"{names} {verb} a route to an internet gateway", at="subnet_ids", because=places)
    elif doubt:
        yield r.unsure(f"cannot be decided: {doubt}", at="subnet_ids")


@rule(
    on=["aws_db_instance", "aws_db_subnet_group"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["steampipe-aws:rds_db_instance_no_public_subnet"],
)
def aws_rds_public_subnet(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Databases stand in subnets without a route to an internet gateway.

    The subnet group is judged, by the routes of its subnets; an instance whose group is not among the inputs is
    unknown. A group that only Neptune clusters use is judged by their rule.

    ## Why
    One wrong rule in a security group, or one public address, and the internet reaches the database.
    ## Fix
    Give the group private subnets: their route table leads to a NAT gateway or nowhere.
    """
    users = {t: list.__len__(graph.users(r, t)) for t in ("aws_neptune_cluster", "aws_db_instance", "aws_rds_cluster")}
    if r.type == "aws_db_subnet_group" and users.pop("aws_neptune_cluster") and not any(users.values()):
        return
    yield from in_public_subnet(r, graph, "db_subnet_group_name", ("aws_db_subnet_group",))


@rule(
    on=["aws_neptune_cluster", "aws_neptune_subnet_group"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["prowler:neptune_cluster_uses_public_subnet", "steampipe-aws:neptune_db_cluster_no_public_subnet"],
)
def aws_neptune_public_subnet(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Graph databases stand in subnets without a route to an internet gateway.

    The subnet group is judged, by the routes of its subnets; a live account does not tell groups of Neptune from those
    of RDS, there the cluster is. A cluster whose group is not among the inputs is unknown.

    ## Why
    One wrong rule in a security group, or one public address, and the internet reaches the database.
    ## Fix
    Give the group private subnets: their route table leads to a NAT gateway or nowhere.
    """
    shared = [] if r.type == "aws_neptune_subnet_group" else graph.follow(r, "neptune_subnet_group_name")
    for group in shared:
        if group.type == "aws_db_subnet_group" and group.source != "uncollected":
            public, doubt = public_among(graph.follow(group, "subnet_ids"), graph)
            if doubt and not public:
                yield r.unsure(f"cannot be decided: {doubt}", at="neptune_subnet_group_name")
            for subnet, route in public:
                places = [subnet.where(), route.where()]
                said = f"{subnet} of its subnet group has a route to an internet gateway"
                yield r.fails(said, at="neptune_subnet_group_name", because=places, key=subnet.address)
    yield from in_public_subnet(r, graph, "neptune_subnet_group_name", ("aws_neptune_subnet_group",))


@rule(
    on=["aws_elasticache_cluster", "aws_elasticache_subnet_group"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:elasticache_cluster_uses_public_subnet",
        "steampipe-aws:elasticache_cluster_no_public_subnet",
    ],
)
def aws_elasticache_public_subnet(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Caches stand in subnets without a route to an internet gateway.

    The subnet group is judged, by the routes of its subnets; a cluster whose group is not among the inputs is unknown.
    The default group has a rule of its own.

    ## Why
    Caches often ask for no password: one wrong rule in a security group, and the internet reads the sessions.
    ## Fix
    Give the group private subnets: their route table leads to a NAT gateway or nowhere.
    """
    if r.type == "aws_elasticache_cluster" and r["subnet_group_name"] in (None, "", "default"):
        return
    yield from in_public_subnet(r, graph, "subnet_group_name", ("aws_elasticache_subnet_group",))


@rule(
    on="aws_docdb_cluster_snapshot",
    sources=("aws",),
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:documentdb_cluster_public_snapshot",
        "steampipe-aws:docdb_cluster_snapshot_restrict_public_access",
    ],
)
def aws_docdb_public_snapshot(snapshot: Resource) -> Iterator[Finding]:
    """Snapshots of DocumentDB are not shared with everybody.

    ## Why
    Any AWS account may restore the snapshot and read the whole database.
    ## Fix
    Share it with the accounts that need it (`aws docdb modify-db-cluster-snapshot-attribute`).
    """
    yield from shared_with_all(snapshot)


def shared_with_all(snapshot: Resource) -> Iterator[Finding]:
    if "all" in snapshot["shared_accounts"]:
        yield snapshot.fails("every AWS account may restore it", at="shared_accounts")


@rule(
    on="aws_neptune_cluster_snapshot",
    sources=("aws",),
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:neptune_cluster_public_snapshot",
        "steampipe-aws:neptune_db_cluster_snapshot_prohibit_public_access",
    ],
)
def aws_neptune_public_snapshot(snapshot: Resource) -> Iterator[Finding]:
    """Snapshots of Neptune are not shared with everybody.

    ## Why
    Any AWS account may restore the snapshot and read the whole graph.
    ## Fix
    Share it with the accounts that need it (`aws neptune modify-db-cluster-snapshot-attribute`).
    """
    yield from shared_with_all(snapshot)

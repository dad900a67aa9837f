"""Security groups and network ACLs: what the internet can reach."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, INFO, LOW, MEDIUM, Block, Finding, Graph, Resource, Verdict, as_list, rule
from assay.analysis.aws_security_groups import (
    EGRESS_TYPES,
    GROUP_TYPES,
    Opening,
    acl_entries,
    admitted,
    admitted_to,
    each_opening,
    groups_of,
    openings,
)
from assay.analysis.network import is_anywhere, is_private, length_written, parse_cidr
from assay.analysis.usage import used_by

SENSITIVE = (
    20, 21, 23, 135, 137, 138, 139, 161, 389, 445, 636, 873, 1433, 1434, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 2483,
    2484, 3306, 4333, 5432, 5500, 5601, 5900, 5984, 6379, 7000, 7001, 7199, 8020, 8888, 9042, 9092, 9160, 9200, 9300,
    10250, 11211, 27017, 27018, 27019, 50070,
)  # fmt: skip
ACLS = ["aws_network_acl_rule", "aws_network_acl", "aws_default_network_acl"]

_SEPARATE_RULES = (
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
)
"""Rules of a group that stand in resources of their own."""


def open_to_internet(r: Resource, graph: Graph, port: int, name: str) -> Iterator[Finding]:
    """A finding for every ingress rule that lets the internet reach a port."""

    def judge(opening: Opening) -> Iterator[Finding]:
        everybody = opening.from_anywhere if opening.reaches(port) else ""
        if everybody != "":
            yield opening.view.fails(f"the internet reaches {name} (port {port})", at=everybody)

    yield from each_opening(openings(r, "ingress", graph), judge)


@rule(
    on=list(GROUP_TYPES),
    severity=CRITICAL,
    controls=["cis-aws-7.0:6.3", "cis-aws-7.0:6.4", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_277",
        "kics:4728cd65",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_any_port",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_all_ports",
        "steampipe-aws:vpc_security_group_restrict_ingress_tcp_udp_all",
        "steampipe-aws:vpc_security_group_allows_ingress_authorized_ports",
    ],
)
def aws_security_group_open_all(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Security groups do not let the internet in on every port.

    ## Why
    Every service on the machine, also the one somebody starts next month, is then found by the scanners within minutes.
    ## Fix
    Open the one port that is meant to be public, or name the source.
    """

    def judge(opening: Opening) -> Iterator[Finding]:
        everybody = opening.from_anywhere if opening.all_ports else ""
        if everybody != "":
            yield opening.view.fails("the internet reaches every port", at=everybody)

    yield from each_opening(openings(r, "ingress", graph), judge)


@rule(on=list(EGRESS_TYPES), severity=LOW, controls=["nist-800-53r5:SC-7"], equivalents=["CKV_AWS_382", "AVD-AWS-0104"])
def aws_security_group_open_egress(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Security groups do not let everything out.

    ## Why
    What breaks in can fetch its tools from anywhere, and carry data to anywhere.
    ## Fix
    Open the ports and destinations that are needed, 443 to the endpoints of the services say.
    """

    def judge(opening: Opening) -> Iterator[Finding]:
        everybody = opening.from_anywhere if opening.all_ports else ""
        if everybody != "":
            yield opening.view.fails("everything may go anywhere", at=everybody)

    yield from each_opening(openings(r, "egress", graph), judge)


@rule(
    on=list(GROUP_TYPES),
    severity=HIGH,
    controls=["cis-aws-1.4:5.2", "cis-aws-1.2:4.1", "cis-aws-7.0:6.3", "cis-aws-7.0:6.4", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_24",
        "AVD-AWS-0107",
        "kics:65905cec",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
        "steampipe-aws:vpc_security_group_restrict_ingress_ssh_all",
    ],
)
def aws_security_group_open_ssh(r: Resource, graph: Graph) -> Iterator[Finding]:
    """SSH is not open to the internet.

    ## Why
    Password guessing starts within minutes, and one unpatched server is enough.
    ## Fix
    Use Session Manager, or name the addresses that need it.
    """
    yield from open_to_internet(r, graph, 22, "SSH")


@rule(
    on=list(GROUP_TYPES),
    severity=HIGH,
    controls=["cis-aws-1.4:5.2", "cis-aws-1.2:4.2", "cis-aws-7.0:6.3", "cis-aws-7.0:6.4", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_25",
        "AVD-AWS-0107",
        "kics:151187cb",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_3389",
        "steampipe-aws:vpc_security_group_restrict_ingress_rdp_all",
    ],
)
def aws_security_group_open_rdp(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Remote Desktop is not open to the internet.

    ## Why
    Remote Desktop is how most ransomware comes in.
    ## Fix
    Use Fleet Manager or a VPN, or name the addresses that need it.
    """
    yield from open_to_internet(r, graph, 3389, "Remote Desktop")


def only_balancers(group: Resource, graph: Graph) -> bool:
    """True when load balancers use the group, and nothing else does."""
    rules = ("aws_security_group", "aws_vpc_security_group_", "aws_default_security_group", "data.")
    users = {t for t in used_by(group, graph) if not t.startswith(rules)}
    return bool(users) and users <= {"aws_lb", "aws_alb", "aws_elb"}


@rule(on=list(GROUP_TYPES), severity=LOW, controls=["nist-800-53r5:SC-8"], equivalents=["CKV_AWS_260", "kics:ffac8a12"])
def aws_security_group_open_http(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Plain HTTP is open to the internet at a load balancer only.

    ## Why
    Behind port 80 answers the machine itself, without the TLS, the web ACL and the log of a load balancer.
    ## Fix
    Put a load balancer before it and open the port to the balancer's group.
    """
    for finding in open_to_internet(r, graph, 80, "plain HTTP"):
        groups = groups_of(r, graph)
        elsewhere = [g for g in groups if g.source == "uncollected"]
        if elsewhere and finding.verdict == Verdict.FAIL:
            yield r.unsure(f"port 80 is open, and what uses {elsewhere[0].address} is not here", at="security_group_id")
        elif not groups or not all(only_balancers(group, graph) for group in groups):
            yield finding


@rule(
    on=list(GROUP_TYPES),
    params={"ports": list(SENSITIVE)},
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_high_risk_tcp_ports",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_cassandra_7199_9160_8888",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_elasticsearch_kibana_9200_9300_5601",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_ftp_20_21",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_kafka_9092",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_memcached_11211",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_mongodb_27017_27018",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_mysql_3306",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_oracle_1521_2483",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_postgres_5432",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_sql_server_1433_1434",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_telnet_23",
        "steampipe-aws:vpc_security_group_restricted_common_ports",
        "steampipe-aws:vpc_security_group_restrict_ingress_cifs_port_all",
        "steampipe-aws:vpc_security_group_restrict_ingress_common_ports_all",
        "steampipe-aws:vpc_security_group_restrict_ingress_redis_port",
        "steampipe-aws:vpc_security_group_restrict_ingress_kafka_port",
        "steampipe-aws:vpc_security_group_restrict_ingress_kibana_port",
        "steampipe-aws:vpc_security_group_allows_ingress_to_cassandra_ports",
        "steampipe-aws:vpc_security_group_allows_ingress_to_memcached_port",
        "steampipe-aws:vpc_security_group_allows_ingress_to_mongodb_ports",
        "steampipe-aws:vpc_security_group_allows_ingress_to_oracle_ports",
    ],
)
def aws_security_group_open_sensitive_port(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Databases, file shares and control planes are not open to the internet.

    ## Why
    These services trust whoever reaches them, or have done so in too many versions.
    ## Fix
    Open the port to the security group of the application. The table is `ports` of this rule; a rule that opens every
    port is reported as such.
    """

    def judge(opening: Opening) -> Iterator[Finding]:
        if opening.all_ports:
            return
        reached = [p for p in params["ports"] if opening.reaches(p) or opening.reaches(p, "udp")]
        everybody = opening.from_anywhere if reached else ""
        if everybody != "":
            ports = ", ".join(str(p) for p in reached[:4])
            yield opening.view.fails(f"the internet reaches port {ports}", at=everybody)

    yield from each_opening(openings(r, "ingress", graph), judge)


@rule(
    on="aws_security_group",
    params={"most": 50},
    severity=INFO,
    equivalents=["prowler:ec2_securitygroup_with_many_ingress_egress_rules"],
)
def aws_security_group_too_many_rules(group: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Security groups have at most 50 rules.

    ## Why
    Nobody can say any more what such a group admits, and nobody dares to remove a rule.
    ## Fix
    Split the group by purpose, or use a prefix list.
    """
    separate = sum(len(graph.users(group, type_)) for type_ in _SEPARATE_RULES)
    count = len(group.each("ingress")) + len(group.each("egress")) + separate
    if count > params["most"]:
        yield group.fails(f"the group has {count} rules")


@rule(
    on="aws_security_group",
    severity=LOW,
    equivalents=[
        "prowler:ec2_securitygroup_from_launch_wizard",
        "steampipe-aws:ec2_instance_no_launch_wizard_security_group",
        "steampipe-aws:vpc_security_group_not_uses_launch_wizard_sg",
    ],
)
def aws_security_group_launch_wizard(group: Resource) -> Iterator[Finding]:
    """Security groups are not those of the console's launch wizard.

    ## Why
    The wizard opens SSH or Remote Desktop to everybody by default, and nobody remembers what the group is for.
    ## Fix
    Use a group of your own with a name that says what it is for.
    """
    for path in ("name", "name_prefix"):
        name = group[path]
        if name != None and name.endswith(WIZARD_ENDS) and name.startswith("launch-wizard"):
            yield group.fails("the name is one of the console's launch wizard", at=path)


WIZARD_ENDS = ("launch-wizard", "launch-wizard-", *"0123456789")


@rule(
    on=["aws_default_security_group", "aws_vpc"],
    severity=MEDIUM,
    controls=["cis-aws-1.2:4.3", "cis-aws-1.4:5.3", "cis-aws-7.0:6.5", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV2_AWS_12",
        "AVD-AWS-0173",
        "kics:9a4ef195",
        "kics:46883ce1",
        "prowler:ec2_securitygroup_default_restrict_traffic",
        "steampipe-aws:vpc_default_security_group_restricts_all_traffic",
    ],
)
def aws_default_security_group_open(r: Resource, graph: Graph) -> Iterator[Finding]:
    """The default security group of a VPC has no rules.

    ## Why
    What is created without a group lands in this one, and may then talk to all the others in it and to the internet.
    ## Fix
    Declare `aws_default_security_group` for the VPC with no `ingress` and no `egress`.
    """
    if r.type == "aws_vpc":
        if not graph.users(r, "aws_default_security_group"):
            yield r.fails("the VPC's default security group keeps its open rules")
        return
    for direction in ("ingress", "egress"):
        for block in r.each(direction):
            yield block.fails(f"the default group has an {direction} rule")
    for type_ in _SEPARATE_RULES if r.source != "aws" else ():  # what runs has them in the group itself
        for entry in graph.users(r, type_):
            yield r.fails(f"{entry} gives the default group a rule", because=[entry.where()], key=entry.address)


@rule(on=ACLS, severity=HIGH, controls=["nist-800-53r5:SC-7"], equivalents=["CKV_AWS_352", "AVD-AWS-0102"])
def aws_nacl_open_all(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Network ACLs do not let the internet in on every port.

    ## Why
    The ACL then protects nothing: one wrong security group is enough to be open.
    ## Fix
    Allow the ports that are needed, and the ephemeral ports for replies.
    """
    for entry in admitted(r, acl_entries(r, graph), None):
        yield entry.opening.view.fails("the internet reaches every port", at=entry.opening.from_anywhere)


@rule(
    on=ACLS,
    severity=MEDIUM,
    controls=["cis-aws-1.4:5.1", "cis-aws-7.0:6.2", "nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_231",
        "CKV_AWS_232",
        "AVD-AWS-0105",
        "kics:3af7f2fd",
        "kics:a20be318",
        "prowler:ec2_networkacl_allow_ingress_tcp_port_22",
        "prowler:ec2_networkacl_allow_ingress_tcp_port_3389",
        "steampipe-aws:vpc_network_acl_remote_administration",
    ],
)
def aws_nacl_open_admin_port(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Network ACLs do not let the internet in to SSH and Remote Desktop.

    ## Why
    One wrong security group behind the ACL is then enough to have an administration port on the internet.
    ## Fix
    Deny ports 22 and 3389 from everywhere in an entry with a lower number.
    """
    yield from open_ports(r, graph, (22, 3389))


@rule(on=ACLS, severity=MEDIUM, controls=["nist-800-53r5:SC-7"], equivalents=["CKV_AWS_229", "CKV_AWS_230"])
def aws_nacl_open_ftp(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Network ACLs do not let the internet in to FTP.

    ## Why
    FTP sends names, passwords and files in plain text, and its servers are searched for day and night.
    ## Fix
    Deny ports 20 and 21 from everywhere in an entry with a lower number.
    """
    yield from open_ports(r, graph, (20, 21))


def open_ports(r: Resource, graph: Graph, ports: tuple[int, ...]) -> Iterator[Finding]:
    """A finding for each entry of an ACL that lets the internet in to some of the ports, and which these are."""
    for entry, open_ in admitted_to(r, acl_entries(r, graph), ports):
        said = f"port{'s' if len(open_) > 1 else ''} {' and '.join(map(str, open_))}"
        yield entry.opening.view.fails(f"the internet reaches {said}", at=entry.opening.from_anywhere)


@rule(
    on="aws_db_security_group",
    each="ingress",
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["kics:f0d8781f", "kics:1e0ef61b"],
)
def aws_db_security_group_open(ingress: Block) -> Iterator[Finding]:
    """Database security groups admit private addresses only.

    ## Why
    Databases in EC2-Classic have no other wall before them: whoever is admitted here may try passwords.
    ## Fix
    Name a private range, or move the database into a VPC.
    """
    cidr = ingress["cidr"]
    if cidr != None and not is_private(cidr):
        yield ingress.fails(f"{cidr} is admitted, which is not private", at="cidr")


def wide(cidr: Any, prefixes: dict[int, int]) -> bool:
    """True for a public block wider than the prefix of its version, which is not the whole internet."""
    if length_written(cidr) >= max(prefixes.values()):
        return False  # of whatever address
    found = None if is_anywhere(cidr) else parse_cidr(cidr)
    if found == None:
        return False
    bits = 32 if found[0] == 4 else 128
    return found[2] - found[1] >= 1 << (bits - prefixes[found[0]]) and not is_private(cidr)


@rule(
    on=list(GROUP_TYPES),
    params={"prefix": 24, "prefix_ipv6": 32},
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["prowler:ec2_securitygroup_allow_wide_open_public_ipv4"],
)
def aws_security_group_wide_range(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Security groups admit no more of the internet than somebody's own addresses.

    A block wider than /24, of IPv6 wider than /32 (`prefix` and `prefix_ipv6` of this rule), is flagged; the whole
    internet has rules of its own.

    ## Why
    A /8 holds sixteen million machines of strangers: it is the internet with a smaller number.
    ## Fix
    Name the addresses that need it, or a prefix list that somebody keeps.
    """

    prefixes = {4: params["prefix"], 6: params["prefix_ipv6"]}

    def judge(opening: Opening) -> Iterator[Finding]:
        for name in opening.cidrs:
            for cidr in as_list(opening.view[name]):
                if wide(cidr, prefixes):
                    most = prefixes[6 if ":" in cidr else 4]
                    yield opening.view.fails(f"{cidr} is wider than /{most}", at=name, key=cidr)

    yield from each_opening(openings(r, "ingress", graph), judge)

"""Managed services that the internet may reach unless they are told otherwise."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.network import is_address, is_private

require(
    "aws-transfer-public",
    on="aws_transfer_server",
    path="endpoint_type",
    not_equals="PUBLIC",
    default="PUBLIC",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_164"],
    title="File transfer servers stand in a VPC.",
    why="A public endpoint has no security group: the whole internet may try passwords and keys.",
    fix='Set `endpoint_type = "VPC"` with `endpoint_details`.',
)


require(
    "aws-mwaa-public",
    on="aws_mwaa_environment",
    path="webserver_access_mode",
    not_equals="PUBLIC_ONLY",
    default="PRIVATE_ONLY",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV2_AWS_66"],
    title="The web server of Airflow is private.",
    why="Whoever gets past its sign-in runs code with the rights of the environment.",
    fix='Set `webserver_access_mode = "PRIVATE_ONLY"`.',
)


require(
    "aws-s3-acl-enabled",
    on="aws_s3_bucket_ownership_controls",
    path="rule.object_ownership",
    equals="BucketOwnerEnforced",
    severity=LOW,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV2_AWS_65"],
    title="Buckets take no access control lists.",
    why="With lists enabled, every object may have one, and one of them may be public.",
)


@rule(
    on=["aws_elasticsearch_domain", "aws_opensearch_domain"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_248"],
)
def aws_opensearch_default_security_group(r: Resource) -> Iterator[Finding]:
    """Search domains in a VPC name their security groups.

    ## Why
    Without a group the domain gets the default one of the VPC, and with it whatever else is in that.
    ## Fix
    Set `security_group_ids` in `vpc_options`.
    """
    if not r.absent("vpc_options") and r["vpc_options.security_group_ids"] in (None, []):
        yield r.fails("the domain is in the default security group", at="vpc_options.security_group_ids")


@rule(
    on="aws_ssm_document",
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_303", "steampipe-aws:ssm_document_prohibit_public_access"],
)
def aws_ssm_document_public(r: Resource) -> Iterator[Finding]:
    """Documents of Systems Manager are not public.

    ## Why
    Every AWS account may read the commands, and the names and addresses in them.
    ## Fix
    Share it with single accounts, or remove `permissions`.
    """
    accounts = r["permissions.account_ids"]
    if accounts != None and "all" in [one.strip() for one in accounts.lower().split(",")]:
        yield r.fails("the document is shared with every account", at="permissions.account_ids")


@rule(
    on="aws_eks_node_group",
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_AWS_100"],
)
def aws_eks_node_ssh_open(r: Resource) -> Iterator[Finding]:
    """SSH to the nodes is limited to security groups.

    ## Why
    With a key and no source group, the group that EKS makes admits the whole internet to port 22.
    ## Fix
    Set `source_security_group_ids` beside `ec2_ssh_key`.
    """
    access = "remote_access"
    if not r.absent(f"{access}.ec2_ssh_key") and r[f"{access}.source_security_group_ids"] in (None, []):
        yield r.fails("SSH is open to the internet", at=f"{access}.ec2_ssh_key")


@rule(
    on="aws_emr_block_public_access_configuration",
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "CKV_AWS_390",
        "prowler:emr_cluster_publicly_accesible",
        "prowler:emr_cluster_account_public_block_enabled",
        "steampipe-aws:emr_account_public_access_blocked",
    ],
)
def aws_emr_public_access_block_off(r: Resource) -> Iterator[Finding]:
    """EMR refuses clusters whose ports are open to the internet.

    ## Why
    The interfaces of a cluster run code for whoever reaches them, and ask for no password.
    ## Fix
    Set `block_public_security_group_rules = true` and permit port 22 at most.
    """
    if r["block_public_security_group_rules"] != True:
        yield r.fails("the block is off", at="block_public_security_group_rules")
    for ports in r.each("permitted_public_security_group_rule_range"):
        if ports["min_range"] != 22 or ports["max_range"] != 22:
            yield ports.fails("ports beyond 22 are permitted")


@rule(
    on=["aws_ebs_snapshot", "aws_ebs_snapshot_block_public_access"],
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:ec2_ebs_public_snapshot",
        "prowler:ec2_ebs_snapshot_account_block_public_access",
        "steampipe-aws:ebs_snapshot_not_publicly_restorable",
    ],
)
def aws_ebs_public_snapshot(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Snapshots of volumes are not shared with everybody, and the region refuses to.

    That a snapshot is public only an account tells; code tells whether the region blocks it.

    ## Why
    Any AWS account may make a volume of it and read every file, keys and deleted ones included.
    ## Fix
    Take `all` out of its permissions, and set `state = "block-all-sharing"` in an
    `aws_ebs_snapshot_block_public_access` of every region.
    """
    if r.type == "aws_ebs_snapshot":
        if any_of(graph.users(r, "aws_snapshot_create_volume_permission"), lambda p: p["account_id"] == "all"):
            yield r.fails("every AWS account may restore it")
    elif r["state"] == "unblocked":
        yield r.fails("snapshots of this region may be shared with everybody", at="state", severity=MEDIUM)


@rule(
    on=["aws_ami", "aws_ami_launch_permission", "aws_ec2_image_block_public_access"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:ec2_ami_account_block_public_access",
        "prowler:ec2_ami_public",
        "steampipe-aws:ec2_ami_restrict_public_access",
    ],
)
def aws_ami_public(r: Resource) -> Iterator[Finding]:
    """Machine images are not shared with everybody, and the region refuses to.

    ## Why
    Whoever starts a machine from the image has its whole disk: code, keys and what was left in the history.
    ## Fix
    Name accounts or an organisation in launch permissions, and set `state = "block-new-sharing"` in an
    `aws_ec2_image_block_public_access` of every region.
    """
    if r.type == "aws_ami_launch_permission":
        if r["group"] == "all":
            yield r.fails("every AWS account may start machines from it", at="group")
    elif r.type == "aws_ami":
        if r.source == "aws" and r["public"] == True:
            yield r.fails("every AWS account may start machines from it", at="public")
    elif r["state"] == "unblocked":
        yield r.fails("images of this region may be shared with everybody", at="state", severity=MEDIUM)


@rule(
    on="aws_emr_cluster",
    sources=("aws",),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:emr_cluster_master_nodes_no_public_ip",
        "steampipe-aws:emr_cluster_master_nodes_no_public_ip",
    ],
)
def aws_emr_public_ip(cluster: Resource) -> Iterator[Finding]:
    """Primary nodes have no public address.

    ## Why
    Their web pages run jobs and show data without a password: one rule in the security group and the internet does too.
    ## Fix
    Start the cluster in a private subnet, with endpoints for S3 and what else it needs.
    """
    name = cluster["master_public_dns_name"]
    if name != None and (name.startswith("ec2-") or (is_address(name) and not is_private(name))):
        yield cluster.fails(f"its primary node is {name}", at="master_public_dns_name")

"""What single services let in, and as whom."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.aws_policy import DOCUMENT, block_statements, flag, statements

require(
    "aws-cognito-guest-access",
    on="aws_cognito_identity_pool",
    path="allow_unauthenticated_identities",
    not_equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=["CKV_AWS_366"],
    title="Identity pools give no credentials to guests.",
    why="Whoever knows the id of the pool, which every page shows, gets credentials of the account.",
)


require(
    "aws-efs-access-point-root-directory",
    on="aws_efs_access_point",
    path="root_directory.path",
    not_equals="/",
    default="/",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_AWS_329",
        "prowler:efs_access_point_enforce_root_directory",
        "steampipe-aws:efs_access_point_enforce_root_directory",
    ],
    title="Access points lead to a directory of their own.",
    why="Through the root every client reads the files of all the others.",
    fix="Set `path` in `root_directory`.",
)


require(
    "aws-efs-access-point-no-user",
    on="aws_efs_access_point",
    path="posix_user",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_330"],
    title="Access points say as whom files are read.",
    why="Otherwise the client says which user it is, and root is one of the answers.",
)


require(
    "aws-opensearch-no-fine-grained-access",
    on=["aws_elasticsearch_domain", "aws_opensearch_domain"],
    path="advanced_security_options.enabled",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV2_AWS_52"],
    title="Search domains control access to single indexes.",
    why="Whoever may reach the domain may otherwise read and delete every index.",
)


@rule(
    on="aws_ecs_task_definition",
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_AWS_249"],
)
def aws_ecs_shared_role(r: Resource) -> Iterator[Finding]:
    """Tasks have a role of their own beside the execution role.

    ## Why
    The execution role may read secrets and pull images; the application needs neither.
    ## Fix
    Set `task_role_arn` to another role than `execution_role_arn`.
    """
    role = r["task_role_arn"]
    if role not in (None, "") and role == r["execution_role_arn"]:
        yield r.fails("the application runs with the execution role", at="task_role_arn")


@rule(
    on="aws_glacier_vault",
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_167"],
)
def aws_glacier_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Vaults name who may use them.

    ## Why
    Archives that nobody looks at for years are exactly what nobody sees leaving.
    ## Fix
    Name principals in `access_policy`, or add a condition that narrows them.
    """
    yield from flag(statements(r, "access_policy", graph), lambda s: s.public, "admits everybody")


@rule(
    on=DOCUMENT,
    severity=HIGH,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_283"],
)
def aws_policy_any_principal(r: Resource) -> Iterator[Finding]:
    """Policy documents do not allow everybody.

    ## Why
    Wherever the document is attached, any AWS account, or nobody in particular, may do what it says.
    ## Fix
    Name principals, or add a condition that ties the request to an account, an organisation or a network.
    """
    yield from flag(block_statements(r), lambda s: s.public, "allows everybody")


@rule(
    on="aws_iam_user",
    severity=LOW,
    controls=["nist-800-53r5:IA-2"],
    equivalents=["CKV_AWS_273", "CKV2_AWS_22"],
)
def aws_iam_user_console(r: Resource, graph: Graph) -> Iterator[Finding]:
    """People sign in through a federated identity.

    ## Why
    An IAM user keeps its password when the person leaves the company directory.
    ## Fix
    Use IAM Identity Center or another provider, and remove the login profile.
    """
    if graph.users(r, "aws_iam_user_login_profile"):
        yield r.fails("the user has a password for the console")

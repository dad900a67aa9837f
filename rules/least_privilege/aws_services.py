"""What single services let in, and as whom."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, require, rule
from assay.analysis.aws_policy import flag
from assay.analysis.aws_policy_documents import DOCUMENT, block_statements, statements

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


require(
    "aws-cognito-no-mfa",
    on="aws_cognito_user_pool",
    path="mfa_configuration",
    equals="ON",
    default="OFF",
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2(1)"],
    equivalents=["kics:ec28bf61", "prowler:cognito_user_pool_mfa_enabled"],
    title="User pools ask for a second factor.",
    why="A password that was used elsewhere too, and leaked there, is all that an attacker needs.",
    fix='Set `mfa_configuration = "ON"`, with `software_token_mfa_configuration`; `OPTIONAL` leaves it to the users.',
)


require(
    "aws-opensearch-internal-users",
    on=["aws_opensearch_domain", "aws_elasticsearch_domain"],
    path="advanced_security_options.internal_user_database_enabled",
    not_equals=True,
    default=False,
    severity=LOW,
    controls=["nist-800-53r5:IA-2"],
    equivalents=[
        "prowler:opensearch_service_domains_internal_user_database_enabled",
        "steampipe-aws:es_domain_internal_user_database_enabled",
        "steampipe-aws:opensearch_domain_internal_user_database_disabled",
    ],
    title="Search domains take their users from a directory.",
    why="Users that a domain keeps by itself have a password for ever, no second factor, and nobody removes them.",
    fix="Set `internal_user_database_enabled = false`, and use IAM, SAML or JWT.",
)


@rule(
    on="aws_cognito_user_pool",
    params={"length": 14, "temporary_days": 7},
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-5(1)"],
    equivalents=[
        "prowler:cognito_user_pool_password_policy_lowercase",
        "prowler:cognito_user_pool_password_policy_minimum_length_14",
        "prowler:cognito_user_pool_password_policy_number",
        "prowler:cognito_user_pool_password_policy_symbol",
        "prowler:cognito_user_pool_password_policy_uppercase",
        "prowler:cognito_user_pool_temporary_password_expiration",
        "steampipe-aws:cognito_user_pool_password_policy_with_strong_configuration",
    ],
)
def aws_cognito_weak_password(pool: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """User pools demand passwords that are hard to guess.

    ## Why
    Whoever gets a list of mail addresses tries the usual passwords on all of them.
    ## Fix
    Set in `password_policy`: `minimum_length = 14`, the four `require_...`, and `temporary_password_validity_days` of 7
    or less.
    """
    policies = pool.each("password_policy")
    if not policies:
        yield pool.fails("eight characters are enough: there is no password_policy", at="password_policy")
    for policy in policies:
        length, days = policy["minimum_length"], policy["temporary_password_validity_days"]
        missing = [kind for kind in KINDS if policy[f"require_{kind}"] != True]
        if length == None or length < params["length"]:
            yield policy.fails(f"{length or 6} characters are enough", at="minimum_length", key="length")
        if missing:
            said = f"no {', no '.join(missing)} has to be among them"
            yield policy.fails(said, at=f"require_{missing[0]}", key="kinds")
        if days != None and days > params["temporary_days"]:
            yield policy.fails(
                f"a first password works for {days} days", at="temporary_password_validity_days", key="days"
            )


KINDS = ("lowercase", "uppercase", "numbers", "symbols")


@rule(
    on="aws_dms_endpoint",
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-2"],
    equivalents=[
        "prowler:dms_endpoint_neptune_iam_authorization_enabled",
        "steampipe-aws:dms_endpoint_neptune_database_iam_authorization_enabled",
    ],
)
def aws_dms_neptune_no_iam_auth(endpoint: Resource) -> Iterator[Finding]:
    """Migrations sign in to Neptune by IAM.

    Terraform says it in `extra_connection_attributes`.

    ## Why
    Without it whoever reaches the port writes to the graph: there is no password at all.
    ## Fix
    Set `IamAuthEnabled=true` in `extra_connection_attributes`, with a role for the endpoint.
    """
    if endpoint["engine_name"] != "neptune":
        return
    if endpoint.source == "aws":
        signed = endpoint["iam_auth_enabled"] == True
    else:
        attributes = endpoint["extra_connection_attributes"]
        signed = attributes != None and "iamauthenabled=true" in attributes.lower().replace(" ", "")
    if not signed:
        yield endpoint.fails("whoever reaches the port may write", at="extra_connection_attributes")

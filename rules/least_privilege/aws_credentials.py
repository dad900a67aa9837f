"""Credentials as a live account tells of them: the root user's, passwords, second factors, and when they were used."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.aws_arns import account_of
from assay.analysis.aws_granted import role_statements
from assay.analysis.aws_permissions import may_write
from assay.analysis.aws_policy import Statement
from assay.analysis.aws_trust import trust_statements
from assay.clock import instant, seconds

DAY = 86400


def days_since(moment: Any) -> float:
    """How many days ago something was, as the API tells it (RFC 3339)."""
    return (seconds() - instant(moment)) / DAY


@rule(
    on="account",
    sources=["aws"],
    severity=CRITICAL,
    controls=["cis-aws-1.4:1.5", "cis-aws-1.2:1.13", "cis-aws-7.0:2.5", "nist-800-53r5:IA-2(1)"],
    equivalents=["AVD-AWS-0142", "prowler:iam_root_mfa_enabled", "steampipe-aws:iam_root_user_mfa_enabled"],
)
def aws_root_no_mfa(account: Resource) -> Iterator[Finding]:
    """The root user has a second factor.

    ## Why
    Whoever has the root user's password owns the account, and no policy can hold them back.
    ## Fix
    Sign in as the root user once and register a security key, or centralise root access and delete the password.
    """
    if account["root_mfa_enabled"] != True:
        yield account.fails("the root user has no second factor", at="root_mfa_enabled")


@rule(
    on="account",
    sources=["aws"],
    severity=HIGH,
    params={"days": 90},
    controls=["cis-aws-1.2:1.1", "cis-aws-1.4:1.7", "cis-aws-7.0:2.7", "nist-800-53r5:AC-6(5)"],
    equivalents=["AVD-AWS-0140", "prowler:iam_avoid_root_usage", "steampipe-aws:iam_root_last_used"],
)
def aws_root_used(account: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Nobody works as the root user.

    ## Why
    What the root user does cannot be limited and is nobody's in particular.
    ## Fix
    Work with roles; keep the root user for the few tasks that need it.
    """
    for path in ("root_password_last_used", "root_access_key_1_last_used", "root_access_key_2_last_used"):
        used = account[path]
        if used != None and days_since(used) < params["days"]:
            yield account.fails(f"the root user was at work on {used[:10]}", at=path)


@rule(
    on="aws_iam_user",
    sources=["aws"],
    severity=HIGH,
    controls=["cis-aws-1.2:1.2", "cis-aws-7.0:2.10", "nist-800-53r5:IA-2(1)"],
    equivalents=[
        "AVD-AWS-0145",
        "prowler:iam_user_mfa_enabled_console_access",
        "steampipe-aws:iam_user_console_access_mfa_enabled",
    ],
)
def aws_iam_user_no_mfa(user: Resource) -> Iterator[Finding]:
    """Users with a console password have a second factor.

    ## Why
    A password alone can be guessed, phished or reused.
    ## Fix
    Register a device for the user, or delete the password and let the person sign in through a role.
    """
    if user["password_enabled"] == True and user["mfa_active"] != True:
        yield user.fails("the password alone opens the console", at="mfa_active")


@rule(
    on=["aws_iam_user", "aws_iam_access_key"],
    sources=["aws"],
    severity=MEDIUM,
    params={"days": 45},
    controls=["cis-aws-1.2:1.3", "cis-aws-1.4:1.12", "cis-aws-7.0:2.11", "nist-800-53r5:AC-2(3)"],
    equivalents=[
        "AVD-AWS-0144",
        "AVD-AWS-0166",
        "prowler:iam_user_accesskey_unused",
        "prowler:iam_user_console_access_unused",
        "steampipe-aws:iam_user_unused_credentials_45",
    ],
)
def aws_iam_credentials_unused(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Passwords and keys that nobody uses are switched off.

    ## Why
    Nobody notices when a forgotten credential is used by somebody else.
    ## Fix
    Delete the password, or set the key `Inactive` and delete it later.
    """
    if r.type == "aws_iam_user":
        on, used, since = r["password_enabled"] == True, "password_last_used", "create_date"
    else:
        on, used, since = r["status"] == "Active", "last_used_date", "create_date"
    if not on:
        return
    last = r[since] if r.absent(used) else r[used]
    if last != None and days_since(last) > params["days"]:
        said = "was never used" if r.absent(used) else f"was last used on {last[:10]}"
        yield r.fails(f"the {'password' if r.type == 'aws_iam_user' else 'key'} {said}", at=used)


@rule(
    on="aws_iam_access_key",
    sources=["aws"],
    severity=MEDIUM,
    params={"days": 90},
    controls=["cis-aws-1.2:1.4", "cis-aws-1.4:1.14", "cis-aws-7.0:2.12", "nist-800-53r5:IA-5(1)"],
    equivalents=["AVD-AWS-0146", "prowler:iam_rotate_access_key_90_days", "steampipe-aws:iam_user_access_key_age_90"],
)
def aws_iam_access_key_old(key: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Access keys are replaced every 90 days.

    ## Why
    The older a key, the more laptops, backups and logs it lies in.
    ## Fix
    Make a new key, move to it, delete the old one; better still, use roles.
    """
    if key["status"] == "Active" and key["create_date"] != None and days_since(key["create_date"]) > params["days"]:
        yield key.fails(f"the key was made on {key['create_date'][:10]}", at="create_date")


def foreign(statement: Statement, role: Resource) -> bool:
    """True when a statement of a role's trust lets somebody of another account in."""
    accounts = [account_of(p) for kind, p in statement.principals if kind == "AWS"]
    return statement.allows and (statement.to_everyone or any_of(accounts, lambda a: a != None and a != role.account))


@rule(
    on="aws_iam_role",
    sources=["aws"],
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "prowler:iam_role_cross_account_readonlyaccess_policy",
        "steampipe-aws:iam_role_cross_account_read_only_access_policy",
    ],
)
def aws_iam_cross_account_read(role: Resource, graph: Graph) -> Iterator[Finding]:
    """Roles for other accounts do not read everything.

    ## Why
    `ReadOnlyAccess` reads the content of buckets, tables and queues, not only how they are configured.
    ## Fix
    Attach `SecurityAudit` or `ViewOnlyAccess`, or a policy of the services that the other account is to see.
    """

    attached = graph.users(role, "aws_iam_role_policy_attachment")
    reading = any_of(attached, lambda a: a["policy_arn"].endswith(":policy/ReadOnlyAccess"))
    if reading and any_of(trust_statements(role, graph), lambda s: foreign(s, role)):
        yield role.fails("another account may assume the role and read everything", at="assume_role_policy")


READS = ("ReadOnlyAccess", "ViewOnlyAccess", "SecurityAudit", "AWSBillingReadOnlyAccess", "AWSSupportAccess")
"""Policies of AWS whose names say that they change nothing."""


def writes(role: Resource, graph: Graph) -> str:
    """What lets a role change something: a policy of its own, or one of AWS's by its name; empty when nothing does."""
    for s in list.__iter__(role_statements(role, graph)):
        if may_write(s):
            return str(s)
    for attached in graph.users(role, "aws_iam_role_policy_attachment"):
        name = attached["policy_arn"].rpartition("/")[2]
        if name.endswith(("FullAccess", "AdministratorAccess", "PowerUserAccess")):
            return str(name)
    return ""


@rule(
    on="aws_iam_role",
    sources=["aws"],
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["steampipe-aws:iam_role_cross_account_write_access_policy"],
)
def aws_iam_cross_account_write(role: Resource, graph: Graph) -> Iterator[Finding]:
    """Roles for other accounts change nothing.

    Policies of AWS are known by their names: of one that tells nothing by its name the rule is unsure.

    ## Why
    Whoever takes over the other account, or one of its roles, changes yours.
    ## Fix
    Give it a policy that reads; where it has to write, name the resources, ask for an external id, and waive this.
    """

    if not any_of(trust_statements(role, graph), lambda s: foreign(s, role)):
        return
    by = writes(role, graph)
    if by:
        yield role.fails(f"another account may assume it, and {by} lets it change things", at="assume_role_policy")
        return
    for attached in graph.users(role, "aws_iam_role_policy_attachment"):
        name = attached["policy_arn"].rpartition("/")[2]
        own = any(p.source != "uncollected" for p in graph.follow(attached, "policy_arn"))
        if not own and name not in READS and "ReadOnly" not in name:
            yield role.unsure(f"what {name} allows is not known here", at="assume_role_policy", key=name)


@rule(
    on="account",
    sources=["aws"],
    severity=LOW,
    controls=["cis-aws-7.0:2.19", "nist-800-53r5:IA-2"],
    equivalents=["prowler:iam_check_saml_providers_sts"],
)
def aws_iam_no_identity_provider(account: Resource, graph: Graph) -> Iterator[Finding]:
    """People sign in by a directory, not as IAM users.

    An account is judged in which IAM users have passwords.

    ## Why
    Whoever leaves the company loses the account in the directory, and keeps the IAM user that nobody thought of.
    ## Fix
    Use IAM Identity Center, or add an `aws_iam_saml_provider` and roles; then delete the passwords.
    """
    if graph.beside(account, "aws_iam_saml_provider"):
        return
    people = [u for u in graph.beside(account, "aws_iam_user") if u["password_enabled"] == True]
    if people:
        said = f"{len(people)} people sign in as IAM users, and no identity provider is set up"
        yield account.fails(said, because=[u.where("password_enabled") for u in people[:5]])


@rule(
    on="aws_iam_user",
    sources=["aws"],
    params={"seconds": 60},
    severity=LOW,
    controls=["cis-aws-1.4:1.11", "nist-800-53r5:IA-5"],
    equivalents=["steampipe-aws:iam_user_access_keys_and_password_at_setup"],
)
def aws_iam_user_key_at_creation(user: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Access keys are made when somebody needs one, not with the user.

    ## Why
    A key that nobody asked for is used by nobody, replaced by nobody, and lies in the mail it was sent in.
    ## Fix
    Delete the key; let people make their own when they need one, or use temporary credentials.
    """
    made = user["create_date"]
    if user["password_enabled"] != True or made == None:
        return
    for key in graph.users(user, "aws_iam_access_key"):
        if not key.absent("create_date") and abs(instant(key["create_date"]) - instant(made)) <= params["seconds"]:
            yield user.fails(f"the key {key['id']} was made with the user and its password", key=str(key["id"]))


@rule(
    on="aws_iam_policy",
    sources=["aws"],
    severity=INFO,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["steampipe-aws:iam_policy_unused", "steampipe-aws:iam_custom_policy_unused"],
)
def aws_iam_policy_unused(policy: Resource) -> Iterator[Finding]:
    """Policies of one's own are attached to somebody.

    ## Why
    It is picked one day by its name, with rights that nobody has looked at for years.
    ## Fix
    Delete it.
    """
    if policy["attachment_count"] == 0 and policy["permissions_boundary_usage_count"] in (None, 0):
        yield policy.fails("nobody has the policy", at="attachment_count")


@rule(
    on="aws_iam_role",
    sources=["aws"],
    params={"days": 90},
    severity=LOW,
    controls=["nist-800-53r5:AC-2(3)"],
    equivalents=[
        "prowler:iam_role_access_not_stale_to_bedrock",
        "prowler:iam_user_access_not_stale_to_bedrock",
        "prowler:iam_user_access_not_stale_to_sagemaker",
        "steampipe-aws:iam_role_unused_60",
    ],
)
def aws_iam_role_unused(role: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Roles are used.

    Roles that belong to a service of AWS are left out: nobody can delete them while the service is used.

    ## Why
    Nobody notices when a forgotten role is assumed by somebody else, and its trust is from another time.
    ## Fix
    Delete it, or deny everything in it first and wait.
    """
    if role["path"] != None and role["path"].startswith("/aws-service-role/"):
        return
    last, made = role["last_used_date"], role["create_date"]
    if last != None and days_since(last) > params["days"]:
        yield role.fails(f"it was last used on {last[:10]}", at="last_used_date")
    elif last == None and made != None and days_since(made) > params["days"]:
        yield role.fails(f"it was made on {made[:10]} and no use is recorded", at="last_used_date")


@rule(
    on="aws_iam_role",
    sources=["aws"],
    severity=LOW,
    controls=["nist-800-53r5:AC-3"],
    equivalents=[
        "prowler:cloudwatch_cross_account_sharing_disabled",
        "steampipe-aws:cloudwatch_cross_account_sharing",
    ],
)
def aws_cloudwatch_cross_account_sharing(role: Resource) -> Iterator[Finding]:
    """Metrics and dashboards are not shared with other accounts by the old role.

    ## Why
    Its policies show metrics, alarms and traces to every account in its trust, and often more than was meant.
    ## Fix
    Use CloudWatch cross-account observability (a sink with a policy), and delete the role.
    """
    if role["name"] == "CloudWatch-CrossAccountSharingRole":
        yield role.fails("the role shares CloudWatch data with other accounts", at="name")

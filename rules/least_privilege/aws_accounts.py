"""Users, passwords and keys of an account, and of its root user."""

from collections.abc import Iterator

from assay import CRITICAL, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, require, rule, show

POLICY = "aws_iam_account_password_policy"


@rule(
    on=POLICY,
    severity=LOW,
    controls=["cis-aws-1.2:1.11", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_9",
        "AVD-AWS-0062",
        "kics:ce60d060",
        "prowler:iam_password_policy_expires_passwords_within_90_days_or_less",
        "steampipe-aws:iam_password_policy_expire_90",
    ],
)
def aws_password_no_expiry(policy: Resource) -> Iterator[Finding]:
    """Passwords expire within 90 days.

    ## Why
    A password that leaked unnoticed works until somebody changes it.
    ## Fix
    Set `max_password_age` to 90 or less. (0 is no expiry.)
    """
    age = policy["max_password_age"]
    if age in (None, 0) or age > 90:
        yield policy.fails(
            f"max_password_age is {show(age)}", at="max_password_age", fix=policy.set("max_password_age", 90)
        )


@rule(
    on=[POLICY, "aws_iam_user_login_profile"],
    severity=MEDIUM,
    controls=["cis-aws-1.2:1.9", "cis-aws-1.4:1.8", "cis-aws-7.0:2.8", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_10",
        "AVD-AWS-0063",
        "kics:1bc1c685",
        "prowler:iam_password_policy_minimum_length_14",
        "steampipe-aws:iam_account_password_policy_strong_min_length_8",
        "steampipe-aws:iam_account_password_policy_min_length_14",
    ],
)
def aws_password_short(r: Resource) -> Iterator[Finding]:
    """Passwords have 14 characters or more.

    ## Why
    Short passwords are guessed, or found from a leaked hash, in hours.
    ## Fix
    Set `minimum_password_length = 14` in the account's password policy.
    """
    path, default = ("minimum_password_length", 6) if r.type == POLICY else ("password_length", 20)
    length = default if r.absent(path) else r[path]
    if length < 14:
        yield r.fails(f"{path} is {length}", at=path, fix=r.set(path, 14))


require(
    "aws-password-no-lowercase",
    on=POLICY,
    path="require_lowercase_characters",
    equals=True,
    title="Passwords need a lower-case letter.",
    why="Fewer kinds of characters make a password easier to guess.",
    severity=LOW,
    controls=["cis-aws-1.2:1.6", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_11",
        "AVD-AWS-0058",
        "prowler:iam_password_policy_lowercase",
        "steampipe-aws:iam_account_password_policy_one_lowercase_letter",
    ],
)
require(
    "aws-password-no-number",
    on=POLICY,
    path="require_numbers",
    equals=True,
    title="Passwords need a digit.",
    why="Fewer kinds of characters make a password easier to guess.",
    severity=LOW,
    controls=["cis-aws-1.2:1.8", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_12",
        "AVD-AWS-0059",
        "prowler:iam_password_policy_number",
        "steampipe-aws:iam_account_password_policy_one_number",
    ],
)
require(
    "aws-password-no-symbol",
    on=POLICY,
    path="require_symbols",
    equals=True,
    title="Passwords need a symbol.",
    why="Fewer kinds of characters make a password easier to guess.",
    severity=LOW,
    controls=["cis-aws-1.2:1.7", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_14",
        "AVD-AWS-0060",
        "prowler:iam_password_policy_symbol",
        "steampipe-aws:iam_account_password_policy_one_symbol",
    ],
)
require(
    "aws-password-no-uppercase",
    on=POLICY,
    path="require_uppercase_characters",
    equals=True,
    title="Passwords need an upper-case letter.",
    why="Fewer kinds of characters make a password easier to guess.",
    severity=LOW,
    controls=["cis-aws-1.2:1.5", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_15",
        "AVD-AWS-0061",
        "prowler:iam_password_policy_uppercase",
        "steampipe-aws:iam_account_password_policy_one_uppercase_letter",
    ],
)
require(
    "aws-password-reuse",
    on=POLICY,
    path="password_reuse_prevention",
    at_least=24,
    title="The last 24 passwords cannot be used again.",
    why="Who may return to an old password at once has not changed it, and a leaked one comes back.",
    severity=MEDIUM,
    controls=["cis-aws-1.2:1.10", "cis-aws-1.4:1.9", "cis-aws-7.0:2.9", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_13",
        "AVD-AWS-0056",
        "kics:89806cdc",
        "prowler:iam_password_policy_reuse_24",
        "steampipe-aws:iam_account_password_policy_strong_min_reuse_24",
        "steampipe-aws:iam_account_password_policy_reuse_24",
    ],
)
require(
    "aws-password-unchangeable",
    on=POLICY,
    path="allow_users_to_change_password",
    not_equals=False,
    default=True,
    title="Users may change their own passwords.",
    why="A user who suspects a leak must wait for an administrator, and the administrator knows the new password.",
    severity=LOW,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["kics:9ef7d25d"],
)


@rule(
    on=["aws_iam_user_login_profile", "account"],
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["kics:b592ffd4"],
)
def aws_password_policy_missing(r: Resource, graph: Graph) -> Iterator[Finding]:
    """The account has a password policy, and first passwords are changed.

    ## Why
    Without a policy `password` is a password. One that somebody else chose, and that Terraform keeps, others know.
    ## Fix
    Add an `aws_iam_account_password_policy`; set `password_reset_required = true` on login profiles.
    """
    if r.type == "aws_iam_user_login_profile":
        # In an account it only says whether the first sign-in is still to come.
        if r.source in ("terraform", "plan") and r["password_reset_required"] != True:
            yield r.fails("the first password need not be changed", at="password_reset_required")
        return
    managed = r.source not in ("terraform", "plan") or bool(graph.beside(r, "aws_iam_account_alias"))
    if r.type == "account" and managed and not graph.beside(r, POLICY):
        yield r.fails("the account has no password policy")


@rule(
    on=[
        "aws_iam_user_policy",
        "aws_iam_user_policy_attachment",
        "aws_iam_policy_attachment",
        "aws_iam_user_policy_attachments_exclusive",
    ],
    severity=LOW,
    controls=["cis-aws-1.4:1.15", "cis-aws-1.2:1.16", "cis-aws-7.0:2.13", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_AWS_40",
        "AVD-AWS-0143",
        "kics:b4378389",
        "prowler:iam_policy_attached_only_to_group_or_roles",
        "steampipe-aws:iam_user_no_policies",
        "steampipe-aws:iam_user_no_inline_attached_policies",
        "steampipe-aws:iam_group_user_role_no_inline_policies",
    ],
)
def aws_iam_policy_on_user(r: Resource) -> Iterator[Finding]:
    """Users get their permissions through groups or roles.

    ## Why
    Permissions given one by one are forgotten: nobody takes them back when the user changes teams.
    ## Fix
    Attach the policy to a group or a role.
    """
    if r.type == "aws_iam_user_policy_attachments_exclusive":
        if r["policy_arns"] not in (None, []):
            yield r.fails("policies are given to a user", at="policy_arns")
    elif r.type != "aws_iam_policy_attachment":
        yield r.fails("a policy is given to a user", at="user")
    elif r["users"] not in (None, []):
        yield r.fails("a policy is given to users", at="users")


def active(key: Resource) -> bool:
    """True when an access key works."""
    return bool(key["status"] != "Inactive")


@rule(
    on="aws_iam_access_key",
    severity=LOW,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["AVD-AWS-0167", "kics:3561130e", "steampipe-aws:iam_user_one_active_key"],
)
def aws_iam_user_several_access_keys(key: Resource, graph: Graph) -> Iterator[Finding]:
    """Users have at most one active access key.

    ## Why
    The second key is the one nobody rotates and nobody misses when it leaks.
    ## Fix
    Delete one key, or set it `Inactive` once its successor is in use.
    """
    others = [k for k in graph.beside(key, "aws_iam_access_key") if str(k) != str(key)]
    same = [k for k in others if active(key) and k["user"] == key["user"] and active(k)]
    if same:
        yield key.fails(f"the user has another active key: {same[0]}", at="user", because=[k.where() for k in same])


@rule(
    on=["aws_iam_access_key", "account"],
    severity=CRITICAL,
    controls=["cis-aws-1.2:1.12", "cis-aws-1.4:1.4", "cis-aws-7.0:2.4", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_AWS_348",
        "AVD-AWS-0141",
        "kics:970d224d",
        "prowler:iam_no_root_access_key",
        "steampipe-aws:iam_root_user_no_access_keys",
    ],
)
def aws_root_access_key(r: Resource) -> Iterator[Finding]:
    """The root user has no access key.

    ## Why
    A key of the root user cannot be limited by any policy: whoever has it owns the account.
    ## Fix
    Delete the key, and work with roles.
    """
    if r.type == "aws_iam_access_key":
        if r["user"] == "root":
            yield r.fails("the key belongs to the root user", at="user")
    elif r.source == "aws" and r["root_access_keys_present"] == True:
        yield r.fails("the root user has an access key", at="root_access_keys_present")


@rule(
    on=["aws_iam_organizations_features", "account"],
    severity=MEDIUM,
    controls=["cis-aws-7.0:2.1.1", "nist-800-53r5:AC-6"],
    equivalents=["prowler:iam_root_credentials_management_enabled"],
)
def aws_root_credentials_unmanaged(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Root credentials of the organisation's accounts are managed in one place.

    Judged are organisations in code, and accounts that may ask for the organisation's features.

    ## Why
    Every member account has a root user whose password nobody keeps and whose mailbox anybody may have.
    ## Fix
    Declare `aws_iam_organizations_features` with `RootCredentialsManagement` and `RootSessions`, and delete the
    root credentials of the members.
    """
    if r.type == "aws_iam_organizations_features":
        if not any_of(as_list(r["enabled_features"]), lambda f: f == "RootCredentialsManagement"):
            yield r.fails("RootCredentialsManagement is not enabled", at="enabled_features")
        return
    organizations = graph.beside(r, "aws_organizations_organization") if r.source != "aws" else []
    if list.__len__(organizations) and not graph.beside(r, "aws_iam_organizations_features"):
        yield r.fails("the organisation does not manage its accounts' root credentials")

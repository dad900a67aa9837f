"""Passwords and sign-in of people in OCI."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, require, rule
from assay.analysis.literals import number
from assay.analysis.oci_tenancy import answers_for, declared, exists, is_code

POLICIES = ["oci_identity_authentication_policy", "oci_identity_domains_password_policy"]


ORACLES = "ManagedCompartmentForPaaS"
"""The compartment that Oracle makes for its own platform services in every tenancy."""


def _lacks(policy: Resource, switch: str, count: str) -> str:
    """The path that should demand a kind of character and does not; empty when it does."""
    if policy.type == "oci_identity_authentication_policy":
        return "" if policy[f"password_policy.{switch}"] == True else f"password_policy.{switch}"
    least = policy[count]
    return "" if least != None and number(least) >= 1 else count


@rule(
    on=POLICIES,
    severity=LOW,
    controls=["nist-800-53r5:IA-5(1)"],
    equivalents=[
        "CKV_OCI_11",
        "steampipe-tf-oci:identity_authentication_password_policy_contains_lowercase_characters",
    ],
)
def oci_password_no_lowercase(policy: Resource) -> Iterator[Finding]:
    """Passwords contain lowercase letters.

    ## Why
    A smaller alphabet makes passwords faster to guess.
    ## Fix
    Set `is_lowercase_characters_required = true`, or `min_lower_case` to 1 or more.
    """
    if path := _lacks(policy, "is_lowercase_characters_required", "min_lower_case"):
        yield policy.fails("lowercase letters are not required", at=path)


@rule(
    on=POLICIES,
    severity=LOW,
    controls=["nist-800-53r5:IA-5(1)"],
    equivalents=[
        "CKV_OCI_14",
        "steampipe-tf-oci:identity_authentication_password_policy_contains_uppercase_characters",
    ],
)
def oci_password_no_uppercase(policy: Resource) -> Iterator[Finding]:
    """Passwords contain uppercase letters.

    ## Why
    A smaller alphabet makes passwords faster to guess.
    ## Fix
    Set `is_uppercase_characters_required = true`, or `min_upper_case` to 1 or more.
    """
    if path := _lacks(policy, "is_uppercase_characters_required", "min_upper_case"):
        yield policy.fails("uppercase letters are not required", at=path)


@rule(
    on=POLICIES,
    severity=LOW,
    controls=["nist-800-53r5:IA-5(1)"],
    equivalents=["CKV_OCI_12", "steampipe-tf-oci:identity_authentication_password_policy_contains_numeric_characters"],
)
def oci_password_no_number(policy: Resource) -> Iterator[Finding]:
    """Passwords contain digits.

    ## Why
    A smaller alphabet makes passwords faster to guess.
    ## Fix
    Set `is_numeric_characters_required = true`, or `min_numerals` to 1 or more.
    """
    if path := _lacks(policy, "is_numeric_characters_required", "min_numerals"):
        yield policy.fails("digits are not required", at=path)


@rule(
    on=POLICIES,
    severity=LOW,
    controls=["nist-800-53r5:IA-5(1)"],
    equivalents=["CKV_OCI_13", "steampipe-tf-oci:identity_authentication_password_policy_contains_special_characters"],
)
def oci_password_no_symbol(policy: Resource) -> Iterator[Finding]:
    """Passwords contain special characters.

    ## Why
    A smaller alphabet makes passwords faster to guess.
    ## Fix
    Set `is_special_characters_required = true`, or `min_special_chars` to 1 or more.
    """
    if path := _lacks(policy, "is_special_characters_required", "min_special_chars"):
        yield policy.fails("special characters are not required", at=path)


require(
    "oci-password-short",
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.4", "cis-oci-3.0:1.4", "nist-800-53r5:IA-5(1)"],
    equivalents=[
        "CKV_OCI_18",
        "prowler:identity_password_policy_minimum_length_14",
        "cis_reports:IAM-4",
        "steampipe-oci:cis_v300_1_4",
        "steampipe-tf-oci:identity_authentication_password_policy_strong_min_length_14",
    ],
    on={
        "oci_identity_authentication_policy": "password_policy.minimum_password_length",
        "oci_identity_domains_password_policy": "min_length",
    },
    at_least=14,
    title="Passwords have at least 14 characters.",
    why=(
        "Every character more multiplies the time that guessing takes; short ones are guessed from a stolen hash in "
        "hours."
    ),
)

require(
    "oci-password-reuse",
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.6", "cis-oci-3.0:1.6", "nist-800-53r5:IA-5(1)"],
    equivalents=["prowler:identity_password_policy_prevents_reuse", "cis_reports:IAM-6", "steampipe-oci:cis_v300_1_6"],
    on="oci_identity_domains_password_policy",
    path="num_passwords_in_history",
    at_least=24,
    title="The last 24 passwords cannot be used again.",
    why="A password that was lost once comes back to life when its owner returns to it.",
)


@rule(
    on="oci_identity_domains_password_policy",
    params={"days": 365},
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.5", "cis-oci-3.0:1.5", "nist-800-53r5:IA-5(1)"],
    equivalents=[
        "prowler:identity_password_policy_expires_within_365_days",
        "cis_reports:IAM-5",
        "steampipe-oci:cis_v300_1_5",
    ],
)
def oci_password_no_expiry(policy: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Passwords expire within a year.

    ## Why
    A stolen password otherwise works until somebody notices.
    ## Fix
    Set `password_expires_after` to between 1 and 365 days.
    """
    days = policy["password_expires_after"]
    if days == None or number(days) == 0:
        yield policy.fails("passwords never expire", at="password_expires_after")
    elif number(days) > params["days"]:
        yield policy.fails(f"passwords expire after {days} days", at="password_expires_after")


@rule(
    on="oci_identity_domains_password_policy",
    params={"attempts": 5},
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-7"],
    equivalents=["cis_reports:OBP:IAM_Account_Lockout"],
)
def oci_no_account_lockout(policy: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Accounts are locked after a few wrong passwords.

    ## Why
    Without a limit a password can be guessed online, as long as it takes.
    ## Fix
    Set `max_incorrect_attempts` to between 1 and 5.
    """
    attempts = policy["max_incorrect_attempts"]
    if attempts == None or number(attempts) == 0:
        yield policy.fails("wrong passwords have no consequence", at="max_incorrect_attempts")
    elif number(attempts) > params["attempts"]:
        yield policy.fails(f"{attempts} wrong passwords are allowed", at="max_incorrect_attempts")


@rule(on="tenancy", severity=MEDIUM, controls=["nist-800-53r5:IA-2", "nist-800-53r5:IA-8"])
def oci_identity_local_sign_in(tenancy: Resource, graph: Graph) -> Iterator[Finding]:
    """People sign in through an identity provider.

    ## Why
    Local passwords outlive the people who leave, and know nothing of the company's second factor.
    ## Fix
    Federate with an `oci_identity_domains_identity_provider`.
    """
    responsible = answers_for(tenancy, graph, "oci_identity_user", "oci_identity_domains_user")
    if responsible and not exists(
        tenancy, graph, "oci_identity_identity_provider", "oci_identity_domains_identity_provider"
    ):
        yield tenancy.fails("no identity provider: people sign in with local passwords")


@rule(
    on="tenancy",
    severity=LOW,
    controls=["cis-oci-3.1:6.1", "cis-oci-3.0:6.1", "nist-800-53r5:AC-6"],
    equivalents=["prowler:identity_non_root_compartment_exists", "cis_reports:AM-1", "steampipe-oci:cis_v300_6_1"],
)
def oci_no_compartment(tenancy: Resource, graph: Graph) -> Iterator[Finding]:
    """The tenancy is divided into compartments.

    ## Why
    In the root compartment everybody's resources share one set of rights and limits.
    ## Fix
    Add an `oci_identity_compartment` for each team or purpose.
    """
    compartments = declared(tenancy, graph, "oci_identity_compartment")
    if answers_for(tenancy, graph) and not any_of(compartments, lambda c: is_code(c) or c["name"] != ORACLES):
        yield tenancy.fails("no compartment below the root")


def _is_service_admin(text: object) -> bool:
    from assay.analysis.oci_policy_language import statement

    s = statement(text)
    managing = s.effect == "allow" and s.subject == "group" and s.reaches("manage")
    return managing and s.resource != "all-resources" and not s.administrators_only


@rule(
    on="tenancy",
    severity=LOW,
    controls=["cis-oci-3.1:1.1", "cis-oci-3.0:1.1", "nist-800-53r5:AC-6"],
    equivalents=["prowler:identity_service_level_admins_exist", "cis_reports:IAM-1", "steampipe-oci:cis_v300_1_1"],
)
def oci_no_service_admin_policy(tenancy: Resource, graph: Graph) -> Iterator[Finding]:
    """Services have administrators of their own.

    ## Why
    When only Administrators may manage anything, everybody who has to manage something becomes one.
    ## Fix
    Write policies that let a group manage one service family.
    """
    if not answers_for(tenancy, graph):
        return
    policies = declared(tenancy, graph, "oci_identity_policy")
    if not any_of(policies, lambda p: any_of(as_list(p["statements"]), _is_service_admin)):
        yield tenancy.fails("no statement lets a group manage one service")

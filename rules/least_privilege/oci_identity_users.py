"""People and robots of a tenancy: how they sign in, and how old their credentials are."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, rule, show
from assay.analysis.literals import days_from_now

LIVE = ("oci",)


def _is_active(credential: Resource) -> bool:
    return bool(credential["state"] in (None, "ACTIVE"))


def _signs_in(user: Resource) -> bool:
    """True for an active user of the tenancy's own who may sign in to the console with a password."""
    own = user.absent("identity_provider_id") and user["state"] in (None, "ACTIVE")
    return bool(own and user["capabilities.can_use_console_password"] != False)


@rule(
    on="oci_identity_user",
    sources=LIVE,
    severity=HIGH,
    controls=["cis-oci-3.1:1.7", "cis-oci-3.0:1.7", "nist-800-53r5:IA-2(1)"],
    equivalents=["prowler:identity_user_mfa_enabled_console_access", "cis_reports:IAM-7", "steampipe-oci:cis_v300_1_7"],
)
def oci_user_no_mfa(user: Resource) -> Iterator[Finding]:
    """Who signs in to the console has a second factor.

    ## Why
    A password alone is guessed, reused or given away; the console then opens to whoever has it.
    ## Fix
    Let the user enrol a second factor, and demand one in the sign-on policy.
    """
    if _signs_in(user) and user["is_mfa_activated"] != True:
        yield user.fails("signs in with a password alone", at="is_mfa_activated")


@rule(
    on="oci_identity_user",
    sources=LIVE,
    params={"days": 45},
    severity=MEDIUM,
    controls=["cis-oci-3.0:1.16", "nist-800-53r5:AC-2(3)"],
    equivalents=["cis_reports:IAM-16", "steampipe-oci:cis_v300_1_16"],
)
def oci_user_credentials_unused(user: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Credentials that nobody uses are withdrawn.

    ## Why
    Nobody notices when an account that its owner has forgotten is used by somebody else.
    ## Fix
    Block the user, or take the right to sign in away, after 45 days without a sign-in.
    """
    if not _signs_in(user):
        return
    last = "last_successful_login_time"
    since = last if not user.absent(last) else "time_created"
    if user.absent(since):
        return
    days = -days_from_now(user[since])
    if days > params["days"]:
        said = f"last signed in {days:.0f} days ago" if since == last else f"made {days:.0f} days ago, never signed in"
        yield user.fails(f"{said}, and still may", at=since)


@rule(
    on="oci_identity_user",
    sources=LIVE,
    severity=LOW,
    controls=["cis-oci-3.1:1.13", "cis-oci-3.0:1.13", "nist-800-53r5:IA-4"],
    equivalents=["prowler:identity_user_valid_email_address", "cis_reports:IAM-13", "steampipe-oci:cis_v300_1_13"],
)
def oci_user_no_email(user: Resource) -> Iterator[Finding]:
    """Users have a verified mail address.

    ## Why
    Without one nobody is told of a sign-in from elsewhere, and a lost password cannot be reset safely.
    ## Fix
    Give the user an address and let its owner confirm it.
    """
    if user["email"] in (None, ""):
        yield user.fails("no mail address", at="email")
    elif user["email_verified"] == False:
        yield user.fails("the mail address is not verified", at="email_verified")


@rule(
    on="oci_identity_user",
    sources=LIVE,
    severity=LOW,
    controls=["cis-oci-3.0:1.17", "nist-800-53r5:IA-5"],
    equivalents=["cis_reports:IAM-17", "steampipe-oci:cis_v300_1_17"],
)
def oci_user_several_api_keys(user: Resource, graph: Graph) -> Iterator[Finding]:
    """A user has one API key at a time.

    ## Why
    With several nobody knows which is used where, and none of them can be withdrawn without breaking something.
    ## Fix
    Delete the keys that are not used; make a second one only while the first is replaced.
    """
    keys = [key for key in graph.users(user, "oci_identity_api_key") if _is_active(key)]
    if len(keys) > 1:
        yield user.fails(f"{len(keys)} active API keys", because=[key.where("time_created") for key in keys])


def _old(credential: Resource, days: int, what: str) -> Iterator[Finding]:
    """A finding when an active credential is older than so many days."""
    if _is_active(credential) and not credential.absent("time_created"):
        age = -days_from_now(credential["time_created"])
        if age > days:
            whose = show(credential["user_id"])
            yield credential.fails(f"the {what} of {whose} is {age:.0f} days old", at="time_created")


@rule(
    on="oci_identity_api_key",
    sources=LIVE,
    params={"days": 90},
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.8", "cis-oci-3.0:1.8", "nist-800-53r5:IA-5(1)"],
    equivalents=["prowler:identity_user_api_keys_rotated_90_days", "cis_reports:IAM-8", "steampipe-oci:cis_v300_1_8"],
)
def oci_user_api_key_old(key: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """API keys are replaced every 90 days.

    ## Why
    A key that was copied once works until it is replaced, and nobody sees the copy.
    ## Fix
    Upload a new key, let its users take it, and delete the old one.
    """
    yield from _old(key, params["days"], "API key")


@rule(
    on="oci_identity_db_credential",
    sources=LIVE,
    params={"days": 90},
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.11", "cis-oci-3.0:1.11", "nist-800-53r5:IA-5(1)"],
    equivalents=[
        "prowler:identity_user_db_passwords_rotated_90_days",
        "cis_reports:IAM-11",
        "steampipe-oci:cis_v300_1_11",
    ],
)
def oci_user_db_password_old(credential: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Database passwords of users are replaced every 90 days.

    ## Why
    A password that was written down or logged once opens the databases until it is replaced.
    ## Fix
    Make a new database credential, and delete the old one.
    """
    yield from _old(credential, params["days"], "database password")


@rule(
    on="oci_identity_auth_token",
    sources=LIVE,
    params={"days": 90},
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.10", "cis-oci-3.0:1.10", "nist-800-53r5:IA-5(1)"],
    equivalents=[
        "prowler:identity_user_auth_tokens_rotated_90_days",
        "cis_reports:IAM-10",
        "steampipe-oci:cis_v300_1_10",
    ],
)
def oci_user_auth_token_old(token: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Auth tokens are replaced every 90 days.

    ## Why
    Tokens lie in the configuration of build servers and registries, where they are read by more than their owner.
    ## Fix
    Make a new token, and delete the old one.
    """
    yield from _old(token, params["days"], "auth token")


@rule(
    on="oci_identity_customer_secret_key",
    sources=LIVE,
    params={"days": 90},
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.9", "cis-oci-3.0:1.9", "nist-800-53r5:IA-5(1)"],
    equivalents=[
        "prowler:identity_user_customer_secret_keys_rotated_90_days",
        "cis_reports:IAM-9",
        "steampipe-oci:cis_v300_1_9",
    ],
)
def oci_user_secret_key_old(key: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Customer secret keys are replaced every 90 days.

    ## Why
    They open the object storage over the S3 protocol, without a signature that tells the machine.
    ## Fix
    Make a new key, and delete the old one.
    """
    yield from _old(key, params["days"], "secret key")

"""Keys and secrets of an account: rotated, not lost, and not lying about."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule, show
from assay.analysis.credentials import (
    cloud_init_parts,
    credential_or_doubt,
    credential_within,
    last_segment,
    rotation_days,
    static_key,
)
from assay.analysis.literals import days_from_now
from assay.reports.masking import secret_name


def rotatable(key: Any) -> bool:
    """True when KMS may rotate a key that runs: its material is KMS's own, and nobody has scheduled its deletion."""
    return bool(key["origin"] in (None, "AWS_KMS") and key["deletion_date"] == None)


require(
    "aws-kms-key-disabled",
    on="aws_kms_key",
    path="is_enabled",
    not_equals=False,
    default=True,
    title="Keys are enabled.",
    why="Whatever the disabled key protects can be neither read nor written: an outage that looks like a bug.",
    severity=LOW,
    equivalents=["CKV_AWS_227", "kics:7350fa23"],
)
require(
    "aws-kms-key-not-rotated",
    on="aws_kms_key",
    path="enable_key_rotation",
    equals=True,
    when=lambda key: (
        key["customer_master_key_spec"] in (None, "SYMMETRIC_DEFAULT")
        and key["key_usage"] in (None, "ENCRYPT_DECRYPT")
        and key["custom_key_store_id"] in (None, "")
        and (key.resource.source != "aws" or rotatable(key))
    ),
    title="Symmetric keys rotate.",
    why="One key for ever protects more and more data, and a leak of it opens all of that.",
    severity=MEDIUM,
    controls=["cis-aws-1.2:2.8", "cis-aws-1.4:3.8", "cis-aws-7.0:4.6", "nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_7",
        "AVD-AWS-0065",
        "kics:22fbfeac",
        "prowler:kms_cmk_rotation_enabled",
        "steampipe-aws:kms_cmk_rotation_enabled",
    ],
)


@rule(
    on="aws_kms_key",
    params={"days": 7},
    severity=HIGH,
    equivalents=[
        "kics:0b530315",
        "prowler:kms_cmk_not_deleted_unintentionally",
        "steampipe-aws:kms_key_not_pending_deletion",
    ],
)
def aws_kms_key_pending_deletion(key: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """No key awaits deletion, and there is time between a key's deletion and its end.

    ## Why
    Once a key is gone so is everything it encrypted. The waiting time is all there is to notice the mistake.
    ## Fix
    Cancel the deletion. Leave `deletion_window_in_days` out, which means 30; `days` of this rule is the least you
    accept.
    """
    if key.source == "aws":  # an account tells of the deletion itself
        if not key.absent("deletion_date"):
            yield key.fails(f"the key ends on {key['deletion_date'][:10]}", at="deletion_date")
        return
    window = 30 if key.absent("deletion_window_in_days") else key["deletion_window_in_days"]
    if window < params["days"]:
        yield key.fails(f"a deleted key is gone after {window} days", at="deletion_window_in_days")


@rule(
    on=["aws_secretsmanager_secret", "aws_secretsmanager_secret_rotation"],
    params={"days": 90},
    severity=MEDIUM,
    controls=["nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_304",
        "CKV2_AWS_57",
        "prowler:secretsmanager_automatic_rotation_enabled",
        "prowler:secretsmanager_secret_rotated_periodically",
        "steampipe-aws:secretsmanager_secret_automatic_rotation_lambda_enabled",
        "steampipe-aws:secretsmanager_secret_automatic_rotation_enabled",
        "steampipe-aws:secretsmanager_secret_rotated_as_scheduled",
        "steampipe-aws:secretsmanager_secret_last_changed_90_day",
        "steampipe-aws:secretsmanager_secret_last_changed_365_day",
    ],
)
def aws_secret_no_rotation(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Secrets are rotated every 90 days or more often.

    ## Why
    A secret that leaked unnoticed works until it is changed, and what is never changed works for years.
    ## Fix
    Add an `aws_secretsmanager_secret_rotation` with `automatically_after_days = 90` or less.
    """
    if r.type == "aws_secretsmanager_secret":
        if not graph.users(r, "aws_secretsmanager_secret_rotation"):
            yield r.fails("the secret is never rotated")
        return
    for rules in r.each("rotation_rules"):
        period = rotation_days(rules)
        if period > params["days"]:
            yield rules.fails(f"the secret is rotated every {period:g} days")


@rule(
    on="aws_iam_access_key",
    sources=["terraform", "plan"],
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["kics:7081f85c"],
)
def aws_iam_access_key_exposed(key: Resource) -> Iterator[Finding]:
    """Access keys made by Terraform are encrypted for their user.

    ## Why
    Without `pgp_key` the secret key lies in the state in clear, for everybody who can read the state.
    ## Fix
    Set `pgp_key`, or better: let the workload assume a role and make no key at all.
    """
    if key["status"] != "Inactive" and key.absent("pgp_key"):
        yield key.fails("the secret key lies in the state in clear")


@rule(
    on=["aws_instance", "aws_launch_template", "aws_launch_configuration"],
    severity=CRITICAL,
    controls=["nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_AWS_46",
        "AVD-AWS-0129",
        "AVD-AWS-0029",
        "kics:d7b9d850",
        "prowler:ec2_instance_secrets_user_data",
        "prowler:ec2_launch_template_no_secrets",
        "steampipe-aws:ec2_instance_user_data_no_secrets",
    ],
)
def aws_ec2_user_data_secret(r: Resource, graph: Graph) -> Iterator[Finding]:
    """User data holds no credentials.

    ## Why
    Every process on the instance, and everybody who may describe it, can read the user data.
    ## Fix
    Give the instance a role, and read secrets at start from Secrets Manager or Parameter Store.
    """
    for path in ("user_data", "user_data_base64"):
        text = r[path] if path == "user_data" or r.type != "aws_launch_template" else None
        if text == None:
            continue
        parts = cloud_init_parts(text, r, graph)
        if any_of([part["content"] for part in parts] if parts else [text], credential_within):
            yield r.fails(
                "the user data holds a credential", at=path, because=[part.where("content") for part in parts]
            )


@rule(
    on="provider.aws",
    sources=["terraform"],
    severity=CRITICAL,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["CKV_AWS_41"],
)
def aws_provider_static_keys(provider: Resource) -> Iterator[Finding]:
    """The AWS provider gets its credentials from outside.

    ## Why
    Keys in the configuration are in every clone of the repository, and in its history after they are removed.
    ## Fix
    Remove them; use a profile, environment variables, or `assume_role` from the pipeline's own identity.
    """
    for path in ("access_key", "secret_key", "token"):
        if static_key(provider[path]):
            yield provider.fails(f"{path} is written out", at=path)


require(
    "aws-kms-multi-region",
    on="aws_kms_key",
    path="multi_region",
    not_equals=True,
    default=False,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["prowler:kms_cmk_not_multi_region"],
    title="Keys stay in their region.",
    why="A replica is the same key: whoever may use it in the other region opens everything that this one protects.",
    fix="Leave `multi_region` out, or waive this for data that two regions have to decrypt.",
)


@rule(
    on="aws_ssm_parameter",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV2_AWS_34", "steampipe-aws:ssm_parameter_encryption_enabled"],
)
def aws_ssm_parameter_unencrypted(parameter: Resource) -> Iterator[Finding]:
    """Parameters that hold secrets are encrypted.

    A parameter is judged whose name says that it is a secret, or whose value is a credential.

    ## Why
    Whoever may read parameters, most roles of a team, reads it, and it stands in clear in the history.
    ## Fix
    Set `type = "SecureString"`.
    """
    if parameter["type"] == "SecureString":
        return
    name, doubts = parameter["name"], list[str]()
    last = last_segment(name)
    values = (parameter["value"], parameter["insecure_value"])
    if secret_name(last) or any(credential_or_doubt(last, value, doubts) for value in values):
        yield parameter.fails(f"{show(name)} is kept in clear", at="type")


@rule(
    on="aws_secretsmanager_secret",
    sources=("aws",),
    params={"days": 90},
    severity=LOW,
    controls=["nist-800-53r5:IA-5"],
    equivalents=[
        "prowler:secretsmanager_secret_unused",
        "steampipe-aws:secretsmanager_secret_last_used_1_day",
        "steampipe-aws:secretsmanager_secret_unused_90_day",
    ],
)
def aws_secret_unused(secret: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Secrets are read by somebody.

    Secrets Manager tells the day of the last read; a replica, which its own region reads, is judged there.

    ## Why
    A secret that nobody reads still opens what it opens, for whoever finds it.
    ## Fix
    Revoke what it is for, and delete it.
    """
    last, made = secret["last_accessed_date"], secret["created_date"]
    if last != None and -days_from_now(last) > params["days"]:
        yield secret.fails(f"it was last read on {last[:10]}", at="last_accessed_date")
    elif last == None and made != None and -days_from_now(made) > params["days"]:
        yield secret.fails(f"it was made on {made[:10]} and never read since", at="last_accessed_date")

"""Vaults, keys and secrets: how strong, how old, and where they are written."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, rule, show
from assay.analysis.credentials import static_key
from assay.analysis.literals import days_from_now, is_written, number

# Key lengths are given in bytes.
SHORTEST = {"AES": 32, "RSA": 256}


@rule(on="oci_kms_key", severity=MEDIUM, controls=["nist-800-53r5:SC-12", "nist-800-53r5:SC-13"])
def oci_key_software_protected(key: Resource) -> Iterator[Finding]:
    """Keys are kept in hardware, and are long enough.

    ## Why
    A software key can be copied out of the machine that uses it; a short one can be computed.
    ## Fix
    Leave `protection_mode` at `HSM`, and use AES with 32 bytes or RSA with 256 or more.
    """
    if key["protection_mode"] == "SOFTWARE":
        yield key.fails("the key is kept in software", at="protection_mode", key="protection")
    algorithm, length = key["key_shape.algorithm"], key["key_shape.length"]
    if algorithm in SHORTEST and length != None and number(length) < SHORTEST[algorithm]:
        yield key.fails(f"{algorithm} with {show(length)} bytes is too short", at="key_shape.length", key="length")


@rule(on="oci_vault_secret", severity=LOW, controls=["nist-800-53r5:IA-5(1)"])
def oci_secret_no_expiry(secret: Resource) -> Iterator[Finding]:
    """Secrets expire.

    ## Why
    A secret that leaked works until somebody changes it; a date makes somebody change it.
    ## Fix
    Add `secret_rules` with `rule_type = "SECRET_EXPIRY_RULE"`.
    """
    if not any_of(secret.each("secret_rules"), lambda r: r["rule_type"] == "SECRET_EXPIRY_RULE"):
        yield secret.fails("no expiry rule", at="secret_rules")


@rule(on="oci_vault_secret", severity=MEDIUM, controls=["nist-800-53r5:IA-5(1)"])
def oci_secret_no_rotation(secret: Resource) -> Iterator[Finding]:
    """Secrets are rotated on a schedule.

    ## Why
    What is changed by hand is changed after the incident.
    ## Fix
    Add `rotation_config` with a target system, an interval and `is_scheduled_rotation_enabled = true`.
    """
    enabled = "rotation_config.is_scheduled_rotation_enabled"
    if not secret.each("rotation_config") or secret[enabled] == False:
        yield secret.fails("nothing rotates the secret", at=enabled)


@rule(on="oci_kms_vault", params={"level": "VIRTUAL_PRIVATE"}, severity=LOW, controls=["nist-800-53r5:SC-12"])
def oci_vault_not_private(vault: Resource, graph: Graph, params: dict[str, str]) -> Iterator[Finding]:
    """Vaults are as isolated as the policy asks.

    ## Why
    Vaults of type DEFAULT share a partition of the hardware module with other tenants, and cannot be backed up.
    ## Fix
    Set `vault_type = "VIRTUAL_PRIVATE"`, or the parameter `level` to `DEFAULT` where that is enough.
    """
    if params["level"] == "VIRTUAL_PRIVATE" and vault["vault_type"] == "DEFAULT":
        yield vault.fails("the vault shares its partition with other tenants", at="vault_type")


@rule(
    on="oci_vault_secret",
    each="secret_content",
    sources=("terraform", "plan"),
    severity=HIGH,
    controls=["nist-800-53r5:IA-5(7)"],
)
def oci_vault_secret_literal(content: Block) -> Iterator[Finding]:
    """Secrets are not written in the code.

    ## Why
    Base64 hides nothing: everybody with the repository, its history or the state has the secret.
    ## Fix
    Use `enable_auto_generation`, or a variable that is given at run time only.
    """
    if is_written(content["content"]):
        yield content.fails("the secret is written in the code", at="content")


@rule(
    on="oci_kms_key",
    sources=("oci",),
    params={"days": 365},
    severity=MEDIUM,
    controls=["cis-oci-3.1:4.16", "cis-oci-3.0:4.16", "nist-800-53r5:SC-12"],
    equivalents=["prowler:kms_key_rotation_enabled", "cis_reports:LAM-16", "steampipe-oci:cis_v300_4_16"],
)
def oci_key_not_rotated(key: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Keys are rotated every year.

    ## Why
    The more is encrypted with one version, the more is lost with it.
    ## Fix
    Rotate the key, or set `is_auto_rotation_enabled = true` on keys of a virtual private vault.
    """
    if key["state"] != "ENABLED":
        return
    versions = list(graph.users(key, "oci_kms_key_version"))
    ages = [-days_from_now(v["time_created"]) for v in versions if not v.absent("time_created")]
    if ages and min(ages) > params["days"]:
        because = [v.where("time_created") for v in versions]
        yield key.fails(f"its newest version is {min(ages):.0f} days old", because=because)


@rule(
    on="provider.oci",
    sources=["terraform"],
    severity=CRITICAL,
    controls=["nist-800-53r5:IA-5(7)"],
    equivalents=["CKV_OCI_1"],
)
def oci_provider_private_key(provider: Resource) -> Iterator[Finding]:
    """The OCI provider gets its private key from outside.

    ## Why
    A key in the configuration is in every clone of the repository, and in its history after it is removed.
    ## Fix
    Remove it and make a new key; use `config_file_profile`, `private_key_path`, or instance, resource or workload
    principals by `auth`.
    """
    for path in ("private_key", "private_key_password"):
        if static_key(provider[path]):
            yield provider.fails(f"{path} is written out", at=path)


@rule(
    on=["aws_secretsmanager_secret", "oci_vault_secret"],
    sources=("aws", "oci"),
    params={"minutes": 5},
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
)
def secret_sync_drift(secret: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """A secret's copy in the other cloud follows within five minutes of its rotation.

    A copy in OCI names its source in its metadata or tags (the ARN, or the name under `source`) and the time of the
    copy under `synced_at`. The secret of AWS is judged against its copies; a copy whose source is not among the
    inputs, or that does not say when it was made, is unknown. Scan the snapshots of both clouds together.

    ## Why
    Until the copy follows, half of the systems sign in with a secret that no longer works, or one that was revoked.
    ## Fix
    Start the copy on the success of the rotation, and compare both on a schedule.
    """
    from assay.analysis.secret_copies import copies_of, is_known, source_of, synced_at, unlisted

    if secret.type == "oci_vault_secret":
        source = source_of(secret)
        if source and not is_known(source, graph):
            yield secret.unsure(f"its source {source} is not among the inputs", at="metadata")
        elif source and not synced_at(secret):
            yield secret.unsure(f"it is a copy of {source} and does not say when it was made", at="metadata")
        return
    copies, hidden = copies_of(secret, graph), unlisted(graph)
    rotated = secret["last_rotated_date"] if copies or hidden else None
    if rotated == None:
        return
    allowed = params["minutes"] / 1440
    for copy in copies:
        synced = synced_at(copy)
        late = days_from_now(synced) - days_from_now(rotated) if synced else 0
        because = [copy.where("metadata")]
        if late < 0 and -days_from_now(rotated) > allowed:
            said = f"{copy['secret_name']} in OCI was copied {synced}, before the rotation of {rotated}"
            yield secret.fails(said, at="last_rotated_date", because=because, key=copy.address)
        elif late > allowed:
            said = f"{copy['secret_name']} in OCI was copied {late * 1440:.0f} minutes after the rotation"
            yield secret.fails(said, at="last_rotated_date", because=because, key=copy.address)
    if hidden:
        yield secret.unsure(f"a copy may be among the secrets of OCI that could not be listed: {hidden}")

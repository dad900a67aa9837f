from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule

require(
    "aws-backup-vault-no-customer-key",
    on="aws_backup_vault",
    path="kms_key_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_166", "prowler:backup_vaults_encrypted"],
    title="Backup vaults are encrypted with a customer key.",
    why="Under the managed key whoever may restore may also read; a key of one's own is a second lock on the backups.",
)


@rule(
    on="aws_backup_vault",
    sources=("aws",),
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "prowler:backup_recovery_point_encrypted",
        "steampipe-aws:backup_recovery_point_encryption_enabled",
    ],
)
def aws_backup_recovery_point_unencrypted(vault: Resource) -> Iterator[Finding]:
    """Backups are encrypted.

    ## Why
    The vault's key does not count for every kind of resource: some backups are as their source is, in clear.
    ## Fix
    Encrypt the source, make a new backup, and delete the old ones.
    """
    found = vault["unencrypted_recovery_points"]
    if found:
        said = f"{len(found)} of its backups are in clear, {found[0]} for one"
        yield vault.fails(said, at="unencrypted_recovery_points")

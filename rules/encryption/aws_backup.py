from assay import LOW, require

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

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule


@rule(
    on="aws_secretsmanager_secret",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_149",
        "kics:a2f548f2",
        "AVD-AWS-0098",
        "steampipe-aws:secretsmanager_secret_encrypted_with_kms_cmk",
    ],
)
def aws_secret_no_customer_key(secret: Resource) -> Iterator[Finding]:
    """Secrets are encrypted with a customer key.

    ## Why
    Under the managed key whoever may read the secret may decrypt it, and it cannot be shared with another account.
    ## Fix
    Set `kms_key_id` to a key of your own.
    """
    if secret.absent("kms_key_id"):
        yield secret.fails("no kms_key_id: the managed key is used", at="kms_key_id")
    elif secret["kms_key_id"] == "alias/aws/secretsmanager":
        yield secret.fails("the key is the managed one", at="kms_key_id")

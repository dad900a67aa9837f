"""Secrets that Terraform writes into its state."""

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, rule
from assay.analysis.credentials import from_variable

PLACES = {
    "aws_secretsmanager_secret_version": "secret_string",
    "aws_ssm_parameter": "value",
    "aws_db_instance": "password",
    "oci_vault_secret": "secret_content.content",
    "oci_database_autonomous_database": "admin_password",
}


@rule(on=list(PLACES), sources=["terraform", "plan"], severity=HIGH, controls=["nist-800-53r5:SC-28"])
def terraform_secret_in_state(r: Resource) -> Iterator[Finding]:
    """Secrets do not pass through Terraform's state.

    ## Why
    The state keeps arguments in clear. Whoever reads it, from the bucket or a laptop, has the secret.
    ## Fix
    Use the write-only argument (`password_wo`, `secret_string_wo`, `value_wo`) with an `ephemeral` value, let the
    service make the secret (`manage_master_user_password`), or write it outside Terraform.
    """
    path = PLACES[r.type]
    if r.type == "aws_ssm_parameter" and r["type"] != "SecureString":
        return
    if from_variable(r[path]):
        yield r.fails(f"{path} is kept in the state in clear", at=path)

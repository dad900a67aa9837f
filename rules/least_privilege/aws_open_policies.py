"""Resource policies of the services that have no rules of their own: none may admit everybody."""

from collections.abc import Iterator

from assay import HIGH, Finding, Graph, Resource, rule
from assay.analysis.aws_policy import flag
from assay.analysis.aws_policy_documents import statements

POLICIES = {
    "aws_acmpca_policy": "policy",
    "aws_backup_vault_policy": "policy",
    "aws_cloudsearch_domain_service_access_policy": "access_policy",
    "aws_codeartifact_domain_permissions_policy": "policy_document",
    "aws_codeartifact_repository_permissions_policy": "policy_document",
    "aws_codebuild_resource_policy": "policy",
    "aws_dynamodb_resource_policy": "policy",
    "aws_ecr_registry_policy": "policy",
    "aws_efs_file_system_policy": "policy",
    "aws_glue_resource_policy": "policy",
    "aws_kinesis_resource_policy": "policy",
    "aws_media_store_container_policy": "policy",
    "aws_msk_cluster_policy": "policy",
    "aws_networkfirewall_resource_policy": "policy",
    "aws_oam_sink_policy": "policy",
    "aws_organizations_resource_policy": "content",
    "aws_prometheus_resource_policy": "policy_document",
    "aws_redshift_resource_policy": "policy",
    "aws_redshiftserverless_resource_policy": "policy",
    "aws_s3vectors_vector_bucket_policy": "policy",
    "aws_sagemaker_model_package_group_policy": "resource_policy",
    "aws_schemas_registry_policy": "policy",
    "aws_secretsmanager_secret": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_ses_identity_policy": "policy",
    "aws_sesv2_email_identity_policy": "policy",
}
"""By the type of what holds a resource policy: where it stands."""


@rule(on=list(POLICIES), severity=HIGH, controls=["nist-800-53r5:AC-3"])
def aws_resource_open_policy(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policies of secrets, file systems, catalogues, tables and the like admit known principals only.

    ## Why
    `*` is everybody with any account: who finds the ARN reads the secret, mounts the files or copies the data.
    ## Fix
    Name principals, or add a condition on the organisation, the account, the VPC endpoint or the source.
    """
    path = POLICIES[r.type]
    if not r.absent(path):
        yield from flag(statements(r, path, graph), lambda s: s.public, "admits everybody")

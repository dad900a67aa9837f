"""Secrets that Terraform writes into its state."""

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, rule
from assay.analysis.credentials import from_variable, is_written
from assay.model import View

AVOIDABLE = {
    "aws_secretsmanager_secret_version": "secret_string",
    "aws_ssm_parameter": "value",
    "aws_db_instance": "password",
    "aws_rds_cluster": "master_password",
    "aws_docdb_cluster": "master_password",
    "aws_redshift_cluster": "master_password",
    "aws_redshiftserverless_namespace": "admin_user_password",
    "oci_vault_secret": "secret_content.content",
    "oci_database_autonomous_database": "admin_password",
}
"""Arguments that another way stands beside: a write-only one, or a secret that the service makes."""

WRITTEN = {
    "aws_acm_certificate": "private_key",
    "aws_amplify_app": "access_token oauth_token",
    "aws_appstream_directory_config": "service_account_credentials.account_password",
    "aws_cloudwatch_event_connection": "auth_parameters.basic.password auth_parameters.api_key.value "
    "auth_parameters.oauth.client_parameters.client_secret",
    "aws_connect_user": "password",
    "aws_datasync_location_fsx_windows_file_system": "password",
    "aws_datasync_location_object_storage": "secret_key",
    "aws_datasync_location_smb": "password",
    "aws_directory_service_directory": "password",
    "aws_directory_service_trust": "trust_password",
    "aws_dms_endpoint": "password kafka_settings.sasl_password redis_settings.auth_password",
    "aws_docdbelastic_cluster": "admin_user_password",
    "aws_elasticache_replication_group": "auth_token",
    "aws_elasticache_user": "passwords authentication_mode.passwords",
    "aws_elasticsearch_domain": "advanced_security_options.master_user_options.master_user_password",
    "aws_emr_cluster": "kerberos_attributes.kdc_admin_password kerberos_attributes.ad_domain_join_password",
    "aws_fsx_ontap_file_system": "fsx_admin_password",
    "aws_fsx_windows_file_system": "self_managed_active_directory.password",
    "aws_iam_server_certificate": "private_key",
    "aws_kinesis_firehose_delivery_stream": "redshift_configuration.password snowflake_configuration.private_key "
    "snowflake_configuration.key_passphrase",
    "aws_kms_custom_key_store": "key_store_password",
    "aws_lb_listener": "default_action.authenticate_oidc.client_secret",
    "aws_lb_listener_rule": "action.authenticate_oidc.client_secret",
    "aws_lightsail_database": "master_password",
    "aws_memorydb_user": "authentication_mode.passwords",
    "aws_mq_broker": "user.password ldap_server_metadata.service_account_password",
    "aws_opensearch_domain": "advanced_security_options.master_user_options.master_user_password",
    "aws_quicksight_data_source": "credentials.credential_pair.password",
    "aws_storagegateway_gateway": "smb_guest_password smb_active_directory_settings.password",
    "aws_transfer_certificate": "private_key",
    "aws_vpn_connection": "tunnel1_preshared_key tunnel2_preshared_key",
    "oci_apigateway_certificate": "private_key",
    "oci_bds_bds_instance": "cluster_admin_password",
    "oci_data_safe_target_database": "credentials.password",
    "oci_database_pluggable_database": "pdb_admin_password tde_wallet_password",
    "oci_golden_gate_deployment": "ogg_data.admin_password",
    "oci_load_balancer_certificate": "private_key passphrase",
    "oci_mysql_mysql_db_system": "admin_password",
    "oci_psql_db_system": "credentials.password_details.password",
}
"""Arguments that have no such way: there the code itself must not hold the secret."""


def _places(view: View, path: str) -> Iterator[tuple[View, str]]:
    """The blocks that have the last step of a path."""
    head, _, rest = path.partition(".")
    if not rest:
        yield view, head
        return
    for block in view.each(head):
        yield from _places(block, rest)


@rule(
    on=[*AVOIDABLE, *WRITTEN],
    sources=["terraform", "plan"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_295"],
)
def terraform_secret_in_state(r: Resource) -> Iterator[Finding]:
    """Secrets do not pass through Terraform's state.

    Where an argument has no write-only twin, only a secret that is written in the code counts.

    ## Why
    The state keeps arguments in clear. Whoever reads it, from the bucket or a laptop, has the secret.
    ## Fix
    Use the write-only argument (`password_wo`, `secret_string_wo`, `value_wo`) with an `ephemeral` value, let the
    service make the secret (`manage_master_user_password`), or write it outside Terraform.
    """
    if r.type == "aws_ssm_parameter" and r["type"] != "SecureString":
        return
    path = AVOIDABLE.get(r.type)
    if path != None:
        if from_variable(r[path]):
            yield r.fails(f"{path} is kept in the state in clear", at=path)
        return
    for written in WRITTEN[r.type].split():
        for view, name in _places(r, written):
            if is_written(view[name]):
                yield view.fails(f"{written} is written in the code and kept in the state in clear", at=name)

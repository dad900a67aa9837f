"""Services with a demand or two on encryption that one attribute decides."""

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Resource, any_of, require, rule

require(
    "aws-memorydb-no-tls",
    on="aws_memorydb_cluster",
    path="tls_enabled",
    equals=True,
    default=True,
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_202"],
    title="MemoryDB clusters speak TLS.",
    why="Without it passwords and records cross the network in plain text.",
)

require(
    "aws-dax-no-tls",
    on="aws_dax_cluster",
    path="cluster_endpoint_encryption_type",
    equals="TLS",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_239", "prowler:dynamodb_accelerator_cluster_in_transit_encryption_enabled"],
    title="DAX clusters speak TLS.",
    why="Rows travel between the program and the cache in plain text otherwise.",
)

require(
    "aws-ses-no-tls",
    on=["aws_ses_configuration_set", "aws_sesv2_configuration_set"],
    path="delivery_options.tls_policy",
    one_of=["Require", "REQUIRE"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_365"],
    title="Mail is sent over TLS only.",
    why="By default a mail goes out in plain text when the receiving server, or somebody in between, offers no better.",
    message="tls_policy is not Require",
)

require(
    "aws-rds-proxy-no-tls",
    on="aws_db_proxy",
    path="require_tls",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["steampipe-aws:rds_db_proxy_tls_encryption_enabled"],
    title="Database proxies demand TLS.",
    why="The proxy accepts plain connections, with their passwords, even where the database behind it would not.",
)

require(
    "aws-msk-connect-no-tls",
    on="aws_mskconnect_connector",
    path="kafka_cluster_encryption_in_transit.encryption_type",
    equals="TLS",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "prowler:kafka_connector_in_transit_encryption_enabled",
        "steampipe-aws:mskconnect_connector_encryption_in_transit_with_tls_enabled",
    ],
    title="Connectors reach their Kafka cluster over TLS.",
    why="Everything that the connector copies crosses the network in plain text otherwise.",
)

require(
    "aws-codebuild-report-unencrypted",
    on="aws_codebuild_report_group",
    path="export_config.s3_destination.encryption_disabled",
    not_equals=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "prowler:codebuild_report_group_export_encrypted",
        "steampipe-aws:codebuild_report_group_export_encryption_at_rest_enabled",
    ],
    title="Test reports are encrypted.",
    why="Reports quote test data and the errors of the program.",
)

require(
    "aws-msk-no-mutual-tls",
    on="aws_msk_cluster",
    path="client_authentication.tls.certificate_authority_arns",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:IA-3"],
    equivalents=["prowler:kafka_cluster_mutual_tls_authentication_enabled"],
    title="MSK clients show a certificate.",
    why="Without it a client is whoever reaches the brokers, or whoever knows a password.",
)

require(
    "aws-cloudfront-no-field-encryption",
    on="aws_cloudfront_distribution",
    path="default_cache_behavior.field_level_encryption_id",
    present=True,
    when=lambda r: not any_of(r.each("ordered_cache_behavior"), lambda b: b["field_level_encryption_id"]),
    severity=INFO,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "prowler:cloudfront_distributions_field_level_encryption_enabled",
        "steampipe-aws:cloudfront_distribution_field_level_encryption_enabled",
    ],
    title="Distributions encrypt sensitive form fields at the edge.",
    why="A card number that is encrypted at the edge stays so through every server and log behind it.",
)


@rule(
    on="aws_mq_broker",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_209"],
)
def aws_mq_no_customer_key(broker: Resource) -> Iterator[Finding]:
    """Brokers are encrypted with a customer key.

    ## Why
    Messages wait on the broker's disk, under a key that the service owns and nobody else governs.
    ## Fix
    Set `use_aws_owned_key = false` and `kms_key_id` in `encryption_options`.
    """
    if broker.absent("encryption_options.kms_key_id"):
        yield broker.fails("no key is named", at="encryption_options.kms_key_id")


@rule(
    on="aws_appsync_api_cache",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_214",
        "CKV_AWS_215",
        "steampipe-aws:appsync_graphql_api_cache_encryption_in_transit_enabled",
        "steampipe-aws:appsync_graphql_api_cache_encryption_at_rest_enabled",
    ],
)
def aws_appsync_cache_unencrypted(cache: Resource) -> Iterator[Finding]:
    """The cache of a GraphQL API is encrypted, at rest and on the wire.

    ## Why
    The cache holds whole answers, whatever personal data they carry.
    ## Fix
    Set `at_rest_encryption_enabled` and `transit_encryption_enabled`; the cache has to be replaced.
    """
    for path in ("at_rest_encryption_enabled", "transit_encryption_enabled"):
        if cache[path] != True:
            yield cache.fails(f"{path} is not true", at=path, fix=cache.set(path, True, safe=False))


require(
    "aws-cloudsearch-no-https",
    on="aws_cloudsearch_domain",
    path="endpoint_options.enforce_https",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_220"],
    title="Search domains demand HTTPS.",
    why="Queries and documents otherwise cross the network in plain text.",
)

require(
    "aws-cloudsearch-old-tls",
    on="aws_cloudsearch_domain",
    path="endpoint_options.tls_security_policy",
    equals="Policy-Min-TLS-1-2-2019-07",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_218"],
    title="Search domains accept TLS 1.2 and later only.",
    why="Older versions have known weaknesses, and a client can be talked down to them.",
)


@rule(
    on="aws_keyspaces_table",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_265"],
)
def aws_keyspaces_no_customer_key(table: Resource) -> Iterator[Finding]:
    """Keyspaces tables are encrypted with a customer key.

    ## Why
    The service's own key leaves no trace of its use and cannot be disabled.
    ## Fix
    Set `type = "CUSTOMER_MANAGED_KMS_KEY"` and `kms_key_identifier` in `encryption_specification`.
    """
    if table["encryption_specification.type"] != "CUSTOMER_MANAGED_KMS_KEY":
        yield table.fails("the service's own key is used", at="encryption_specification.type")
    elif table.absent("encryption_specification.kms_key_identifier"):
        yield table.fails("no key is named", at="encryption_specification.kms_key_identifier")


require(
    "aws-comprehend-model-no-customer-key",
    on="aws_comprehend_entity_recognizer",
    path="model_kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_267"],
    title="Models of entity recognizers are encrypted with a customer key.",
    why="A model remembers the documents it was trained on.",
)

require(
    "aws-comprehend-volume-no-customer-key",
    on="aws_comprehend_entity_recognizer",
    path="volume_kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_268"],
    title="Training volumes of entity recognizers are encrypted with a customer key.",
    why="The training keeps the documents it learns from on its disk.",
)


@rule(
    on="aws_connect_instance_storage_config",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_269", "CKV_AWS_270"],
)
def aws_connect_no_customer_key(storage: Resource) -> Iterator[Finding]:
    """Recordings of a contact centre are encrypted with a customer key.

    ## Why
    Calls and chats hold names, addresses and card numbers in people's own voice.
    ## Fix
    Add an `encryption_config` with `encryption_type = "KMS"` and a `key_id`.
    """
    for kind in ("s3_config", "kinesis_video_stream_config"):
        path = f"storage_config.{kind}"
        if not storage.absent(path) and storage.absent(f"{path}.encryption_config.key_id"):
            yield storage.fails(
                "recordings are stored without a key of one's own", at=f"{path}.encryption_config.key_id"
            )


@rule(
    on=["aws_networkfirewall_firewall", "aws_networkfirewall_rule_group", "aws_networkfirewall_firewall_policy"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_345", "CKV_AWS_346"],
)
def aws_network_firewall_no_customer_key(r: Resource) -> Iterator[Finding]:
    """Firewalls, their policies and rule groups are encrypted with a customer key.

    ## Why
    The rules describe what the network lets through, and are kept under a key that the service owns.
    ## Fix
    Add `encryption_configuration` with `type = "CUSTOMER_KMS"` and a `key_id`.
    """
    if r["encryption_configuration.type"] != "CUSTOMER_KMS" or r.absent("encryption_configuration.key_id"):
        yield r.fails("no key of one's own is used", at="encryption_configuration")

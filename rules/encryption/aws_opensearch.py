from assay import HIGH, MEDIUM, require

_DOMAINS = ["aws_elasticsearch_domain", "aws_opensearch_domain"]

require(
    "aws-opensearch-unencrypted",
    on=_DOMAINS,
    path="encrypt_at_rest.enabled",
    equals=True,
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_5",
        "kics:24e16922",
        "AVD-AWS-0048",
        "prowler:opensearch_service_domains_encryption_at_rest_enabled",
        "steampipe-aws:es_domain_encryption_at_rest_enabled",
        "steampipe-aws:opensearch_domain_encryption_at_rest_enabled",
    ],
    title="OpenSearch domains are encrypted at rest.",
    why="Indexes, logs and automated snapshots hold whatever was indexed, searchable and in plain text.",
)

require(
    "aws-opensearch-no-node-encryption",
    on=_DOMAINS,
    path="node_to_node_encryption.enabled",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_6",
        "kics:967eb3e6",
        "prowler:opensearch_service_domains_node_to_node_encryption_enabled",
        "steampipe-aws:es_domain_node_to_node_encryption_enabled",
        "steampipe-aws:opensearch_domain_node_to_node_encryption_enabled",
    ],
    title="OpenSearch nodes encrypt what they send each other.",
    why="Shards are copied between nodes and zones; in plain text every hop can read them.",
)

from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Resource, require, rule

require(
    "aws-msk-unencrypted",
    on="aws_msk_cluster",
    path="encryption_info.encryption_at_rest_kms_key_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_81", "kics:6db52fa6", "AVD-AWS-0179"],
    title="MSK clusters are encrypted with a customer key.",
    why="Under the managed key nobody can see who decrypts the topics, nor revoke it.",
)

_TRANSIT = "encryption_info.encryption_in_transit"


@rule(
    on="aws_msk_cluster",
    severity=HIGH,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "AVD-AWS-0073",
        "prowler:kafka_cluster_in_transit_encryption_enabled",
        "steampipe-aws:msk_cluster_encryption_in_transit_with_tls_enabled",
    ],
)
def aws_msk_no_tls(cluster: Resource) -> Iterator[Finding]:
    """MSK clusters accept and use TLS only.

    ## Why
    Where plain text is allowed, one client with the wrong port sends its records and credentials in the clear.
    ## Fix
    Set `client_broker = "TLS"` and leave `in_cluster` true.
    """
    client = f"{_TRANSIT}.client_broker"
    if cluster[client] not in (None, "TLS"):
        yield cluster.fails("clients may connect without TLS", at=client, fix=cluster.set(client, "TLS"))
    within = f"{_TRANSIT}.in_cluster"
    if cluster[within] == False:
        yield cluster.fails(
            "brokers talk to each other without TLS", at=within, fix=cluster.set(within, True, safe=False)
        )

"""Databases and caches of an account: what the collectors make of boto3's answers, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_account import account, audit, client, failing, only


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with account(monkeypatch):
        yield


def test_instances_of_rds() -> None:
    rds = client("rds")
    common = {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20}
    rds.create_db_parameter_group(DBParameterGroupName="tls", DBParameterGroupFamily="postgres14", Description="d")
    rds.create_db_instance(
        DBInstanceIdentifier="good", MasterUsername="owner", MasterUserPassword="long-enough", StorageEncrypted=True,
        MultiAZ=True, BackupRetentionPeriod=14, DeletionProtection=True, PubliclyAccessible=False,
        EnableIAMDatabaseAuthentication=True, CopyTagsToSnapshot=True, EnableCloudwatchLogsExports=["postgresql"],
        DBParameterGroupName="tls", EngineVersion="16.4", Tags=[{"Key": "availability", "Value": "99.9"}], **common,
    )  # fmt: skip
    rds.create_db_instance(
        DBInstanceIdentifier="bad", MasterUsername="postgres", MasterUserPassword="long-enough", StorageEncrypted=False,
        MultiAZ=False, BackupRetentionPeriod=0, DeletionProtection=False, PubliclyAccessible=True,
        EngineVersion="11.22", Tags=[{"Key": "availability", "Value": "99.9"}], **common,
    )  # fmt: skip
    graph = audit("rds")
    good = next(r for r in graph.all("aws_db_instance") if r.name == "good")
    assert good.address == "arn:aws:rds:eu-west-1:123456789012:db:good"
    assert good.values["identifier"] == "good"
    assert good.values["username"] == "owner"
    assert good.values["parameter_group_name"] == "tls"
    assert good.values["tags"] == {"availability": "99.9"}
    for rule in (
        "aws-rds-unencrypted", "aws-rds-single-zone", "aws-rds-short-backup", "aws-rds-no-deletion-protection",
        "aws-rds-public", "aws-rds-no-iam-auth", "aws-rds-no-snapshot-tags", "aws-rds-no-log", "aws-rds-default-admin",
        "aws-rds-old-engine", "sla-redundancy-below-objective",
    ):  # fmt: skip
        assert failing(graph, rule) == {"bad"}, rule


def test_clusters_by_engine_and_their_snapshots() -> None:
    rds = client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="shop", Engine="aurora-mysql", MasterUsername="owner", MasterUserPassword="long-enough",
        StorageEncrypted=True, BackupRetentionPeriod=7,
    )  # fmt: skip
    rds.create_db_instance(
        DBInstanceIdentifier="shop-1", DBInstanceClass="db.r6g.large", Engine="aurora-mysql", DBClusterIdentifier="shop"
    )
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="before", DBClusterIdentifier="shop")
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="before", AttributeName="restore", ValuesToAdd=["all"]
    )
    client("neptune").create_db_cluster(DBClusterIdentifier="graph", Engine="neptune", StorageEncrypted=True)
    graph = audit("rds")
    assert {r.type: r.name for r in graph.resources if r.type.endswith("_cluster")} == {
        "aws_rds_cluster": "shop",
        "aws_neptune_cluster": "graph",
    }
    assert only(graph, "aws_rds_cluster_instance")["cluster_identifier"] == "shop"
    assert failing(graph, "aws-rds-single-zone") == {"shop"}
    assert failing(graph, "aws-neptune-unencrypted") == set()
    assert failing(graph, "aws-rds-public-snapshot") == {"before"}


def test_tables_of_dynamodb() -> None:
    dynamodb, kms = client("dynamodb"), client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    keys = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    dynamodb.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True,
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        Tags=[{"Key": "team", "Value": "shop"}], **keys,
    )  # fmt: skip
    dynamodb.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    for name in ("carts", "stock"):
        dynamodb.create_table(TableName=name, ProvisionedThroughput=capacity, **keys)
    scaling = client("application-autoscaling")
    for kind in ("Read", "Write"):
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb", ResourceId="table/stock", MinCapacity=5, MaxCapacity=50,
            ScalableDimension=f"dynamodb:table:{kind}CapacityUnits",
        )  # fmt: skip
    graph = audit("dynamodb")
    orders = next(r for r in graph.all("aws_dynamodb_table") if r.name == "orders").values
    assert orders["tags"] == {"team": "shop"}
    assert orders["hash_key"] == "id"
    assert failing(graph, "aws-dynamodb-no-customer-key") == {"carts", "stock"}
    assert failing(graph, "aws-dynamodb-no-point-in-time-recovery") == {"carts", "stock"}
    assert failing(graph, "aws-dynamodb-no-autoscaling") == {"carts"}
    assert failing(graph, "aws-dynamodb-no-deletion-protection") == {"carts", "stock"}


def test_clusters_of_redshift() -> None:
    redshift = client("redshift")
    for name, good in (("sales", True), ("stock", False)):
        redshift.create_cluster(
            ClusterIdentifier=name, NodeType="ra3.large", MasterUsername="owner" if good else "awsuser",
            MasterUserPassword="Long-enough-1", Encrypted=good, PubliclyAccessible=not good, EnhancedVpcRouting=good,
            AutomatedSnapshotRetentionPeriod=7 if good else 1, AllowVersionUpgrade=good,
            Tags=[{"Key": "team", "Value": name}],
        )  # fmt: skip
    client("s3").create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    redshift.enable_logging(ClusterIdentifier="sales", BucketName="audit")
    graph = audit("redshift")
    for rule in (
        "aws-redshift-unencrypted", "aws-redshift-public", "aws-redshift-no-enhanced-routing",
        "aws-redshift-short-backup", "aws-redshift-no-audit-log", "aws-redshift-default-admin",
        "aws-redshift-no-version-upgrade",
    ):  # fmt: skip
        assert failing(graph, rule) == {"stock"}, rule


def test_caches() -> None:
    cache = client("elasticache")
    cache.create_replication_group(
        ReplicationGroupId="carts", ReplicationGroupDescription="d", Engine="redis", CacheNodeType="cache.t4g.micro",
        AtRestEncryptionEnabled=True, TransitEncryptionEnabled=True, AuthToken="a-token-of-sixteen-letters",
        AutomaticFailoverEnabled=True, MultiAZEnabled=True, SnapshotRetentionLimit=5, NumCacheClusters=2,
    )  # fmt: skip
    cache.create_replication_group(
        ReplicationGroupId="codes", ReplicationGroupDescription="d", Engine="redis", CacheNodeType="cache.t4g.micro"
    )
    graph = audit("elasticache")
    for rule in ("aws-elasticache-unencrypted", "aws-elasticache-no-tls", "aws-elasticache-no-failover"):
        assert failing(graph, rule) == {"codes"}, rule
    carts = next(r for r in graph.all("aws_elasticache_replication_group") if r.name == "carts")
    assert failing(graph, "aws-elasticache-no-auth") == {"codes"}
    assert "a-token" not in str(carts.values)


def test_domains_of_opensearch() -> None:
    search = client("opensearch")
    search.create_domain(
        DomainName="find", NodeToNodeEncryptionOptions={"Enabled": True}, EncryptionAtRestOptions={"Enabled": True},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
        ClusterConfig={"InstanceCount": 3, "ZoneAwarenessEnabled": True, "DedicatedMasterEnabled": True,
                       "DedicatedMasterCount": 3},
        LogPublishingOptions={"AUDIT_LOGS": {"CloudWatchLogsLogGroupArn": "arn:aws:logs:eu-west-1:1:log-group:a",
                                             "Enabled": True}},
        TagList=[{"Key": "team", "Value": "search"}],
    )  # fmt: skip
    search.create_domain(DomainName="hunt")
    graph = audit("opensearch")
    for rule in (
        "aws-opensearch-unencrypted", "aws-opensearch-no-node-encryption", "aws-opensearch-no-dedicated-master",
        "aws-opensearch-single-zone", "aws-opensearch-no-log", "aws-opensearch-no-audit-log",
        "aws-opensearch-old-tls-policy",
    ):  # fmt: skip
        assert failing(graph, rule) == {"hunt"}, rule
    found = next(r for r in graph.all("aws_opensearch_domain") if r.name == "find")
    assert found.values["tags"] == {"team": "search"}

"""What watches, pays, backs up and answers in an account: boto3's answers to verdicts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_account import ACCOUNT, REGION, account, audit, client, failing, only

ROLE = f"arn:aws:iam::{ACCOUNT}:role/work"


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with account(monkeypatch):
        yield


def test_budgets_whose_subscribers_nobody_tells() -> None:
    budgets = client("budgets")
    for name, kind in (("month", "FORECASTED"), ("late", "ACTUAL")):
        limit = {"Amount": "1000", "Unit": "USD"}
        budgets.create_budget(
            AccountId=ACCOUNT,
            Budget={"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit},
            NotificationsWithSubscribers=[
                {
                    "Notification": {
                        "NotificationType": kind,
                        "ComparisonOperator": "GREATER_THAN",
                        "Threshold": 80.0,
                        "ThresholdType": "PERCENTAGE",
                    },
                    "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "cloud@example.org"}],
                }
            ],
        )
    graph = audit("budgets")
    month = next(r for r in graph.all("aws_budgets_budget") if r.name == "month").values
    assert month["limit_amount"] in ("1000", "1000.0")
    # moto does not tell the subscribers: nobody knows whether somebody is told, and nobody says so
    assert "DescribeSubscribersForNotification" in month["notification"].reason


def test_alarms() -> None:
    cloudwatch = client("cloudwatch")
    common = {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "QueueName", "Value": "dead"}],
    }  # fmt: skip
    cloudwatch.put_metric_alarm(AlarmName="told", AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"], **common)
    cloudwatch.put_metric_alarm(AlarmName="silent", **common)
    graph = audit("cloudwatch")
    assert failing(graph, "aws-alarm-no-action") == {"silent"}
    told = next(r for r in graph.all("aws_cloudwatch_metric_alarm") if r.name == "told").values
    assert told["dimensions"] == {"QueueName": "dead"}
    assert "state_value" not in told


def test_recorders_and_detectors() -> None:
    config, guardduty = client("config"), client("guardduty")
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": {"allSupported": True}}
    )
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="some",
        AccountAggregationSources=[{"AccountIds": [ACCOUNT], "AwsRegions": [REGION]}],
    )
    guardduty.create_detector(Enable=False, Tags={"team": "security"})
    graph = audit("config", "guardduty")
    assert failing(graph, "aws-config-recorder-off") == {"default"}
    assert failing(graph, "aws-config-not-all-regions") == {"some"}
    assert len(failing(graph, "aws-guardduty-off")) == 1
    client("config").put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    assert failing(audit("config"), "aws-config-recorder-off") == set()


def test_backups() -> None:
    backup = client("backup")
    backup.create_backup_vault(
        BackupVaultName="main", EncryptionKeyArn=client("kms").create_key()["KeyMetadata"]["Arn"]
    )
    for name, days in (("long", 90), ("short", 7)):
        backup.create_backup_plan(
            BackupPlan={
                "BackupPlanName": name,
                "Rules": [
                    {
                        "RuleName": "daily",
                        "TargetBackupVaultName": "main",
                        "ScheduleExpression": "cron(0 3 * * ? *)",
                        "Lifecycle": {"DeleteAfterDays": days},
                    }
                ],
            }
        )
    graph = audit("backup")
    assert failing(graph, "aws-backup-short-retention") == {"short"}
    assert failing(graph, "aws-backup-vault-no-customer-key") == set()


def test_groups_of_machines() -> None:
    ec2, scaling = client("ec2"), client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-12345678", InstanceType="t3.micro", AssociatePublicIpAddress=True
    )
    template = ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    size = {"MinSize": 0, "MaxSize": 0, "AvailabilityZones": [f"{REGION}a"]}
    scaling.create_auto_scaling_group(AutoScalingGroupName="old", LaunchConfigurationName="old", **size)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        Tags=[{"Key": "team", "Value": "shop", "PropagateAtLaunch": True}], **size,
    )  # fmt: skip
    graph = audit("autoscaling")
    assert failing(graph, "aws-autoscaling-launch-configuration") == {"old"}
    assert failing(graph, "aws-autoscaling-no-tags") == {"old"}
    assert failing(graph, "aws-autoscaling-no-load-balancer") == {"old", "web"}
    assert failing(graph, "aws-ec2-public-ip") == {"old"}


def test_names_and_certificates() -> None:
    route53, acm = client("route53"), client("acm")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    vpc = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    route53.create_hosted_zone(
        Name="inside.example.com", CallerReference="2", VPC={"VPCRegion": REGION, "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True},
    )  # fmt: skip
    records = [
        {"Name": "*.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "app.example.com"}]},
        {
            "Name": "www.example.com",
            "Type": "A",
            "AliasTarget": {"HostedZoneId": "Z1", "DNSName": "d1.cloudfront.net", "EvaluateTargetHealth": False},
        },
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": r} for r in records]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    acm.request_certificate(
        DomainName="*.example.com", Options={"CertificateTransparencyLoggingPreference": "DISABLED"}
    )
    graph = audit("route53", "acm")
    names = {r.name: r.values for r in graph.all("aws_route53_record")}
    assert names["*.example.com"]["records"] == ["app.example.com"]
    assert names["www.example.com"]["alias"][0]["name"] == "d1.cloudfront.net"
    assert failing(graph, "aws-route53-record-empty") == set()
    private = next(r for r in graph.all("aws_route53_zone") if r.name == "inside.example.com")
    assert private.values["vpc"] == [{"vpc_id": vpc, "vpc_region": REGION}]
    assert failing(graph, "aws-route53-no-query-log") == {"example.com"}
    assert failing(graph, "aws-acm-no-transparency-log") == {"*.example.com"}


def test_files_and_migrations() -> None:
    efs, dms = client("efs"), client("dms")
    for token, encrypted in (("a", True), ("b", False)):
        files = efs.create_file_system(
            CreationToken=token, Encrypted=encrypted, Tags=[{"Key": "Name", "Value": token}]
        )["FileSystemId"]
    efs.create_access_point(FileSystemId=files, ClientToken="t", RootDirectory={"Path": "/orders"})
    for name, public in (("move", False), ("copy", True)):
        dms.create_replication_instance(
            ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.micro", PubliclyAccessible=public,
            MultiAZ=not public, AutoMinorVersionUpgrade=not public,
        )  # fmt: skip
    graph = audit("efs", "dms")
    assert failing(graph, "aws-efs-unencrypted") == {"b"}
    assert len(failing(graph, "aws-efs-access-point-no-user")) == 1
    assert failing(graph, "aws-efs-access-point-root-directory") == set()
    for rule in ("aws-dms-public", "aws-dms-single-zone", "aws-dms-no-minor-upgrade"):
        assert failing(graph, rule) == {"copy"}, rule


def test_distributions() -> None:
    cloudfront = client("cloudfront")
    origin = {
        "Id": "app",
        "DomainName": "app.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "app",
                "ViewerProtocolPolicy": "allow-all",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }
    )
    graph = audit("cloudfront")
    found = only(graph, "aws_cloudfront_distribution")
    assert found["origin"][0]["custom_origin_config"][0]["origin_protocol_policy"] == "http-only"
    for rule in (
        "aws-cloudfront-http", "aws-cloudfront-origin-http", "aws-cloudfront-default-certificate",
        "aws-cloudfront-no-origin-failover", "aws-waf-missing",
    ):  # fmt: skip
        assert failing(graph, rule) == {found["id"]}, rule


def test_firewalls_and_knowledge_bases() -> None:
    firewall = client("network-firewall")
    firewall.create_firewall(
        FirewallName="edge", FirewallPolicyArn=f"arn:aws:network-firewall:{REGION}:{ACCOUNT}:firewall-policy/p",
        VpcId="vpc-1", SubnetMappings=[{"SubnetId": "subnet-1"}], DeleteProtection=False,
    )  # fmt: skip
    rds = {
        "resourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:kb",
        "credentialsSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s",
        "databaseName": "kb",
        "tableName": "t",
        "fieldMapping": {"primaryKeyField": "id", "vectorField": "v", "textField": "t", "metadataField": "m"},
    }
    model = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.titan-embed-text-v2:0"
    client("bedrock-agent").create_knowledge_base(
        name="manuals", roleArn=ROLE, storageConfiguration={"type": "RDS", "rdsConfiguration": rds},
        knowledgeBaseConfiguration={
            "type": "VECTOR", "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": model},
        },
    )  # fmt: skip
    graph = audit("networkfirewall", "bedrock", "cloudwatch")
    assert failing(graph, "aws-network-firewall-no-deletion-protection") == {"edge"}
    assert failing(graph, "aws-rag-unmonitored") == {"manuals"}

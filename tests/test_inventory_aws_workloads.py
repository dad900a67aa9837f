"""Containers, streams, data jobs and builds of an account: boto3's answers to verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from aws_account import ACCOUNT, REGION, account, audit, client, failing, only

ROLE = f"arn:aws:iam::{ACCOUNT}:role/work"


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with account(monkeypatch):
        yield


def test_repositories() -> None:
    ecr = client("ecr")
    ecr.create_repository(
        repositoryName="shop", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "KMS"}, tags=[{"Key": "team", "Value": "shop"}],
    )  # fmt: skip
    ecr.create_repository(repositoryName="tools")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    ecr.set_repository_policy(repositoryName="tools", policyText=json.dumps({"Statement": [everybody]}))
    graph = audit("ecr")
    for rule in ("aws-ecr-mutable-tags", "aws-ecr-no-scan-on-push", "aws-ecr-no-customer-key", "aws-ecr-open-policy"):
        assert failing(graph, rule) == {"tools"}, rule
    assert next(r for r in graph.all("aws_ecr_repository") if r.name == "shop").values["tags"] == {"team": "shop"}


def test_containers() -> None:
    ecs = client("ecs")
    subnet = client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.create_cluster(
        clusterName="main", settings=[{"name": "containerInsights", "value": "enabled"}],
        configuration={"executeCommandConfiguration": {"logging": "NONE"}}, tags=[{"key": "team", "value": "shop"}],
    )  # fmt: skip
    logged = {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}
    for family, more in (("orders", {"logConfiguration": logged}), ("front", {"privileged": True})):
        ecs.register_task_definition(
            family=family, networkMode="awsvpc",
            containerDefinitions=[{"name": "app", "image": "shop:1", "memory": 128,
                                   "environment": [{"name": "DB_PASSWORD", "value": "hunter2-hunter2"}], **more}],
        )  # fmt: skip
    for name, address in (("orders", "DISABLED"), ("front", "ENABLED")):
        network = {"subnets": [subnet], "securityGroups": [], "assignPublicIp": address}
        ecs.create_service(
            cluster="main", serviceName=name, taskDefinition=name, desiredCount=1,
            networkConfiguration={"awsvpcConfiguration": network},
        )  # fmt: skip
    graph = audit("ecs")
    assert failing(graph, "aws-ecs-exec-no-log") == {"main"}
    assert failing(graph, "aws-ecs-no-container-insights") == set()
    assert failing(graph, "aws-ecs-task-no-log") == {"front"}
    assert failing(graph, "aws-ecs-privileged") == {"front"}
    assert failing(graph, "aws-ecs-public-ip") == {"front"}
    assert not [r for r in graph.resources if "hunter2" in str(r.values)]
    assert only(graph, "aws_ecs_cluster")["tags"] == {"team": "shop"}


def test_clusters_of_kubernetes() -> None:
    eks = client("eks")
    network = {"subnetIds": ["subnet-1"], "endpointPublicAccess": False, "endpointPrivateAccess": True}
    key = {"keyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"}
    eks.create_cluster(
        name="prod", version="1.34", roleArn=ROLE, resourcesVpcConfig=network,
        encryptionConfig=[{"resources": ["secrets"], "provider": key}], tags={"team": "shop"},
    )  # fmt: skip
    eks.create_cluster(name="lab", version="1.34", roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
    eks.create_nodegroup(
        clusterName="prod", nodegroupName="workers", subnets=["subnet-1"], nodeRole=ROLE,
        remoteAccess={"ec2SshKey": "ops"},
    )  # fmt: skip
    graph = audit("eks")
    assert failing(graph, "aws-eks-secrets-unencrypted") == {"lab"}
    assert failing(graph, "aws-eks-node-ssh-open") == {"workers"}
    assert only(graph, "aws_eks_node_group")["cluster_name"] == "prod"


def test_streams() -> None:
    kinesis, firehose = client("kinesis"), client("firehose")
    for name in ("clicks", "views"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    kinesis.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId=key)
    for name in ("lake", "dump"):
        destination = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake"}
        firehose.create_delivery_stream(DeliveryStreamName=name, S3DestinationConfiguration=destination)
    firehose.start_delivery_stream_encryption(
        DeliveryStreamName="lake", DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"}
    )
    graph = audit("kinesis")
    assert failing(graph, "aws-kinesis-unencrypted") == {"views"}
    assert failing(graph, "aws-kinesis-no-customer-key") == {"views", "lake", "dump"}
    assert failing(graph, "aws-firehose-unencrypted") == {"dump"}


def test_data_jobs() -> None:
    glue, athena = client("glue"), client("athena")
    glue.put_data_catalog_encryption_settings(
        DataCatalogEncryptionSettings={
            "EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "k"},
            "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": True, "AwsKmsKeyId": "k"},
        }
    )
    sealed = {
        "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": "k"}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": "k"},
        "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", "KmsKeyArn": "k"},
    }
    glue.create_security_configuration(Name="sealed", EncryptionConfiguration=sealed)
    command = {"Name": "glueetl", "ScriptLocation": "s3://scripts/x.py"}
    glue.create_job(Name="load", Role=ROLE, Command=command, SecurityConfiguration="sealed", Tags={"team": "data"})
    glue.create_job(Name="dump", Role=ROLE, Command=command, DefaultArguments={"--api_key": "sk-1234567890abcdef"})
    encrypted = {"ResultConfiguration": {"EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}}
    athena.create_work_group(Name="analysts", Configuration={"EnforceWorkGroupConfiguration": True, **encrypted})
    athena.create_work_group(Name="adhoc", Configuration={"EnforceWorkGroupConfiguration": False})
    graph = audit("glue", "athena")
    assert failing(graph, "aws-glue-catalog-unencrypted") == set()
    assert failing(graph, "aws-glue-job-unencrypted") == {"dump"}
    assert failing(graph, "aws-glue-logs-unencrypted") == set()
    assert failing(graph, "aws-athena-unencrypted") == {"adhoc", "primary"}
    assert "adhoc" in failing(graph, "aws-athena-client-override")
    assert "sk-1234567890abcdef" not in str([r.values for r in graph.resources])


def test_notebooks_and_models() -> None:
    sagemaker = client("sagemaker")
    sagemaker.create_notebook_instance(
        NotebookInstanceName="churn", InstanceType="ml.t3.medium", RoleArn=ROLE, DirectInternetAccess="Disabled",
        RootAccess="Disabled", SubnetId="subnet-1", KmsKeyId="1234abcd-12ab-34cd-56ef-1234567890ab",
    )  # fmt: skip
    sagemaker.create_notebook_instance(NotebookInstanceName="draft", InstanceType="ml.t3.medium", RoleArn=ROLE)
    image = {"Image": "1.dkr.ecr.eu-west-1.amazonaws.com/x", "Environment": {"API_TOKEN": "hunter2-hunter2"}}
    for name, isolated in (("score", True), ("open", False)):
        sagemaker.create_model(
            ModelName=name, PrimaryContainer=image, ExecutionRoleArn=ROLE, EnableNetworkIsolation=isolated
        )
    graph = audit("sagemaker")
    for rule in (
        "aws-sagemaker-notebook-direct-internet", "aws-sagemaker-notebook-root",
        "aws-sagemaker-notebook-no-customer-key",
    ):  # fmt: skip
        assert failing(graph, rule) == {"draft"}, rule
    assert "hunter2" not in str([r.values for r in graph.all("aws_sagemaker_model")])
    assert [u["service"] for u in graph.coverage.units if u["status"] != "ok"]  # moto has no flow definitions


def test_builds() -> None:
    codebuild = client("codebuild")
    common = {"source": {"type": "S3", "location": "src/x.zip"}, "serviceRole": ROLE}
    for name, good in (("shop", True), ("tools", False)):
        codebuild.create_project(
            name=name, artifacts={"type": "S3", "location": "builds", "encryptionDisabled": not good},
            environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
                         "computeType": "BUILD_GENERAL1_SMALL", "privilegedMode": not good},
            logsConfig={"cloudWatchLogs": {"status": "ENABLED" if good else "DISABLED"}}, **common,
        )  # fmt: skip
    graph = audit("codebuild")
    for rule in ("aws-codebuild-privileged", "aws-codebuild-unencrypted", "aws-codebuild-no-log"):
        assert failing(graph, rule) == {"tools"}, rule


def test_brokers() -> None:
    kafka, mq = client("kafka"), client("mq")
    brokers = {"InstanceType": "kafka.m7g.large", "ClientSubnets": ["subnet-1", "subnet-2"]}
    for name, between in (("events", "TLS"), ("stream", "PLAINTEXT")):
        kafka.create_cluster(
            ClusterName=name, BrokerNodeGroupInfo=brokers, KafkaVersion="3.8.x", NumberOfBrokerNodes=2,
            EncryptionInfo={"EncryptionInTransit": {"ClientBroker": between, "InCluster": True}},
        )  # fmt: skip
    for name, public in (("orders", False), ("silent", True)):
        mq.create_broker(
            BrokerName=name, EngineType="ACTIVEMQ", EngineVersion="5.18", DeploymentMode="SINGLE_INSTANCE",
            HostInstanceType="mq.t3.micro", PubliclyAccessible=public, AutoMinorVersionUpgrade=not public,
            Logs={"General": not public, "Audit": not public},
            Users=[{"Username": "admin", "Password": "hunter2-hunter2"}],
        )  # fmt: skip
    graph = audit("kafka", "mq")
    assert failing(graph, "aws-msk-no-tls") == {"stream"}
    for rule in ("aws-mq-public", "aws-mq-no-log", "aws-mq-no-minor-upgrade"):
        assert failing(graph, rule) == {"silent"}, rule

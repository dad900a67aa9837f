"""What clouds tell in clear reaches no snapshot: recorded answers with a credential in each place that may hold one."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from assay.inventory.collect import collect

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2-of-no-account"
REGIONAL = "arn:aws:{}:eu-west-1:123456789012:{}"
TARGET = {"Id": "t", "Arn": REGIONAL.format("events", "api-destination/a")}
PIPE = {"Name": "p", "Arn": REGIONAL.format("pipes", "pipe/p")}
KEYS = {"HeaderParameters": {"X-Partner": SECRET}, "QueryStringParameters": {"q": SECRET}}
ORIGIN = {
    "Id": "o", "DomainName": "o.example.com",
    "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "X-From-Edge", "HeaderValue": SECRET}]},
}  # fmt: skip
CONTAINER = {"name": "c", "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET}}}
BUS = {"events.ListEventBuses": {"EventBuses": [{"Name": "b", "Arn": REGIONAL.format("events", "event-bus/b")}]}}

AWS: dict[str, dict[str, Any]] = {
    "cloudfront": {
        "cloudfront.ListDistributions": {"DistributionList": {"Items": [{"Id": "E1", "ARN": "arn:d"}]}},
        "cloudfront.GetDistribution": {
            "Distribution": {"DistributionConfig": {"Enabled": True, "Origins": {"Quantity": 1, "Items": [ORIGIN]}}}
        },
    },
    "targets": BUS
    | {
        "events.ListRules": {"Rules": [{"Name": "r", "Arn": REGIONAL.format("events", "rule/b/r")}]},
        "events.ListTargetsByRule": {
            "Targets": [
                {**TARGET, "HttpParameters": KEYS, "Input": SECRET, "InputTransformer": {"InputTemplate": SECRET}}
            ]
        },
    },
    "pipes": {
        "pipes.ListPipes": {"Pipes": [PIPE]},
        "pipes.DescribePipe": {
            **PIPE, "RoleArn": "arn:aws:iam::123456789012:role/p",
            "EnrichmentParameters": {"HttpParameters": KEYS, "InputTemplate": SECRET},
            "TargetParameters": {"HttpParameters": KEYS, "InputTemplate": SECRET},
        },
    },
    "stages": {
        "apigateway.GetRestApis": {"items": [{"id": "a", "name": "a"}]},
        "apigateway.GetStages": {"item": [{"stageName": "s", "variables": {"partner": SECRET}}]},
        "apigatewayv2.GetApis": {"Items": [{"ApiId": "v", "Name": "v"}]},
        "apigatewayv2.GetStages": {"Items": [{"StageName": "s", "StageVariables": {"partner": SECRET}}]},
    },
    "containers": {
        "ecs.ListTaskDefinitionFamilies": {"families": ["t"]},
        "ecs.DescribeTaskDefinition": {
            "taskDefinition": {"taskDefinitionArn": "t:1", "family": "t", "containerDefinitions": [CONTAINER]}
        },
    },
    "beanstalk": {
        "elasticbeanstalk.DescribeEnvironments": {
            "Environments": [{"EnvironmentArn": "e", "EnvironmentName": "e", "ApplicationName": "a"}]
        },
        "elasticbeanstalk.DescribeConfigurationSettings": {
            "ConfigurationSettings": [
                {"OptionSettings": [{"Namespace": "aws:rds:dbinstance", "OptionName": "DBPassword", "Value": SECRET}]}
            ]
        },
    },
}  # fmt: skip

HOME = {"compartmentId": "ocid1.compartment.oc1..c"}
LAUNCH = {
    "instanceType": "compute",
    "launchDetails": {"metadata": {"user_data": SECRET}, "extendedMetadata": {"a": SECRET}},
}
OCI: dict[str, dict[str, Any]] = {
    "attachments": {
        "compute.list_volume_attachments": [
            {**HOME, "id": "ocid1.volumeattachment.oc1..a", "attachmentType": "iscsi", "chapSecret": SECRET}
        ]
    },
    "configurations": {
        "compute_management.get_instance_configuration": [
            {**HOME, "id": "ocid1.instanceconfiguration.oc1..a", "instanceDetails": LAUNCH}
        ]
    },
    "node pools": {
        "container_engine.get_node_pool": [
            {**HOME, "id": "ocid1.nodepool.oc1..a", "name": "n", "nodeMetadata": {"user_data": SECRET}}
        ]
    },
    "circuits": {
        "virtual_network.list_virtual_circuits": [
            {**HOME, "id": "ocid1.virtualcircuit.oc1..a", "crossConnectMappings": [{"bgpMd5AuthKey": SECRET}]}
        ]
    },
    "functions": {
        "functions_management.get_application": [
            {**HOME, "id": "ocid1.fnapp.oc1..a", "displayName": "f", "config": {"PARTNER": SECRET, "DEBUG": "true"}}
        ]
    },
}


def snapshot(units: Any, path: Path) -> str:
    collect(units, str(path))
    return gzip.decompress(path.read_bytes()).decode()


@pytest.mark.parametrize("name", AWS)
def test_no_credential_of_an_account_is_written(name: str, tmp_path: Path) -> None:
    from assay.inventory.aws.replay import units

    text = snapshot(units(AWS[name]), tmp_path / "s.jsonl.gz")
    assert '"resource"' in text
    assert SECRET not in text


@pytest.mark.parametrize("name", OCI)
def test_no_credential_of_a_tenancy_is_written(name: str, tmp_path: Path) -> None:
    from assay.inventory.oci.replay import units

    text = snapshot(units(OCI[name]), tmp_path / "s.jsonl.gz")
    assert '"resource"' in text
    assert SECRET not in text
    if name == "functions":
        assert '"DEBUG":"true"' in text


def test_what_is_masked_is_known_to_be_there(tmp_path: Path) -> None:
    from assay.inventory.oci.replay import units

    text = snapshot(units(OCI["circuits"]), tmp_path / "s.jsonl.gz")
    assert '"bgp_md5_auth_key":{"$unknown":"a credential, masked before it was stored","sensitive":true}' in text

"""SageMaker: notebooks, models, endpoint configurations, flows, monitoring jobs, domains."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map, tags
from assay.inventory.aws.table import Ask, Make, Service

MOMENTS = {"CreationTime": None, "LastModifiedTime": None, "FailureReason": None}
HIDDEN = {"Environment": None}  # variables of containers: what they hold may be a credential


def each(list_: str, items: str, describe: str, name: str, make: Make, named: str = "") -> Ask:
    """The things of a list, each described, with their tags; `named` is the parameter where the list says otherwise."""
    arn = str(make.address)
    return Ask(
        operation=list_,
        items=items,
        then=(
            Ask(
                operation=describe,
                params={named or name: name},
                then=(tags("ListTags", ResourceArn=arn),),
                makes=(make,),
            ),
        ),
    )


NOTEBOOK = Make(
    type="aws_sagemaker_notebook_instance",
    address="NotebookInstanceArn",
    name="NotebookInstanceName",
    when="NotebookInstanceArn",
    rename={
        **MOMENTS,
        "NotebookInstanceArn": "arn",
        "NotebookInstanceName": "name",
        "NotebookInstanceStatus": None,
        "NotebookInstanceLifecycleConfigName": "lifecycle_config_name",
        "VolumeSizeInGB": "volume_size",
    },
    fields={"id": "NotebookInstanceName"},
    keys=("kms_key_id",),
)
MODEL = Make(
    type="aws_sagemaker_model",
    address="ModelArn",
    name="ModelName",
    when="ModelArn",
    rename={
        **MOMENTS,
        "ModelArn": "arn",
        "ModelName": "name",
        "Containers": None,
        "PrimaryContainer": None,
        "DeploymentRecommendation": None,
    },
    fields={
        "id": "ModelName",
        "primary_container": nested("PrimaryContainer", HIDDEN),
        "container": nested("Containers", HIDDEN),
    },
)
ENDPOINT = Make(
    type="aws_sagemaker_endpoint_configuration",
    address="EndpointConfigArn",
    name="EndpointConfigName",
    when="EndpointConfigArn",
    rename={**MOMENTS, "EndpointConfigArn": "arn", "EndpointConfigName": "name", "KmsKeyId": "kms_key_arn"},
    fields={"id": "EndpointConfigName"},
    keys=("kms_key_arn",),
)
SERVED = Make(
    type="aws_sagemaker_endpoint",
    address="EndpointArn",
    name="EndpointName",
    when="EndpointArn",
    bare=True,
    fields={
        "id": "EndpointName",
        "arn": "EndpointArn",
        "name": "EndpointName",
        "endpoint_config_name": "EndpointConfigName",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)
SCHEDULE = Make(
    type="aws_sagemaker_monitoring_schedule",
    address="MonitoringScheduleArn",
    name="MonitoringScheduleName",
    bare=True,
    fields={
        "id": "MonitoringScheduleName",
        "arn": "MonitoringScheduleArn",
        "name": "MonitoringScheduleName",
        "endpoint_name": "EndpointName",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)
FLOW = Make(
    type="aws_sagemaker_flow_definition",
    address="FlowDefinitionArn",
    name="FlowDefinitionName",
    when="FlowDefinitionArn",
    rename={**MOMENTS, "FlowDefinitionArn": "arn", "FlowDefinitionStatus": None},
    fields={"id": "FlowDefinitionName"},
    keys=("output_config.kms_key_id",),
)
QUALITY = Make(
    type="aws_sagemaker_data_quality_job_definition",
    address="JobDefinitionArn",
    name="JobDefinitionName",
    when="JobDefinitionArn",
    rename={
        **MOMENTS,
        "JobDefinitionArn": "arn",
        "JobDefinitionName": "name",
        "DataQualityAppSpecification.Environment": None,
    },
    fields={"id": "JobDefinitionName"},
    keys=("job_resources.cluster_config.volume_kms_key_id", "data_quality_job_output_config.kms_key_id"),
)
DOMAIN = Make(
    type="aws_sagemaker_domain",
    address="DomainArn",
    name="DomainName",
    when="DomainArn",
    rename={**MOMENTS, "DomainArn": "arn", "DomainId": "id", "Status": None},
    keys=("kms_key_id",),
)

TABLES = [
    Service(
        name="sagemaker",
        asks=(
            each(
                "ListNotebookInstances",
                "NotebookInstances",
                "DescribeNotebookInstance",
                "NotebookInstanceName",
                NOTEBOOK,
            ),
            each("ListModels", "Models", "DescribeModel", "ModelName", MODEL),
            each("ListEndpointConfigs", "EndpointConfigs", "DescribeEndpointConfig", "EndpointConfigName", ENDPOINT),
            each("ListEndpoints", "Endpoints", "DescribeEndpoint", "EndpointName", SERVED),
            Ask(
                operation="ListMonitoringSchedules",
                items="MonitoringScheduleSummaries",
                then=(tags("ListTags", ResourceArn="MonitoringScheduleArn"),),
                makes=(SCHEDULE,),
            ),
            each(
                "ListFlowDefinitions",
                "FlowDefinitionSummaries",
                "DescribeFlowDefinition",
                "FlowDefinitionName",
                FLOW,
            ),
            each(
                "ListDataQualityJobDefinitions",
                "JobDefinitionSummaries",
                "DescribeDataQualityJobDefinition",
                "MonitoringJobDefinitionName",
                QUALITY,
                named="JobDefinitionName",
            ),
            each("ListDomains", "Domains", "DescribeDomain", "DomainId", DOMAIN),
        ),
    )
]

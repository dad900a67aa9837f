from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule

require(
    "aws-sagemaker-notebook-no-customer-key",
    on=["aws_sagemaker_notebook_instance", "aws_sagemaker_domain"],
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_187",
        "CKV_AWS_22",
        "kics:f3674e0c",
        "prowler:sagemaker_notebook_instance_encryption_enabled",
        "steampipe-aws:sagemaker_notebook_instance_encrypted_with_kms_cmk",
        "steampipe-aws:sagemaker_notebook_instance_encryption_at_rest_enabled",
    ],
    title="SageMaker notebooks and domains are encrypted with a customer key.",
    why="The volume of a notebook collects samples of the data, models and the credentials to fetch more.",
)

_JOB = "aws_sagemaker_data_quality_job_definition"


@rule(
    on=_JOB,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_367",
        "CKV_AWS_368",
        "prowler:sagemaker_training_jobs_volume_and_output_encryption_enabled",
        "steampipe-aws:sagemaker_training_job_volume_and_data_encryption_enabled",
    ],
)
def aws_sagemaker_job_no_customer_key(job: Resource) -> Iterator[Finding]:
    """SageMaker jobs encrypt their volume and their output with a customer key.

    ## Why
    A monitoring job copies what the endpoint received, and writes statistics about it.
    ## Fix
    Set `volume_kms_key_id` in the cluster configuration and `kms_key_id` in the output configuration.
    """
    for path in ("job_resources.cluster_config.volume_kms_key_id", "data_quality_job_output_config.kms_key_id"):
        if job.absent(path):
            yield job.fails(f"{path} is not set", at=path)


require(
    "aws-sagemaker-job-traffic-unencrypted",
    on=_JOB,
    path="network_config.enable_inter_container_traffic_encryption",
    equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_AWS_369",
        "prowler:sagemaker_training_jobs_intercontainer_encryption_enabled",
        "steampipe-aws:sagemaker_training_job_inter_container_traffic_encryption_enabled",
    ],
    title="The containers of SageMaker jobs encrypt their traffic.",
    why="The data that the containers exchange crosses the network in plain text otherwise.",
)

require(
    "aws-sagemaker-flow-no-customer-key",
    on="aws_sagemaker_flow_definition",
    path="output_config.kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_372"],
    title="Human review results are encrypted with a customer key.",
    why="What reviewers see and answer is often exactly the data that was too delicate to automate.",
)

require(
    "aws-sagemaker-endpoint-unencrypted",
    on="aws_sagemaker_endpoint_configuration",
    path="kms_key_arn",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_98",
        "kics:58b35504",
        "prowler:sagemaker_endpoint_config_kms_encryption_enabled",
        "steampipe-aws:sagemaker_endpoint_configuration_encryption_at_rest_enabled",
    ],
    title="SageMaker endpoints encrypt the volumes of their instances.",
    why="The model, and requests that are captured, are kept on those volumes.",
)

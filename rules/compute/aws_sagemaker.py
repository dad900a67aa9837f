from assay import MEDIUM, require

require(
    "aws-sagemaker-notebook-legacy-metadata",
    on="aws_sagemaker_notebook_instance",
    path="instance_metadata_service_configuration.minimum_instance_metadata_service_version",
    equals="2",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-3"],
    equivalents=["CKV_AWS_371"],
    title="Notebooks use version 2 of the metadata service.",
    why="Code in a notebook fetches what it is told to; under version 1 one address returns the role's credentials.",
)

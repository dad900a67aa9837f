"""SageMaker: what a notebook's user may do."""

from assay import MEDIUM, require

require(
    "aws-sagemaker-notebook-root",
    on="aws_sagemaker_notebook_instance",
    path="root_access",
    equals="Disabled",
    default="Enabled",
    title="Notebooks give their users no root access.",
    why="As root a user, or code in a notebook, changes the instance itself and reads what others left there.",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_AWS_307",
        "prowler:sagemaker_notebook_instance_root_access_disabled",
        "steampipe-aws:sagemaker_notebook_instance_root_access_disabled",
    ],
)

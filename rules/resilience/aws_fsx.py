from assay import MEDIUM, require

require(
    "aws-fsx-single-zone",
    on="aws_fsx_windows_file_system",
    path="deployment_type",
    equals="MULTI_AZ_1",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "prowler:fsx_windows_file_system_multi_az_enabled",
        "steampipe-aws:fsx_openzfs_file_system_multi_az_deployment_enabled",
        "steampipe-aws:fsx_netapp_ontap_file_system_multi_az_deployment_enabled",
        "steampipe-aws:fsx_windows_file_system_multi_az_deployment_enabled",
    ],
    title="Windows file systems have a standby in another zone.",
    why="When the zone fails, so does every program that keeps its files there.",
)

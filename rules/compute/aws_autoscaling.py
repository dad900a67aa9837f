from assay import LOW, require

require(
    "aws-autoscaling-launch-configuration",
    on="aws_autoscaling_group",
    path="launch_configuration",
    present=False,
    severity=LOW,
    controls=["nist-800-53r5:CM-2"],
    equivalents=[
        "CKV_AWS_315",
        "prowler:autoscaling_group_using_ec2_launch_template",
        "steampipe-aws:autoscaling_group_uses_ec2_launch_template",
    ],
    title="Scaling groups use launch templates.",
    why="Launch configurations have no versions and miss what was added since; new accounts cannot make any.",
    message="a launch configuration is used instead of a launch template",
    fix="Replace `launch_configuration` by a `launch_template` block.",
)

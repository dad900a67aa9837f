"""Auto Scaling: groups of machines, and the older configurations they start from."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import nested
from assay.inventory.aws.ec2 import script
from assay.inventory.aws.table import Ask, Item, Make, Service


def template(item: Item) -> Any:
    found = item["LaunchTemplate"]
    if not found:
        return None
    return [
        {
            "id": found.get("LaunchTemplateId"),
            "name": found.get("LaunchTemplateName"),
            "version": found.get("Version"),
        }
    ]


def subnets(item: Item) -> list[str]:
    found = item["VPCZoneIdentifier"]
    return found.split(",") if found else []


def handed(item: Item) -> list[dict[str, Any]]:
    """The tags, and whether new machines get them."""
    return [
        {"key": t.get("Key"), "value": t.get("Value"), "propagate_at_launch": bool(t.get("PropagateAtLaunch"))}
        for t in item["Tags"] or ()
    ]


GROUP = Make(
    type="aws_autoscaling_group",
    address="AutoScalingGroupARN",
    name="AutoScalingGroupName",
    bare=True,
    fields={
        "id": "AutoScalingGroupName",
        "arn": "AutoScalingGroupARN",
        "name": "AutoScalingGroupName",
        "launch_configuration": "LaunchConfigurationName",
        "launch_template": template,
        "mixed_instances_policy": nested("MixedInstancesPolicy", {"Overrides": "override"}),
        "min_size": "MinSize",
        "max_size": "MaxSize",
        "desired_capacity": "DesiredCapacity",
        "availability_zones": "AvailabilityZones",
        "vpc_zone_identifier": subnets,
        "load_balancers": "LoadBalancerNames",
        "target_group_arns": "TargetGroupARNs",
        "traffic_source": nested("TrafficSources"),
        "health_check_type": "HealthCheckType",
        "health_check_grace_period": "HealthCheckGracePeriod",
        "enabled_metrics": "EnabledMetrics.Metric",
        "termination_policies": "TerminationPolicies",
        "max_instance_lifetime": "MaxInstanceLifetime",
        "capacity_rebalance": "CapacityRebalance",
        "suspended_processes": lambda item: item["SuspendedProcesses.ProcessName"] or [],
        "tag": handed,
    },
    folds=("aws_autoscaling_attachment", "aws_autoscaling_traffic_source_attachment"),
)


def devices(item: Item) -> list[dict[str, Any]]:
    """The volumes that a machine starts with; which of them is the root stands in the image."""
    return [
        {"device_name": m.get("DeviceName"), **(nested("$ebs")(Item({"$ebs": m["Ebs"]}, item.place)) or [{}])[0]}
        for m in item["BlockDeviceMappings"] or ()
        if m.get("Ebs")
    ]


CONFIGURATION = Make(
    type="aws_launch_configuration",
    address="LaunchConfigurationARN",
    name="LaunchConfigurationName",
    bare=True,
    fields={
        "id": "LaunchConfigurationName",
        "arn": "LaunchConfigurationARN",
        "name": "LaunchConfigurationName",
        "image_id": "ImageId",
        "instance_type": "InstanceType",
        "key_name": lambda item: item["KeyName"] or None,
        "security_groups": "SecurityGroups",
        "iam_instance_profile": "IamInstanceProfile",
        "associate_public_ip_address": "AssociatePublicIpAddress",
        "enable_monitoring": "InstanceMonitoring.Enabled",
        "ebs_optimized": "EbsOptimized",
        "metadata_options": nested("MetadataOptions"),
        "ebs_block_device": devices,
        "user_data": script("UserData"),
    },
)

TABLES = [
    Service(
        name="autoscaling",
        asks=(
            Ask(operation="DescribeAutoScalingGroups", items="AutoScalingGroups", makes=(GROUP,)),
            Ask(operation="DescribeLaunchConfigurations", items="LaunchConfigurations", makes=(CONFIGURATION,)),
        ),
    )
]

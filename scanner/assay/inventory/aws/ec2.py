"""EC2: machines, the templates they start from, and their images."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import TYPE_CHECKING, Any

from assay.inventory.aws.common import EC2, named, simple, tag_map
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import blocks, differs, first, last, same
from assay.inventory.masks import masked_text

if TYPE_CHECKING:
    from assay.inventory.aws.table import Spec


def script(spec: Spec) -> Any:
    """User data as text, with the credentials in it left out before anybody stores it."""

    def one(item: Item) -> Any:
        encoded = item.get(spec)
        if not encoded:
            return None
        try:
            return masked_text(b64decode(encoded).decode("utf-8", "replace"))
        except (Error, ValueError):
            return masked_text(str(encoded))

    return one


def devices(root: bool) -> Any:
    """The root device of a machine, or the others, with what their volumes say."""

    def one(item: Item) -> list[dict[str, Any]]:
        volumes = {v["VolumeId"]: v for v in item["$volumes"] or ()}
        made = []
        for mapping in item["BlockDeviceMappings"] or ():
            id_ = mapping.get("Ebs", {}).get("VolumeId")
            if id_ is None or (mapping.get("DeviceName") == item["RootDeviceName"]) is not root:
                continue
            volume = volumes.get(id_, {})
            block = {
                "volume_id": id_,
                "device_name": mapping.get("DeviceName"),
                "encrypted": volume.get("Encrypted"),
                "kms_key_id": volume.get("KmsKeyId"),
                "volume_type": volume.get("VolumeType"),
                "volume_size": volume.get("Size"),
                "delete_on_termination": mapping.get("Ebs", {}).get("DeleteOnTermination"),
            }
            made.append({k: v for k, v in block.items() if v is not None})
        return made

    return one


INSTANCE = Make(
    type="aws_instance",
    address=f"{EC2}:instance/{{InstanceId}}",
    name=named,
    when=differs("State.Name", "terminated", "shutting-down"),
    rename={
        "InstanceId": "id",
        "ImageId": "ami",
        "BlockDeviceMappings": None,
        "SecurityGroups": None,
        "NetworkInterfaces": None,
        "Placement": None,
        "State": None,
        "Monitoring": None,
        "IamInstanceProfile": None,
        "PublicIpAddress": "public_ip",
        "PrivateIpAddress": "private_ip",
    },
    fields={
        "arn": f"{EC2}:instance/{{InstanceId}}",
        "vpc_security_group_ids": "SecurityGroups.GroupId",
        "associate_public_ip_address": lambda item: bool(item["PublicIpAddress"]),
        "availability_zone": "Placement.AvailabilityZone",
        "tenancy": "Placement.Tenancy",
        "monitoring": same("Monitoring.State", "enabled"),
        "instance_state": "State.Name",
        "iam_instance_profile": last("IamInstanceProfile.Arn"),
        "root_block_device": devices(True),
        "ebs_block_device": devices(False),
        "user_data": script("$script.UserData.Value"),
    },
)

TEMPLATE_DATA = "$latest.LaunchTemplateData"
TEMPLATE = Make(
    type="aws_launch_template",
    address=f"{EC2}:launch-template/{{LaunchTemplateId}}",
    name="LaunchTemplateName",
    bare=True,
    fields={
        "id": "LaunchTemplateId",
        "name": "LaunchTemplateName",
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
        "arn": f"{EC2}:launch-template/{{LaunchTemplateId}}",
        "image_id": first(f"{TEMPLATE_DATA}.ImageId"),
        "instance_type": first(f"{TEMPLATE_DATA}.InstanceType"),
        "vpc_security_group_ids": f"{TEMPLATE_DATA}.SecurityGroupIds",
        "metadata_options": lambda item: blocks("$options")(
            Item({"$options": [o] if (o := first(f"{TEMPLATE_DATA}.MetadataOptions")(item)) else []}, item.place)
        ),
        "monitoring": lambda item: (
            [{"enabled": bool(m.get("Enabled"))}] if (m := first(f"{TEMPLATE_DATA}.Monitoring")(item)) else None
        ),
        "iam_instance_profile": lambda item: (
            [{"arn": p.get("Arn"), "name": p.get("Name")}]
            if (p := first(f"{TEMPLATE_DATA}.IamInstanceProfile")(item))
            else None
        ),
        "network_interfaces": blocks(f"{TEMPLATE_DATA}.NetworkInterfaces"),
        "block_device_mappings": lambda item: [
            {
                "device_name": m.get("DeviceName"),
                "no_device": m.get("NoDevice"),
                "ebs": blocks("$ebs")(Item({"$ebs": [m["Ebs"]] if "Ebs" in m else []}, item.place)),
            }
            for m in item[f"{TEMPLATE_DATA}.BlockDeviceMappings"] or ()
        ],
        "user_data": script(first(f"{TEMPLATE_DATA}.UserData")),
    },
)

TABLES = [
    Service(
        name="ec2",
        asks=(
            Ask(
                operation="DescribeInstances",
                items="Reservations.Instances",
                then=(
                    Ask(
                        operation="DescribeVolumes",
                        items="Volumes",
                        params={
                            "Filters": lambda item: [{"Name": "attachment.instance-id", "Values": [item["InstanceId"]]}]
                        },
                        put="$volumes",
                        feeds=("root_block_device", "ebs_block_device"),
                        when="BlockDeviceMappings",
                    ),
                    Ask(
                        operation="DescribeInstanceAttribute",
                        params={"InstanceId": "InstanceId", "Attribute": "=userData"},
                        put="$script",
                        feeds=("user_data",),
                    ),
                ),
                makes=(INSTANCE,),
            ),
            Ask(
                operation="DescribeLaunchTemplates",
                items="LaunchTemplates",
                then=(
                    Ask(
                        operation="DescribeLaunchTemplateVersions",
                        items="LaunchTemplateVersions",
                        params={"LaunchTemplateId": "LaunchTemplateId", "Versions": ["=$Default"]},
                        put="$latest",
                        feeds=("aws_launch_template",),
                    ),
                ),
                makes=(TEMPLATE,),
            ),
            simple(
                "DescribeImages",
                "Images",
                "aws_ami",
                "ImageId",
                "image",
                params={"Owners": ["=self"]},
                rename={"BlockDeviceMappings": None},
                fields={
                    "ebs_block_device": lambda item: [
                        {
                            "device_name": m.get("DeviceName"),
                            "snapshot_id": m["Ebs"].get("SnapshotId"),
                            "encrypted": m["Ebs"].get("Encrypted"),
                        }
                        for m in item["BlockDeviceMappings"] or ()
                        if "Ebs" in m
                    ]
                },
            ),
            Ask(
                operation="GetImageBlockPublicAccessState",
                makes=(
                    Make(
                        type="aws_ec2_image_block_public_access",
                        address="arn:{partition}:ec2:{region}:{account}:image-block-public-access",
                        name="{account}",
                        when="ImageBlockPublicAccessState",
                        bare=True,
                        fields={"state": "ImageBlockPublicAccessState"},
                    ),
                ),
            ),
            Ask(
                operation="GetInstanceMetadataDefaults",
                items="AccountLevel",
                makes=(
                    Make(
                        type="aws_ec2_instance_metadata_defaults",
                        address="arn:{partition}:ec2:{region}:{account}:instance-metadata-defaults",
                        name="{account}",
                    ),
                ),
            ),
        ),
    ),
]

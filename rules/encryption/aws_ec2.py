from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, rule
from assay.analysis.aws_defaults import encrypts_volumes
from assay.analysis.parts import one_by_one


def _device(block: Block, graph: Graph) -> Iterator[Finding]:
    # A launch template's attribute is text for the provider, so both spellings occur.
    if block["encrypted"] in (True, "true") or block["no_device"] == True:
        return
    if block.absent("encrypted") and encrypts_volumes(block.resource, graph):
        return
    if block.absent("encrypted") and not block.absent("snapshot_id"):
        yield block.unsure("the volume takes its encryption from a snapshot", at="snapshot_id")
    else:
        yield block.fails("the volume is not encrypted", at="encrypted", fix=block.set("encrypted", True))


def _mapping(mapping: Block, graph: Graph) -> Iterator[Finding]:
    for ebs in mapping.each("ebs"):
        yield from _device(ebs, graph)


def _root(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """What to say of a machine without a root_block_device; a launch template that has devices is judged itself."""
    if machine.type != "aws_instance" or machine.absent("launch_template"):
        yield machine.fails("no root_block_device says that the root volume is encrypted", at="root_block_device")
        return
    named = [t for path in ("launch_template.id", "launch_template.name") for t in graph.follow(machine, path)]
    for template in named:
        if template.source == "uncollected":
            yield machine.unsure(f"what {template} says of the root volume is not known here", at="launch_template")
        elif not template.each("block_device_mappings"):
            said = f"neither it nor {template} says that the root volume is encrypted"
            yield machine.fails(said, at="root_block_device", because=[template.where()])


@rule(
    on=["aws_launch_configuration", "aws_launch_template", "aws_instance"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_8",
        "kics:4de9de27",
        "AVD-AWS-0122",
        "AVD-AWS-0008",
        "AVD-AWS-0131",
        "steampipe-aws:ec2_launch_template_ebs_volume_encrypted",
        "steampipe-aws:ec2_spot_fleet_request_with_launch_parameter_ebs_encryption_enabled",
    ],
)
def aws_ec2_block_device_unencrypted(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Root and attached volumes of instances are encrypted.

    ## Why
    Swap, temporary files and logs reach the root volume whether or not anybody meant to keep data there.
    ## Fix
    Write a `root_block_device` with `encrypted = true`, and the same in every other block device; or switch on
    `aws_ebs_encryption_by_default`, which encrypts those that say nothing.
    """
    if machine.type == "aws_launch_template":
        yield from one_by_one(machine.each("block_device_mappings"), lambda mapping: _mapping(mapping, graph))
        return
    roots = machine.each("root_block_device")
    if not roots and not encrypts_volumes(machine, graph):
        yield from _root(machine, graph)
    yield from one_by_one(roots, lambda device: _device(device, graph))
    yield from one_by_one(machine.each("ebs_block_device"), lambda device: _device(device, graph))


@rule(
    on=["aws_ami", "aws_ami_copy"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_235", "kics:8bbb242f", "steampipe-aws:ec2_ami_ebs_encryption_enabled"],
)
def aws_ami_unencrypted(image: Resource, graph: Graph) -> Iterator[Finding]:
    """Machine images are encrypted.

    ## Why
    Every instance started from the image gets its volumes as the image has them, and an image is easily shared.
    ## Fix
    Set `encrypted = true` in every `ebs_block_device`, or on the copy.
    """
    if image.type == "aws_ami_copy":
        if image["encrypted"] != True:
            yield image.fails("the copy is not encrypted", at="encrypted", fix=image.set("encrypted", True))
        return

    def device(block: Block) -> Iterator[Finding]:
        if block["encrypted"] == True:
            return
        for snapshot in graph.follow(block, "snapshot_id"):
            copied = snapshot.type == "aws_ebs_snapshot_copy"
            for source in [snapshot] if copied else graph.follow(snapshot, "volume_id"):
                if source["encrypted"] == True:
                    return
        yield block.fails("the block device is not encrypted", at="encrypted")

    yield from one_by_one(image.each("ebs_block_device"), device)


@rule(
    on=["aws_ami", "aws_ami_copy"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_236", "CKV_AWS_204"],
)
def aws_ami_no_customer_key(image: Resource, graph: Graph) -> Iterator[Finding]:
    """Machine images are encrypted with a customer key.

    ## Why
    An image under the managed key cannot be shared with another account; a key of one's own says with which.
    ## Fix
    Set `kms_key_id` on the copy; register an image from a snapshot copy that has one.
    """
    if image.type == "aws_ami_copy":
        if image.absent("kms_key_id"):
            yield image.fails("the copy names no key", at="kms_key_id")
        return

    def device(block: Block) -> Iterator[Finding]:
        if block["snapshot_id"] in (None, "") and block["encrypted"] != True:
            yield block.fails("the block device is not encrypted at all", at="encrypted")
        for snapshot in graph.follow(block, "snapshot_id"):
            sources = graph.follow(snapshot, "volume_id") if snapshot.type == "aws_ebs_snapshot" else [snapshot]
            for source in sources:
                if source.absent("kms_key_id"):
                    place = source.where("kms_key_id")
                    yield block.fails(
                        f"{source} is not encrypted with a key of one's own", at="snapshot_id", because=[place]
                    )

    yield from one_by_one(image.each("ebs_block_device"), device)

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule


@rule(
    on=[
        "aws_imagebuilder_component",
        "aws_imagebuilder_distribution_configuration",
        "aws_imagebuilder_image_recipe",
    ],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_180", "CKV_AWS_199", "CKV_AWS_200"],
)
def aws_imagebuilder_no_customer_key(r: Resource) -> Iterator[Finding]:
    """What Image Builder makes is encrypted with a customer key.

    ## Why
    Images go to other accounts and regions; only a key of one's own says to which.
    ## Fix
    Set `kms_key_id` on the component, in the AMI distribution, and on every encrypted volume of the recipe.
    """
    if r.type == "aws_imagebuilder_component":
        if r.absent("kms_key_id"):
            yield r.fails("no key is named", at="kms_key_id")
    elif r.type == "aws_imagebuilder_image_recipe":
        for mapping in r.each("block_device_mapping"):
            for volume in mapping.each("ebs"):
                if volume["encrypted"] not in (True, "true") or volume.absent("kms_key_id"):
                    yield volume.fails("the volume is not encrypted with a key of one's own", at="kms_key_id")
    else:
        for target in r.each("distribution"):
            for image in target.each("ami_distribution_configuration"):
                if image.absent("kms_key_id"):
                    yield image.fails("the distributed image names no key", at="kms_key_id")

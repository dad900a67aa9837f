from collections.abc import Iterator

from assay import LOW, Block, Finding, require, rule
from assay.analysis.parts import one_by_one

require(
    "aws-imagebuilder-component-no-customer-key",
    on="aws_imagebuilder_component",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_180"],
    title="Components of images are encrypted with a customer key.",
    why="A component is a script that runs in every image; only a key of one's own says who may read it.",
)


@rule(
    on="aws_imagebuilder_image_recipe",
    each="block_device_mapping",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_200"],
)
def aws_imagebuilder_recipe_no_customer_key(mapping: Block) -> Iterator[Finding]:
    """The volumes of built images are encrypted with a customer key.

    ## Why
    Images go to other accounts and regions; only a key of one's own says to which.
    ## Fix
    Set `encrypted = true` and `kms_key_id` in every `ebs` block of the recipe.
    """

    def volume(ebs: Block) -> Iterator[Finding]:
        if ebs["encrypted"] not in (True, "true") or ebs.absent("kms_key_id"):
            yield ebs.fails("the volume is not encrypted with a key of one's own", at="kms_key_id")

    yield from one_by_one(mapping.each("ebs"), volume)


@rule(
    on="aws_imagebuilder_distribution_configuration",
    each="distribution",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_199"],
)
def aws_imagebuilder_distribution_no_customer_key(target: Block) -> Iterator[Finding]:
    """Distributed images are encrypted with a customer key.

    ## Why
    A copy under the managed key of another region cannot be shared, and its readers cannot be named.
    ## Fix
    Set `kms_key_id` in `ami_distribution_configuration`.
    """
    path = "ami_distribution_configuration"
    if not target.absent(path) and target.absent(f"{path}.kms_key_id"):
        yield target.fails("the distributed image names no key", at=f"{path}.kms_key_id")

"""Image Builder: components, recipes, distributions."""

from __future__ import annotations

from assay.inventory.aws.common import nested
from assay.inventory.aws.table import Ask, Make, Service


def each(list_: str, items: str, describe: str, item: str, make: Make) -> Ask:
    parameter = f"{item}Arn" if item != "component" else "componentBuildVersionArn"
    own = {} if item == "distributionConfiguration" else {"owner": "=Self"}
    return Ask(
        operation=list_,
        params=own,
        items=items,
        then=(Ask(operation=describe, params={parameter: "arn"}, items=item, makes=(make,)),),
    )


COMPONENT = Make(
    type="aws_imagebuilder_component",
    address="arn",
    name="name",
    rename={"state": None, "data": None, "parameters": None, "productCodes": None},
    fields={"id": "arn"},
    keys=("kms_key_id",),
)
IMAGE_RECIPE = Make(
    type="aws_imagebuilder_image_recipe",
    address="arn",
    name="name",
    rename={"blockDeviceMappings": None, "components": None, "additionalInstanceConfiguration": None},
    fields={"id": "arn", "block_device_mapping": nested("blockDeviceMappings")},
    keys=("block_device_mapping.ebs.kms_key_id",),
)
DISTRIBUTION = Make(
    type="aws_imagebuilder_distribution_configuration",
    address="arn",
    name="name",
    rename={"distributions": None, "timeoutMinutes": None},
    fields={"id": "arn", "distribution": nested("distributions", {"amiTags": None, "containerTags": None})},
    keys=("distribution.ami_distribution_configuration.kms_key_id",),
)

TABLES = [
    Service(
        name="imagebuilder",
        asks=(
            each("ListComponents", "componentVersionList", "GetComponent", "component", COMPONENT),
            each("ListImageRecipes", "imageRecipeSummaryList", "GetImageRecipe", "imageRecipe", IMAGE_RECIPE),
            each(
                "ListDistributionConfigurations",
                "distributionConfigurationSummaryList",
                "GetDistributionConfiguration",
                "distributionConfiguration",
                DISTRIBUTION,
            ),
        ),
    )
]

"""CodePipeline: pipelines with the stores of their artifacts."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import structure, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service


def stores(item: Item) -> list[dict[str, Any]]:
    """The store, or one for each region."""
    one = item["pipeline.artifactStore"]
    several = item["pipeline.artifactStores"] or {}
    made = [structure(one)] if one else []
    return made + [{"region": region, **structure(store)} for region, store in several.items()]


PIPELINE = Make(
    type="aws_codepipeline",
    address="metadata.pipelineArn",
    name="pipeline.name",
    when="pipeline",
    bare=True,
    fields={
        "id": "pipeline.name",
        "arn": "metadata.pipelineArn",
        "name": "pipeline.name",
        "role_arn": "pipeline.roleArn",
        "pipeline_type": "pipeline.pipelineType",
        "execution_mode": "pipeline.executionMode",
        "artifact_store": stores,
        "tags": tag_map("tags"),
        "tags_all": tag_map("tags"),
    },
    keys=("artifact_store.encryption_key.id",),
)

TABLES = [
    Service(
        name="codepipeline",
        asks=(
            Ask(
                operation="ListPipelines",
                items="pipelines",
                then=(
                    Ask(
                        operation="GetPipeline",
                        params={"name": "name"},
                        then=(tags("ListTagsForResource", resourceArn="metadata.pipelineArn"),),
                        makes=(PIPELINE,),
                    ),
                ),
            ),
        ),
    )
]

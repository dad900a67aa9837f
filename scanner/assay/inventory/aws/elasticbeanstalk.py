"""Elastic Beanstalk: environments with the settings that tell how they are watched and updated."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.masks import masked, uncredited

VARIABLES = "aws:elasticbeanstalk:application:environment"


def settings(item: Item) -> list[dict[str, Any]]:
    """The settings; what environment variables hold is masked, and of the others what is a credential."""
    made = []
    for one in item["$settings"] or ():
        for s in one.get("OptionSettings", ()):
            if s.get("Value") is not None:
                hide = masked if s.get("Namespace") == VARIABLES else uncredited
                value = hide(s["OptionName"], s["Value"])
                made.append({"namespace": s.get("Namespace"), "name": s.get("OptionName"), "value": value})
    return made


ENVIRONMENT = Make(
    type="aws_elastic_beanstalk_environment",
    address="EnvironmentArn",
    name="EnvironmentName",
    bare=True,
    fields={
        "id": "EnvironmentId",
        "arn": "EnvironmentArn",
        "name": "EnvironmentName",
        "application": "ApplicationName",
        "solution_stack_name": "SolutionStackName",
        "setting": settings,
        "tags": tag_map("ResourceTags"),
        "tags_all": tag_map("ResourceTags"),
    },
)

TABLES = [
    Service(
        name="elasticbeanstalk",
        asks=(
            Ask(
                operation="DescribeEnvironments",
                params={"IncludeDeleted": False},
                items="Environments",
                then=(
                    Ask(
                        operation="DescribeConfigurationSettings",
                        params={"ApplicationName": "ApplicationName", "EnvironmentName": "EnvironmentName"},
                        items="ConfigurationSettings",
                        put="$settings",
                        feeds=("setting",),
                    ),
                    tags("ListTagsForResource", ResourceArn="EnvironmentArn"),
                ),
                makes=(ENVIRONMENT,),
            ),
        ),
    )
]

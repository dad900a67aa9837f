"""Facts about Lambda: when runtimes end, and what the pieces of a layer's ARN say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Ref, Text, Undetermined, Unknown

if TYPE_CHECKING:
    from assay.model import Resource

END_OF_SUPPORT = {
    "nodejs": "2016-10-31", "nodejs4.3": "2020-03-05", "nodejs4.3-edge": "2019-04-30", "nodejs6.10": "2019-08-12",
    "nodejs8.10": "2020-03-06", "nodejs10.x": "2021-07-30", "nodejs12.x": "2023-03-31", "nodejs14.x": "2023-12-04",
    "nodejs16.x": "2024-06-12", "nodejs18.x": "2025-09-01", "nodejs20.x": "2026-04-30", "nodejs22.x": "2027-04-30",
    "nodejs24.x": "2028-04-30", "python2.7": "2021-07-15", "python3.6": "2022-07-18", "python3.7": "2023-12-04",
    "python3.8": "2024-10-14", "python3.9": "2025-12-15", "python3.10": "2026-10-31", "python3.11": "2027-06-30",
    "python3.12": "2028-10-31", "python3.13": "2029-06-30", "python3.14": "2029-06-30", "java8": "2024-01-08",
    "java8.al2": "2027-06-30", "java11": "2027-06-30", "java17": "2027-06-30", "java21": "2029-06-30",
    "java25": "2029-06-30", "dotnetcore1.0": "2019-06-27", "dotnetcore2.0": "2019-05-30",
    "dotnetcore2.1": "2022-01-05", "dotnetcore3.1": "2023-04-03", "dotnet5.0": "2022-05-10", "dotnet6": "2024-12-20",
    "dotnet7": "2024-05-14", "dotnet8": "2026-11-10", "dotnet10": "2028-11-14", "ruby2.5": "2021-07-30",
    "ruby2.7": "2023-12-07", "ruby3.2": "2026-03-31", "ruby3.3": "2027-03-31", "ruby3.4": "2028-03-31",
    "go1.x": "2024-01-08", "provided": "2024-01-08", "provided.al2": "2026-07-31", "provided.al2023": "2029-06-30",
}  # fmt: skip
"""The day AWS ends a runtime's support (developer guide, "Lambda runtimes", read in November 2026)."""

AWS_LAYER_ACCOUNTS = (
    "017000801446", "094274105915", "580247275435", "336392948345", "901920570463", "177933569100", "027255383542",
    "615299751070", "133256977650", "124355645722", "770693421928",
)  # fmt: skip
"""Accounts from which AWS publishes layers: Powertools, Insights, SDK for pandas, telemetry, parameters, AppConfig."""


def layer_parts(arn: Any) -> tuple[str, str, str]:
    """Account, name without version, and version of a layer's ARN; empty where the ARN has none.

    Raises:
        Undetermined: the ARN is unknown.
    """
    if isinstance(arn, Unknown):
        raise Undetermined(arn)
    pieces = str(arn).split(":")
    if len(pieces) < 7 or pieces[5] != "layer":
        return "", str(arn), ""
    version = pieces[7] if len(pieces) > 7 and pieces[7].isdigit() else ""
    return pieces[4], ":".join(pieces[:7]), version


def layer_pinned(arn: Any) -> bool:
    """True when the layer's ARN names one version.

    Raises:
        Undetermined: the ARN is unknown.
    """
    if isinstance(arn, Ref):
        return arn.attribute != "layer_arn"
    if isinstance(arn, Text):
        pieces = "".join(p if isinstance(p, str) else "x" for p in arn.parts).split(":")
        if arn.prefix.startswith("arn:") and len(pieces) in (7, 8):
            return len(pieces) == 8
    return layer_parts(arn)[2] != ""


def newest_beside(function: Resource, others: list[Resource]) -> dict[str, tuple[int, Resource]]:
    """The highest version of each layer that these functions use, by the ARN without its version."""
    newest: dict[str, tuple[int, Resource]] = {}
    for other in list.__iter__(others):
        layers = other.values.get("layers")
        for arn in list.__iter__(layers) if isinstance(layers, list) else ():
            if not isinstance(arn, Unknown):
                _, name, version = layer_parts(arn)
                if version and int(version) > newest.get(name, (0, function))[0]:
                    newest[name] = (int(version), other)
    return newest


def layer_made_here(arn: Any) -> bool:
    """True for the ARN of a layer version that the same configuration makes."""
    target = f".{arn.target}" if isinstance(arn, Ref) else ""
    return ".aws_lambda_layer_version." in target and ".data.aws_lambda_layer_version." not in target

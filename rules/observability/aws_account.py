"""Services that watch the account."""

from collections.abc import Iterator
from typing import Any

from assay import INFO, LOW, MEDIUM, Finding, Graph, Resource, any_of, require, rule

require(
    "aws-guardduty-off",
    on="aws_guardduty_detector",
    path="enable",
    not_equals=False,
    default=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV_AWS_238"],
    title="Threat detection is on.",
    why="A suspended detector finds nothing and says nothing about it.",
)


_RECORDER = "aws_config_configuration_recorder"
_GROUP = "recording_group"


@rule(on=_RECORDER, severity=LOW, controls=["nist-800-53r5:CM-8"], equivalents=["CKV2_AWS_48"], fixable=True)
def aws_config_partial_recorder(recorder: Resource, graph: Graph) -> Iterator[Finding]:
    """The recorder records every type of resource.

    The types of IAM, which belong to no region, need one recorder of the account that includes them; any will do.

    ## Why
    What is not recorded has no history, and no rule judges it.
    ## Fix
    Set `all_supported = true`, and `include_global_resource_types = true` in one region.
    """
    if recorder[f"{_GROUP}.all_supported"] == False:
        at = f"{_GROUP}.all_supported"
        yield recorder.fails("only some types are recorded", at=at, fix=recorder.set(at, True))
    elif not any_of(graph.collected(_RECORDER), _records_global):
        at = f"{_GROUP}.include_global_resource_types"
        yield recorder.fails("no recorder records users, roles and policies", at=at, fix=recorder.set(at, True))


def _records_global(recorder: Resource) -> bool:
    named = recorder[f"{_GROUP}.resource_types"] or []
    return recorder[f"{_GROUP}.include_global_resource_types"] == True or any_of(named, lambda t: t == "AWS::IAM::Role")


require(
    "aws-cloudtrail-no-notice",
    on="aws_cloudtrail",
    path="sns_topic_name",
    present=True,
    severity=INFO,
    controls=["nist-800-53r5:AU-6"],
    equivalents=["CKV_AWS_252"],
    title="Trails say when a log file has arrived.",
    why="Whoever reads the files has to look for them, and does not see when they stop.",
)


require(
    "aws-api-data-trace",
    on="aws_api_gateway_method_settings",
    path="settings.data_trace_enabled",
    not_equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-11"],
    equivalents=["CKV_AWS_276"],
    title="API logs do not hold requests and answers in full.",
    why="Tokens and personal data end up in a log that many may read.",
)


_ORGANISATION = "aws_guardduty_organization_configuration"


@rule(
    on=_ORGANISATION,
    severity=MEDIUM,
    sources=["terraform", "plan"],
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV2_AWS_3"],
    fixable=True,
)
def aws_guardduty_new_accounts_off(organisation: Resource) -> Iterator[Finding]:
    """Threat detection is on in the accounts that join the organisation.

    ## Why
    An account that somebody makes tomorrow is watched by nobody until somebody remembers it.
    ## Fix
    Set `auto_enable_organization_members` to `ALL`, or to `NEW`.
    """
    at = "auto_enable_organization_members"
    if organisation[at] not in ("ALL", "NEW") and organisation["auto_enable"] != True:
        yield organisation.fails("new accounts join without it", at=at, fix=organisation.set(at, "ALL"))


def _features(detector: Resource, graph: Graph) -> list[Any]:
    """What is said of a detector's features: by resources of their own, or by the account."""
    separate = graph.users(detector, "aws_guardduty_detector_feature") if detector.source != "aws" else []
    return [*separate, *detector.each("feature")]


@rule(
    on=["aws_guardduty_detector"],
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "prowler:guardduty_eks_runtime_monitoring_enabled",
        "steampipe-aws:guardduty_detector_eks_runtime_monitoring_enabled",
        "steampipe-aws:guardduty_detector_runtime_monitoring_enabled",
        "steampipe-aws:guardduty_detector_ecs_runtime_monitoring_enabled",
        "steampipe-aws:guardduty_detector_ec2_runtime_monitoring_enabled",
    ],
)
def aws_guardduty_no_runtime_monitoring(detector: Resource, graph: Graph) -> Iterator[Finding]:
    """Threat detection looks at what runs, not only at the traffic.

    ## Why
    A process that opens a shell in a container leaves no trace in flow logs or API calls.
    ## Fix
    Declare an `aws_guardduty_detector_feature` `RUNTIME_MONITORING` with status `ENABLED`.
    """
    runtime = ("RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING")
    found = _features(detector, graph)
    everywhere = (
        graph.beside(detector, "aws_guardduty_organization_configuration_feature") if detector.source != "aws" else []
    )
    if any_of(everywhere, lambda f: f["name"] in runtime and f["auto_enable"] in ("ALL", "NEW")):
        return
    if detector["enable"] != False and not any_of(found, lambda f: f["name"] in runtime and f["status"] == "ENABLED"):
        yield detector.fails("runtime monitoring is not enabled")


@rule(
    on=["aws_guardduty_detector"],
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "prowler:guardduty_eks_audit_log_enabled",
        "steampipe-aws:guardduty_detector_eks_audit_log_monitoring_enabled",
    ],
)
def aws_guardduty_no_eks_audit(detector: Resource, graph: Graph) -> Iterator[Finding]:
    """Threat detection reads the audit log of Kubernetes.

    A new detector does so by default: one is judged that switches it off.

    ## Why
    Who lists secrets or makes a privileged pod shows in that log only.
    ## Fix
    Set the feature `EKS_AUDIT_LOGS` to `ENABLED`, or remove what disables it.
    """
    if detector["enable"] == False:
        return
    off = detector["datasources.kubernetes.audit_logs.enable"] == False
    features = _features(detector, graph)
    if off or any_of(features, lambda f: f["name"] == "EKS_AUDIT_LOGS" and f["status"] == "DISABLED"):
        yield detector.fails("the audit log of Kubernetes is not read", at="datasources")

"""OCI DevOps: what is built from what, and who lets it go out."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, require, rule, show
from assay.analysis.images import is_floating
from assay.analysis.oci_devops import is_ungated, ungated

SOURCE = "deploy_artifact_source"
DEPLOYS = (
    "oke_blue_green_deploy_stage_id", "oke_canary_deploy_stage_id",
    "compute_instance_group_blue_green_deployment_deploy_stage_id", "compute_instance_group_canary_deploy_stage_id",
)  # fmt: skip
WITH_ROLLBACK = (
    "COMPUTE_INSTANCE_GROUP_ROLLING_DEPLOYMENT", "LOAD_BALANCER_TRAFFIC_SHIFT", "OKE_DEPLOYMENT",
    "OKE_HELM_CHART_DEPLOYMENT",
)  # fmt: skip
# What a build runner stands on, and when its support ended.
ENDED = {"OL7": "2024-12-31"}


@rule(
    on=["oci_devops_deploy_artifact", "oci_devops_deploy_pipeline"],
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-2", "nist-800-53r5:SI-7"],
)
def oci_devops_latest_image(resource: Resource) -> Iterator[Finding]:
    """What is deployed is one known image.

    ## Why
    What `latest` names changes with every push: the deployment that was approved is not the one that runs.
    ## Fix
    Give the image the build's own tag, or set `image_digest` to its real digest.
    """
    for parameter in resource.each("deploy_pipeline_parameters.items"):
        default = parameter["default_value"]
        if default != None and (default.lower() == "latest" or default.lower().endswith(":latest")):
            yield parameter.fails("the parameter defaults to latest", at="default_value")
    digest, image = resource[f"{SOURCE}.image_digest"], resource[f"{SOURCE}.image_uri"]
    if digest != None and digest != "":
        if not digest.startswith(("sha256:", "${")):
            yield resource.fails(f"{show(digest)} is no digest", at=f"{SOURCE}.image_digest")
    elif image != None and is_floating(image):
        yield resource.fails(f"{show(image)} is whatever was pushed last", at=f"{SOURCE}.image_uri")


require(
    "oci-devops-mutable-artifacts",
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-2", "nist-800-53r5:SI-7"],
    on="oci_artifacts_repository",
    path="is_immutable",
    equals=True,
    title="Artifact repositories are immutable.",
    why="An artifact that can be replaced under its own name and version may differ from what was tested.",
)


@rule(on="oci_devops_deploy_pipeline", severity=HIGH, controls=["nist-800-53r5:CM-3"])
def oci_devops_no_approval(pipeline: Resource, graph: Graph) -> Iterator[Finding]:
    """Somebody approves before a deployment reaches production.

    ## Why
    Otherwise every push to the branch, and whoever can push to it, changes production.
    ## Fix
    Put a stage of type `MANUAL_APPROVAL` before the stages that deploy to production.
    """
    for stage in ungated(graph.users(pipeline, "oci_devops_deploy_stage"), graph):
        yield pipeline.fails(
            f"{stage} deploys to production with no approval before it", because=[stage.where()], key=stage.address
        )


@rule(on="oci_devops_project", severity=LOW)
def oci_devops_no_notifications(project: Resource, graph: Graph) -> Iterator[Finding]:
    """Somebody hears of what a DevOps project does.

    ## Why
    Failed builds and pending approvals are announced to the project's topic: without a subscription, to nobody.
    ## Fix
    Subscribe to the topic of `notification_config`.
    """
    for topic in graph.follow(project, "notification_config.topic_id"):
        if topic.source == "uncollected":
            yield project.unsure(f"who subscribes to {topic} is not known", at="notification_config.topic_id")
        elif not graph.users(topic, "oci_ons_subscription"):
            yield project.fails(f"nobody subscribes to {topic}", at="notification_config.topic_id")


@rule(on="oci_devops_deploy_stage", severity=LOW)
def oci_devops_no_rollback(stage: Resource) -> Iterator[Finding]:
    """A deployment that fails is rolled back.

    ## Why
    Without a rollback policy a half finished deployment stays until somebody mends it by hand.
    ## Fix
    Set `rollback_policy { policy_type = "AUTOMATED_STAGE_ROLLBACK_POLICY" }`.
    """
    policy = "rollback_policy.policy_type"
    if stage["deploy_stage_type"] in WITH_ROLLBACK and stage[policy] != "AUTOMATED_STAGE_ROLLBACK_POLICY":
        yield stage.fails("nothing rolls it back when it fails", at=policy)


@rule(on="oci_devops_build_pipeline_stage", severity=MEDIUM, controls=["nist-800-53r5:SI-2"])
def oci_devops_old_build_image(stage: Resource) -> Iterator[Finding]:
    """Builds run on a supported image.

    ## Why
    A runner without security updates hands its weaknesses, and those of its tools, to everything it builds.
    ## Fix
    Choose a newer `image`, `OL8_X86_64_STANDARD_10` or later.
    """
    image = stage["image"]
    for start, ended in ENDED.items():
        if image != None and image.upper().startswith(f"{start}_"):
            yield stage.fails(f"support of {show(image)} ended on {ended}", at="image")


@rule(on="oci_devops_deploy_stage", severity=HIGH, controls=["nist-800-53r5:CM-3"])
def oci_devops_traffic_shift_ungated(stage: Resource, graph: Graph) -> Iterator[Finding]:
    """Somebody approves before traffic moves to the new version.

    ## Why
    A blue-green or canary deployment is there to look before everybody gets it; without a stop nobody looks.
    ## Fix
    Put a stage of type `MANUAL_APPROVAL` between the deployment and its traffic shift.
    """
    kind = stage["deploy_stage_type"]
    for path in DEPLOYS:
        for deploy in graph.follow(stage, path):
            if kind != None and kind.endswith("_TRAFFIC_SHIFT") and is_ungated(stage, graph, deploy):
                yield stage.fails("nobody approves between the deployment and its traffic shift", at=path)

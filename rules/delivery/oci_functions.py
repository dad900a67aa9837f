"""Which image a function runs."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule, show
from assay.analysis.images import is_floating


@rule(on="oci_functions_function", severity=MEDIUM, controls=["nist-800-53r5:CM-2", "nist-800-53r5:SI-7"])
def oci_function_image_unpinned(function: Resource) -> Iterator[Finding]:
    """Functions run a fixed version of their image.

    ## Why
    What `latest` names changes with every push: nobody can say which code ran, or go back to the one that worked.
    ## Fix
    Give the image a version tag, or better, set `image_digest`.
    """
    if not function.absent("image_digest") and function["image_digest"] != "":
        return
    image = function["image"]
    if image != None and is_floating(image):
        yield function.fails(f"{show(image)} is whatever was pushed last", at="image")


require(
    "oci-function-no-image-policy",
    severity=LOW,
    controls=["nist-800-53r5:SI-7", "nist-800-53r5:CM-14"],
    on="oci_functions_application",
    path="image_policy_config.is_policy_enabled",
    equals=True,
    title="Function applications run only signed images.",
    why="Without an image policy whoever can push to the registry decides what runs here.",
)

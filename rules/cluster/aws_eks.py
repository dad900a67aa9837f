"""EKS clusters."""

import re
from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule

# The oldest version in any support, the paid one included, at the end of 2026.
OLDEST = (1, 32)


@rule(
    on="aws_eks_cluster",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-2"],
    equivalents=["CKV_AWS_339"],
)
def aws_eks_old_version(r: Resource) -> Iterator[Finding]:
    """EKS clusters run a supported version of Kubernetes.

    ## Why
    Old versions get no security updates, or get them at several times the price, and are upgraded when the platform
    decides.
    ## Fix
    Raise `version`, one minor version at a time.
    """
    found = [int(n) for n in re.findall(r"\d+", str(r["version"]))]
    if len(found) > 1 and tuple(found[:2]) < OLDEST:
        yield r.fails(f"Kubernetes {r['version']} is out of support", at="version")

from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, Resource, rule

_POLICY = "policy_details"


def _copies(policy: Resource) -> Iterator[tuple[Block, str, str]]:
    """Every copy to another region: by schedule and by event, with where each says it is encrypted and by which key."""
    for schedule in policy.each(f"{_POLICY}.schedule"):
        for copy in schedule.each("cross_region_copy_rule"):
            yield copy, "encrypted", "cmk_arn"
    for copy in policy.each(f"{_POLICY}.action.cross_region_copy"):
        yield copy, "encryption_configuration.encrypted", "encryption_configuration.cmk_arn"


@rule(
    on="aws_dlm_lifecycle_policy",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_253", "CKV_AWS_255"],
)
def aws_dlm_copy_unencrypted(policy: Resource) -> Iterator[Finding]:
    """Snapshots that a lifecycle policy copies elsewhere are encrypted.

    ## Why
    A plain copy in another region is easily forgotten there, and shared without anybody's key.
    ## Fix
    Set `encrypted = true` in the copy.
    """
    for copy, encrypted, _key in _copies(policy):
        if copy[encrypted] != True:
            yield copy.fails("the copy is not encrypted", at=encrypted, fix=copy.set(encrypted, True))


@rule(
    on="aws_dlm_lifecycle_policy",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_254", "CKV_AWS_256"],
)
def aws_dlm_copy_no_customer_key(policy: Resource) -> Iterator[Finding]:
    """Snapshots that a lifecycle policy copies elsewhere are encrypted with a customer key.

    ## Why
    In the other region the copy is otherwise under a managed key that nobody governs.
    ## Fix
    Set `cmk_arn` in the copy to a key of that region.
    """
    for copy, _encrypted, key in _copies(policy):
        if copy.absent(key):
            yield copy.fails("the copy names no key", at=key)

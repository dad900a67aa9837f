from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule


@rule(
    on="aws_workspaces_workspace",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_156",
        "CKV_AWS_155",
        "kics:b9033580",
        "AVD-AWS-0109",
        "prowler:workspaces_volume_encryption_enabled",
        "steampipe-aws:workspaces_workspace_user_volume_encryption_enabled",
        "steampipe-aws:workspaces_workspace_volume_encryption_enabled",
        "steampipe-aws:workspaces_workspace_root_volume_encryption_enabled",
    ],
)
def aws_workspace_volume_unencrypted(workspace: Resource) -> Iterator[Finding]:
    """The volumes of desktops are encrypted.

    ## Why
    Mail, downloads and saved passwords of a person end up on these volumes.
    ## Fix
    Set `root_volume_encryption_enabled` and `user_volume_encryption_enabled`; existing desktops must be rebuilt.
    """
    for volume in ("root", "user"):
        path = f"{volume}_volume_encryption_enabled"
        if workspace[path] != True:
            mend = workspace.set(path, True, safe=False)
            yield workspace.fails(f"the {volume} volume is not encrypted", at=path, fix=mend)

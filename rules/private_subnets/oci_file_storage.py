"""Who is root on a shared file system."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule

OPTIONS = "export_options"


@rule(on="oci_file_storage_export", severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["CKV2_OCI_4"])
def oci_file_export_no_root_squash(export: Resource) -> Iterator[Finding]:
    """A client's root is not root on the file system.

    ## Why
    Without squashing, whoever is root on any client reads and changes everybody's files. Without options at all,
    that is what the service does, for every client.
    ## Fix
    Write `export_options` with `identity_squash = "ROOT"`, or `"ALL"`.
    """
    options = export.each(OPTIONS)
    if export.absent(OPTIONS):
        yield export.fails("no options: every client's root is root", at=OPTIONS)
    for option in options:
        if option["identity_squash"] == "NONE":
            yield option.fails("a client's root is root", at="identity_squash")

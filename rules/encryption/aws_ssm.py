from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, is_map, rule


@rule(
    on="aws_ssm_document",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_112", "kics:ce60cc6b"],
)
def aws_ssm_session_unencrypted(document: Resource) -> Iterator[Finding]:
    """Sessions of Session Manager are encrypted with a key.

    ## Why
    A session is a shell: what is typed and shown there includes passwords.
    ## Fix
    Set `kmsKeyId` in the `inputs` of the session document.
    """
    if document["document_type"] != "Session":
        return
    content = document.json("content")
    inputs = (content.get("inputs") or {}) if is_map(content) else {}
    if inputs.get("kmsKeyId") in (None, ""):
        yield document.fails("the session document names no key", at="content")

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule
from assay.analysis.ssm_sessions import session_inputs


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
    inputs = session_inputs(document)
    if inputs == None:
        return
    if inputs.get("kmsKeyId") in (None, ""):
        yield document.fails("the session document names no key", at="content")

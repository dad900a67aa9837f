from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule
from assay.analysis.ssm_sessions import session_inputs


@rule(
    on="aws_ssm_document",
    severity=LOW,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["CKV_AWS_113", "steampipe-aws:ssm_automation_cloudwatch_logging_enabled"],
)
def aws_ssm_session_no_log(document: Resource) -> Iterator[Finding]:
    """Sessions of Session Manager are logged, and the log is encrypted.

    ## Why
    A shell on a production machine without a record of what was done in it cannot be investigated.
    ## Fix
    Name a bucket or a log group in the session document, with `s3EncryptionEnabled` or `cloudWatchEncryptionEnabled`.
    """
    inputs = session_inputs(document)
    if inputs == None:
        return
    for name, encrypted in (
        ("s3BucketName", "s3EncryptionEnabled"),
        ("cloudWatchLogGroupName", "cloudWatchEncryptionEnabled"),
    ):
        if inputs.get(name) not in (None, "") and inputs.get(encrypted) == True:
            return
    yield document.fails("the session document names no encrypted log", at="content")

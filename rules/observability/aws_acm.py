from assay import LOW, require

require(
    "aws-acm-no-transparency-log",
    on="aws_acm_certificate",
    path="options.certificate_transparency_logging_preference",
    not_equals="DISABLED",
    severity=LOW,
    controls=["nist-800-53r5:AU-10"],
    equivalents=[
        "CKV_AWS_234",
        "prowler:acm_certificates_transparency_logs_enabled",
        "steampipe-aws:acm_certificate_transparency_logging_enabled",
    ],
    title="Certificates are published in the transparency logs.",
    why="Browsers distrust certificates that no log holds, and a certificate issued by mistake is found there.",
)

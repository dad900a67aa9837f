"""Services that watch the account."""

from assay import INFO, LOW, MEDIUM, require

require(
    "aws-guardduty-off",
    on="aws_guardduty_detector",
    path="enable",
    not_equals=False,
    default=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-4"],
    equivalents=["CKV_AWS_238"],
    title="Threat detection is on.",
    why="A suspended detector finds nothing and says nothing about it.",
)


require(
    "aws-config-partial-recorder",
    on="aws_config_configuration_recorder",
    path="recording_group.all_supported",
    equals=True,
    default=True,
    severity=LOW,
    controls=["nist-800-53r5:CM-8"],
    equivalents=["CKV2_AWS_48"],
    title="The recorder records every type of resource.",
    why="What is not recorded has no history, and no rule judges it.",
)


require(
    "aws-cloudtrail-no-notice",
    on="aws_cloudtrail",
    path="sns_topic_name",
    present=True,
    severity=INFO,
    controls=["nist-800-53r5:AU-6"],
    equivalents=["CKV_AWS_252"],
    title="Trails say when a log file has arrived.",
    why="Whoever reads the files has to look for them, and does not see when they stop.",
)


require(
    "aws-api-data-trace",
    on="aws_api_gateway_method_settings",
    path="settings.data_trace_enabled",
    not_equals=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-11"],
    equivalents=["CKV_AWS_276"],
    title="API logs do not hold requests and answers in full.",
    why="Tokens and personal data end up in a log that many may read.",
)

from assay import LOW, require

require(
    "aws-event-bus-no-customer-key",
    on="aws_cloudwatch_event_bus",
    path="kms_key_identifier",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    title="Event buses are encrypted with a customer key.",
    why="Under the service's own key nobody can withdraw access to the events, and no key use is logged.",
    sources=["terraform", "plan", "aws"],
)

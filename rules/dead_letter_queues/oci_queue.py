"""Queues: what cannot be processed is set aside."""

from __future__ import annotations

from assay import MEDIUM, require

require(
    "oci-queue-no-dlq",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-11"],
    on="oci_queue_queue",
    path="dead_letter_queue_delivery_count",
    none_of=(0, "0"),
    title="Queues set aside what cannot be processed.",
    why=(
        "With a delivery count of 0 a message that always fails is delivered again until it expires, and is then gone."
    ),
)

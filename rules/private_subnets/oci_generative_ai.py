"""Generative AI endpoints in the private network."""

from __future__ import annotations

from assay import MEDIUM, require

require(
    "oci-generative-ai-public",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-7"],
    on="oci_generative_ai_endpoint",
    path="generative_ai_private_endpoint_id",
    present=True,
    title="Dedicated generative AI endpoints are reached through a private endpoint.",
    why="Prompts carry what people and documents say; over the public endpoint they leave the network to be answered.",
)

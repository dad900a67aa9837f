"""What generative AI is asked, and what it may answer."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule

ENDPOINT = "oci_generative_ai_endpoint"
SIDES = {"input": "should_enable_on_input", "output": "should_enable_on_output"}


def _moderated(agent: Resource, side: str, switch: str) -> bool:
    """True when an agent's endpoint moderates one side, by either of its two settings."""
    if agent[f"content_moderation_config.{switch}"] == True:
        return True
    mode = agent[f"guardrail_config.content_moderation_config.{side}_guardrail_mode"]
    return bool(mode != None and mode != "DISABLE")


@rule(
    on=[ENDPOINT, "oci_generative_ai_agent_agent_endpoint"],
    severity=LOW,
    controls=["nist-800-53r5:SI-10", "nist-800-53r5:SI-15"],
)
def oci_generative_ai_no_moderation(endpoint: Resource) -> Iterator[Finding]:
    """Generative AI endpoints moderate what comes in and what goes out.

    ## Why
    Without it the model answers insults, instructions to harm and attempts to make it forget its own.
    ## Fix
    Enable `content_moderation_config`; of an agent's endpoint for input and for output.
    """
    config = "content_moderation_config"
    if endpoint.type == ENDPOINT:
        if endpoint[f"{config}.is_enabled"] != True:
            yield endpoint.fails("content is not moderated", at=f"{config}.is_enabled")
        return
    for side, switch in SIDES.items():
        if not _moderated(endpoint, side, switch):
            yield endpoint.fails(f"{side} is not moderated", at=f"{config}.{switch}", key=side)

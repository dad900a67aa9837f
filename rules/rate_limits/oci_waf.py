"""How much one client may ask of a web site."""

from __future__ import annotations

from assay import MEDIUM, require

require(
    "oci-waf-no-rate-limit",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-5"],
    on="oci_waf_web_app_firewall_policy",
    path="request_rate_limiting.rules",
    present=True,
    title="Web application firewalls limit the rate of requests.",
    why=(
        "Password guessing and floods look like ordinary requests, only more of them: a rate limit is what tells them "
        "apart."
    ),
)

from assay import LOW, require

require(
    "aws-network-firewall-no-deletion-protection",
    on="aws_networkfirewall_firewall",
    path="delete_protection",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_344",
        "prowler:networkfirewall_deletion_protection",
        "steampipe-aws:networkfirewall_firewall_deletion_protection_enabled",
    ],
    title="Network firewalls are protected from deletion.",
    why="Without the firewall the routes through it lead nowhere, or past any inspection.",
)

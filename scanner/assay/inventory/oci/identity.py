"""Identity: the tenancy, its compartments and policies, who may sign in and with which credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.inventory.oci.table import COMPARTMENT, Row, of, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made

_SINGLE = {"id": "$tenancy", "compartment_id": "$tenancy"}  # there is one in a tenancy
_USER = {"user_id": "parent.id"}
_INACTIVE = {"inactive_status": "inactive_state"}
# The domain's own way to sign in is listed among the providers as well.
_FEDERATED = ("SAML", "SOCIAL", "X509")


def _provider(item: Item) -> Iterator[Made]:
    if item.model.type in _FEDERATED:
        yield item.made()


IDENTITY = table(
    "identity",
    of(
        "identity.IdentityClient",
        Row("tenancy", get="get_tenancy", key=("$tenancy",), grant="inspect tenancies", root=True),
        Row("oci_identity_compartment", "list_compartments", "inspect compartments", root=True,
            args={**COMPARTMENT, "compartment_id_in_subtree": True, "access_level": "ANY"}),
        Row("oci_identity_authentication_policy", get="get_authentication_policy", key=("$tenancy",), root=True,
            grant="inspect authentication-policies", address="$tenancy|authenticationPolicy", adds=_SINGLE),
        Row("oci_identity_user", "list_users", "inspect users", root=True, renames=_INACTIVE),
        Row("oci_identity_api_key", "list_api_keys", "read users", args=_USER, within="oci_identity_user",
            address=".key_id"),
        Row("oci_identity_auth_token", "list_auth_tokens", "read users", args=_USER, within="oci_identity_user"),
        Row("oci_identity_customer_secret_key", "list_customer_secret_keys", "read users", args=_USER,
            within="oci_identity_user"),
        Row("oci_identity_db_credential", "list_db_credentials", "read users", args=_USER,
            within="oci_identity_user"),
        Row("oci_identity_group", "list_groups", "inspect groups", root=True, renames=_INACTIVE),
        Row("oci_identity_user_group_membership", "list_user_group_memberships", "inspect groups",
            args={**COMPARTMENT, "group_id": "parent.id"}, within="oci_identity_group", renames=_INACTIVE),
        Row("oci_identity_dynamic_group", "list_dynamic_groups", "inspect dynamic-groups", root=True,
            renames=_INACTIVE),
        Row("oci_identity_policy", "list_policies", "inspect policies", renames=_INACTIVE),
        Row("oci_identity_network_source", "list_network_sources", "inspect network-sources", root=True,
            get="get_network_source", get_grant="inspect network-sources"),
        Row("oci_identity_identity_provider", "list_identity_providers", "inspect identity-providers", root=True,
            args={**COMPARTMENT, "protocol": "SAML2"}, renames=_INACTIVE),
        Row("oci_identity_idp_group_mapping", "list_idp_group_mappings", "inspect identity-providers",
            args={"identity_provider_id": "parent.id"}, within="oci_identity_identity_provider",
            renames={"idp_id": "identity_provider_id", **_INACTIVE}),
        Row("oci_identity_tag_default", "list_tag_defaults", "inspect tag-defaults"),
        Row("oci_identity_domain", "list_domains", "inspect domains"),
    ),
    of(
        "identity_domains.IdentityDomainsClient",
        Row("oci_identity_domains_password_policy", "list_password_policies", "inspect domains", args={},
            within="oci_identity_domain", endpoint="parent.url", adds={"idcs_endpoint": "parent.url"},
            address="parent.id|passwordPolicies|.id"),
        Row("oci_identity_domains_identity_provider", "list_identity_providers", "inspect domains", args={},
            within="oci_identity_domain", endpoint="parent.url", adds={"idcs_endpoint": "parent.url"},
            address="parent.id|identityProviders|.id", shape=_provider),
    ),
    home=True,
)  # fmt: skip

GOVERNANCE = table(
    "governance",
    of("audit.AuditClient", Row("oci_audit_configuration", get="get_configuration", key=("$tenancy",), root=True,
                                grant="read audit-events", address="$tenancy|auditConfiguration",
                                adds=_SINGLE)),
    of("limits.QuotasClient", Row("oci_limits_quota", "list_quotas", "inspect quotas", get="get_quota", root=True,
                                  get_grant="read quotas")),
    of(
        "budget.BudgetClient",
        Row("oci_budget_budget", "list_budgets", "inspect usage-budgets", root=True,
            args={**COMPARTMENT, "target_type": "ALL"}),
        Row("oci_budget_alert_rule", "list_alert_rules", "inspect usage-budgets", args={"budget_id": "parent.id"},
            within="oci_budget_budget", adds={"budget_id": "parent.id"}),
    ),
    of("budget.CostAdClient", Row("oci_budget_cost_anomaly_monitor", "list_cost_anomaly_monitors",
                                  "inspect usage-budgets", root=True, get="get_cost_anomaly_monitor")),
    of(
        "cloud_guard.CloudGuardClient",
        Row("oci_cloud_guard_cloud_guard_configuration", get="get_configuration", key=("$tenancy",), root=True,
            grant="read cloud-guard-config", address="$tenancy|cloudGuardConfiguration",
            adds=_SINGLE),
        Row("oci_cloud_guard_target", "list_targets", "inspect cloud-guard-targets", root=True, get="get_target",
            get_grant="read cloud-guard-targets",
            args={**COMPARTMENT, "compartment_id_in_subtree": True, "access_level": "ACCESSIBLE"}),
        Row("oci_cloud_guard_problem", "list_problems", "inspect cloud-guard-problems", root=True,
            args={**COMPARTMENT, "compartment_id_in_subtree": True, "access_level": "ACCESSIBLE"}),
        Row("oci_cloud_guard_security_zone", "list_security_zones", "inspect security-zone", get="get_security_zone"),
    ),
    home=True,
)  # fmt: skip

TABLES = (IDENTITY, GOVERNANCE)

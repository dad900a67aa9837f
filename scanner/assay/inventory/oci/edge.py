"""What faces callers: API gateways, load balancers, web application firewalls, network firewalls, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.oci.table import Row, of, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made

APIGATEWAY = table(
    "apigateway",
    of("apigateway.GatewayClient", Row("oci_apigateway_gateway", "list_gateways", "inspect api-gateways",
                                       get="get_gateway", get_grant="read api-gateways")),
    of("apigateway.DeploymentClient", Row("oci_apigateway_deployment", "list_deployments", "inspect api-deployments",
                                          get="get_deployment", get_grant="read api-deployments")),
    of("apigateway.UsagePlansClient", Row("oci_apigateway_usage_plan", "list_usage_plans", "inspect api-usage-plans",
                                          get="get_usage_plan", get_grant="read api-usage-plans")),
    of("apigateway.ApiGatewayClient", Row("oci_apigateway_certificate", "list_certificates",
                                          "inspect api-certificates")),
)  # fmt: skip

_PARTS = {
    "listeners": ("oci_load_balancer_listener", "listeners"),
    "backend_sets": ("oci_load_balancer_backend_set", "backendSets"),
    "rule_sets": ("oci_load_balancer_rule_set", "ruleSets"),
}


def _load_balancer(item: Item) -> Iterator[Made]:
    """A load balancer, and its listeners, backend sets and rule sets, which the provider has as types of their own."""
    parts = {name: item.values.pop(name, None) or {} for name in _PARTS}
    for name in ("certificates", "hostnames", "path_route_sets", "routing_policies", "ssl_cipher_suites"):
        item.values.pop(name, None)
    yield item.made()
    for name, (type_, word) in _PARTS.items():
        for key, blocks in parts[name].items():
            address = f"loadBalancers/{item.model.id}/{word}/{key}"
            values: dict[str, Any] = {**blocks[0], "id": address, "load_balancer_id": item.model.id}
            _rename_part(item.model.id, values)
            yield item.made(type_, address, values)


def _rename_part(balancer: str, values: dict[str, Any]) -> None:
    from assay.inventory.oci.shape import rename

    rename(values, ["health_checker", "interval_in_millis"], "interval_ms")
    rename(values, ["connection_configuration", "idle_timeout"], "idle_timeout_in_seconds")
    if values.get("rule_set_names"):  # names are unique within one balancer only
        values["rule_set_names"] = [f"loadBalancers/{balancer}/ruleSets/{n}" for n in values["rule_set_names"]]


LOAD_BALANCERS = table(
    "load-balancer",
    of("load_balancer.LoadBalancerClient", Row(
        "oci_load_balancer_load_balancer", "list_load_balancers", "inspect load-balancers", shape=_load_balancer,
        renames={"shape_name": "shape"}, makes=tuple(type_ for type_, _ in _PARTS.values()))),
    of("network_load_balancer.NetworkLoadBalancerClient", Row(
        "oci_network_load_balancer_network_load_balancer", "list_network_load_balancers",
        "inspect network-load-balancers")),
)  # fmt: skip


def _waas(item: Item) -> Iterator[Made]:
    origins = item.values.get("origins")
    if isinstance(origins, dict):
        item.values["origins"] = [{**blocks[0], "label": label} for label, blocks in origins.items()]
    yield item.made()


WAF = table(
    "waf",
    of(
        "waf.WafClient",
        Row("oci_waf_web_app_firewall_policy", "list_web_app_firewall_policies", "inspect waf-policy",
            get="get_web_app_firewall_policy", get_grant="read waf-policy"),
        Row("oci_waf_web_app_firewall", "list_web_app_firewalls", "inspect web-app-firewall"),
    ),
    of(
        "waas.WaasClient",
        Row("oci_waas_waas_policy", "list_waas_policies", "inspect waas-policy", get="get_waas_policy",
            get_grant="read waas-policy", shape=_waas),
        Row("oci_waas_protection_rule", "list_protection_rules", "read waas-policy",
            args={"waas_policy_id": "parent.id"}, within="oci_waas_waas_policy",
            adds={"waas_policy_id": "parent.id"}, address="waasPolicyId|parent.id|key|.key"),
    ),
)  # fmt: skip

_POLICY = "oci_network_firewall_network_firewall_policy"


def _named(suffix: str, list_: str, get: str) -> Row:
    """A kind of thing that a firewall policy holds by name."""
    return Row(
        f"{_POLICY}_{suffix}", list_, "read network-firewall-policy", get=get, within=_POLICY,
        args={"network_firewall_policy_id": "parent.id"}, key=("parent.id", ".name"),
        adds={"network_firewall_policy_id": "parent.id"},
        address=f"networkFirewallPolicies|parent.id|{list_.removeprefix('list_')}|.name",
    )  # fmt: skip


NETWORK_FIREWALL = table(
    "network-firewall",
    of(
        "network_firewall.NetworkFirewallClient",
        Row("oci_network_firewall_network_firewall", "list_network_firewalls", "inspect network-firewall",
            get="get_network_firewall", get_grant="read network-firewall"),
        Row(_POLICY, "list_network_firewall_policies", "inspect network-firewall-policy",
            get="get_network_firewall_policy", get_grant="read network-firewall-policy"),
        _named("security_rule", "list_security_rules", "get_security_rule"),
        _named("decryption_rule", "list_decryption_rules", "get_decryption_rule"),
        _named("tunnel_inspection_rule", "list_tunnel_inspection_rules", "get_tunnel_inspection_rule"),
        _named("nat_rule", "list_nat_rules", "get_nat_rule"),
        _named("address_list", "list_address_lists", "get_address_list"),
        _named("url_list", "list_url_lists", "get_url_list"),
        _named("service_list", "list_service_lists", "get_service_list"),
        _named("service", "list_services", "get_service"),
        _named("application_group", "list_application_groups", "get_application_group"),
        _named("application", "list_applications", "get_application"),
    ),
)  # fmt: skip

CERTIFICATES = table(
    "certificates",
    of("certificates_management.CertificatesManagementClient", Row(
        "oci_certificates_management_certificate", "list_certificates", "inspect leaf-certificates",
        get="get_certificate", get_grant="read leaf-certificates")),
)  # fmt: skip

TABLES = (APIGATEWAY, LOAD_BALANCERS, WAF, NETWORK_FIREWALL, CERTIFICATES)

"""A tenancy of some two hundred resources, good and bad ones side by side, each labelled with the rules it breaks.

`tenancy(copies)` gives what a `ControlPlane` holds and the labels: address -> rules that fail on it. What is not
labelled breaks none of `JUDGED`. Half of each kind is as it should be.
"""

from __future__ import annotations

from typing import Any

from oci_control_plane import TENANCY

JUDGED = (
    "oci-subnet-public-ip-allowed", "oci-security-list-open-admin-port", "oci-bucket-public",
    "oci-bucket-no-versioning",
    "oci-volume-no-customer-key", "oci-function-subnet-public", "oci-api-open-cors", "oci-api-no-rate-limit",
    "oci-adb-public-endpoint", "oci-adb-no-customer-key", "oci-policy-any-user", "oci-policy-tenancy-admin",
    "oci-budget-no-alert", "oci-secret-no-expiry", "oci-key-software-protected", "oci-oke-public-endpoint",
    "oci-firewall-allow-any", "oci-lb-http-listener", "oci-instance-legacy-metadata", "oci-function-config-secret",
    "oci-queue-no-dlq", "oci-container-repository-public", "oci-no-alarm-destination", "oci-vcn-no-flow-log",
)  # fmt: skip
"""The rules that the labels speak about."""

Labels = dict[str, set[str]]


def compartments(count: int = 7) -> list[dict[str, Any]]:
    """More than a page of them, one inside another."""
    found = []
    for i in range(count):
        parent = TENANCY if i < 2 else f"ocid1.compartment.oc1..c{i - 2}"
        found.append({
            "id": f"ocid1.compartment.oc1..c{i}", "name": f"team-{i}", "compartmentId": parent,
            "lifecycleState": "ACTIVE",
        })  # fmt: skip
    return found


class _Builder:
    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self.labels: Labels = {}

    def add(self, operation: str, item: dict[str, Any], *rules: str, of: str = "", address: str = "") -> str:
        """Keep an item under its list operation (`of` another one), labelled with what it breaks."""
        if of:
            self.content.setdefault(operation, {}).setdefault(of, []).append(item)
        else:
            self.content.setdefault(operation, []).append(item)
        told = address or str(item.get("id") or item.get("topicId"))
        if rules:
            self.labels[told] = set(rules)
        return told


def tenancy(copies: int = 5, places: int = 7) -> tuple[dict[str, Any], Labels]:
    """Content and labels; `copies` good and as many bad ones of every kind, spread over the compartments."""
    b = _Builder()
    known = compartments(places)
    b.content["identity.list_compartments"] = known
    b.content["identity.get_authentication_policy"] = {
        "compartmentId": TENANCY, "passwordPolicy": {"minimumPasswordLength": 14}
    }  # fmt: skip
    b.content["audit.get_configuration"] = {"retentionPeriodDays": 365}
    b.content["cloud_guard.get_configuration"] = {"status": "ENABLED", "reportingRegion": "eu-frankfurt-1"}
    for n in range(copies):
        for good in (True, False):
            place = known[(2 * n + good) % len(known)]["id"]
            _network(b, f"{'good' if good else 'bad'}{n}", place, good=good)
            _services(b, f"{'good' if good else 'bad'}{n}", place, good=good)
    return b.content, b.labels


def _network(b: _Builder, name: str, place: str, *, good: bool) -> None:
    def ocid(kind: str) -> str:
        return f"ocid1.{kind}.oc1.eu-frankfurt-1.{name}"

    here = {"compartmentId": place, "lifecycleState": "AVAILABLE"}
    b.add("virtual_network.list_vcns", {
        "id": ocid("vcn"), "displayName": name, "defaultRouteTableId": ocid("routetable") + "d",
        "defaultSecurityListId": ocid("securitylist") + "d", **here,
    })  # fmt: skip
    b.add("virtual_network.list_nat_gateways", {"id": ocid("natgateway"), "vcnId": ocid("vcn"), **here})
    b.add("virtual_network.list_route_tables", {
        "id": ocid("routetable"), "vcnId": ocid("vcn"), **here,
        "routeRules": [{"destination": "0.0.0.0/0", "networkEntityId": ocid("natgateway")}],
    })  # fmt: skip
    b.add("virtual_network.list_subnets", {
        "id": ocid("subnet"), "displayName": f"apps-{name}", "vcnId": ocid("vcn"),
        "routeTableId": ocid("routetable"), "securityListIds": [ocid("securitylist")], "cidrBlock": "10.0.1.0/24",
        "prohibitPublicIpOnVnic": good, "prohibitInternetIngress": good, **here,
    }, *(() if good else ("oci-subnet-public-ip-allowed", "oci-vcn-no-flow-log")))  # fmt: skip
    b.add("virtual_network.list_security_lists", {
        "id": ocid("securitylist"), "vcnId": ocid("vcn"), "egressSecurityRules": [], **here,
        "ingressSecurityRules": [{
            "source": "10.0.0.0/8" if good else "0.0.0.0/0", "protocol": "6", "isStateless": True,
            "tcpOptions": {"destinationPortRange": {"min": 22, "max": 22}},
        }],
    }, *(() if good else ("oci-security-list-open-admin-port",)))  # fmt: skip
    if good:
        b.add("logging_management.list_log_groups", {"id": ocid("loggroup"), "compartmentId": place})
        b.add("logging_management.list_logs", {
            "id": ocid("log"), "logGroupId": ocid("loggroup"), "displayName": "flow", "isEnabled": True,
            "logType": "SERVICE", "lifecycleState": "ACTIVE", "configuration": {
                "source": {"sourceType": "OCISERVICE", "service": "flowlogs", "resource": ocid("subnet"),
                           "category": "all"}},
        }, of=ocid("loggroup"))  # fmt: skip
    b.add("load_balancer.list_load_balancers", {
        "id": ocid("loadbalancer"), "displayName": name, "compartmentId": place, "lifecycleState": "ACTIVE",
        "isPrivate": good, "subnetIds": [ocid("subnet") + "edge"], "shapeName": "flexible", "backendSets": {},
        "ruleSets": {},
        "listeners": {"web": {"name": "web", "protocol": "HTTP", "port": 80, "defaultBackendSetName": "web"}},
    })  # fmt: skip
    if not good:
        b.labels[f"loadBalancers/{ocid('loadbalancer')}/listeners/web"] = {"oci-lb-http-listener"}
    b.add("network_firewall.list_network_firewall_policies", {
        "id": ocid("networkfirewallpolicy"), "displayName": name, "compartmentId": place, "lifecycleState": "ACTIVE",
    })  # fmt: skip
    b.add("network_firewall.list_security_rules", {
        "name": "first", "action": "ALLOW", "position": {}, "parentResourceId": ocid("networkfirewallpolicy"),
        "condition": {"sourceAddress": ["inside"] if good else [], "destinationAddress": []},
    }, *(() if good else ("oci-firewall-allow-any",)), of=ocid("networkfirewallpolicy"),
        address=f"networkFirewallPolicies/{ocid('networkfirewallpolicy')}/security_rules/first")  # fmt: skip


def _services(b: _Builder, name: str, place: str, *, good: bool) -> None:
    def ocid(kind: str) -> str:
        return f"ocid1.{kind}.oc1.eu-frankfurt-1.{name}"

    def bad(*rules: str) -> tuple[str, ...]:
        return () if good else rules

    here = {"compartmentId": place, "lifecycleState": "ACTIVE"}
    b.add("object_storage.list_buckets", {
        "name": name, "namespace": "plane", "compartmentId": place, "id": ocid("bucket"),
        "publicAccessType": "NoPublicAccess" if good else "ObjectRead", "versioning": "Enabled" if good else "Disabled",
    }, *bad("oci-bucket-public", "oci-bucket-no-versioning"), address=f"n/plane/b/{name}")  # fmt: skip
    key = {"kmsKeyId": ocid("key")} if good else {}
    b.add("blockstorage.list_volumes", {
        "id": ocid("volume"), "displayName": name, "compartmentId": place, "lifecycleState": "AVAILABLE", **key,
    }, *bad("oci-volume-no-customer-key"))  # fmt: skip
    b.add("compute.list_instances", {
        "id": ocid("instance"), "displayName": name, "compartmentId": place, "lifecycleState": "RUNNING",
        "shape": "VM.Standard.E5.Flex", "availabilityDomain": "AD-1", "metadata": {"user_data": "c2VjcmV0"},
        "instanceOptions": {"areLegacyImdsEndpointsDisabled": good},
    }, *bad("oci-instance-legacy-metadata"))  # fmt: skip
    b.add("functions_management.list_applications", {
        "id": ocid("fnapp"), "displayName": name, "subnetIds": [ocid("subnet")], **here,
        "config": {"REGION": "eu"} if good else {"DB_PASSWORD": "hunter2hunter2"},
    }, *bad("oci-function-subnet-public", "oci-function-config-secret"))  # fmt: skip
    b.add("gateway.list_gateways", {
        "id": ocid("apigateway"), "displayName": name, "endpointType": "PRIVATE",
        "subnetId": ocid("subnet") + "edge", **here,
    })  # fmt: skip
    policies: dict[str, Any] = {"cors": {"allowedOrigins": ["https://shop.example.com" if good else "*"]}}
    if good:
        policies["rateLimiting"] = {"rateInRequestsPerSecond": 10, "rateKey": "CLIENT_IP"}
    backend = {"type": "ORACLE_FUNCTIONS_BACKEND", "functionId": ocid("fnfunc")}
    b.add("deployment.list_deployments", {
        "id": ocid("apideployment"), "displayName": name, "gatewayId": ocid("apigateway"), "pathPrefix": "/", **here,
        "specification": {
            "requestPolicies": policies, "routes": [{"path": "/", "methods": ["GET"], "backend": backend}],
        },
    }, *bad("oci-api-open-cors", "oci-api-no-rate-limit"))  # fmt: skip
    b.add("database.list_autonomous_databases", {
        "id": ocid("autonomousdatabase"), "displayName": name, "compartmentId": place, "lifecycleState": "AVAILABLE",
        "whitelistedIps": ["198.51.100.7"] if good else None, "kmsKeyId": ocid("key") if good else "ORACLE_MANAGED_KEY",
    }, *bad("oci-adb-public-endpoint", "oci-adb-no-customer-key"))  # fmt: skip
    said = "group Operators" if good else "any-user"
    whole = "Allow group Interns to manage all-resources in tenancy"
    b.add("identity.list_policies", {
        "id": ocid("policy"), "name": name, **here,
        "statements": [f"Allow {said} to read buckets in tenancy", *([] if good else [whole])],
    }, *bad("oci-policy-any-user", "oci-policy-tenancy-admin"))  # fmt: skip
    b.add("budget.list_budgets", {
        "id": ocid("budget"), "compartmentId": TENANCY, "targetType": "COMPARTMENT", "targets": [place],
        "amount": 100.0, "lifecycleState": "ACTIVE",
    }, *bad("oci-budget-no-alert"))  # fmt: skip
    if good:
        b.add("budget.list_alert_rules", {
            "id": ocid("alertrule"), "budgetId": ocid("budget"), "type": "ACTUAL", "threshold": 80.0,
            "thresholdType": "PERCENTAGE", "recipients": "ops@example.com", "lifecycleState": "ACTIVE",
        }, of=ocid("budget"))  # fmt: skip
    b.add("kms_vault.list_vaults", {
        "id": ocid("vault"), "displayName": name, "managementEndpoint": "https://keys.example.com", **here,
    })  # fmt: skip
    b.add("kms_management.list_keys", {
        "id": ocid("key"), "displayName": name, "compartmentId": place, "vaultId": ocid("vault"),
        "lifecycleState": "ENABLED", "protectionMode": "HSM" if good else "SOFTWARE",
        "keyShape": {"algorithm": "AES", "length": 32},
    }, *bad("oci-key-software-protected"))  # fmt: skip
    expiry = {"ruleType": "SECRET_EXPIRY_RULE", "secretVersionExpiryInterval": "P90D"}
    b.add("vaults.list_secrets", {
        "id": ocid("vaultsecret"), "secretName": name, "vaultId": ocid("vault"), **here,
        "secretRules": [expiry] if good else [],
    }, *bad("oci-secret-no-expiry"))  # fmt: skip
    b.add("container_engine.list_clusters", {
        "id": ocid("cluster"), "name": name, "type": "ENHANCED_CLUSTER", "kubernetesVersion": "v1.34.1", **here,
        "endpointConfig": {"isPublicIpEnabled": not good, "subnetId": ocid("subnet")},
    }, *bad("oci-oke-public-endpoint"))  # fmt: skip
    b.add("queue_admin.list_queues", {
        "id": ocid("queue"), "displayName": name, "deadLetterQueueDeliveryCount": 5 if good else 0, **here,
    }, *bad("oci-queue-no-dlq"))  # fmt: skip
    b.add("artifacts.list_container_repositories", {
        "id": ocid("containerrepo"), "displayName": name, "compartmentId": place, "lifecycleState": "AVAILABLE",
        "isPublic": not good, "isImmutable": True,
    }, *bad("oci-container-repository-public"))  # fmt: skip
    b.add("notification_control_plane.list_topics", {"topicId": ocid("onstopic"), "name": name, **here})
    if good:
        b.add("notification_data_plane.list_subscriptions", {
            "id": ocid("onssubscription"), "topicId": ocid("onstopic"), "protocol": "EMAIL", **here,
        })  # fmt: skip
    b.add("monitoring.list_alarms", {
        "id": ocid("alarm"), "displayName": name, "isEnabled": True, "destinations": [ocid("onstopic")], **here,
    }, *bad("oci-no-alarm-destination"))  # fmt: skip

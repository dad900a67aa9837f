"""VPC networking: what the EC2 API says of networks, their doors and their rules."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import EC2, named, nested, simple, tag_map
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.transit import TRANSIT
from assay.inventory.aws.values import differs, first, given, same

ROUTE = {
    "DestinationCidrBlock": "cidr_block",
    "DestinationIpv6CidrBlock": "ipv6_cidr_block",
    "DestinationPrefixListId": "destination_prefix_list_id",
    "NatGatewayId": "nat_gateway_id",
    "TransitGatewayId": "transit_gateway_id",
    "VpcPeeringConnectionId": "vpc_peering_connection_id",
    "NetworkInterfaceId": "network_interface_id",
    "EgressOnlyInternetGatewayId": "egress_only_gateway_id",
    "LocalGatewayId": "local_gateway_id",
    "CarrierGatewayId": "carrier_gateway_id",
    "CoreNetworkArn": "core_network_arn",
}


def routes(item: Item) -> list[dict[str, Any]]:
    """The routes as Terraform writes them: without the local one, endpoints apart from gateways."""
    made = []
    for route in item["Routes"] or ():
        gateway = route.get("GatewayId")
        if gateway == "local":
            continue
        block = {name: route[key] for key, name in ROUTE.items() if route.get(key)}
        if gateway:
            block["vpc_endpoint_id" if gateway.startswith("vpce-") else "gateway_id"] = gateway
        made.append(block)
    return made


def permissions(spec: str) -> Any:
    """The rules of a security group: one block for each permission and description."""

    def one(item: Item) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for permission in item[spec] or ():
            by_text: dict[str, dict[str, Any]] = {}
            for key, member, name in (
                ("IpRanges", "CidrIp", "cidr_blocks"),
                ("Ipv6Ranges", "CidrIpv6", "ipv6_cidr_blocks"),
                ("PrefixListIds", "PrefixListId", "prefix_list_ids"),
                ("UserIdGroupPairs", "GroupId", "security_groups"),
            ):
                for peer in permission.get(key) or ():
                    block = by_text.setdefault(peer.get("Description", ""), {})
                    if name == "security_groups" and peer.get(member) == item["GroupId"]:
                        block["self"] = True
                    else:
                        block.setdefault(name, []).append(peer.get(member))
            ports = {"from_port": permission.get("FromPort", 0), "to_port": permission.get("ToPort", 0)}
            for text, peers in by_text.items():
                made.append({"protocol": permission.get("IpProtocol"), **ports, "description": text, **peers})
        return made

    return one


def entries(egress: bool) -> Any:
    """The entries of a network ACL in one direction, without the last one, which nobody can change."""

    def one(item: Item) -> list[dict[str, Any]]:
        return [
            {
                "rule_no": entry["RuleNumber"],
                "action": entry.get("RuleAction"),
                "protocol": entry.get("Protocol"),
                "cidr_block": entry.get("CidrBlock"),
                "ipv6_cidr_block": entry.get("Ipv6CidrBlock"),
                "from_port": entry.get("PortRange", {}).get("From", 0),
                "to_port": entry.get("PortRange", {}).get("To", 0),
            }
            for entry in sorted(item["Entries"] or (), key=lambda e: int(e["RuleNumber"]))
            if entry.get("Egress") is egress and entry["RuleNumber"] < 32767
        ]

    return one


def of_kind(prefix: str) -> Any:
    """The resource that a flow log watches, when its id has this prefix."""
    return lambda item: item["ResourceId"] if str(item["ResourceId"] or "").startswith(prefix) else None


GROUP: dict[str, Any] = {
    "rename": {"GroupId": "id", "GroupName": "name", "IpPermissions": None, "IpPermissionsEgress": None,
               "SecurityGroupArn": None},
    "fields": {
        "ingress": permissions("IpPermissions"),
        "egress": permissions("IpPermissionsEgress"),
        "arn": f"{EC2}:security-group/{{GroupId}}",
    },
}  # fmt: skip
ACL: dict[str, Any] = {
    "rename": {"NetworkAclId": "id", "Entries": None, "Associations": None, "IsDefault": None},
    "fields": {
        "ingress": entries(False),
        "egress": entries(True),
        "subnet_ids": "Associations.SubnetId",
        "arn": f"{EC2}:network-acl/{{NetworkAclId}}",
    },
}


TABLES = [
    Service(
        name="ec2",
        label="vpc",
        asks=(
            simple("DescribeVpcs", "Vpcs", "aws_vpc", "VpcId", "vpc", "aws_default_vpc"),
            simple(
                "DescribeSubnets",
                "Subnets",
                "aws_subnet",
                "SubnetId",
                "subnet",
                "aws_default_subnet",
                rename={"SubnetArn": None, "AvailableIpAddressCount": None},
            ),
            Ask(
                operation="DescribeRouteTables",
                items="RouteTables",
                makes=(
                    Make(
                        type="aws_route_table",
                        address=f"{EC2}:route-table/{{RouteTableId}}",
                        name=named,
                        rename={"RouteTableId": "id", "Routes": None, "Associations": None},
                        fields={"route": routes, "arn": f"{EC2}:route-table/{{RouteTableId}}"},
                        folds=("aws_route", "aws_default_route_table"),
                    ),
                    Make(
                        type="aws_route_table_association",
                        address="RouteTableAssociationId",
                        each=lambda item: [a for a in item["Associations"] or () if not a.get("Main")],
                        bare=True,
                        fields={
                            "id": "RouteTableAssociationId",
                            "subnet_id": "SubnetId",
                            "gateway_id": "GatewayId",
                            "route_table_id": "RouteTableId",
                        },
                    ),
                    Make(
                        type="aws_main_route_table_association",
                        address="RouteTableAssociationId",
                        each=lambda item: [a for a in item["Associations"] or () if a.get("Main")],
                        bare=True,
                        fields={
                            "id": "RouteTableAssociationId",
                            "vpc_id": "^VpcId",
                            "route_table_id": "RouteTableId",
                        },
                    ),
                ),
            ),
            simple(
                "DescribeInternetGateways",
                "InternetGateways",
                "aws_internet_gateway",
                "InternetGatewayId",
                "internet-gateway",
                "aws_internet_gateway_attachment",
                rename={"Attachments": None},
                fields={"vpc_id": first("Attachments.VpcId")},
            ),
            simple(
                "DescribeEgressOnlyInternetGateways",
                "EgressOnlyInternetGateways",
                "aws_egress_only_internet_gateway",
                "EgressOnlyInternetGatewayId",
                "egress-only-internet-gateway",
                rename={"Attachments": None},
                fields={"vpc_id": first("Attachments.VpcId")},
            ),
            simple(
                "DescribeNatGateways",
                "NatGateways",
                "aws_nat_gateway",
                "NatGatewayId",
                "natgateway",
                when=differs("State", "deleted", "deleting", "failed"),
                rename={"NatGatewayAddresses": None},
                fields={
                    "allocation_id": first("NatGatewayAddresses.AllocationId"),
                    "public_ip": first("NatGatewayAddresses.PublicIp"),
                },
            ),
            Ask(
                operation="DescribeSecurityGroups",
                items="SecurityGroups",
                makes=(
                    Make(
                        type="aws_security_group",
                        address=f"{EC2}:security-group/{{GroupId}}",
                        name="GroupName",
                        when=differs("GroupName", "default"),
                        folds=(
                            "aws_security_group_rule",
                            "aws_vpc_security_group_ingress_rule",
                            "aws_vpc_security_group_egress_rule",
                        ),
                        **GROUP,
                    ),
                    Make(
                        type="aws_default_security_group",
                        address=f"{EC2}:security-group/{{GroupId}}",
                        name="GroupName",
                        when=same("GroupName", "default"),
                        **GROUP,
                    ),
                ),
            ),
            Ask(
                operation="DescribeNetworkAcls",
                items="NetworkAcls",
                makes=(
                    Make(
                        type="aws_network_acl",
                        address=f"{EC2}:network-acl/{{NetworkAclId}}",
                        name=named,
                        when=lambda item: not item["IsDefault"],
                        folds=("aws_network_acl_rule", "aws_network_acl_association"),
                        **ACL,
                    ),
                    Make(
                        type="aws_default_network_acl",
                        address=f"{EC2}:network-acl/{{NetworkAclId}}",
                        name=named,
                        when="IsDefault",
                        **ACL,
                    ),
                ),
            ),
            simple(
                "DescribeVpcEndpoints",
                "VpcEndpoints",
                "aws_vpc_endpoint",
                "VpcEndpointId",
                "vpc-endpoint",
                "aws_vpc_endpoint_route_table_association",
                "aws_vpc_endpoint_subnet_association",
                when=differs("State", "deleted", "deleting", "Deleted", "Deleting"),  # the model has capitals
                rename={"PolicyDocument": "policy", "Groups": None, "DnsEntries": "dns_entry"},
                fields={"security_group_ids": "Groups.GroupId"},
            ),
            simple(
                "DescribeVpcEndpointServiceConfigurations",
                "ServiceConfigurations",
                "aws_vpc_endpoint_service",
                "ServiceId",
                "vpc-endpoint-service",
                rename={"ServiceType": None},
            ),
            simple(
                "DescribeFlowLogs",
                "FlowLogs",
                "aws_flow_log",
                "FlowLogId",
                "vpc-flow-log",
                rename={"DeliverLogsPermissionArn": "iam_role_arn", "DestinationOptions": "destination_options"},
                fields={
                    "vpc_id": of_kind("vpc-"),
                    "subnet_id": of_kind("subnet-"),
                    "eni_id": of_kind("eni-"),
                    "transit_gateway_id": of_kind("tgw-"),
                },
            ),
            simple(
                "DescribeVpcPeeringConnections",
                "VpcPeeringConnections",
                "aws_vpc_peering_connection",
                "VpcPeeringConnectionId",
                "vpc-peering-connection",
                when=differs("Status.Code", "deleted", "rejected", "expired"),
                rename={"AccepterVpcInfo": None, "RequesterVpcInfo": None, "Status": None},
                fields={
                    "vpc_id": "RequesterVpcInfo.VpcId",
                    "peer_vpc_id": "AccepterVpcInfo.VpcId",
                    "peer_owner_id": "AccepterVpcInfo.OwnerId",
                    "peer_region": "AccepterVpcInfo.Region",
                },
            ),
            simple(
                "DescribeAddresses",
                "Addresses",
                "aws_eip",
                "AllocationId",
                "elastic-ip",
                "aws_eip_association",
                rename={"InstanceId": "instance", "NetworkInterfaceId": "network_interface"},
                fields={"allocation_id": "AllocationId"},
                when=given("AllocationId"),
            ),
            simple(
                "DescribeNetworkInterfaces",
                "NetworkInterfaces",
                "aws_network_interface",
                "NetworkInterfaceId",
                "network-interface",
                rename={"Groups": None, "TagSet": None, "Attachment": None, "PrivateIpAddresses": None},
                fields={
                    "security_groups": "Groups.GroupId",
                    "private_ips": "PrivateIpAddresses.PrivateIpAddress",
                    "public_ip": "Association.PublicIp",
                },
            ),
            simple(
                "DescribeVpnConnections",
                "VpnConnections",
                "aws_vpn_connection",
                "VpnConnectionId",
                "vpn-connection",
                when=same("State", "available"),
                bare=True,  # its configuration and its options hold the keys that both sides share
                fields={
                    "id": "VpnConnectionId",
                    "customer_gateway_id": "CustomerGatewayId",
                    "transit_gateway_id": "TransitGatewayId",
                    "vpn_gateway_id": "VpnGatewayId",
                    "static_routes_only": "Options.StaticRoutesOnly",
                    "tags": tag_map("Tags"),
                    "tags_all": tag_map("Tags"),
                    "vgw_telemetry": nested("VgwTelemetry", {"LastStatusChange": None, "AcceptedRouteCount": None}),
                },
            ),
            *TRANSIT,
        ),
    ),
]

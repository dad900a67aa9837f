"""VPC networking: what the EC2 API says of networks, their doors and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.aws.common import nested, tag_map
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import differs, first, given, same
from assay.model import Unknown

if TYPE_CHECKING:
    from assay.inventory.aws.table import Spec

EC2 = "arn:{partition}:ec2:{region}:{account}"


def named(item: Item) -> str:
    """What people call it: the tag `Name`."""
    return next((t["Value"] for t in item["Tags"] or () if t.get("Key") == "Name"), "")


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


def simple(operation: str, items: str, type_: str, key: str, kind: str, *folds: str, **make: Any) -> Ask:
    """A list of one type, whose items have an id, tags and an ARN of this kind."""
    arn = f"{EC2}:{kind}/{{{key}}}"
    fields = {"arn": arn, **make.pop("fields", {})}
    rename = {key: "id", **make.pop("rename", {})}
    params = make.pop("params", {})
    made = Make(type=type_, address=arn, name=named, rename=rename, fields=fields, folds=folds, **make)
    return Ask(operation=operation, items=items, params=params, makes=(made,))


OF_TABLE = {"TransitGatewayRouteTableId": "TransitGatewayRouteTableId"}


def of_hub_table(operation: str, items: str, type_: str, key: str, when: Spec = "", **fields: Spec) -> Ask:
    """What a transit gateway's route table consists of; `key` tells one from the others of the table."""
    address = f"{EC2}:transit-gateway-route-table/{{^TransitGatewayRouteTableId}}/{type_.rpartition('_')[2]}/{{{key}}}"
    own = {
        "id": f"{{^TransitGatewayRouteTableId}}_{{{key}}}",
        "transit_gateway_route_table_id": "^TransitGatewayRouteTableId",
        "transit_gateway_attachment_id": "TransitGatewayAttachmentId",
    }
    made = Make(type=type_, address=address, bare=True, when=when, fields={**own, **fields})
    return Ask(operation=operation, items=items, params=OF_TABLE, makes=(made,))


def _attachment(item: Item) -> Any:
    """Where a static route of a transit gateway leads: the first of equal ways."""
    return next((a["TransitGatewayAttachmentId"] for a in item["TransitGatewayAttachments"] or ()), None)


def _by_address(item: Item) -> list[dict[str, Any]]:
    """The routes to addresses; those to prefix lists are told as references."""
    return [r for r in item["Routes"] or () if r.get("DestinationCidrBlock")]


def _peered(item: Item) -> bool:
    """Whether a peering is there, and with whom."""
    return item["State"] == "available" and bool(item["AccepterTgwInfo.TransitGatewayId"])


def _more_routes(_: Item) -> Unknown:
    return Unknown("the route table has more static routes than AWS tells at once")


ROUTE_OF_HUB = "aws_ec2_transit_gateway_route"
STATIC_ROUTES = Ask(
    operation="SearchTransitGatewayRoutes",
    params={**OF_TABLE, "Filters": [{"Name": "type", "Values": ["static"]}]},
    makes=(
        Make(
            type=ROUTE_OF_HUB,
            each=_by_address,
            address=f"{EC2}:transit-gateway-route-table/{{^^TransitGatewayRouteTableId}}/route/{{DestinationCidrBlock}}",
            bare=True,
            fields={
                "id": "{^^TransitGatewayRouteTableId}_{DestinationCidrBlock}",
                "transit_gateway_route_table_id": "^^TransitGatewayRouteTableId",
                "destination_cidr_block": "DestinationCidrBlock",
                "transit_gateway_attachment_id": _attachment,
                "blackhole": same("State", "blackhole"),
            },
        ),
        Make(
            type=ROUTE_OF_HUB,
            address=f"{EC2}:transit-gateway-route-table/{{^TransitGatewayRouteTableId}}/route/more",
            when="AdditionalRoutesAvailable",
            bare=True,
            fields={
                "transit_gateway_route_table_id": "^TransitGatewayRouteTableId",
                "destination_cidr_block": _more_routes,
            },
        ),
    ),
)
HUB_TABLES = Ask(
    operation="DescribeTransitGatewayRouteTables",
    items="TransitGatewayRouteTables",
    makes=(
        Make(
            type="aws_ec2_transit_gateway_route_table",
            address=f"{EC2}:transit-gateway-route-table/{{TransitGatewayRouteTableId}}",
            name=named,
            when=differs("State", "deleted", "deleting"),
            bare=True,
            fields={"id": "TransitGatewayRouteTableId", "transit_gateway_id": "TransitGatewayId"},
        ),
    ),
    then=(
        of_hub_table(
            "GetTransitGatewayRouteTableAssociations",
            "Associations",
            "aws_ec2_transit_gateway_route_table_association",
            "TransitGatewayAttachmentId",
            when=differs("State", "disassociated", "disassociating"),
        ),
        of_hub_table(
            "GetTransitGatewayRouteTablePropagations",
            "TransitGatewayRouteTablePropagations",
            "aws_ec2_transit_gateway_route_table_propagation",
            "TransitGatewayAttachmentId",
            when=differs("State", "disabled", "disabling"),
        ),
        STATIC_ROUTES,
        of_hub_table(
            "GetTransitGatewayPrefixListReferences",
            "TransitGatewayPrefixListReferences",
            "aws_ec2_transit_gateway_prefix_list_reference",
            "PrefixListId",
            prefix_list_id="PrefixListId",
            transit_gateway_attachment_id="TransitGatewayAttachment.TransitGatewayAttachmentId",
            blackhole="Blackhole",
        ),
    ),
)

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
                when=differs("State", "deleted", "deleting"),
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
            simple(
                "DescribeTransitGateways",
                "TransitGateways",
                "aws_ec2_transit_gateway",
                "TransitGatewayId",
                "transit-gateway",
                when=differs("State", "deleted", "deleting"),
                rename={"TransitGatewayArn": None, "Options": None},
                fields={
                    "auto_accept_shared_attachments": "Options.AutoAcceptSharedAttachments",
                    "default_route_table_association": "Options.DefaultRouteTableAssociation",
                    "default_route_table_propagation": "Options.DefaultRouteTablePropagation",
                    "dns_support": "Options.DnsSupport",
                    "vpn_ecmp_support": "Options.VpnEcmpSupport",
                },
            ),
            simple(
                "DescribeTransitGatewayVpcAttachments",
                "TransitGatewayVpcAttachments",
                "aws_ec2_transit_gateway_vpc_attachment",
                "TransitGatewayAttachmentId",
                "transit-gateway-attachment",
                when=differs("State", "deleted", "deleting"),
                rename={"Options": None},
                fields={"appliance_mode_support": "Options.ApplianceModeSupport"},
            ),
            simple(
                "DescribeTransitGatewayPeeringAttachments",
                "TransitGatewayPeeringAttachments",
                "aws_ec2_transit_gateway_peering_attachment",
                "TransitGatewayAttachmentId",
                "transit-gateway-attachment",
                when=_peered,
                bare=True,
                fields={
                    "id": "TransitGatewayAttachmentId",
                    "transit_gateway_id": "RequesterTgwInfo.TransitGatewayId",
                    "peer_transit_gateway_id": "AccepterTgwInfo.TransitGatewayId",
                    "peer_region": "AccepterTgwInfo.Region",
                    "peer_account_id": "AccepterTgwInfo.OwnerId",
                },
            ),
            HUB_TABLES,
        ),
    ),
]

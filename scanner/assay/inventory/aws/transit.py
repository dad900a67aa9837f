"""Transit gateways: the hubs that networks are attached to, and the tables that say what reaches what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.inventory.aws.common import EC2, named, simple
from assay.inventory.aws.table import Ask, Item, Make
from assay.inventory.aws.values import differs, same
from assay.model import Unknown

if TYPE_CHECKING:
    from assay.inventory.aws.table import Spec

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
TRANSIT = (
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
)
"""The calls of the service `vpc` that are about them."""

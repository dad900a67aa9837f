"""A transit gateway as an account tells it leads where the same network in Terraform does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import pytest
from assay.cli import main
from assay.inventory.aws.replay import units
from assay.inventory.collect import collect
from botocore.validate import ParamValidator

CODE = """
provider "aws" {{ region = "eu-west-1" }}

locals {{ nets = {{ a = "10.1", b = "10.2" }} }}

resource "aws_vpc" "net" {{
  for_each   = local.nets
  cidr_block = "${{each.value}}.0.0/16"
}}

resource "aws_subnet" "net" {{
  for_each   = local.nets
  vpc_id     = aws_vpc.net[each.key].id
  cidr_block = "${{each.value}}.1.0/24"
}}

resource "aws_route_table" "net" {{
  for_each = local.nets
  vpc_id   = aws_vpc.net[each.key].id
  route {{
    cidr_block         = "10.0.0.0/8"
    transit_gateway_id = aws_ec2_transit_gateway.hub.id
  }}
}}

resource "aws_route_table_association" "net" {{
  for_each       = local.nets
  subnet_id      = aws_subnet.net[each.key].id
  route_table_id = aws_route_table.net[each.key].id
}}

resource "aws_security_group" "open" {{
  for_each = local.nets
  vpc_id   = aws_vpc.net[each.key].id
  ingress {{
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["10.0.0.0/8"]
  }}
  egress {{
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}

resource "aws_instance" "host" {{
  for_each               = local.nets
  subnet_id              = aws_subnet.net[each.key].id
  vpc_security_group_ids = [aws_security_group.open[each.key].id]
}}

resource "aws_ec2_transit_gateway" "hub" {{
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"
}}

resource "aws_ec2_transit_gateway_vpc_attachment" "net" {{
  for_each           = local.nets
  vpc_id             = aws_vpc.net[each.key].id
  subnet_ids         = [aws_subnet.net[each.key].id]
  transit_gateway_id = aws_ec2_transit_gateway.hub.id
}}

resource "aws_ec2_transit_gateway_route_table" "hub" {{
  transit_gateway_id = aws_ec2_transit_gateway.hub.id
}}

resource "aws_ec2_transit_gateway_route_table_association" "net" {{
  for_each                       = {{ for k, v in local.nets : k => v if contains({associated}, k) }}
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.net[each.key].id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}}

resource "aws_ec2_transit_gateway_route" "static" {{
  for_each                       = {{ for k, v in {routes} : k => v }}
  destination_cidr_block         = "${{local.nets[each.key]}}.0.0/16"
  transit_gateway_attachment_id  = each.value == "blackhole" ? null : aws_ec2_transit_gateway_vpc_attachment.net[each.value].id
  blackhole                      = each.value == "blackhole"
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}}
"""  # noqa: E501
YES, NO = 0, 1
CASES: list[tuple[list[str], dict[str, str], int]] = [
    (["a", "b"], {"a": "a", "b": "b"}, YES),
    (["a", "b"], {"a": "a", "b": "blackhole"}, NO),
    (["a", "b"], {"a": "a"}, NO),
    (["b"], {"a": "a", "b": "b"}, NO),
    (["a", "b"], {"b": "b"}, NO),
]
"""Which attachments are associated, where the table leads each network, and whether host a reaches host b and back."""


def answers(associated: list[str], routes: dict[str, str]) -> dict[str, Any]:
    """What the EC2 API says of the same network."""
    nets = {"a": "10.1", "b": "10.2"}
    table = {"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1", "State": "available"}
    anywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    private = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]

    def attached(name: str) -> dict[str, str]:
        return {"TransitGatewayAttachmentId": f"tgw-attach-{name}", "ResourceId": f"vpc-{name}", "ResourceType": "vpc"}

    def static(name: str, to: str) -> dict[str, Any]:
        route = {"DestinationCidrBlock": f"{nets[name]}.0.0/16", "Type": "static"}
        if to == "blackhole":
            return {**route, "State": "blackhole"}
        return {**route, "State": "active", "TransitGatewayAttachments": [attached(to)]}

    return {
        "ec2.DescribeVpcs": {"Vpcs": [{"VpcId": f"vpc-{n}", "CidrBlock": f"{c}.0.0/16"} for n, c in nets.items()]},
        "ec2.DescribeSubnets": {
            "Subnets": [
                {"SubnetId": f"subnet-{n}", "VpcId": f"vpc-{n}", "CidrBlock": f"{c}.1.0/24"} for n, c in nets.items()
            ]
        },
        "ec2.DescribeRouteTables": {
            "RouteTables": [
                {
                    "RouteTableId": f"rtb-{n}", "VpcId": f"vpc-{n}",
                    "Associations": [{"RouteTableAssociationId": f"rtbassoc-{n}", "RouteTableId": f"rtb-{n}",
                                      "SubnetId": f"subnet-{n}", "Main": False}],
                    "Routes": [{"DestinationCidrBlock": f"{c}.0.0/16", "GatewayId": "local", "State": "active"},
                               {"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "active"}],
                }
                for n, c in nets.items()
            ]
        },
        "ec2.DescribeSecurityGroups": {
            "SecurityGroups": [
                {"GroupId": f"sg-{n}", "GroupName": "open", "VpcId": f"vpc-{n}", "IpPermissions": private,
                 "IpPermissionsEgress": anywhere} for n in nets
            ]
        },
        "ec2.DescribeNetworkAcls": {
            "NetworkAcls": [
                {"NetworkAclId": f"acl-{n}", "VpcId": f"vpc-{n}", "IsDefault": True,
                 "Associations": [{"NetworkAclId": f"acl-{n}", "SubnetId": f"subnet-{n}"}],
                 "Entries": [{"CidrBlock": "0.0.0.0/0", "Egress": out, "Protocol": "-1", "RuleAction": "allow",
                              "RuleNumber": 100} for out in (True, False)]} for n in nets
            ]
        },
        "ec2.DescribeInstances": {
            "Reservations": [
                {"Instances": [
                    {"InstanceId": f"i-{n}", "SubnetId": f"subnet-{n}", "VpcId": f"vpc-{n}",
                     "PrivateIpAddress": f"{c}.1.10", "State": {"Code": 16, "Name": "running"},
                     "SecurityGroups": [{"GroupId": f"sg-{n}", "GroupName": "open"}]} for n, c in nets.items()
                ]}
            ]
        },
        "ec2.DescribeTransitGateways": {
            "TransitGateways": [
                {"TransitGatewayId": "tgw-1", "State": "available", "Options": {
                    "DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable"}}
            ]
        },
        "ec2.DescribeTransitGatewayVpcAttachments": {
            "TransitGatewayVpcAttachments": [
                {"TransitGatewayAttachmentId": f"tgw-attach-{n}", "TransitGatewayId": "tgw-1", "VpcId": f"vpc-{n}",
                 "SubnetIds": [f"subnet-{n}"], "State": "available"} for n in nets
            ]
        },
        "ec2.DescribeTransitGatewayRouteTables": {"TransitGatewayRouteTables": [table]},
        "ec2.GetTransitGatewayRouteTableAssociations": {
            "Associations": [{**attached(n), "State": "associated"} for n in associated]
        },
        "ec2.GetTransitGatewayRouteTablePropagations": {"TransitGatewayRouteTablePropagations": []},
        "ec2.SearchTransitGatewayRoutes": {
            "Routes": [static(name, to) for name, to in routes.items()], "AdditionalRoutesAvailable": False,
        },
    }  # fmt: skip


def told_by(recorded: dict[str, Any], snapshot: Path) -> None:
    """The answers, which botocore's own model of the API takes, through the collector into a snapshot."""
    model = botocore.session.get_session().get_service_model("ec2")
    for name, answer in recorded.items():
        shape = model.operation_model(name.partition(".")[2]).output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), f"{name}: {report.generate_report()}"
    collect(units(recorded), str(snapshot))


def host(name: str) -> str:
    return f"arn:aws:ec2:eu-west-1:123456789012:instance/i-{name}"


@pytest.mark.parametrize(("associated", "routes", "expected"), CASES)
def test_an_account_and_its_code_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], associated: list[str], routes: dict[str, str], expected: int
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    said = ", ".join(f"{k} = {v!r}" for k, v in routes.items()).replace("'", '"')
    text = CODE.format(associated=str(associated).replace("'", '"'), routes=f"{{ {said} }}")
    (code / "main.tf").write_text(text)
    of_code = main(["reach", 'aws_instance.host["a"]', 'aws_instance.host["b"]', str(code), "--port", "443"])
    told = capsys.readouterr().out
    assert of_code == expected, told
    snapshot = tmp_path / "account.jsonl.gz"
    told_by(answers(associated, routes), snapshot)
    of_account = main(["reach", host("a"), host("b"), str(snapshot), "--port", "443"])
    told = "".join(capsys.readouterr())
    assert of_account == expected, told


def test_a_table_that_aws_does_not_tell_whole_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = answers(["a", "b"], {"a": "a"})
    recorded["ec2.SearchTransitGatewayRoutes"]["AdditionalRoutesAvailable"] = True
    told_by(recorded, tmp_path / "account.jsonl.gz")
    code = main(["reach", host("a"), host("b"), str(tmp_path / "account.jsonl.gz"), "--port", "443"])
    assert code == 3
    assert "more static routes than AWS tells" in capsys.readouterr().out

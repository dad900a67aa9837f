"""Route 53: zones with their records, query logs and signatures; registered domains."""

from __future__ import annotations

from typing import Any

from assay.inventory.aws.common import tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.values import last

ARN = "arn:{partition}:route53:::hostedzone/"


def public(item: Item) -> bool:
    return not item["Config.PrivateZone"]


def name(spec: str) -> Any:
    """A name as people write it: without the last dot, and the star as it is."""

    def one(item: Item) -> Any:
        found = item[spec]
        return None if found is None else str(found).removesuffix(".").replace("\\052", "*")

    return one


def networks(item: Item) -> Any:
    """The VPCs that see a private zone."""
    return [{"vpc_id": v.get("VPCId"), "vpc_region": v.get("VPCRegion")} for v in item["VPCs"] or ()] or None


ZONE = Make(
    type="aws_route53_zone",
    address=lambda item: Item({}, item.place).get(ARN) + str(last("Id")(item)),
    name=name("Name"),
    bare=True,
    fields={
        "id": last("Id"),
        "zone_id": last("Id"),
        "arn": lambda item: Item({}, item.place).get(ARN) + str(last("Id")(item)),
        "name": name("Name"),
        "comment": "Config.Comment",
        "vpc": networks,
        "tags": tag_map("ResourceTagSet.Tags"),
        "tags_all": tag_map("ResourceTagSet.Tags"),
    },
    folds=("aws_route53_zone_association",),
)


def alias(item: Item) -> Any:
    found = item["AliasTarget"]
    if not found:
        return None
    return [
        {
            "name": found["DNSName"].removesuffix("."),
            "zone_id": found.get("HostedZoneId"),
            "evaluate_target_health": found.get("EvaluateTargetHealth"),
        }
    ]


def full_id(item: Item) -> str:
    parts = [last("^Id")(item), name("Name")(item), item["Type"], item["SetIdentifier"]]
    return "_".join(str(p) for p in parts if p)


RECORD = Make(
    type="aws_route53_record",
    address=full_id,
    name=name("Name"),
    bare=True,
    fields={
        "id": full_id,
        "zone_id": last("^Id"),
        "name": name("Name"),
        "type": "Type",
        "ttl": "TTL",
        "records": "ResourceRecords.Value",
        "alias": alias,
        "set_identifier": "SetIdentifier",
        "health_check_id": "HealthCheckId",
    },
)
SIGNED = Make(
    type="aws_route53_hosted_zone_dnssec",
    address=lambda item: f"{last('^Id')(item)}/dnssec",
    when=lambda item: item["Status.ServeSignature"] == "SIGNING",
    bare=True,
    fields={"id": last("^Id"), "hosted_zone_id": last("^Id"), "signing_status": "Status.ServeSignature"},
    folds=("aws_route53_key_signing_key",),
)
QUERIES = Make(
    type="aws_route53_query_log",
    address="Id",
    bare=True,
    fields={"id": "Id", "zone_id": "HostedZoneId", "cloudwatch_log_group_arn": "CloudWatchLogsLogGroupArn"},
)


def locked(item: Item) -> bool:
    return any("transferprohibited" in status.lower() for status in item["StatusList"] or ())


DOMAIN = Make(
    type="aws_route53domains_registered_domain",
    address="arn:{partition}:route53domains::{account}:domain/{DomainName}",
    name="DomainName",
    when="DomainName",
    bare=True,  # the contacts are people
    fields={
        "id": "DomainName",
        "domain_name": "DomainName",
        "auto_renew": "AutoRenew",
        "admin_privacy": "AdminPrivacy",
        "registrant_privacy": "RegistrantPrivacy",
        "tech_privacy": "TechPrivacy",
        "billing_privacy": "BillingPrivacy",
        "expiration_date": "ExpirationDate",
        "transfer_lock": locked,
        "tags": tag_map("TagList"),
        "tags_all": tag_map("TagList"),
    },
)

TABLES = [
    Service(
        name="route53",
        home=True,
        asks=(
            Ask(
                operation="ListHostedZones",
                items="HostedZones",
                then=(
                    Ask(
                        operation="GetHostedZone",
                        params={"Id": "Id"},
                        items="VPCs",
                        put="VPCs",
                        feeds=("vpc",),
                        when="Config.PrivateZone",
                    ),
                    tags("ListTagsForResource", ResourceType="=hostedzone", ResourceId=last("Id")),
                    Ask(
                        operation="ListResourceRecordSets",
                        params={"HostedZoneId": "Id"},
                        items="ResourceRecordSets",
                        makes=(RECORD,),
                    ),
                    Ask(operation="GetDNSSEC", params={"HostedZoneId": last("Id")}, makes=(SIGNED,), when=public),
                ),
                makes=(ZONE,),
            ),
            Ask(operation="ListQueryLoggingConfigs", items="QueryLoggingConfigs", makes=(QUERIES,)),
        ),
    ),
    Service(
        name="route53domains",
        home=True,
        asks=(
            Ask(
                operation="ListDomains",
                items="Domains",
                then=(
                    Ask(
                        operation="GetDomainDetail",
                        params={"DomainName": "DomainName"},
                        then=(tags("ListTagsForDomain", DomainName="DomainName"),),
                        makes=(DOMAIN,),
                    ),
                ),
            ),
        ),
    ),
]

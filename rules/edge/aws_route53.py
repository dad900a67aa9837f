"""Names: not lost, not forged, not left behind."""

from collections.abc import Iterator
from typing import Any

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, require, rule
from assay.analysis.aws_network import held, written_address, written_name
from assay.analysis.certificates import days_from
from assay.clock import today

DOMAIN = "aws_route53domains_registered_domain"

require(
    "aws-route53-domain-unlocked",
    on=DOMAIN,
    path="transfer_lock",
    not_equals=False,
    default=True,
    title="Domains are locked against transfer.",
    why="Who gets into the account, or tricks the registrar, moves the domain away, and with it mail and sign-on.",
    severity=MEDIUM,
    equivalents=[
        "CKV_AWS_377",
        "prowler:route53_domains_transferlock_enabled",
        "steampipe-aws:route53_domain_transfer_lock_enabled",
    ],
)


@rule(
    on=DOMAIN,
    severity=LOW,
    equivalents=[
        "prowler:route53_domains_privacy_protection_enabled",
        "steampipe-aws:route53_domain_privacy_protection_enabled",
    ],
)
def aws_route53_domain_no_privacy(domain: Resource) -> Iterator[Finding]:
    """Contacts of a domain are not public.

    ## Why
    Names, addresses and telephone numbers in the public register are what a fraudster needs to sound right.
    ## Fix
    Leave `admin_privacy`, `registrant_privacy` and `tech_privacy` on.
    """
    for name in ("admin_privacy", "registrant_privacy", "tech_privacy", "billing_privacy"):
        if domain[name] == False:
            yield domain.fails(f"{name} is off", at=name, fix=domain.set(name, True))


@rule(
    on=DOMAIN,
    params={"days": 30},
    severity=MEDIUM,
    equivalents=[
        "steampipe-aws:route53_domain_auto_renew_enabled",
        "steampipe-aws:route53_domain_expires_30_days",
        "steampipe-aws:route53_domain_expires_7_days",
        "steampipe-aws:route53_domain_not_expired",
    ],
)
def aws_route53_domain_expiring(domain: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Domains renew themselves.

    ## Why
    A domain that ends can be bought by anybody, who then receives its mail and answers its names.
    ## Fix
    Set `auto_renew = true` and keep the payment method valid.
    """
    if domain["auto_renew"] == False:
        yield domain.fails("the domain does not renew itself", at="auto_renew", fix=domain.set("auto_renew", True))
    ends = domain["expiration_date"]
    if ends != None and ends[:10] < days_from(today(), params["days"]):
        yield domain.fails(f"the domain ends on {ends[:10]}", at="expiration_date", key="ends")


@rule(
    on="aws_route53_record",
    severity=HIGH,
    equivalents=["CKV2_AWS_23", "prowler:route53_dangling_ip_subdomain_takeover"],
)
def aws_route53_dangling_record(record: Resource, graph: Graph) -> Iterator[Finding]:
    """Address records lead to something of one's own.

    ## Why
    When the address or the alias was given back, somebody else gets it next, and with it your name.
    ## Fix
    Refer to the resource (`aws_eip.x.public_ip`, `aws_lb.x.dns_name`) instead of writing the address, or remove the
    record.
    """
    if record["type"] not in ("A", "AAAA"):
        return
    for address in as_list(record["records"]):
        if written_address(address) and not held(address, record, graph):
            yield record.fails(f"no resource here holds {address}", at="records", key=address)
    if record.source == "aws":
        return  # an API always answers with the name that an alias was given, and it may be another account's
    for alias in record.each("alias"):
        if written_name(alias["name"]):
            yield alias.fails(f"no resource here is called {alias['name']}", at="name")


@rule(on="aws_route53_zone", severity=LOW, controls=["nist-800-53r5:SC-20"], equivalents=["CKV2_AWS_38"])
def aws_route53_no_dnssec(zone: Resource, graph: Graph) -> Iterator[Finding]:
    """Public zones are signed.

    ## Why
    Without DNSSEC a forged answer sends visitors elsewhere and nobody can tell.
    ## Fix
    Add an `aws_route53_key_signing_key` and an `aws_route53_hosted_zone_dnssec`, and the DS record at the registrar.
    """
    signing = ("aws_route53_hosted_zone_dnssec", "aws_route53_key_signing_key")
    if zone.each("vpc") or any_of(
        (*signing, "aws_route53_zone_association"), lambda type_: bool(graph.users(zone, type_))
    ):
        return
    yield zone.fails("the zone is public and not signed")

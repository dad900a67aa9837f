"""ACM: certificates."""

from __future__ import annotations

from assay.inventory.aws.common import nested, tag_map, tags
from assay.inventory.aws.table import Ask, Item, Make, Service

KINDS = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def algorithm(item: Item) -> str | None:
    """The key's algorithm as Terraform writes it: a description says `RSA-2048` where a list says `RSA_2048`."""
    found = item["KeyAlgorithm"]
    return str(found).replace("-", "_") if found else None


CERTIFICATE = Make(
    type="aws_acm_certificate",
    address="CertificateArn",
    name="DomainName",
    bare=True,
    fields={
        "id": "CertificateArn",
        "arn": "CertificateArn",
        "domain_name": "DomainName",
        "subject_alternative_names": "SubjectAlternativeNames",
        "key_algorithm": algorithm,
        "type": "Type",
        "status": "Status",
        "renewal_status": "RenewalSummary.RenewalStatus",
        "not_after": "NotAfter",
        "not_before": "NotBefore",
        "certificate_authority_arn": "CertificateAuthorityArn",
        "options": nested("Options", {"ValidationMethod": None}),
        "tags": tag_map("Tags"),
        "tags_all": tag_map("Tags"),
    },
)

TABLES = [
    Service(
        name="acm",
        asks=(
            Ask(
                operation="ListCertificates",
                params={"Includes": {"keyTypes": list(KINDS)}},  # by default it lists two kinds of RSA only
                items="CertificateSummaryList",
                then=(
                    Ask(
                        operation="DescribeCertificate",
                        params={"CertificateArn": "CertificateArn"},
                        items="Certificate",
                        then=(tags("ListTagsForCertificate", CertificateArn="CertificateArn"),),
                        makes=(CERTIFICATE,),
                    ),
                ),
            ),
        ),
    )
]

"""What rules on OCI ask of values: images, names, types, tenancies, access lists; and what unknowns may not decide."""

import pytest
from assay import Undetermined, Unknown
from assay.analysis.images import is_floating
from assay.analysis.literals import days_from_now, is_written, number
from assay.analysis.naming import is_critical, is_production, words
from assay.analysis.oci_network import port_bounds, whitelist_entry
from assay.analysis.oci_permissions import includes, is_known, near
from assay.analysis.oci_tenancy import is_tenancy
from assay.model import Ref, Resource, Text


def unknown(name: str = "x") -> Unknown:
    return Unknown(f"var.{name} has no value", ("var", name))


@pytest.mark.parametrize(
    ("image", "floating"),
    [
        ("fra.ocir.io/acme/shop:1.2", False),
        ("fra.ocir.io/acme/shop:latest", True),
        ("fra.ocir.io/acme/shop", True),
        ("registry:5000/shop", True),
        ("shop@sha256:0123", False),
        ("shop:latest@sha256:0123", False),
    ],
)
def test_images(image: str, floating: bool) -> None:
    assert is_floating(image) is floating


def test_images_with_unknown_pieces() -> None:
    assert not is_floating(Text((unknown(), "/shop:1.2")))
    assert is_floating(Text((unknown(), ":latest")))
    assert is_floating(Text((unknown(), "/shop")))
    for image in (Text(("acme/shop:", unknown())), Text((unknown(), "-shop")), unknown()):
        with pytest.raises(Undetermined):
            is_floating(image)


def resource(**values: object) -> Resource:
    return Resource("oci_core_volume", "oci_core_volume.a", "terraform", dict(values), name="a")


def test_words_of_names() -> None:
    assert words("appProd-DB_1") == ["app", "prod", "db", "1"]
    assert words(Text(("shop-", unknown(), "-prod"))) == ["shop", "prod"]


@pytest.mark.parametrize(
    ("values", "production"),
    [
        ({"display_name": "shop-prod"}, True),
        ({"display_name": "product-catalogue"}, False),
        ({"display_name": "shop-non-prod"}, False),
        ({"display_name": "preProd"}, False),
        ({"freeform_tags": {"Environment": "Production"}}, True),
        ({"defined_tags": {"ops.environment": "prod"}}, True),
        ({"freeform_tags": {"owner": "prod-team"}}, False),
        ({}, False),
    ],
)
def test_production(values: dict[str, object], production: bool) -> None:
    assert is_production(resource(**values)) is production


def test_an_unknown_name_may_be_production() -> None:
    with pytest.raises(Undetermined):
        is_production(resource(display_name=unknown()))
    assert is_production(resource(display_name=unknown(), freeform_tags={"env": "prod"}))


def test_critical() -> None:
    assert is_critical(resource(freeform_tags={"criticality": "high"}))
    assert not is_critical(resource(freeform_tags={"criticality": "low"}))
    with pytest.raises(Undetermined):
        is_critical(resource(freeform_tags=unknown()))


def test_types_of_policies() -> None:
    assert is_known("instance-family")
    assert includes("object-family", "buckets")
    assert includes("all-resources", "buckets")
    assert not includes("buckets", "object-family")
    assert near("instannces") == "instances"
    assert near("instance_family") == "instance-family"
    assert near("bukcets") == "buckets"
    assert near("queues") is None, "a plural may be newer than the table"
    assert near("moon-bases") is None


def test_the_tenancy_is_known_by_its_name() -> None:
    assert is_tenancy("ocid1.tenancy.oc1..a")
    assert not is_tenancy("ocid1.compartment.oc1..a")
    assert not is_tenancy(None)
    assert is_tenancy(unknown("tenancy_ocid"))
    assert is_tenancy(Ref("data.oci_identity_tenancy.this", "id"))
    assert not is_tenancy(Ref("oci_identity_compartment.shop", "id"))
    for doubtful in (unknown("compartment_id"), Ref("data.oci_identity_compartments.all", "compartments[0].id")):
        with pytest.raises(Undetermined):
            is_tenancy(doubtful)


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("203.0.113.7", "address"),
        ("203.0.113.0/24", "address"),
        ("0.0.0.0/0", "anywhere"),
        ("ocid1.vcn.oc1..a", "vcn"),
        ("ocid1.vcn.oc1..a;10.0.0.0/16", "vcn"),
        ("ocid1.subnet.oc1..a", "other"),
        ("office", "other"),
    ],
)
def test_entries_of_access_lists(entry: str, kind: str) -> None:
    assert whitelist_entry(entry) == kind


def test_entries_that_refer() -> None:
    vcn = Ref("module.net.oci_core_vcn.main", "id")
    assert whitelist_entry(vcn) == "vcn"
    assert whitelist_entry(Text((vcn, ";10.0.0.0/16"))) == "vcn"
    assert whitelist_entry(Ref("oci_core_subnet.app", "id")) == "other"
    with pytest.raises(Undetermined):
        whitelist_entry(unknown())


def test_ports_of_lists_and_of_groups() -> None:
    assert port_bounds(resource(tcp_options=[{"min": 22, "max": 23}]), "tcp") == (22, 23)
    grouped = resource(tcp_options=[{"destination_port_range": [{"min": 22, "max": 23}]}])
    assert port_bounds(grouped, "tcp") == (22, 23)
    assert port_bounds(resource(tcp_options=[{"source_port_range": [{"min": 1, "max": 2}]}]), "tcp") == (None, None)
    assert port_bounds(resource(), "tcp") == (None, None)


def test_literals() -> None:
    assert number("80") == 80
    assert is_written("x")
    assert not is_written(" ")
    assert not is_written(unknown())
    assert days_from_now("2999-01-01T00:00:00Z") > 300_000
    assert days_from_now("2020-01-01T00:00:00Z") < 0
    with pytest.raises(Undetermined):
        days_from_now("next week")

"""Every table of the OCI inventory over HTTP: the real SDK, every member of every model filled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import oci
import pytest
from assay.analysis.oci_permissions import granted, is_known, near, types_of
from assay.analysis.oci_permissions import operation as needs
from assay.analysis.oci_policy_language import statement
from assay.inventory.collect import collect
from assay.inventory.oci import models, tables, types
from assay.inventory.oci.clients import Clients, identify
from assay.inventory.oci.permissions import statements
from assay.inventory.oci.table import Row, children, fed
from assay.inventory.oci.units import survey, units
from assay.inventory.snapshot import decode, records
from assay.model import Unknown
from assay.terraform.schema import attributes
from oci_control_plane import TENANCY, ControlPlane, operations, write_config
from oci_models import filled

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [row for table in tables() for row in table.rows]
AT_ONCE = oci.retry.RetryStrategyBuilder(
    max_attempts=4, retry_base_sleep_time_seconds=0.01, retry_max_wait_between_calls_seconds=0.02,
    service_error_check=True, service_error_retry_on_any_5xx=True, service_error_retry_config={429: []},
).get_retry_strategy()  # fmt: skip


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def one_of_each() -> dict[str, Any]:
    """What a control plane holds where there is exactly one of each type, each the child of the one before."""
    content: dict[str, Any] = {}
    made: dict[str, dict[str, Any]] = {}
    for row in ROWS:
        operation = row.get or row.list
        model = models.item_model(row.client, operation)
        known: dict[str, Any] = {
            "compartmentId": TENANCY, "id": f"ocid1.{row.type}.oc1..one", "availabilityDomain": "AD-1",
            "name": "one", "type": "SAML" if row.type.endswith("domains_identity_provider") else None,
            "namespace": "plane", "lifetime": "RESERVED", "scope": "REGION", "url": "https://idcs-1.example.com",
        }  # fmt: skip
        parent = made.get(row.within)
        for argument, source in {**row.args, **row.adds}.items():
            if str(source).startswith("parent.") and parent:
                known[camel(argument)] = parent.get(camel(str(source).rpartition(".")[2]), parent.get("id"))
        item = filled(row.client.partition(".")[0], model, 4, **{k: v for k, v in known.items() if v})
        made.setdefault(row.type, item)
        content.setdefault(f"{row.service}.{row.list or row.get}", [item] if row.list else item)
    vcn, table, rules = made["oci_core_vcn"], made["oci_core_route_table"], made["oci_core_security_list"]
    table["vcnId"], rules["vcnId"] = vcn["id"], "ocid1.vcn.oc1..elsewhere"
    table["routeRules"][0]["networkEntityId"] = "ocid1.privateip.oc1..one"
    instance = made["oci_core_instance"]["id"]
    content["compute.list_vnic_attachments"][0].update(instanceId=instance, vnicId="ocid1.vnic.oc1..one")
    for name, client, operation, more in (
        ("virtual_network.get_vcn", "core.VirtualNetworkClient", "get_vcn", {"id": rules["vcnId"]}),
        ("virtual_network.get_private_ip", "core.VirtualNetworkClient", "get_private_ip",
         {"id": "ocid1.privateip.oc1..one"}),
        ("virtual_network.get_drg_redundancy_status", "core.VirtualNetworkClient", "get_drg_redundancy_status", {}),
        ("virtual_network.get_vnic", "core.VirtualNetworkClient", "get_vnic", {"id": "ocid1.vnic.oc1..one"}),
        ("compute.list_boot_volume_attachments", "core.ComputeClient", "list_boot_volume_attachments",
         {"instanceId": instance, "availabilityDomain": "AD-1", "compartmentId": TENANCY}),
        ("limits.list_limit_definitions", "limits.LimitsClient", "list_limit_definitions",
         {"name": "one", "serviceName": "one", "isDeprecated": False}),
        ("limits.list_limit_values", "limits.LimitsClient", "list_limit_values", {"name": "one"}),
        ("limits.get_resource_availability", "limits.LimitsClient", "get_resource_availability", {}),
    ):  # fmt: skip
        item = filled(client.partition(".")[0], models.item_model(client, operation), 3, **more)
        content[name] = [item] if operation.startswith("list_") else item
    content["identity.list_compartments"][0]["compartmentId"] = TENANCY
    return content


class Collected:
    """What one collection left: records by kind."""

    def __init__(self, path: Path) -> None:
        everything = list(records(str(path)))
        self.resources = [r["resource"] for r in everything if "resource" in r]
        self.units = [r["unit"] for r in everything if "unit" in r]
        self.unlisted = [r["unlisted"] for r in everything if "unlisted" in r]

    def of(self, type_: str) -> list[dict[str, Any]]:
        return [decode(r["values"]) for r in self.resources if r["type"] == type_]


def audit(plane: ControlPlane, folder: Path, **options: Any) -> Collected:
    """Collect a plane through the front door of the library."""
    clients = Clients(identify(config_file=str(write_config(folder))), plane.url, AT_ONCE)
    place = survey(clients, **options)
    path = folder / "plane.jsonl.gz"
    with ThreadPoolExecutor(4) as pool:
        collect(units(clients, place, tables(), pool), str(path), jobs=4)
    return Collected(path)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[ControlPlane, Collected]:
    with ControlPlane(one_of_each()) as plane:
        return plane, audit(plane, tmp_path_factory.mktemp("oci"))


def test_every_call_is_answered(everything: tuple[ControlPlane, Collected]) -> None:
    _, found = everything
    assert [u for u in found.units if u["status"] != "ok"] == []
    assert found.unlisted == []


def test_every_operation_of_the_tables_is_asked(everything: tuple[ControlPlane, Collected]) -> None:
    plane, _ = everything
    from assay.inventory.oci.table import client_service

    asked = {f"{client_service(client)}.{operation}" for client, operation in operations()}
    assert asked - set(plane.calls) == set()


@pytest.mark.parametrize("type_", sorted({row.type for row in ROWS}))
def test_every_type_is_collected(everything: tuple[ControlPlane, Collected], type_: str) -> None:
    _, found = everything
    assert found.of(type_), f"nothing of {type_}"


# What the API tells and the provider's documentation of the resource does not name: of no use to a rule, no harm.
MORE = {"system_tags", "time_created", "lifecycle_details", "latest_backup_time"}


@pytest.mark.parametrize("type_", sorted(t for t in types() if attributes(t)))
def test_attributes_have_the_providers_names(everything: tuple[ControlPlane, Collected], type_: str) -> None:
    """At least four of five: the others are of the API alone, or newer than the provider's documentation."""
    _, found = everything
    for values in found.of(type_):
        known = {path.partition(".")[0] for path in attributes(type_)} | MORE
        own = set(values) - MORE
        strange = own - known
        assert len(strange) <= max(2, len(own) // 5), strange


def test_what_renames_and_adds_name_exists() -> None:
    missing = []
    for row in ROWS:
        names = [*row.adds, *(".".join([*p.split(".")[:-1], name]) for p, name in row.renames.items())]
        known = attributes(row.type)
        missing += [f"{row.type}: {name}" for name in names if known and name not in {"id", *known}]
    assert missing == [], missing


def test_nothing_the_schema_calls_a_block_is_anything_else(everything: tuple[ControlPlane, Collected]) -> None:
    """A nested model is a list of blocks, so that `a.b` reads `a[0].b` as it does for Terraform."""
    _, found = everything
    for resource in found.resources:
        values, known = decode(resource["values"]), attributes(resource["type"])
        for name, value in values.items():
            if any(path.startswith(f"{name}.") for path in known) and isinstance(value, dict):
                told = f"{resource['type']}.{name}"
                assert name.endswith("_tags") or all(isinstance(v, list) for v in value.values()), told


def test_no_secret_is_asked_for_or_kept(everything: tuple[ControlPlane, Collected]) -> None:
    plane, found = everything
    assert not [c for c in plane.calls if "secret_bundle" in c or "get_object" in c.split(".")[-1:]]
    for instance in found.of("oci_core_instance"):
        assert "metadata" not in instance
        assert "extended_metadata" not in instance


def test_a_list_that_is_denied_costs_what_lies_in_it() -> None:
    vcns = next(r for r in ROWS if r.type == "oci_core_network_security_group")
    assert fed(ROWS, vcns) == ["oci_core_network_security_group", "oci_core_network_security_group_security_rule"]
    drg = next(r for r in ROWS if r.type == "oci_core_drg")
    assert set(fed(ROWS, drg)) == {
        "oci_core_drg", "oci_core_drg_route_table", "oci_core_drg_route_table_route_rule",
        "oci_core_drg_route_distribution", "oci_core_drg_route_distribution_statement",
    }  # fmt: skip


def test_the_permissions_are_statements_that_read() -> None:
    lines = statements(tables())
    for line in lines:
        parsed = statement(line)
        assert parsed.effect == "allow", (line, parsed.fault)
        assert parsed.subject == "group"
        assert parsed.place == "tenancy"
        assert is_known(parsed.resource) or near(parsed.resource) is None, f"{parsed.resource} is misspelt"
        if parsed.verb not in ("inspect", "read"):  # the platform lists these for no less
            assert parsed.resource == "network-security-groups" or parsed.condition is not None, line
    assert len({(s.resource, str(s.condition)) for s in map(statement, lines)}) == len(lines)


def test_every_operation_has_a_permission() -> None:
    bare = [f"{row.type}: {row.list or row.get}" for row in ROWS if not row.grant]
    assert bare == []


def test_every_permission_that_the_reference_names_is_granted() -> None:
    """Oracle's reference says what most operations need; where it does, the statements must give it."""
    given = {
        p for s in map(statement, statements(tables())) if s.condition is None for p in granted(s.verb, s.resource)
    }
    missing, checked = [], 0
    for row in ROWS:
        asked = [(op, row.grant) for op in (row.list, row.get) if op] + [(op, grant) for _, op, grant in row.asks]
        for name, grant in asked:
            known = needs(name.replace("_", ""))
            type_ = grant.split()[1]
            for permission in known.permissions if known and known.certain else ():
                if type_ in types_of(permission):  # operations of other services have the same names
                    checked += 1
                    missing += [] if permission in given else [f"{name} needs {permission}"]
    assert missing == []
    assert checked > 60


def test_rows_lie_within_rows_of_their_table() -> None:
    for table in tables():
        for row in table.rows:
            assert not row.within or any(r.type == row.within for r in table.rows), row.type
            assert all(isinstance(c, Row) for c in children(table.rows, row.type))


def test_an_unknown_word_of_the_service_is_unknown(tmp_path: Path) -> None:
    """A newer service answers a word that the SDK drops; nobody may judge by what is left."""
    from oci.core.models import Subnet

    subnet = Subnet(id="ocid1.subnet.oc1..one", lifecycle_state="SOMETHING_NEW")
    from assay.inventory.oci.shape import values_of

    state = values_of(subnet)["state"]
    assert isinstance(state, Unknown)
    assert "SDK" in state.reason

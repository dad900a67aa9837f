"""Vaults, keys and secrets, never what a secret holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.inventory.oci.table import COMPARTMENT, Row, of, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made


def _key(item: Item) -> Iterator[Made]:
    parent = item.parent
    if parent is not None:
        item.values["management_endpoint"] = parent.model.management_endpoint
    state = item.values.get("state")
    if state in ("ENABLED", "DISABLED"):
        item.values["desired_state"] = state
    yield item.made()


VAULT = table(
    "vault",
    of("key_management.KmsVaultClient", Row("oci_kms_vault", "list_vaults", "inspect vaults", get="get_vault",
                                            get_grant="read vaults")),
    of(
        "key_management.KmsManagementClient",
        Row("oci_kms_key", "list_keys", "inspect keys", get="get_key", get_grant="read keys",
            args={"compartment_id": "parent.compartment_id"}, within="oci_kms_vault",
            endpoint="parent.management_endpoint", shape=_key),
        Row("oci_kms_key_version", "list_key_versions", "inspect keys", args={"key_id": "parent.id"},
            within="oci_kms_key", endpoint="parent.parent.management_endpoint"),
    ),
    of("vault.VaultsClient", Row("oci_vault_secret", "list_secrets", "inspect secrets", get="get_secret",
                                 get_grant="read secrets", args=COMPARTMENT)),
)  # fmt: skip

TABLES = (VAULT,)

"""The units of an audit of OCI: which compartments and regions there are, and each table in each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.inventory.collect import OTHER_REGIONS, CollectionStopped, Unit
from assay.inventory.oci.clients import brief, status_of
from assay.inventory.oci.engine import Collector
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from assay.inventory.collect import Emitter
    from assay.inventory.oci.clients import Clients
    from assay.inventory.oci.table import Table

CHUNK = 25
"""Compartments of one unit: enough to be few units, few enough that a killed audit loses little."""
_IDENTITY = "identity.IdentityClient"


class Place(NamedTuple):
    """Where to look: regions, the compartments with their names (the tenancy first), and why some may be missing.

    `blind` and `elsewhere` are the status and reason for which compartments and subscribed regions are not known.
    """

    home: str
    regions: list[str]
    compartments: dict[str, str]
    blind: tuple[str, str] | None = None
    elsewhere: tuple[str, str] | None = None


def survey(clients: Clients, regions: Sequence[str] = (), compartments: Sequence[str] = ()) -> Place:
    """Find the regions and compartments.

    Raises:
        UsageError: a region that the tenancy is not subscribed to, a compartment that is not one of its own.
        CollectionStopped: the credentials are refused, or nobody answers.
    """
    me = clients.identity
    home, subscribed, refused = subscribed_regions(clients)
    for region in regions:
        if subscribed and region not in subscribed:
            raise UsageError(f"--regions {region}: the tenancy is subscribed to {', '.join(subscribed)} only")
    chosen = list(regions) or ([me.region] if clients.endpoint else subscribed) or [me.region]
    found: dict[str, Any] = {}
    blind = None
    try:
        client = clients.client(_IDENTITY, home)
        for page in clients.pages(
            client, "list_compartments", compartment_id=me.tenancy, compartment_id_in_subtree=True, access_level="ANY"
        ):  # fmt: skip
            found.update({c.id: c for c in page if c.lifecycle_state == "ACTIVE"})
    except Exception as error:  # noqa: BLE001 - status_of sorts them, and raises what is no answer of the service
        blind = status_of(error)
    names = {me.tenancy: "(root)", **{ocid: c.name for ocid, c in found.items()}}
    if compartments:
        names = _chosen(names, found, compartments, blind)
    return Place(home, chosen, names, blind, None if regions or clients.endpoint else refused)


def subscribed_regions(clients: Clients) -> tuple[str, list[str], tuple[str, str] | None]:
    """The home region and all that the tenancy is subscribed to; none when one may not know, and why.

    Raises:
        CollectionStopped: nobody answers.
    """
    me = clients.identity
    try:
        client = clients.client(_IDENTITY, me.region)
        answer = clients.call(client, "list_region_subscriptions", me.tenancy, retry_strategy=brief()).data
    except Exception as error:
        status, reason = status_of(error)
        if status == "failed":
            raise CollectionStopped(f"the audit of OCI cannot begin: {reason}") from error
        return me.region, [], (status, reason)
    home = next((r.region_name for r in answer if r.is_home_region), me.region)
    ready = [r.region_name for r in answer if r.status in (None, "READY")]
    return (me.region if clients.endpoint else home), sorted(ready), None


def _chosen(
    names: dict[str, str], found: dict[str, Any], wanted: Sequence[str], blind: tuple[str, str] | None
) -> dict[str, str]:
    """The compartments asked for, by OCID or name, and all that lie in them."""
    by_name = {name: ocid for ocid, name in reversed(names.items())}
    kept: list[str] = []
    for word in wanted:
        ocid = word if word in names else by_name.get(word)
        if ocid is None:
            if not blind or not word.startswith("ocid1."):
                why = f": {blind[1]}" if blind else ""
                raise UsageError(f"--compartments {word}: the tenancy shows no such compartment{why}")
            ocid = word
        kept.append(ocid)
    for ocid in kept:
        kept += [c for c in found if found[c].compartment_id == ocid and c not in kept]
    return {ocid: names.get(ocid, ocid) for ocid in dict.fromkeys(kept)}


def units(clients: Clients, place: Place, tables: Sequence[Table], pool: ThreadPoolExecutor) -> Iterator[Unit]:
    """One unit a table and region, or of a large tenancy one a table, region and part of its compartments."""
    if place.elsewhere is not None:
        yield _elsewhere(clients, place, tables)
    ocids = list(place.compartments)
    chunks = [ocids[i : i + CHUNK] for i in range(0, len(ocids), CHUNK)]
    for table in tables:
        for region in [None] if table.home else place.regions:
            for number, chunk in enumerate(chunks):
                if number and all(row.root or row.within for row in table.rows):
                    continue
                names = {ocid: place.compartments[ocid] for ocid in chunk}
                part = f" (compartments {number * CHUNK + 1}-{number * CHUNK + len(chunk)})" if len(chunks) > 1 else ""
                yield _unit(clients, place, table, pool, region, names, part)


def _unit(
    clients: Clients, place: Place, table: Table, pool: ThreadPoolExecutor, region: str | None, names: dict[str, str],
    part: str,
) -> Unit:  # fmt: skip
    types = sorted({type_ for row in table.rows for type_ in row.types})

    def work(emitter: Emitter) -> None:
        if place.blind:
            emitter.problem("identity.list_compartments", *place.blind, types)
        first = not part or "(compartments 1-" in part
        Collector(clients, pool, table, region or place.home, names, emitter, root=first).run()

    return Unit("oci", clients.identity.tenancy, region, table.name + part, types, work, scope=",".join(sorted(names)))


def _elsewhere(clients: Clients, place: Place, tables: Sequence[Table]) -> Unit:
    """The unit of the regions that nobody could list: what is in them is not listed either."""
    types = sorted({type_ for table in tables if not table.home for row in table.rows for type_ in row.types})
    status, reason = place.elsewhere or ("", "")
    said = f"{reason}; only {', '.join(place.regions)} is looked at, others can be named by --regions"

    def work(emitter: Emitter) -> None:
        emitter.problem("identity.list_region_subscriptions", status, said, types)

    return Unit("oci", clients.identity.tenancy, OTHER_REGIONS, "regions", types, work)

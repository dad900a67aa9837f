"""`assay audit oci`: a tenancy, its compartments and regions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from assay.cli.scan import add_code, add_terraform
from assay.inventory.oci.clients import AUTH

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from assay.inventory.collect import Unit

CALLS = 8
"""Calls at once, beside the units that wait for them."""


def options(p: ArgumentParser) -> None:
    p.add_argument("--auth", choices=AUTH, default="api-key", help="how to sign in (default api-key)")
    p.add_argument("--config-file", metavar="FILE", help="the SDK's configuration file (default ~/.oci/config)")
    p.add_argument("--profile", metavar="NAME", help="profile of the configuration file (default DEFAULT)")
    p.add_argument("--compartments", action="append", metavar="NAME|OCID",
                   help="only these and what lies in them (default: all of the tenancy and its root)")  # fmt: skip
    p.add_argument("--regions", action="append", metavar="REGION",
                   help="only these (default: all subscribed ones; with --endpoint the profile's)")  # fmt: skip
    add_code(p)
    add_terraform(p)


def _words(texts: list[str] | None) -> list[str]:
    return [word for text in texts or () for word in text.replace(",", " ").split()]


def units(args: Namespace) -> Iterator[Unit]:
    """The units; where there is anything to look at is asked at once, so that a wrong call is said at once."""
    from assay.inventory.oci import tables
    from assay.inventory.oci.clients import Clients, identify
    from assay.inventory.oci.units import survey
    from assay.inventory.oci.units import units as all_units

    clients = Clients(identify(args.auth, args.config_file, args.profile), args.endpoint)
    place = survey(clients, _words(args.regions), _words(args.compartments))
    args.place = place
    args.tenancy = clients.identity.tenancy
    pool = ThreadPoolExecutor(args.jobs or CALLS, thread_name_prefix="oci")
    return all_units(clients, place, tables(args.types), pool)


def header(args: Namespace) -> dict[str, Any]:
    """What the snapshot is of; compartments are not in it, so that a new one does not keep an audit from resuming."""
    from assay.inventory.oci import types

    feeds = types(args.types)
    left = sorted(set(types()) - set(feeds))
    return {
        "feeds": {"oci": feeds}, "accounts": [args.tenancy], "regions": args.place.regions,
        "compartments": _words(args.compartments), "endpoint": args.endpoint,
        **({"left_out": left} if left else {}),
    }  # fmt: skip


def permissions(args: Namespace) -> str:
    from assay.inventory.oci import tables
    from assay.inventory.oci.permissions import statements

    return "".join(f"{line}\n" for line in statements(tables(args.types)))


def known() -> set[str]:
    """Every type that is collected."""
    from assay.inventory.oci import types

    return set(types())

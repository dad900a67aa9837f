"""The rules of security groups, one for each peer: however a block groups them, and wherever the code writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import PartialList, Unknown
from assay.provenance.identity import resolve
from assay.provenance.normal import _PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.model import Resource
    from assay.provenance.normal import LiveOf

DIRECTIONS = ("ingress", "egress")
_PEERS = {
    "cidr_blocks": "", "cidr_ipv4": "", "ipv6_cidr_blocks": "", "cidr_ipv6": "", "prefix_list_ids": "",
    "prefix_list_id": "", "security_groups": "", "source_security_group_id": "", "referenced_security_group_id": "",
}  # fmt: skip
"""Where the blocks and resources of the provider name peers; none of them can be taken for another."""


class Rules(NamedTuple):
    """What is let through, in words (`tcp 22 from 10.0.0.0/8`), and whether there may be more that nobody knows."""

    words: frozenset[str]
    doubt: bool


def of_blocks(blocks: Any, direction: str, live_of: LiveOf, own: frozenset[str] = frozenset()) -> Rules:
    """The rules of the blocks at `ingress` or `egress`; `own` are the names of the group itself."""
    if isinstance(blocks, Unknown):
        return Rules(frozenset(), doubt=True)
    items = blocks.known() if isinstance(blocks, PartialList) else blocks or ()
    found, doubt = _collected(items, direction, live_of, own)
    return Rules(found, doubt or isinstance(blocks, PartialList))


def of_resources(resources: Iterable[Resource], direction: str, live_of: LiveOf, own: frozenset[str]) -> Rules:
    """The rules that resources of their own add to a group in this direction."""
    return Rules(*_collected((r.values for r in resources if _goes(r, direction)), direction, live_of, own))


def _goes(r: Resource, direction: str) -> bool:
    if r.type == "aws_security_group_rule":
        told = r.values.get("type")
        return isinstance(told, Unknown) or told == direction
    return r.type.endswith(f"{direction}_rule")


def _collected(
    items: Iterable[Any], direction: str, live_of: LiveOf, own: frozenset[str]
) -> tuple[frozenset[str], bool]:
    found: set[str] = set()
    doubt = False
    for item in items:
        if not isinstance(item, dict) or isinstance(item.get("type"), Unknown):
            doubt = True
            continue
        doors = _door(item)
        for peer in _peers(item, live_of, own):
            if peer is None or doors is None:
                doubt = True
            else:
                found.add(f"{doors} {'from' if direction == 'ingress' else 'to'} {peer}")
    return frozenset(found), doubt


def _door(item: dict[str, Any]) -> str | None:
    """The protocol and ports; None where one of them is not known."""
    protocol = item.get("protocol", item.get("ip_protocol"))
    ends = item.get("from_port"), item.get("to_port")
    if any(isinstance(v, Unknown) for v in (protocol, *ends)) or protocol is None:
        return None
    number = _PROTOCOLS.get(str(protocol).lower(), str(protocol))
    word = {v: k for k, v in _PROTOCOLS.items()}.get(number, number)
    first, last = (str(e) if e is not None else "0" for e in ends)
    return "all" if word == "all" else f"{word} {first}" if first == last else f"{word} {first}-{last}"


def _peers(item: dict[str, Any], live_of: LiveOf, own: frozenset[str]) -> Iterator[str | None]:
    for name in _PEERS:
        value = item.get(name)
        several = value.known() if isinstance(value, PartialList) else value if isinstance(value, list) else [value]
        if isinstance(value, PartialList):
            yield None
        for one in list.__iter__(several):
            yield from _peer(one, live_of, own)
    itself = item.get("self")
    if isinstance(itself, Unknown):
        yield None
    elif itself is True:
        yield "itself"


def _peer(value: Any, live_of: LiveOf, own: frozenset[str]) -> Iterator[str | None]:
    if value is None:
        return
    found = resolve(value, live_of)
    if found is None or not found.known:
        yield None
    elif found.known & own:
        yield "itself"
    else:
        yield next((n for n in sorted(found.known) if n.startswith("sg-")), min(found.known)).lower()

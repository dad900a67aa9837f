"""Addresses, ports and protocols: the spellings that decide, and the unknowns that must not."""

import ipaddress

import pytest
from assay import Undetermined, Unknown
from assay.analysis.network import (
    PRIVATE,
    carries,
    contains,
    covers,
    covers_all,
    covers_any,
    is_anywhere,
    is_private,
    parse_cidr,
    protocol,
)
from assay.analysis.reach.addresses import INTERNET, V6, holds
from assay.model import Text
from hypothesis import given
from hypothesis import strategies as st


def unknown() -> Unknown:
    return Unknown("var.x has no value", ("var", "x"))


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "0::0/0", "10.1.2.3/0", "0.0.0.0/00", " 0.0.0.0/0"])
def test_every_spelling_of_the_internet(cidr: str) -> None:
    assert is_anywhere(cidr)


@pytest.mark.parametrize("cidr", [None, "0.0.0.0", "ocid1.x", "10.0.0.0/8", "0.0.0.0/1", "", "all-iad/0", "1.2.3.4/33"])
def test_what_is_not_the_internet(cidr: object) -> None:
    assert not is_anywhere(cidr)


def test_the_known_end_of_a_text_decides() -> None:
    assert not is_anywhere(Text((unknown(), "/32")))
    assert not is_anywhere(Text((unknown(), "/10")))
    for doubtful in (Text((unknown(), "/0")), Text((unknown(), "0")), unknown(), Text(("0.0.0.0/", unknown()))):
        with pytest.raises(Undetermined):
            is_anywhere(doubtful)


def test_private_blocks() -> None:
    assert is_private("10.2.0.0/16")
    assert is_private("fd00::/8")
    assert not is_private("11.0.0.0/8")
    assert not is_private("10.0.0.0/7"), "a block that reaches beyond the private one is public"
    assert contains("10.0.0.0/8", "10.3.0.0/16")
    assert not contains("10.3.0.0/16", "10.0.0.0/8")
    assert not contains("::/0", "10.0.0.0/8")


@given(st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str)), st.integers(0, 128))
def test_ranges_agree_with_the_standard_library(address: str, length: int) -> None:
    text = f"{address}/{length}"
    if ":" not in address and length > 32:
        assert parse_cidr(text) is None
        return
    network = ipaddress.ip_network(text, strict=False)
    assert parse_cidr(text) == (network.version, int(network[0]), int(network[-1]))


def test_port_bounds() -> None:
    assert covers(None, None, 22)
    assert covers(20, 25, 22)
    assert covers("22", "22", 22)
    assert not covers(23, None, 22)
    assert covers_any(3000, 4000, (22, 3389))
    assert not covers_any(23, 24, (22, 3389))
    assert covers_all(None, None)
    assert covers_all(1, 65535)
    assert not covers_all(2, 65535)


def test_one_bound_may_decide_alone() -> None:
    assert not covers(unknown(), 21, 22)
    assert not covers(23, unknown(), 22)
    with pytest.raises(Undetermined):
        covers(unknown(), 25, 22)


def test_protocol_names() -> None:
    assert [protocol(p) for p in (6, "6", "TCP", "tcp")] == ["tcp"] * 4
    assert [protocol(p) for p in (-1, "-1", "all", None)] == ["all"] * 4
    assert carries("all", "tcp")
    assert not carries("17", "tcp")
    with pytest.raises(Undetermined):
        carries(unknown(), "tcp")


RANGES = [
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
    "fe80::/10", "::1/128",
]  # fmt: skip


def test_the_private_ranges_are_those_of_the_rfcs() -> None:
    blocks = [ipaddress.ip_network(text) for text in RANGES]
    assert sorted(PRIVATE) == sorted((b.version, int(b[0]), int(b[-1])) for b in blocks)


SPECIAL = ["0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3", "ff00::/8", "::/8"]
CLOSED = [ipaddress.ip_network(text) for text in [*RANGES, *SPECIAL]]
UNICAST = [ipaddress.ip_network(text) for text in ("0.0.0.0/0", "2000::/3")]


@given(st.ip_addresses())
def test_the_internet_is_what_is_neither_private_nor_special(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    place = int(address) + (V6 if address.version == 6 else 0)
    routed = any(address in block for block in UNICAST) and not any(address in block for block in CLOSED)
    assert holds(INTERNET, place) == routed

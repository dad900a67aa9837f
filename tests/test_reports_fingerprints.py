"""GitHub's line hashes: the vectors it publishes, and an independent slow reading of its algorithm."""

from __future__ import annotations

import pytest
from assay.reports.fingerprints import LineHashes, without_file
from hypothesis import given
from hypothesis import strategies as st

LOREM = "Lorem ipsum dolor sit amet.\n"


def hashes(text: str) -> list[str]:
    found = LineHashes(text)
    return [found[n] for n in range(1, len(found) + 1)]


def rolled(text: str) -> list[str]:
    """The algorithm as it is described: a rolling hash over a ring of 100 units, one unit at a time."""
    raw = text.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw), 2)] + [65535]
    ring, value, modulus = [0] * 100, 0, 1 << 64
    starts: list[int | None] = [None] * 100
    made: list[tuple[int, int]] = []
    line, at_start, after_cr, oldest = 0, True, False, 0

    def push(unit: int, start: int | None) -> None:
        nonlocal value, oldest
        value = (37 * value + unit - pow(37, 100, modulus) * ring[oldest]) % modulus
        if starts[oldest] is not None:
            made.append((starts[oldest] or 0, before))
        ring[oldest], starts[oldest] = unit, start
        oldest = (oldest + 1) % 100

    for unit in units:
        before = value
        if unit in (32, 9) or (unit == 10 and after_cr):
            after_cr = False
            continue
        after_cr = unit == 13
        unit = 10 if after_cr else unit
        start = None
        if at_start:
            line += 1
            start, at_start = line, False
        push(unit, start)
        at_start = unit == 10
    for _ in range(100):
        before = value
        push(0, None)
    seen: dict[int, int] = {}
    shown = []
    for _, found in sorted(made):
        seen[found] = seen.get(found, 0) + 1
        shown.append(f"{found:x}:{seen[found]}")
    return shown


def test_the_published_vectors() -> None:
    assert hashes("") == ["c129715d7a2bc9a3:1"]
    assert hashes(" a\nb\n  \t\tc\n d") == [
        "271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1",
    ]  # fmt: skip
    assert hashes(LOREM * 10)[:7] == [*(f"a7f2ff13bc495cf2:{n}" for n in range(1, 7)), "a7f2ff1481e87703:1"]
    assert hashes(LOREM * 10)[-1] == "c129715d7a2bc9a3:1"


@given(st.text(alphabet="ab \t\n\r{}é日😀", max_size=300))
def test_every_line_equals_the_rolling_reading(text: str) -> None:
    assert hashes(text) == rolled(text)


def test_line_ends_are_one_kind_of_end() -> None:
    assert hashes("a\r\nb\rc\n") == hashes("a\nb\nc\n")
    assert len(LineHashes("a\r \nb")) == 3, "a blank between CR and LF makes two line ends"


def test_a_moved_line_keeps_its_hash_where_what_follows_stays() -> None:
    tail = "".join(f"line {n} of the rest\n" for n in range(20))
    moved = "".join(f"new line {n}\n" for n in range(50)) + tail
    assert LineHashes(tail)[1] == LineHashes(moved)[51]


def test_a_line_that_is_not_there() -> None:
    with pytest.raises(IndexError, match="no line 3"):
        LineHashes("a\nb")[3]


def test_what_no_file_holds_gets_a_stable_stand_in_of_the_same_form() -> None:
    first = without_file("abc")
    assert first == without_file("abc") != without_file("abd")
    assert int(first.partition(":")[0], 16) < 1 << 64
    assert first.endswith(":1")

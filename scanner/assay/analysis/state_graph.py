"""The states of a machine as a graph: where each may go on, which loops there are, and how long a history they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.state_machine import text_of
from assay.model import PartialList, Undetermined, Unknown, as_list, join_path
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.state_machine import Machine, State


def closure(ways: dict[str, list[str]], begin: Any) -> set[str]:
    """Every name that can be reached from the first ones, these included."""
    reached: set[str] = set()
    ahead = list(begin)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += ways.get(name, [])
    return reached


def loops(ways: dict[str, list[str]]) -> list[set[str]]:
    """The sets of names of which each leads to every other (Tarjan's strongly connected components, without recursion);
    a name alone counts when it leads to itself."""
    if not _has_loop(ways):
        return []
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    found: list[set[str]] = []
    for first in ways:
        if first in order:
            continue
        work = [(first, iter(ways[first]))]
        order[first] = low[first] = len(order)
        open_.append(first)
        while work:
            name, ahead = work[-1]
            following_ = next((n for n in ahead if n in ways), None)
            if following_ is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == order[name]:
                    component: set[str] = set()
                    while name not in component:
                        component.add(open_.pop())
                    if len(component) > 1 or name in ways[name]:
                        found.append(component)
                    for one in component:
                        order[one] = len(ways) + 1  # done: no longer on the stack
            elif following_ not in order:
                order[following_] = low[following_] = len(order)
                open_.append(following_)
                work.append((following_, iter(ways[following_])))
            elif order[following_] <= len(ways):
                low[name] = min(low[name], order[following_])
    return found


def _has_loop(ways: dict[str, list[str]]) -> bool:
    """True when names are left after taking away, again and again, those to which nothing leads: most have none."""
    incoming = dict.fromkeys(ways, 0)
    for ahead in ways.values():
        for name in ahead:
            if name in incoming:
                incoming[name] += 1
    free = [name for name, many in incoming.items() if not many]
    for name in free:  # grows while it is gone through
        for one in ways[name]:
            if one in incoming:
                incoming[one] -= 1
                if not incoming[one]:
                    free.append(one)
    return len(free) < len(ways)


MAX_EVENTS = 25_000
"""The longest history of a standard execution (Step Functions quotas, read November 2026)."""
_LIMIT = pattern(r"[<>=]\s*(\d{1,9})(?![\d.])")  # what an expression compares with
_EVENTS_A_STATE = 5  # entered, scheduled, started, succeeded, exited


def endless_loops(machine: Machine) -> Iterator[tuple[State, int]]:
    """Of each loop that works through items one by one: its first Choice, and the rounds its history has room for.

    A loop that waits between its rounds polls something, and one that counts to a written number is bounded: neither
    is meant.

    Raises:
        Undetermined: at the end, when there may be another.
    """
    doubt = machine.more
    for scope in machine.scopes:
        ways = {name: [one for _, one in many if isinstance(one, str)] for name, many in scope.ways().items()}
        unknown = (one for many in scope.ways().values() for _, one in many if isinstance(one, Unknown))
        doubt = next(unknown, None) if doubt is None else doubt
        order = {s.name: i for i, s in enumerate(scope.states)}
        for loop in loops(ways):
            try:
                found = _endless([scope.states[i] for i in sorted(order[name] for name in loop)])
            except Undetermined as error:
                doubt = error.unknown if doubt is None else doubt
            else:
                if found is not None:
                    yield found
    if doubt is not None:
        raise Undetermined(doubt)


def _endless(loop: list[State]) -> tuple[State, int] | None:
    """The first Choice of a loop over items, and the rounds its history has room for; None of other loops."""
    kinds = [s.kind for s in loop]
    first = next((s for s in loop if s.kind == "Choice"), None)
    if first is None or "Wait" in kinds or not any(kind in ("Task", "Parallel", "Map") for kind in kinds):
        return None
    rounds = MAX_EVENTS // (_EVENTS_A_STATE * len(loop))
    return None if any(_counts_to(s, rounds) for s in loop) else (first, rounds)


def _counts_to(s: State, most: int) -> bool:
    """True for a Choice that compares with a number that is small enough."""
    if s.kind != "Choice":
        return False
    known = as_list(s.fields.get("Choices"))
    rules = [*list.__iter__(known)]
    for one in rules:  # grows while it is gone through
        for key, value in one.items() if isinstance(one, dict) else ():
            if key.startswith("Numeric") and isinstance(value, (int, float)) and value < most:
                return True
            if key == "Condition" and isinstance(value, str) and any(1 < int(n) < most for n in _LIMIT.findall(value)):
                return True
            if key in ("And", "Or", "Not"):
                rules += [*list.__iter__(as_list(value))]
    if isinstance(known, PartialList):
        raise Undetermined(known.unknown)
    return False


class Drawn(NamedTuple):
    """A state machine as nodes and arrows: `nodes` are (path, name, type), `arrows` (from, to, label) by path."""

    nodes: list[tuple[str, str, str]]
    arrows: list[tuple[str, str, str]]


def drawn(machine: Machine) -> Drawn:
    """What there is to draw of a machine."""
    found = Drawn([], [])
    for s in list.__iter__(machine.states):
        place = join_path(s.where[:-1])
        found.nodes.append((s.at, s.name, text_of(s.kind)))
        for field, one in s.scope.ways()[s.name]:
            if isinstance(one, str):
                found.arrows.append((s.at, f"{place}.{one}", "" if field[0] == "Next" else str(field[0])))
        for inner in s.inner:
            start = inner.fields.get("StartAt")
            if isinstance(start, str):
                via = str(inner.where[len(s.where)])
                found.arrows.append((s.at, f"{join_path(inner.where)}.States.{start}", via))
    return found

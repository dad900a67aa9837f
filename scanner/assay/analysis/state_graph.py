"""The states of a machine as a graph: where each may go on, which loops there are, and how long a history they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.state_machine import HOLDS, INNER, definition, states, text_of
from assay.model import Undetermined, Unknown, as_list, join_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Resource, ValuePath


def following(fields: dict[str, Any]) -> Iterator[tuple[ValuePath, Any]]:
    """Where a state may go on: the path of the field within it, and the name of the next state."""
    for key in ("Next", "Default"):
        if key in fields:
            yield (key,), fields[key]
    for key in ("Choices", "Catch"):
        if key in fields:
            for i, one in enumerate(as_list(fields[key])):
                if isinstance(one, dict) and "Next" in one:
                    yield (key, i, "Next"), one["Next"]


def ends(fields: dict[str, Any]) -> bool:
    """True when the execution of a scope may end in this state."""
    return bool(fields.get("Type") in ("Succeed", "Fail") or fields.get("End") == True)  # noqa: E712


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
_EVENTS_A_STATE = 5  # entered, scheduled, started, succeeded, exited


def endless_loops(scope: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Of each loop that works through items one by one: its first Choice, and the rounds its history has room for.

    A loop that waits between its rounds polls something, and one that counts to a written number is bounded: neither
    is meant.

    Raises:
        Undetermined: at the end, when a state may go on to one that nobody knows.
    """
    found = scope.get("States")
    if isinstance(found, Unknown):
        raise Undetermined(found)
    states_ = {n: f for n, f in found.items() if isinstance(f, dict)} if isinstance(found, dict) else {}
    ahead = {n: [one for _, one in following(f)] for n, f in states_.items()}
    for loop in loops({n: [one for one in many if isinstance(one, str)] for n, many in ahead.items()}):
        kinds = [states_[n].get("Type") for n in loop]
        name = next((n for n in states_ if n in loop and states_[n].get("Type") == "Choice"), "")
        if name and any(kind in ("Task", "Parallel", "Map") for kind in kinds) and "Wait" not in kinds:
            rounds = MAX_EVENTS // (_EVENTS_A_STATE * len(loop))
            if not any(_counts_to(states_[n], rounds) for n in loop):
                yield name, rounds
    for many in ahead.values():
        for one in many:
            if isinstance(one, Unknown):
                raise Undetermined(one)


def _counts_to(fields: dict[str, Any], most: int) -> bool:
    """True for a Choice that compares with a number that is small enough."""
    for one in as_list(fields.get("Choices")) if fields.get("Type") == "Choice" else ():
        for key, value in one.items() if isinstance(one, dict) else ():
            if key.startswith("Numeric") and isinstance(value, (int, float)) and value < most:
                return True
    return False


def scopes(machine: Resource) -> Iterator[tuple[dict[str, Any], ValuePath]]:
    """The machine itself and every branch and iteration in it."""
    yield definition(machine), ("definition",)
    for s in states(machine):
        for key in INNER if not HOLDS.isdisjoint(s.fields) else ():
            inner = s.fields.get(key)
            for i, one in enumerate(inner if isinstance(inner, list) else []):
                if isinstance(one, dict):
                    yield one, (*s.where, key, i)
            if isinstance(inner, dict):
                yield inner, (*s.where, key)


class Drawn(NamedTuple):
    """A state machine as nodes and arrows: `nodes` are (path, name, type), `arrows` (from, to, label) by path."""

    nodes: list[tuple[str, str, str]]
    arrows: list[tuple[str, str, str]]


def drawn(machine: Resource) -> Drawn:
    """What there is to draw of a machine; nothing of a definition that nobody knows."""
    found = Drawn([], [])
    document = machine.json("definition")
    if isinstance(document, Unknown) or not isinstance(document, dict):
        return found
    for s in states(machine):
        found.nodes.append((s.at, s.name, text_of(s.kind)))
        scope = join_path(s.where[:-1])
        for field, one in following(s.fields):
            if isinstance(one, str):
                found.arrows.append((s.at, f"{scope}.{one}", "" if field[0] == "Next" else str(field[0])))
        for key in INNER:
            inner = s.fields.get(key)
            for i, branch in enumerate(inner if isinstance(inner, list) else [inner]):
                start = branch.get("StartAt") if isinstance(branch, dict) else None
                if isinstance(start, str):
                    place = (*s.where, key, i) if isinstance(inner, list) else (*s.where, key)
                    found.arrows.append((s.at, f"{join_path(place)}.States.{start}", key))
    return found

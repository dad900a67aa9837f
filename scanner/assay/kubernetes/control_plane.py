"""The programs of a control plane that run as static pods, and rules about their flags as rows of a table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes.workloads import containers, part_of
from assay.model import Severity, Text, Undetermined, Unknown, as_list
from assay.rule import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.graph import Graph
    from assay.kubernetes.workloads import Container
    from assay.model import Finding, Resource
    from assay.rule import Rule

APISERVER, CONTROLLER, SCHEDULER, ETCD = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
WEAK_CIPHERS = ("RC4", "3DES", "_CBC_", "TLS_RSA_")


class Flag(NamedTuple):
    """One flag as it is given: its value (None when it is not), and where."""

    value: Any
    at: str


def program_of(container: Container) -> str:
    """The name of the program a container starts; empty when it is the image's own."""
    words = [*as_list(container["command"]), *as_list(container["args"])]
    return str(words[0]).rpartition("/")[2] if words and isinstance(words[0], str) else ""


def flag_of(container: Container, name: str) -> Flag:
    """A flag of the container's program: `--name=value`, `--name value` or `--name`, the last one given.

    Raises:
        Undetermined: a word of the command line is unknown and may be the flag.
    """
    found = Flag(None, "command")
    doubt: Unknown | None = None
    for field in ("command", "args"):
        words = list(list.__iter__(as_list(container[field])))
        for i, word in enumerate(words):
            at = f"{field}[{i}]"
            if isinstance(word, Unknown):
                prefix = word.prefix if isinstance(word, Text) else ""
                if prefix.startswith(f"--{name}="):
                    found = Flag(word, at)
                elif not prefix.startswith("--") or "=" not in prefix:
                    doubt = word
            elif word == f"--{name}":
                following = words[i + 1] if i + 1 < len(words) else "true"
                separate = isinstance(following, str) and not following.startswith("-")
                found = Flag(following if separate and following != "true" else "true", at)
            elif str(word).startswith(f"--{name}="):
                found = Flag(str(word).partition("=")[2], at)
    if found.value is None and doubt is not None:
        raise Undetermined(doubt)
    return found


@cache
def _programs(names: tuple[str, ...]) -> Callable[[Resource, Graph], list[Any]]:
    """One and the same function for all rules on these programs: the engine looks once which pods have any."""
    return part_of(containers)(
        lambda r, graph: [c for c in list.__iter__(containers(r, graph)) if program_of(c) in names]
    )


def _items(value: Any) -> list[str]:
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return [] if value is None else str(value).split(",")


def _number(value: Any) -> float:
    if isinstance(value, Unknown):
        raise Undetermined(value)
    text = str(value)
    for unit, seconds in (("h", 3600), ("m", 60), ("s", 1)):  # durations with one unit
        if text.endswith(unit) and text[:-1].isdigit():
            return int(text[:-1]) * seconds
    return float(text) if text.lstrip("-").replace(".", "", 1).isdigit() else 0.0


TESTS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (lambda v, w: bool(v == w), "must be {wanted}"),
    "not_equals": (lambda v, w: not bool(v == w), "must not be {wanted}"),
    "present": (lambda v, w: not bool(v == None), "must be set"),  # noqa: E711 - an Unknown answers ==
    "absent": (lambda v, w: bool(v == None), "must not be set"),  # noqa: E711
    "contains": (lambda v, w: w in _items(v), "must name {wanted}"),
    "lacks": (lambda v, w: w not in _items(v), "must not name {wanted}"),
    "at_least": (lambda v, w: not bool(v == None) and _number(v) >= w, "must be at least {wanted}"),  # noqa: E711
    "at_most": (lambda v, w: not bool(v == None) and _number(v) <= w, "must be at most {wanted}"),  # noqa: E711
    "off": (lambda v, w: bool(v == None) or bool(v == "0"), "must be 0"),  # noqa: E711
    "authorizes": (
        lambda v, w: bool(_items(v)) and "AlwaysAllow" not in _items(v),
        "must name how requests are authorized, and not AlwaysAllow",
    ),
    "strong": (
        lambda v, w: bool(_items(v)) and not any(weak in item for item in _items(v) for weak in WEAK_CIPHERS),
        "must name strong suites only",
    ),
}


def flag(
    id: str,  # noqa: A002 - the field's name everywhere
    of: str | Sequence[str],
    name: str | Sequence[str],
    test: str,
    wanted: Any = None,
    *,
    severity: Severity,
    title: str,
    why: str,
    controls: Sequence[str] = (),
    equivalents: Sequence[str] = (),
) -> Rule:
    """A demand on a flag of a control plane's program, as one row.

    Args:
        of: the program or programs (`kube-apiserver`).
        name: the flag, or several that are all to meet the test.
        test, wanted: one of `TESTS` and what it compares with.
    """
    programs = (of,) if isinstance(of, str) else tuple(of)
    names = (name,) if isinstance(name, str) else tuple(name)
    judge, phrase = TESTS[test]
    said = phrase.format(wanted=wanted)

    def run(container: Container) -> Iterator[Finding]:
        for one in names:
            given = flag_of(container, one)
            if not judge(given.value, wanted):
                shown = "not set" if given.value is None else f"{given.value}"
                yield container.fails(f"{program_of(container)}: --{one} is {shown}, but {said}", at=given.at, key=one)

    flags = " and ".join(f"`--{n}`" for n in names)
    run.__doc__ = f"{title}\n\n## Why\n{why}\n\n## Fix\n{flags} {said}, in the static pod's manifest.\n"
    return rule(
        id=id, on="Pod", each=_programs(tuple(programs)), severity=severity, sources=("manifest", "cluster"),
        controls=controls, equivalents=equivalents,
    )(run)  # fmt: skip

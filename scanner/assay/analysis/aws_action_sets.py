"""Sets of AWS actions as ints: one bit an action, for the services that the compared policies speak of."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from assay.analysis.aws_actions import expand, fits, prefixes, service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ELSEWHERE = (
    ("dynamodb:GetItem", "dynamodb:ListTables"), ("sqs:SendMessage", "sqs:ListQueues"),
    ("s3:GetObject", "s3:ListAllMyBuckets"), ("ec2:TerminateInstances", "ec2:DescribeInstances"),
    ("ssm:GetParameter", "ssm:DescribeParameters"), ("kinesis:PutRecord", "kinesis:DescribeLimits"),
)  # fmt: skip
"""Actions that stand for all those of services that no statement names: on a resource, and on none."""


class ActionSets:
    """Gives every action a bit.

    What `*` covers beyond the services that are named is alike to all statements: two actions of one other service, one
    that takes a resource and one that takes none, stand for it.

    Args:
        actions: the patterns of the policies, lower case.
        resources: their resources: an ARN names a service too.
        wild: True when a statement covers every service there is (`*`, NotAction).
    """

    def __init__(self, actions: Sequence[str], resources: Sequence[str], wild: bool) -> None:
        self.names: list[str] = []
        self.forms: list[tuple[str, ...]] = []
        self.narrowable: list[bool] = []
        self._bits: dict[str, int] = {}
        self._services: dict[str, list[str]] = {}  # lower-case names by prefix
        self._masks: dict[str, int] = {}
        self._base: ActionSets | None = None  # all actions there are, shared; further ones follow
        named = {p.partition(":")[0] for p in actions if p.strip("*")}
        if wild:
            named |= {p.split(":")[2] for p in resources if p.count(":") > 1}
        vague = any("*" in p or "?" in p for p in named)
        vague = vague or (wild and any(p.strip("*") and p.count(":") < 2 for p in resources))
        other = next((pair for pair in ELSEWHERE if pair[0].partition(":")[0] not in named), None)
        if vague or (wild and other is None):
            self._share(everything())
        else:
            for prefix in sorted(named):
                self._add_service(prefix)
            for name in other if wild and other is not None else ():
                self.bit(name)
        for pattern in actions:
            if "*" not in pattern and "?" not in pattern and ":" in pattern and pattern not in self._bits:
                self._add(pattern, (), True)

    def _share(self, base: ActionSets) -> None:
        self._base = base
        self.names, self.forms, self.narrowable = list(base.names), list(base.forms), list(base.narrowable)
        self._bits, self._services = dict(base._bits), base._services

    def _add_service(self, prefix: str) -> None:
        for name, action in service(prefix).items():
            if name not in self._bits:
                self._add(action.name, action.forms, action.narrowable)

    def _add(self, name: str, forms: tuple[str, ...], narrowable: bool) -> None:
        self._bits[name.lower()] = len(self.names)
        if self._base is None:
            self._services.setdefault(name.partition(":")[0].lower(), []).append(name.lower())
        self.names.append(name)
        self.forms.append(forms)
        self.narrowable.append(narrowable)

    def bit(self, action: str) -> int:
        """The mask of one action; it gets a bit when it has none. To be asked before any mask of a pattern."""
        if action.lower() not in self._bits:
            known = expand(action)
            self._add(*(known[0].name, known[0].forms, known[0].narrowable) if known else (action, (), True))
        return 1 << self._bits[action.lower()]

    def mask(self, pattern: str) -> int:
        """The actions that a pattern (lower case) covers."""
        found = self._masks.get(pattern)
        if found is None:
            if "*" not in pattern and "?" not in pattern:
                found = self.bit(pattern) if ":" in pattern else 0
            elif pattern.strip("*") == "":
                found = self.every()
            else:
                found = self._matching(pattern)
            self._masks[pattern] = found
        return found

    def every(self) -> int:
        """All actions."""
        return (1 << len(self.names)) - 1

    def _matching(self, pattern: str) -> int:
        if self._base is not None:
            more = self.names[len(self._base.names) :]
            return self._base.mask(pattern) | sum(self.bit(n) for n in more if fits(pattern, n.lower()))
        prefix = pattern.partition(":")[0]
        names = self._bits if "*" in prefix or "?" in prefix else self._services.get(prefix, ())
        return sum(1 << self._bits[name] for name in names if fits(pattern, name))

    def parts(self, mask: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        """A mask by the forms of resources its actions work on: `*` for none, nothing for those that are not known."""
        found: dict[tuple[str, ...], int] = {}
        while mask:
            low = mask & -mask
            mask ^= low
            bit = low.bit_length() - 1
            key = self.forms[bit] or (("",) if self.narrowable[bit] else ("*",))
            found[key] = found.get(key, 0) | low
        for forms, part in found.items():
            yield part, forms


@cache
def everything() -> ActionSets:
    """Every action of every service, made once."""
    found = ActionSets((), (), False)
    for prefix in prefixes():
        found._add_service(prefix)
    return found

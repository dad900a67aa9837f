"""The code of `--code`: what a directory of Terraform declares, evaluated as a scan evaluates it, and its states."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Request, Text, lookup_quietly
from assay.paths import display
from assay.provenance.state import LOCAL, State, StateError, read
from assay.scan import UsageError, gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.model import Coverage, Remark, Resource

_KEY = re.compile(r'\[(?:\d+|\?|"(?:[^"\\]|\\.)*")\]')
_ROLE = re.compile(r"arn:[\w-]+:iam::(\d{12}):")
CLOUDS = ("aws_", "oci_")


def block_of(r: Resource) -> tuple[str, str]:
    """What block declares a resource: its root module, and its address without any instance key."""
    return r.root, bare(r.address)


def bare(address: str) -> str:
    """An address without instance keys, those of modules included."""
    return _KEY.sub("", address)


def stands_for_many(r: Resource) -> bool:
    """True for the one instance that stands for a number of them that nobody knows."""
    return "[?]" in r.address


class Code:
    """What is declared, where it stands, and the states that say what was made of it.

    `resources` are the managed resources of AWS and OCI; `others` are told apart by root and address, for references.
    """

    def __init__(self, shown: str, resources: list[Resource], coverage: Coverage, remarks: list[Remark]) -> None:
        self.shown = shown
        self.coverage = coverage
        self.remarks = remarks
        self.resources = [r for r in resources if r.type.startswith(CLOUDS)]
        self.states: list[tuple[State, str | None]] = []  # with the root module it is of, where that is known
        self._by_address = {(r.root, r.address): r for r in self.resources}
        self._by_block: dict[tuple[str, str], list[Resource]] = {}
        for r in self.resources:
            self._by_block.setdefault(block_of(r), []).append(r)
        self._providers = _providers(resources)

    def find(self, root: str, address: str) -> Resource | None:
        """The resource at an address of a root module, or the instance that stands for it."""
        found = self._by_address.get((root, address))
        if found is not None:
            return found
        keys = _KEY.findall(address)
        for r in self._by_block.get((root, bare(address)), ()):
            mine = _KEY.findall(r.address)
            if len(mine) == len(keys) and all(a in (b, "[?]") for a, b in zip(mine, keys, strict=True)):
                return r
        return next((x for s in ("[0]", "[?]") if (x := self._by_address.get((root, address + s)))), None)

    def region(self, r: Resource) -> str | None:
        """The region of a block's provider, where the code says it."""
        own = r.values.get("region")
        return own if isinstance(own, str) else self._provider(r).region

    def account(self, r: Resource) -> str | None:
        """The account that a block's provider works in, where the code says it."""
        return self._provider(r).account

    def _provider(self, r: Resource) -> Provider:
        known = self._providers.get(r.root, {})
        if len(known) == 1 and "." not in next(iter(known)):  # of an alias only what names it is
            return next(iter(known.values()))
        if not known or r.address.startswith("module."):
            return Provider()  # a caller may have handed another one down
        written = getattr(r.origin, "written", lambda _: None)("provider")
        return known.get(written or r.type.partition("_")[0], Provider())


class Provider(NamedTuple):
    """Where the configuration of a provider leads, as far as the code says it."""

    region: str | None = None
    account: str | None = None


def _providers(resources: Sequence[Resource]) -> dict[str, dict[str, Provider]]:
    """By root module: its provider configurations by name."""
    found: dict[str, dict[str, Provider]] = {}
    for r in resources:
        if r.type in ("provider.aws", "provider.oci"):
            region: Any = r.values.get("region")
            known = Provider(region if isinstance(region, str) else None, _account(r))
            found.setdefault(r.root, {})[r.address.replace("provider.", "", 1)] = known
    return found


def _account(provider: Resource) -> str | None:
    """The account of the role to assume, or the only one that is allowed."""
    role = lookup_quietly(provider.values, ("assume_role", "role_arn"))
    allowed = provider.values.get("allowed_account_ids")
    if isinstance(role, (str, Text)):
        found = _ROLE.match(role if isinstance(role, str) else role.prefix)
        return found[1] if found else None
    one = list.__getitem__(allowed, 0) if type(allowed) is list and list.__len__(allowed) == 1 else None
    return str(one) if isinstance(one, (str, int)) else None


def load(path: str, states: Sequence[str], base: str, variables: dict[str, str], var_files: Sequence[str]) -> Code:
    """Read the Terraform at `path` and its states: those named, else those that lie beside root modules.

    Raises:
        UsageError: there is no such directory, no Terraform in it, or a file named as a state is none.
    """
    if not os.path.isdir(path):
        raise UsageError(f"--code {path}: there is no such directory")
    request = Request([path], base, variables=variables, var_files=list(var_files))
    intake = gather(request, only=("terraform",))
    code = Code(display(path, base), intake.resources, intake.coverage, intake.remarks)
    if not code.resources and not any(i["status"] == "failed" for i in intake.coverage.inputs):
        raise UsageError(f"--code {path}: no Terraform in it declares anything of AWS or OCI")
    roots = sorted({r.root for r in intake.resources if r.type == "module" and r.address == "."})
    for state in states:
        try:
            code.states.append((read(state, display(state, base)), _root_at(state, base, roots)))
        except StateError as error:
            raise UsageError(f"--state {error}") from error
    for root in roots if not states else ():
        _local_state(code, root, base)
    return code


def _root_at(state: str, base: str, roots: Sequence[str]) -> str | None:
    """The root module in whose directory a state lies; the only one there is."""
    folder = display(os.path.dirname(os.path.abspath(state)), base)
    mine = [root for root in roots if (root or ".") == folder]
    return mine[0] if mine else roots[0] if len(roots) == 1 else None


def _local_state(code: Code, root: str, base: str) -> None:
    """The state that Terraform keeps beside a root module without a backend; a strange one is said and left out."""
    path = os.path.join(base, root, LOCAL)
    if os.path.islink(path) or not os.path.isfile(path) or not os.path.getsize(path):
        return  # a link may lead out of the tree; a move to a backend leaves an empty file behind
    try:
        code.states.append((read(path, display(path, base)), root))
    except StateError as error:
        code.coverage.notes.append(f"{error}; live resources were linked without it")

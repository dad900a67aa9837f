"""Terraform files written into a scratch directory and evaluated: what the unit tests of the front end share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Intake, Request, Resource
from assay.terraform import TerraformSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Estate:
    """The result of evaluating a tree."""

    def __init__(self, top: Path, intake: Intake) -> None:
        self.top = top
        self.intake = intake
        self.resources = intake.resources

    def __getitem__(self, address: str) -> Resource:
        """The one resource at an address (`root//address` where several roots have it)."""
        root, _, inner = address.rpartition("//")
        found = [r for r in self.resources if r.address == inner and (not root or r.root == root)]
        assert len(found) == 1, f"{address}: {len(found)} of {sorted(r.address for r in self.resources)}"
        return found[0]

    @property
    def addresses(self) -> list[str]:
        """What is there besides modules and scopes, in the order of arrival."""
        beside = ("module", "account", "tenancy")
        return [f"{r.root}//{r.address}" if r.root else r.address for r in self.resources if r.type not in beside]

    @property
    def roots(self) -> list[str]:
        return sorted(r.root for r in self.resources if r.type == "module" and r.address == ".")

    def inputs(self, status: str) -> dict[str, list[str]]:
        """Path to reasons of the inputs of a status."""
        found: dict[str, list[str]] = {}
        for entry in self.intake.coverage.inputs:
            if entry["status"] == status:
                found.setdefault(entry["path"], []).append(entry["reason"])
        return found

    @property
    def failed(self) -> list[str]:
        """`file:line: reason` of every failed input."""
        entries = self.intake.coverage.inputs
        return [f"{e['path']}:{e.get('line', '')}: {e['reason']}" for e in entries if e["status"] == "failed"]


def write(top: Path, files: Mapping[str, str | bytes]) -> None:
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def evaluate(top: Path, files: Mapping[str, str | bytes], paths: Sequence[str] = (), **options: Any) -> Estate:
    """Write the files and evaluate the tree, or those paths of it. The tree counts as a repository."""
    write(top, files)
    (top / ".git").mkdir(exist_ok=True)
    chosen = [str(top / p) for p in paths] or [str(top)]
    intake = Intake()
    TerraformSource().load(Request(chosen, str(top), **options), chosen, intake)
    return Estate(top, intake)

"""From the cloud back to the code: which Terraform block made a live resource, and where the two differ.

`attach` links what an audit or a snapshot holds to the code of `--code`: a linked resource is located at its block, in
every report, by its own address and fingerprint as before; each pair with something to compare becomes a `declaration`,
which the rule on drift judges. What is in no code, and what the code declares and does not run, is counted and listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.model import Intake, Remark, Resource
    from assay.provenance.code import Code
    from assay.provenance.linking import Linker
    from assay.provenance.matching import Match

WATCHED = "attributes.json"
"""In a directory of rules: by type, the attributes that they read."""
SOURCES = ("aws", "oci")


def attach(intake: Intake, code: Code, directories: Sequence[str]) -> None:
    """Link the live resources of an intake to the code, and pour the linked pairs into it as declarations.

    Args:
        directories: those of the rules, which say what is worth comparing.

    Raises:
        UsageError: nothing in the intake is, or was to be, of a live cloud.
    """
    from assay.model import Resource
    from assay.provenance.drift import Comparison
    from assay.provenance.linking import Linker
    from assay.provenance.origin import CodeOrigin
    from assay.provenance.summary import summary
    from assay.scan import UsageError

    live = [r for r in intake.resources if r.source in SOURCES and r.type.startswith(("aws_", "oci_"))]
    if not live and not any(s in intake.coverage.feeds for s in SOURCES):
        raise UsageError("--code links what runs to its code: name a snapshot of AWS or OCI, or audit an account")
    linker = Linker(live, code)
    linker.run()
    parts = parts_of(linker)
    comparison = Comparison(linker, live, directories)
    for r in live:
        match = linker.matches.get(id(r))
        if match is None:
            continue
        beside = parts.get((match.code.root, match.code.address), {})
        origin = CodeOrigin(r, match, beside)
        object.__setattr__(r, "origin", origin)  # frozen for rules; where it stands is told only now
        if match.comparable and _of_one_type(r, match):
            before = comparison.compared
            origin.differences = comparison.of(r, match, beside)
            if comparison.compared > before:
                _declare(intake, Resource, r, match)
    intake.remarks += _remarks(code)
    intake.coverage.take(code.coverage)
    intake.coverage.code = summary(linker, live, parts, intake.coverage, comparison.compared)


def _of_one_type(live: Resource, match: Match) -> bool:
    from assay.provenance.identity import table

    return table().aliases.get(match.code.type, match.code.type) == live.type


def _declare(intake: Intake, make: type[Resource], live: Resource, match: Match) -> None:
    """The pair as a resource of its own, which leads to both."""
    values: dict[str, Any] = {"code": match.name, "confidence": match.confidence}
    declaration = make(
        "declaration", live.address, live.source, values, live.origin, name=live.name, account=live.account,
        region=live.region,
    )  # fmt: skip
    intake.add(declaration)
    intake.links.append((declaration, live, "live"))


def _remarks(code: Code) -> list[Remark]:
    """The waivers of the code count for what it made; one that waives nothing here may waive something in a scan."""
    from assay.ledger.waivers import Elsewhere

    return [Elsewhere(*remark) for remark in code.remarks]


def parts_of(linker: Linker) -> dict[tuple[str, str], dict[str | None, list[Resource]]]:
    """By root and address of a block: the blocks that set something of it, by the attribute, None for several."""
    from assay.model import Ref
    from assay.provenance.identity import table

    found: dict[tuple[str, str], dict[str | None, list[Resource]]] = {}
    for r in linker.code.resources:
        part = table().parts.get(r.type)
        if part is None:
            continue
        named = r.values.get(part.attribute)
        owner = linker.code.find(r.root, named.target) if isinstance(named, Ref) else _called(linker, r, named)
        if owner is not None and table().aliases.get(owner.type, owner.type) == part.owner:
            found.setdefault((owner.root, owner.address), {}).setdefault(part.sets, []).append(r)
    return found


def _called(linker: Linker, part: Resource, name: object) -> Resource | None:
    """The block whose live resource has this name, for a part that names it in clear."""
    from assay.provenance.identity import names_of, table

    wanted = table().parts[part.type].owner
    for r in linker.code.resources:
        if table().aliases.get(r.type, r.type) == wanted and isinstance(name, str):
            live = linker.partner(r)
            if live is not None and r.root == part.root and name in names_of(live, "id"):
                return r
    return None

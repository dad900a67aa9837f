"""What a report says of the links as a whole: how many, how sure, and what has no counterpart on the other side."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from assay.provenance.code import stands_for_many
from assay.provenance.identity import is_global, keys_of, names_in_code, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.model import Coverage, Resource
    from assay.provenance.linking import Linker

    PartsOf = Mapping[tuple[str, str], Mapping[str | None, list[Resource]]]


MANY = 50
"""More of one type than that are counted where a person reads."""


def summary(
    linker: Linker, live: Sequence[Resource], parts: PartsOf, coverage: Coverage, compared: int
) -> dict[str, Any]:
    """The object at `coverage.code` of a report in JSON."""
    sure = Counter(m.confidence for m in linker.matches.values())
    missing, undecided = _without_counterpart(linker, parts, coverage)
    open_ = [r for r in live if id(r) not in linker.matches]
    return {
        "path": linker.code.shown,
        "states": [state.file for state, _ in linker.code.states],
        "declared": len(linker.code.resources),
        "linked": len(linker.matches),
        "confidence": {name: sure[name] for name in ("exact", "high", "low")},
        "compared": compared,
        "ambiguous": [
            {**_live(r), "candidates": [_block(b) for b in linker.ambiguous[id(r)]]}
            for r in open_
            if id(r) in linker.ambiguous
        ],
        "unmanaged": [
            {**_live(r), **({"state": linker.orphans[id(r)]} if id(r) in linker.orphans else {})}
            for r in open_
            if id(r) not in linker.ambiguous
        ],
        "missing": [_block(r) for r in missing],
        "undecided": [_block(r) for r in undecided],
    }


def _live(r: Resource) -> dict[str, Any]:
    return {"type": r.type, "address": r.address, "name": r.name, "account": r.account, "region": r.region}


def _block(r: Resource) -> dict[str, Any]:
    place = r.origin.locate(())
    return {"type": r.type, "address": r.address, "file": place.file, "line": place.start_line}


def _without_counterpart(linker: Linker, parts: PartsOf, coverage: Coverage) -> tuple[list[Resource], list[Resource]]:
    """Of what no live resource is linked to: what is certainly not there, and what nobody can tell."""
    taken = {(m.code.root, m.code.address) for m in linker.matches.values()}
    rivals = {(b.root, b.address) for found in linker.ambiguous.values() for b in found}
    kept = {(p.root, p.address) for key, sets in parts.items() if key in taken for ps in sets.values() for p in ps}
    unlisted = {type_ for type_, *_ in coverage.unlisted}
    regions = {u["region"] for u in coverage.units if u["region"]}
    accounts = {u["account"] for u in coverage.units if u["account"]}
    listed = {t for types in coverage.feeds.values() for t in types}
    missing: list[Resource] = []
    undecided: list[Resource] = []
    for r in linker.code.resources:
        key = (r.root, r.address)
        type_ = table().aliases.get(r.type, r.type)
        if key in taken or key in kept or type_ not in listed:
            continue
        region = linker.code.region(r)
        account = linker.code.account(r)
        elsewhere = region is not None and bool(regions) and region not in regions and not is_global(type_)
        elsewhere = elsewhere or (account is not None and bool(accounts) and account not in accounts)
        if (
            elsewhere
            or key in rivals
            or type_ in unlisted
            or type_ in table().parts
            or stands_for_many(r)
            or not _named(linker, r)
        ):
            undecided.append(r)
        else:
            missing.append(r)
    return missing, undecided


def _named(linker: Linker, r: Resource) -> bool:
    """Whether all that names a block is known: then it would have been found."""
    if linker.is_stated(r):
        return True
    for key in keys_of(table().aliases.get(r.type, r.type)):
        if key.weak:
            continue
        names = [names_in_code(r, a, linker.live_of) for a in key.attributes if not a.narrows]
        if all(n is not None and n.known for n in names):
            return True
    return False


def sentences(found: Mapping[str, Any]) -> list[str]:
    """The summary in words: how much is linked, then what is not."""
    sure = ", ".join(f"{n} {name}" for name, n in found["confidence"].items() if n)
    total = found["linked"] + len(found["ambiguous"]) + len(found["unmanaged"])
    first = f"Code {found['path']}: {found['linked']} of {total} live resources linked to their blocks"
    counts = [
        (len(found["ambiguous"]), "ambiguous"),
        (len(found["unmanaged"]), "in no code"),
        (len(found["missing"]), "declared and not live"),
        (len(found["undecided"]), "declared, and whether they are live cannot be told"),
    ]
    rest = ", ".join(f"{n} {word}" for n, word in counts if n)
    return [first + (f" ({sure})" if sure else "") + (f"; {rest}" if rest else "")]


def lists(found: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What is not linked, a title and a line for each."""
    ambiguous = [f"{r['address']}: {', '.join(map(_place, r['candidates']))}" for r in found["ambiguous"]]
    many = Counter(r["type"] for r in found["unmanaged"] if "state" not in r)
    unmanaged = [f"{n} {type_}" for type_, n in many.items() if n > MANY]
    unmanaged += [
        f"{r['type']} {r['address']}" + (f", in the state as {r['state']}" if "state" in r else "")
        for r in found["unmanaged"]
        if "state" in r or many[r["type"]] <= MANY
    ]
    return [
        ("Ambiguous: several blocks fit these equally well, so none is linked", ambiguous),
        ("In no code", unmanaged),
        ("Declared and not live", [_place(b) for b in found["missing"]]),
        ("Declared, and whether they are live cannot be told", [_place(b) for b in found["undecided"]]),
    ]


def _place(block: Mapping[str, Any]) -> str:
    return f"{block['address']} ({block['file']}:{block['line']})"

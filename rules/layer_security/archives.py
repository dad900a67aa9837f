"""What layers and functions consist of: their archives, read entry by entry and never unpacked."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, HIGH, INFO, LOW, Finding, Graph, Resource, rule
from assay.analysis.advisories import AdvisoryFault, packages, vulnerable
from assay.analysis.archive_contents import contents
from assay.analysis.archives import dead_weight, hazards, is_function_code
from assay.analysis.layers import with_packages


@rule(on="archive", severity=HIGH, controls=["nist-800-53r5:SI-3"])
def aws_layer_unsafe_archive(archive: Resource) -> Iterator[Finding]:
    """Archives hold nothing that hurts whoever unpacks them.

    ## Why
    A path that leads out, a link, a device or a bomb attacks the machine that builds, scans or unpacks the layer; a
    setuid or world-writable file the function that runs it.
    ## Fix
    Build the archive anew from its sources, with relative paths and plain files of mode 644 or 755.
    """
    for spot in hazards(archive):
        at = ("entries", spot.entry) if spot.entry else None
        yield archive.fails(f"{spot.entry or 'the archive'} {spot.what}", at=at, key=f"{spot.entry} {spot.what}")


@rule(on="archive", severity=HIGH, controls=["nist-800-53r5:SI-10"])
def aws_layer_dangerous_code(archive: Resource) -> Iterator[Finding]:
    """Code in layers runs no text as a program.

    ## Why
    `eval`, a shell or `pickle` turn whatever reaches them, an event or a cached object, into code with the function's
    rights, in every function that uses the layer.
    ## Fix
    Call the program with a list of arguments and no shell; read data as JSON, YAML with `safe_load`. For third-party
    packages, which are told once each, look at what reaches them.
    """
    found = contents(archive)
    for spot in found.calls:
        if spot.package == "":
            yield archive.fails(
                f"{spot.entry}:{spot.line} calls {spot.what}",
                at=("entries", spot.entry, spot.line),
                key=f"{spot.entry} {spot.what}",
            )
    for package in sorted({spot.package for spot in found.calls if spot.package != ""}):
        mine = [spot for spot in found.calls if spot.package == package]
        places = ", ".join(f"{s.entry}:{s.line} ({s.what})" for s in mine[:3])
        yield archive.fails(
            f"the third-party package {package} runs texts as programs in {len(mine)} places: {places}",
            at=("entries", mine[0].entry, mine[0].line),
            severity=INFO,
            key=package,
        )
    for spot in [*found.unread, *found.broken]:
        at = ("entries", spot.entry, spot.line)
        yield archive.unsure(f"{spot.entry or 'a part of it'} was not judged: {spot.what}", at=at, key=spot.entry)


def credentials(archive: Resource) -> Iterator[Finding]:
    """The credentials of an archive, and the entries of which nobody knows whether they hold one."""
    found = contents(archive)
    for spot in found.secrets:
        yield archive.fails(
            f"{spot.entry}:{spot.line} holds {spot.what}",
            at=("entries", spot.entry, spot.line),
            key=f"{spot.entry} {spot.what}",
        )
    for spot in found.unread:
        at = ("entries", spot.entry, spot.line)
        yield archive.unsure(f"{spot.entry or 'a part of it'} was not judged: {spot.what}", at=at, key=spot.entry)


@rule(on="archive", severity=CRITICAL, controls=["nist-800-53r5:IA-5"])
def aws_layer_secret(archive: Resource, graph: Graph) -> Iterator[Finding]:
    """Layers hold no credential and no private key.

    ## Why
    Whoever may read the layer, every function and often other accounts, has the credential, and it stays in every old
    version of the layer.
    ## Fix
    Revoke it. Read credentials from Secrets Manager or Parameter Store when the function starts.
    """
    if not is_function_code(archive, graph):
        yield from credentials(archive)


@rule(
    on="archive",
    severity=CRITICAL,
    controls=["nist-800-53r5:IA-5"],
    sources=["layer", "document", "aws"],
    equivalents=["prowler:awslambda_function_no_secrets_in_code"],
)
def aws_lambda_code_secret(archive: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions' packages hold no credential and no private key.

    ## Why
    Whoever may call `lambda:GetFunction` downloads the code, and the credential with it.
    ## Fix
    Revoke it. Read credentials from Secrets Manager or Parameter Store when the function starts.
    """
    if is_function_code(archive, graph):
        yield from credentials(archive)


@rule(on="archive", severity=LOW, params={"percent": 10})
def aws_layer_dead_weight(archive: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Layers hold little that no function needs.

    ## Why
    Tests, caches and sources of compiled modules make every cold start slower and use up the 250 MB.
    ## Fix
    Install with `pip install --no-compile`, and leave tests, documentation and `__pycache__` out of the archive.
    """
    dead, total, heaviest = dead_weight(archive)
    if dead * 100 > total * params["percent"] and total > 0:
        share = dead * 100 // total
        yield archive.fails(
            f"{share} percent of the archive are tests, caches, documentation or leftovers of builds",
            at=("entries", heaviest),
            key="share",
        )


@rule(
    on=["archive", "aws_lambda_layer_version"],
    severity=HIGH,
    params={"advisories": []},
    each=with_packages,
    sources=["layer", "document", "aws"],
    controls=["nist-800-53r5:RA-5", "nist-800-53r5:SI-2"],
)
def aws_layer_vulnerable_package(archive: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Packages in layers have no known vulnerability that a newer version mends.

    Judged are the packages of Python (`*.dist-info`) and Node.js (`node_modules`) by the advisories that `advisories`
    names: files, folders or zip files in the OSV format, as osv.dev offers them for each ecosystem. Nothing is asked of
    anybody; without advisories nobody can tell, and an archive with packages is unknown. The layers of an account are
    judged where `assay audit aws` was to download them (`--function-code`).

    ## Why
    A layer is built once and used for years; every function that uses it has the hole that its packages have.

    ## Fix
    Build the layer anew with the version that mends it, and let every function name the new layer version.
    """
    live = archive.type == "aws_lambda_layer_version"
    if not params["advisories"]:
        said = "no advisories are given (`advisories` of this rule, in the OSV format)"
        held = [] if live else packages(archive)
        if live:
            yield archive.unsure(f"its packages were not compared: {said}")
        elif held:
            yield archive.unsure(f"it holds {len(held)} packages, and {said}", at=("entries", held[0].entry), key="all")
        return
    try:
        for one, known, doubt in vulnerable(archive, params["advisories"], graph):
            at, name = ("packages",) if live else ("entries", one.entry), f"{one.name} {one.version}"
            if doubt:
                yield archive.unsure(f"{name} was not compared: {doubt}", at=at, key=one.name)
            elif known:
                told = ", ".join(f"{hit.called} (fixed in {hit.fixed})" for hit in known[:4])
                more = f" and {len(known) - 4} more" if len(known) > 4 else ""
                yield archive.fails(f"{name} has {told}{more}", at=at, key=one.name)
    except AdvisoryFault as fault:
        yield archive.not_evaluated(str(fault))

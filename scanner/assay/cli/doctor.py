"""`assay doctor`: what this machine has and lacks. Of credentials it says whether there are any, and reads none."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXTRAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("every command", (
        "pluggy", "tree-sitter", "tree-sitter-hcl", "jinja2", "markupsafe", "pyyaml", "orjson", "google-re2",
        "sarif-om")),
    "aws": ("assay audit aws", ("boto3",)),
    "oci": ("assay audit oci", ("oci",)),
    "cluster": ("assay audit cluster", ("kubernetes", "cryptography")),
    "database": ("assay audit database", ("sqlalchemy", "sqlglot", "oracledb", "psycopg")),
    "cost": ("Parquet in assay audit cost", ("duckdb",)),
    "distributed": ("audits on several machines", ("distributed",)),
    "documents": ("archives, sources, scripts and SQL schemas", (
        "bandit", "packaging", "sqlglot", "tree-sitter-bash", "tree-sitter-javascript")),
    "checkov": ("assay scan --plugin checkov", ("checkov",)),
}  # fmt: skip
"""By extra (the first is what is always needed): what it is for, and its distributions as pyproject.toml names them."""

PROGRAMS = {
    "git": "assay scan --diff",
    "terraform": "downloads modules (terraform init) and makes plans",
    "kubectl": "renders overlays (or kustomize)",
    "kustomize": "renders overlays (or kubectl)",
    "helm": "renders charts",
    "checkov": "assay scan --plugin checkov",
    "zizmor": "assay scan --plugin zizmor",
}

CREDENTIALS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "aws": (
        ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
         "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        (("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"), ("AWS_CONFIG_FILE", "~/.aws/config")),
    ),
    "oci": (("OCI_RESOURCE_PRINCIPAL_VERSION",), (("OCI_CLI_CONFIG_FILE", "~/.oci/config"),)),
    "cluster": (
        (), (("KUBECONFIG", "~/.kube/config"), ("", "/var/run/secrets/kubernetes.io/serviceaccount/token")),
    ),
}  # fmt: skip
"""By audit: variables that speak of credentials, and files with the variable that names another place for each."""


class Check(NamedTuple):
    """One thing looked for: `ok`, `missing` (it is optional) or `broken` (it has to be mended)."""

    group: str
    name: str
    status: str
    detail: str
    hint: str = ""


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser(
        "assay doctor", description="Say what this machine has and lacks; nothing is changed, no network is asked.",
        epilog="exits 0 whatever is missing", formatter_class=formatter,
    )  # fmt: skip
    p.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default text")
    return p


def run(argv: list[str]) -> int:
    from assay._version import __version__

    args = parser().parse_args(argv)
    checks = [*_python(), *_extras(), *_programs(), *_credentials(), *_files()]
    if args.output == "json":
        shown = {"schema": "assay-doctor/1", "version": __version__, "checks": [c._asdict() for c in checks]}
        print(json.dumps(shown, indent=1))
        return 0
    print(f"assay {__version__}")
    group = ""
    for check in checks:
        if check.group != group:
            group = check.group
            print(f"\n{group}")
        hint = f"; {check.hint}" if check.hint else ""
        print(f"  {check.status:<7}  {check.name:<11}  {check.detail}{hint}")
    return 0


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "python", "ok", f"{version}, {sys.executable}")


def _extras() -> Iterator[Check]:
    for extra, (purpose, names) in EXTRAS.items():
        found = {name: _version(name) for name in names}
        lacking = [name for name, version in found.items() if version is None]
        if not lacking:
            detail = ", ".join(f"{name} {version}" for name, version in found.items())
            yield Check("packages", extra or "core", "ok", detail)
            continue
        wanted = f"assay[{extra}]" if extra else "assay"
        yield Check(
            "packages", extra or "core", "missing" if extra else "broken", f"no {', '.join(lacking)} ({purpose})",
            f"pip install '{wanted}'",
        )  # fmt: skip


def _version(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _programs() -> Iterator[Check]:
    beside = os.path.dirname(sys.executable)  # a virtual environment that is not activated
    for name, purpose in PROGRAMS.items():
        place = shutil.which(name) or shutil.which(name, path=beside)
        yield Check("programs", name, "ok" if place else "missing", place or f"not on PATH ({purpose})")


def _credentials() -> Iterator[Check]:
    for name, (variables, files) in CREDENTIALS.items():
        found = [variable for variable in variables if os.environ.get(variable)]
        for variable, usual in files:
            named = os.environ.get(variable) or usual
            found += [p for p in named.split(os.pathsep) if os.path.isfile(os.path.expanduser(p))]
        said = f"named by {', '.join(found)} (not read, not tried)" if found else "none found"
        yield Check("credentials", name, "ok" if found else "missing", said)


def _files() -> Iterator[Check]:
    from assay import cache, config

    place = cache.directory()
    there = os.path.isdir(place)
    above = place
    while not os.path.isdir(above) and os.path.dirname(above) != above:
        above = os.path.dirname(above)
    if os.access(above, os.W_OK):
        yield Check("files", "cache", "ok" if there else "missing", place, "" if there else "the first scan makes it")
    else:
        yield Check("files", "cache", "broken", f"{place} cannot be written", "set ASSAY_CACHE_DIR")
    try:
        found = config.find(".")
        detail = found[0] if found else "no assay.toml and no [tool.assay] from here up to the repository's root"
        yield Check("files", "config", "ok" if found else "missing", detail, "" if found else "assay init")
    except config.ConfigError as error:
        yield Check("files", "config", "broken", str(error))
    waivers = config.waivers(".")
    yield Check("files", "waivers", "ok" if waivers else "missing", waivers or "no assay-waivers.toml")

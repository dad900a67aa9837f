"""`assay init`: a configuration, a pre-commit hook and a pipeline, written beside what is there already.

The files are those of `deploy/`, which the package carries.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

CONFIG = """# Assay's configuration; every key is optional. `assay scan --help` explains the same options.
# Lowest severity that fails the gate: info, low, medium, high, critical or never.
fail-on = "low"
# Rule ids, themes or globs to leave out, with the reason as a comment.
ignore = []
# Directories of your own rules, relative to this file.
rules = []
"""

FILES: dict[str, dict[str, str]] = {
    "github": {"github/assay.yml": ".github/workflows/assay.yml"},
    "gitlab": {"gitlab/assay.gitlab-ci.yml": ".gitlab-ci.yml"},
    "pre-commit": {"pre-commit/.pre-commit-config.yaml": ".pre-commit-config.yaml"},
    "systemd": {f"systemd/assay-audit.{kind}": f"systemd/assay-audit.{kind}" for kind in ("service", "timer")},
    "kubernetes": {
        f"kubernetes/{name}.yaml": f"kubernetes/assay/{name}.yaml"
        for name in ("cronjob", "kustomization", "namespace", "network-policy", "rbac")
    },
}
"""What can be asked for: files of `deploy/`, and where they go."""
INSTALLED = "pre-commit/installed/.pre-commit-config.yaml"
_SOURCE, _REVISION = "https://github.com/OWNER/assay", "REVISION"
_PLACEHOLDERS = ("OWNER", _REVISION, "registry.example", "192.0.2.10")
_SAFE = frozenset("@:/._~+-")


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser(
        "assay init", description="Write a configuration, a pre-commit hook and a pipeline; what exists is left alone.",
        epilog="Without --with: the hook, and GitHub's workflow or, in a repository of GitLab, its job.",
        formatter_class=formatter, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("directory", nargs="?", default=".", metavar="DIR", help="where to write (default .)")
    p.add_argument("--with", action="append", dest="wanted", metavar="WHAT",
                   help=f"{', '.join(FILES)} or all; repeatable, a,b")  # fmt: skip
    p.add_argument("--source", metavar="URL", help="where you host Assay, for what installs it")
    p.add_argument("--revision", metavar="COMMIT", help="the commit or tag of it that you reviewed")
    return p


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if not os.path.isdir(args.directory):
        raise UsageError(f"{args.directory}: there is no such directory")
    written: list[str] = []
    open_: list[str] = []
    for name, text in _texts(args):
        path = os.path.join(args.directory, name)
        if os.path.lexists(path):
            print(f"{name} exists already and was left as it is", file=sys.stderr)
            continue
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "x", encoding="utf-8", newline="\n") as handle:
                handle.write(text)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
        written.append(name)
        print(name, flush=True)  # what is said of it on stderr comes after, in a pipe too
        lines = enumerate(text.splitlines(), 1)
        open_ += [f"  {name}:{n}: {line.strip()}" for n, line in lines if any(p in line for p in _PLACEHOLDERS)]
    if open_:
        print("To be filled in before they run:", *open_, sep="\n", file=sys.stderr)
    if written:
        print("Next: assay scan", file=sys.stderr)
    return 0


def _texts(args: Namespace) -> Iterator[tuple[str, str]]:
    """Where each file goes, and what stands in it."""
    from assay.bundled import DEPLOY

    for value in (args.source, args.revision):
        if value is not None and not (value and all(c.isalnum() or c in _SAFE for c in value) and value[0] != "-"):
            raise UsageError(f"{value!r} is no URL or commit that could stand in a pipeline")
    yield "assay.toml", CONFIG
    for source, target in _files(args):
        with open(os.path.join(DEPLOY, source), encoding="utf-8") as handle:
            text = handle.read()
        yield target, text.replace(_SOURCE, args.source or _SOURCE).replace(_REVISION, args.revision or _REVISION)


def _files(args: Namespace) -> Iterator[tuple[str, str]]:
    wanted = [one for text in args.wanted or () for one in text.split(",") if one]
    for one in wanted:
        if one not in (*FILES, "all"):
            raise UsageError(f"--with {one}: choose of {', '.join(FILES)} or all")
    gitlab = _is_gitlab(args.directory)
    for kind in FILES if "all" in wanted else wanted or ["pre-commit", "gitlab" if gitlab else "github"]:
        for source, target in FILES[kind].items():
            if kind == "pre-commit" and not args.source:
                yield INSTALLED, target
            elif kind == "gitlab" and os.path.lexists(os.path.join(args.directory, target)):
                yield source, os.path.basename(source)
            else:
                yield source, target


def _is_gitlab(directory: str) -> bool:
    """Whether the repository is one of GitLab: it has a pipeline there, or a remote."""
    if os.path.exists(os.path.join(directory, ".gitlab-ci.yml")):
        return True
    try:
        with open(os.path.join(directory, ".git", "config"), encoding="utf-8", errors="replace") as handle:
            return any("gitlab" in line for line in handle if line.strip().startswith("url"))
    except OSError:
        return False

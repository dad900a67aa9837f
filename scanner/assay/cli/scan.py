"""`assay scan`: the pre-commit hook, the CI gate and the look at a directory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from assay import cache, clock, config, plugins
from assay.model import Request, Severity
from assay.paths import display
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

    from assay.catalogue import Catalogue, Entry
    from assay.engine import Report
    from assay.ledger.waiver_file import FileWaiver


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import EXIT_CODES, formatter

    once = formatter("assay scan")  # argparse would make one for each option, to see whether its metavar fits
    p = ArgumentParser(
        "assay scan", description="Judge Terraform, plans, manifests, documents and snapshots by the rules.",
        epilog=EXIT_CODES, formatter_class=lambda prog: once, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories, detected by content (default .)")
    add_selection(p)
    add_terraform(p)
    add_code(p)
    add_reporting(p)
    p.add_argument("--plugin", action="append", metavar="NAME",
                   help="also run this plugin: checkov (its own checks, merged by equivalents)")  # fmt: skip
    p.add_argument("--diff", metavar="GIT_REF", help="report only what is new since HEAD left this commit or branch")
    p.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")
    p.formatter_class = formatter
    return p


def add_selection(p: ArgumentParser) -> None:
    p.add_argument("--select", action="append", metavar="RULE", help="rule id, theme or glob to run; repeatable, a,b")
    p.add_argument("--ignore", action="append", metavar="RULE", help="rule id, theme or glob to leave out")
    p.add_argument("--framework", action="append", metavar="ID", help="only rules with a control of this framework")
    p.add_argument("--rules", action="append", metavar="DIR", help="a directory of your own rules; repeatable")
    p.add_argument("--no-config", action="store_true", help="leave assay.toml and [tool.assay] of pyproject.toml aside")
    p.add_argument("--include-system", action="store_true",
                   help="of a live cluster, also report what it runs itself (kube-system)")  # fmt: skip


def add_reporting(p: ArgumentParser) -> None:
    p.add_argument("-o", "--output", action="append", metavar="FORMAT[=FILE]",
                   help="text, json, jsonl, sarif, github, gitlab, html, junit, markdown, csv, ocsf "
                   "or oscal; repeatable")  # fmt: skip
    p.add_argument("--fail-on", choices=config.LEVELS, help="the gate: lowest severity that fails (default low)")
    p.add_argument("--strict", action="store_true", default=None, help="unknown counts as fail")
    p.add_argument("--allow-incomplete", action="store_true", default=None,
                   help="do not exit 3 when something could not be read")  # fmt: skip
    p.add_argument("--baseline", metavar="FILE", help="findings listed there are known: only new ones count")
    p.add_argument("--waivers", metavar="FILE", help="the waiver file (default: the nearest assay-waivers.toml)")
    p.add_argument("--no-waivers", action="store_true", help="ignore every waiver and foreign skip comment")
    p.add_argument("--show-passes", action="store_true", default=None, help="report passes too")
    p.add_argument("--ledger", metavar="URL", help="keep the run in this history (ASSAY_LEDGER is honoured): a file, "
                   "postgresql://user@host/name, or default")  # fmt: skip
    p.add_argument("--notify", action="append", metavar="URL", help="tell what the ledger did not know: a webhook, "
                   "Slack's too, or smtp://host/?to=ADDRESS, which demands TLS (ASSAY_CA_FILE names further "
                   "authorities); repeatable")  # fmt: skip
    p.add_argument("--timings", action="store_true", help="say on stderr what took the time")
    p.add_argument("-q", "--quiet", action="store_true", help="no talk on stderr")
    p.add_argument("-v", "--verbose", action="store_true", help="more talk on stderr")


def add_terraform(p: ArgumentParser) -> None:
    p.add_argument("--var", action="append", metavar="NAME=VALUE", help="a Terraform variable of the root modules")
    p.add_argument("--var-file", action="append", metavar="FILE", help="a Terraform variable file")


def add_code(p: ArgumentParser) -> None:
    p.add_argument("--code", metavar="DIR",
                   help="the Terraform that made what runs: live findings stand at its blocks, "
                   "and a difference is a finding")  # fmt: skip
    p.add_argument("--state", action="append", metavar="FILE",
                   help="its state, for sure links; repeatable (default: terraform.tfstate beside it)")  # fmt: skip


def run(argv: list[str]) -> int:
    import time

    started = time.time_ns()
    clock.moving = False
    args = parser().parse_args(argv)
    paths = args.paths or ["."]
    settle(args, paths)
    for name in args.plugin or []:
        plugins.enable(name)
    outputs = parse_outputs(args.output)
    request = make_request(args, paths)
    request.options |= code_of(args)
    request.files_only = request.files_only and not args.code  # what the snapshot holds stands at other files then
    catalogue, entries = choose(args)
    keep = keeper(args, catalogue, entries)
    report = judge(request, catalogue, entries, args)
    if keep is not None:
        keep(report, " ".join(sorted(map(os.path.realpath, paths))))
    written = write(report, outputs, args)
    if written and cache.cacheable(argv):
        cache.keep(argv, started, request, report, catalogue, written)
    if args.timings and report.timings is not None:
        print_timings(report)
    return report.exit_code


def keeper(args: Namespace, catalogue: Catalogue, entries: Sequence[Entry]) -> Callable[[Report, str], None] | None:
    """What keeps a report, of what it names, in the ledger; None where no ledger is asked for.

    Raises:
        UsageError: the ledger cannot be opened, or the options contradict; said before anything is read.
    """
    if args.ledger or args.notify or os.environ.get("ASSAY_LEDGER"):
        from assay.ledger.keeping import keeper as made

        return made(args, {e.id for e in entries}, {e.id for e in catalogue.entries})
    return None


def settle(args: Namespace, paths: Sequence[str]) -> None:
    """Fill what the command line left open from the configuration nearest to the first path.

    Raises:
        ConfigError: it is not as the form demands, or a stranger's one that would run code or write files.
    """
    first = next((p for p in paths if os.path.exists(p)), ".")
    found = None if args.no_config else config.find(first)
    if found is None:
        args.params = {}
        return
    file, table = found
    config.refuse_stranger(file, table, os.getcwd())
    folder = os.path.dirname(file)
    for key in config.LISTS:
        name = key.replace("-", "_")
        values = table.get(key)
        if values and hasattr(args, name):
            if key in ("rules", "var-file"):
                values = [os.path.join(folder, v) for v in values]
            if key in ("ignore", "rules", "var-file") or not getattr(args, name):
                setattr(args, name, values + (getattr(args, name) or []))
    for key in config.FILES:
        if table.get(key) and hasattr(args, key) and getattr(args, key) is None:
            setattr(args, key, os.path.join(folder, table[key]))
    for key in (*config.FLAGS, *config.TEXTS):
        name = key.replace("-", "_")
        if hasattr(args, name) and getattr(args, name) is None:
            setattr(args, name, table.get(key))
    args.params = table.get("params", {})


def code_of(args: Namespace) -> dict[str, Any]:
    """The code that live resources are to be linked to, as options of a request; none where it is not asked for.

    Raises:
        UsageError: there is no code, or the file named as its state is none; said before anything is collected.
    """
    if not args.code:
        if args.state:
            raise UsageError("--state needs --code DIR: the Terraform whose state it is")
        return {}
    if getattr(args, "diff", None):
        raise UsageError("--code and --diff do not go together: what runs has no earlier commit")
    from assay.provenance.code import load

    return {"code": load(args.code, args.state or (), os.getcwd(), _variables(args), args.var_file or [])}


def _variables(args: Namespace) -> dict[str, str]:
    variables: dict[str, str] = {}
    for text in args.var or []:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"--var {text}: write NAME=VALUE")
        variables[name.strip()] = value
    return variables


def make_request(args: Namespace, paths: Sequence[str]) -> Request:
    return Request(
        paths, os.getcwd(), variables=_variables(args), var_files=args.var_file or [],
        files_only=all(os.path.isfile(p) for p in paths),
    )  # fmt: skip


def choose(args: Namespace) -> tuple[Catalogue, list[Entry]]:
    """The catalogue of every rule directory, and the entries that the filters leave."""
    from assay.bundled import RULES
    from assay.catalogue import Catalogue, SelectionError

    directories = [RULES]
    for answer in plugins.call("assay_rules"):
        directories += answer
    for directory in args.rules or []:
        if not os.path.isdir(directory):
            raise UsageError(f"--rules {directory}: there is no such directory")
        directories.append(os.path.abspath(directory))
    catalogue = Catalogue(directories)
    try:
        entries = catalogue.select(_split(args.select), _split(args.ignore), _split(args.framework))
    except SelectionError as error:
        raise UsageError(str(error)) from error
    if not entries:
        raise UsageError("the filters leave no rule to run")
    _set_params(catalogue, getattr(args, "params", {}))
    return catalogue, entries


def _split(texts: Sequence[str] | None) -> list[str]:
    return [word for text in texts or () for word in text.split(",") if word]


def _set_params(catalogue: Catalogue, params: dict[str, dict[str, Any]]) -> None:
    for rule_id in params:
        if catalogue.find(rule_id) is None:
            near = catalogue.near(rule_id)
            raise UsageError(
                f"params.{rule_id}: there is no such rule" + (f"; did you mean {near[0]}?" if near else "")
            )
    catalogue.params = params


def parse_outputs(texts: Sequence[str] | None) -> list[tuple[str, str | None]]:
    """`["sarif=a.sarif", "text"]` as `[("sarif", "a.sarif"), ("text", None)]`.

    Raises:
        UsageError: an unknown format, or two formats on stdout.
    """
    known = report_formats()
    outputs: list[tuple[str, str | None]] = []
    for text in texts or ["text"]:
        name, sign, file = text.partition("=")
        if name not in known:
            raise UsageError(f"-o {name}: there is no such format; there are {', '.join(known)}")
        if sign and not file:
            raise UsageError(f"-o {text}: name a file after =")
        outputs.append((name, file or None))
    if sum(1 for _, file in outputs if file is None) > 1:
        raise UsageError("two formats cannot share stdout: give all but one a file, -o FORMAT=FILE")
    return outputs


def report_formats() -> dict[str, str]:
    return {name: module for answer in plugins.call("assay_reports") for name, module in answer.items()}


def write(report: Report, outputs: Sequence[tuple[str, str | None]], args: Namespace) -> list[tuple[str | None, str]]:
    """Write every output; a file is complete or it is not there. Returns what was written, unless it is a lot."""
    from importlib import import_module

    from assay.files import output

    formats = report_formats()
    options = {"quiet": args.quiet, "verbose": args.verbose, "show_passes": bool(args.show_passes)}
    written: list[tuple[str | None, str | None]] = []
    for name, file in outputs:
        module = import_module(formats[name])
        if file is None:
            tee = cache.Tee(sys.stdout)
            module.write(report, tee, options)
            written.append((None, tee.text))
            continue
        try:
            with output(file) as stream:
                tee = cache.Tee(stream)
                module.write(report, tee, options)
        except OSError as error:
            raise UsageError(f"-o {name}={file}: cannot be written: {error.strerror}") from error
        written.append((file, tee.text))
    kept = [(file, text) for file, text in written if text is not None]
    return kept if len(kept) == len(written) else []


def judge(request: Request, catalogue: Catalogue, entries: list[Entry], args: Namespace) -> Report:
    """The report of a scan, compared as the options say, with the gate that they set."""
    from assay.scan import run as scan

    def once(asked: Request) -> Report:
        listed, file = listed_waivers(args, asked)
        options = {
            "passes": bool(args.show_passes), "timings": args.timings, "waivers": not args.no_waivers,
            "listed": listed, "today": getattr(args, "as_of", None),
        }  # fmt: skip
        found = scan(asked, catalogue, entries, options)
        found.coverage.consulted += [file] if file else []
        if not args.include_system and found.graph is not None and found.graph.live("cluster"):
            from assay.analysis.cluster_findings import set_aside

            set_aside(found)
        return found

    if getattr(args, "diff", None):
        from assay.ledger.difference import compare

        return gated(compare(request, args.diff, once), args, request.base)
    return gated(once(request), args, request.base)


def gated(report: Report, args: Namespace, base: str) -> Report:
    """The report with what its baseline knows set aside, and with the gate that the options set."""
    if args.baseline:
        from assay.ledger import baseline

        baseline.apply(report, baseline.read(args.baseline), display(args.baseline, base))
        report.coverage.consulted.append(os.path.abspath(args.baseline))
    report.gate = None if args.fail_on == "never" else Severity[(args.fail_on or "low").upper()]
    report.strict = bool(args.strict)
    report.allow_incomplete = bool(args.allow_incomplete)
    return report


def listed_waivers(args: Namespace, request: Request) -> tuple[list[FileWaiver], str | None]:
    """The waivers of the waiver file, and where it is; none where waivers are not honoured or there is no file."""
    file = None if args.no_waivers else _waiver_file(args.waivers, request)
    if file is None:
        return [], None
    from assay.ledger.waiver_file import read

    return read(file, display(file, request.base), request.base), file


def _waiver_file(named: str | None, request: Request) -> str | None:
    """The waiver file of a scan: the one that is named, else the nearest to its first path."""
    if named:
        if not os.path.isfile(named):
            raise UsageError(f"--waivers {named}: there is no such file")
        return os.path.abspath(named)
    # What an audit collects has no place of its own among the files: the working directory is asked.
    first = next(iter(request.paths), ".")
    return config.waivers(first) if os.path.lexists(first) else None


def print_timings(report: Report) -> None:
    slowest = sorted((report.timings or {}).items(), key=lambda item: -item[1])
    for name, seconds in slowest[:20]:
        print(f"{seconds * 1000:9.1f} ms  {name}", file=sys.stderr)

"""`assay baseline write|diff FILE`: write down what is known, or say what has come and gone since."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assay.cli import scan
from assay.ledger import baseline
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser(
        "assay baseline", description="Write down the findings that are known, or compare with them.",
        epilog="diff exits 1 when something is new. `assay scan --baseline FILE` lets only new findings count.",
        formatter_class=formatter,
    )  # fmt: skip
    p.add_argument("action", choices=("write", "diff"), help="write FILE anew, or compare with it")
    p.add_argument("file", metavar="FILE", help="the baseline, a text to keep in the repository")
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories, snapshots too (default .)")
    p.add_argument("--waivers", metavar="FILE", help="the waiver file (default: the nearest assay-waivers.toml)")
    p.add_argument("--no-waivers", action="store_true", help="ignore every waiver and foreign skip comment")
    p.add_argument("--allow-incomplete", action="store_true", default=None,
                   help="do not exit 3 when something could not be read")  # fmt: skip
    scan.add_selection(p)
    scan.add_terraform(p)
    return p


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    # A pipe can be compared with; before it is written to, there is nothing to read from it.
    there = os.path.exists(args.file) if args.action == "diff" else os.path.isfile(args.file)
    if args.action == "diff" and not there:
        raise UsageError(f"{args.file}: there is no such baseline; `assay baseline write {args.file}` makes it")
    known = baseline.read(args.file) if there else {}
    wanted, incomplete = _now(args)
    now = {tuple(one.split(" ", 2)[:2]): one for one in wanted}
    added = [now[k] for k in sorted(now.keys() - known.keys())]
    gone = [known[k] for k in sorted(known.keys() - now.keys())]
    for sign, some in (("+", added), ("-", gone)):
        for one in some:
            print(f"{sign} {one}")
    print(f"{len(added)} new, {len(gone)} fixed, {len(now) - len(added)} unchanged")
    if args.action == "write":
        if incomplete and there and gone:
            raise UsageError(
                f"{args.file} is left as it was: something could not be read, so what looks fixed may only be unseen; "
                "mend that, or pass --allow-incomplete"
            )
        try:
            baseline.write(args.file, wanted)
        except OSError as error:
            raise UsageError(f"{args.file}: cannot be written: {error.strerror}") from error
        return 0
    return 1 if added else 3 if incomplete else 0


def _now(args: Namespace) -> tuple[list[str], bool]:
    """The lines a baseline would have now, and whether something could not be read."""
    paths = args.paths or ["."]
    scan.settle(args, paths)
    catalogue, entries = scan.choose(args)
    for name in ("diff", "baseline", "fail_on", "strict", "show_passes", "timings"):
        setattr(args, name, None)
    report = scan.judge(scan.make_request(args, paths), catalogue, entries, args)
    return baseline.lines(report), report.incomplete and not args.allow_incomplete

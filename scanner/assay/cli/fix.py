"""`assay fix`: mend what can be mended in the code, and show it as a diff unless it is to be written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from assay.cli import scan
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from assay.engine import Report
    from assay.mending.mend import Mended
    from assay.model import Request

LISTED = 20


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser(
        "assay fix", description="Mend findings in the code: a diff on stdout, or --write.",
        epilog="Every edit is proved before it is shown: the finding is gone and nothing new came.\n"
        "Exit codes: 0 whatever was mended, 2 wrong use, 3 something could not be read.",
        formatter_class=formatter, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories (default .)")
    p.add_argument("--write", action="store_true", help="change the files instead of showing a diff")
    p.add_argument("--unsafe", action="store_true", help="also fixes that may change how something works")
    p.add_argument("--waivers", metavar="FILE", help="the waiver file (default: the nearest assay-waivers.toml)")
    p.add_argument("--baseline", metavar="FILE", help="leave what is known there as it is")
    p.add_argument("--allow-incomplete", action="store_true", default=None,
                   help="do not exit 3 when something could not be read")  # fmt: skip
    p.add_argument("-q", "--quiet", action="store_true", help="do not say on stderr what was left, and why")
    p.add_argument("-v", "--verbose", action="store_true", help="name everything that was left")
    scan.add_selection(p)
    scan.add_terraform(p)
    return p


def run(argv: list[str]) -> int:
    from assay.mending.mend import mend, write
    from assay.reports.shape import utf8

    args = parser().parse_args(argv)
    paths = args.paths or ["."]
    scan.settle(args, paths)
    catalogue, entries = scan.choose(args)
    for name in ("diff", "fail_on", "strict", "show_passes", "timings", "no_waivers"):
        setattr(args, name, None)
    request = scan.make_request(args, paths)

    def judge(asked: Request) -> Report:
        return scan.judge(asked, catalogue, entries, args)

    mended = mend(request, judge, unsafe=args.unsafe)
    if args.write:
        try:
            write(mended)
        except OSError as error:
            raise UsageError(f"{error.filename}: cannot be written: {error.strerror}") from error
        for path in sorted(mended.files):
            print(utf8(mended.shown[path]))
    else:
        sys.stdout.writelines(_diff(mended))
    if not args.quiet:
        sys.stdout.flush()  # into a pipe it would come after what is said of it
        _say(mended, verbose=args.verbose, written=args.write)
    return 3 if mended.report.coverage.incomplete and not args.allow_incomplete else 0


def _diff(mended: Mended) -> list[str]:
    from difflib import unified_diff

    lines: list[str] = []
    for path in sorted(mended.files):
        old, new = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in mended.files[path])
        name = mended.shown[path].lstrip("/")
        made = unified_diff(old, new, f"a/{name}", f"b/{name}")
        lines += (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made)
    return lines


def _say(mended: Mended, *, verbose: bool, written: bool) -> None:
    from assay.reports.shape import plural, text
    from assay.reports.text import printable

    done = "mended" if written else "can be mended"
    print(
        f"{plural(len(mended.fixed), 'finding')} {done} in {plural(len(mended.files), 'file')}, {len(mended.left)} left"
        + ("" if written or not mended.files else "; --write makes the changes"),
        file=sys.stderr,
    )
    told = [x for x in mended.left if verbose or x[0].fix is not None]
    for finding, reason in told if verbose else told[:LISTED]:
        place = f"{finding.location.file}:{finding.location.start_line}: " if finding.location else ""
        said = printable(text(f"{place}{finding.rule}: {finding.resource.address} {reason}"))
        print(f"  {said}", file=sys.stderr)
    if len(told) > LISTED and not verbose:
        print(f"  and {len(told) - LISTED} more; -v lists all", file=sys.stderr)

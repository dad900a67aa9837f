"""`assay explain RULE`: why, fix, examples and controls of a rule, from the index; no rule module is imported."""

from __future__ import annotations

import os
import sys

from assay.bundled import RULES


def run(argv: list[str]) -> int:
    from argparse import ArgumentParser

    from assay.catalogue import Catalogue
    from assay.cli import formatter
    from assay.examples import read

    p = ArgumentParser(
        "assay explain", description="Why a rule matters, how to mend it, with examples.", formatter_class=formatter
    )
    p.add_argument("rule", metavar="RULE", help="a rule id, as `assay rules list` prints it")
    p.add_argument("--rules", action="append", metavar="DIR", help="a directory of your own rules; repeatable")
    args = p.parse_args(argv)
    for directory in args.rules or []:
        if not os.path.isdir(directory):
            print(f"assay explain: --rules {directory}: there is no such directory", file=sys.stderr)
            return 2
    catalogue = Catalogue([RULES, *(args.rules or [])])
    entry = catalogue.find(args.rule)
    if entry is None:
        near = catalogue.near(args.rule)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; see `assay rules list`"
        print(f"assay explain: there is no rule {args.rule!r}{hint}", file=sys.stderr)
        return 2
    print(f"{entry.id}  ({entry.severity}, {entry.theme})\n{entry.title}\n")
    if entry.about:
        print(f"{entry.about}\n")
    for heading, text in (("Why", entry.why), ("Fix", entry.fix)):
        if text:
            print(f"{heading}\n{_indent(text)}\n")
    for example in read(f"{entry.directory}/{entry.file[:-3]}.md"):
        if example.rule == entry.id:
            print(f"{example.kind.capitalize()}\n{_indent(example.text.rstrip())}\n")
            for name, text in list(example.files.items())[1:]:
                print(f"  with {name}\n{_indent(text.rstrip())}\n")
    print(f"On: {', '.join(entry.on)}")
    print(f"Sources: {', '.join(entry.sources)}")
    if entry.controls:
        print(f"Controls: {', '.join(entry.controls)}")
    if entry.equivalents:
        print(f"Equivalents: {', '.join(entry.equivalents)}")
    print(f"Waive: # assay: allow[{entry.id}] reason")
    return 0


def _indent(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())

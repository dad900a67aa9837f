"""`assay rules`: list, test, make and document rules."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from assay.bundled import RULES
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from assay.catalogue import Entry

SEVERITIES = ("critical", "high", "medium", "low", "info")


def run(argv: list[str]) -> int:
    from argparse import ArgumentParser

    p = ArgumentParser("assay rules", description="List, test, make and document rules.", allow_abbrev=False)
    commands = p.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("list", help="print every rule")
    one.add_argument("patterns", nargs="*", metavar="RULE", help="ids, themes or globs")
    one.add_argument("-o", "--output", choices=("text", "json"), default="text")
    one.set_defaults(call=_list)
    one = commands.add_parser("test", help="run the rules' examples")
    one.add_argument("patterns", nargs="*", metavar="RULE", help="ids, themes or globs (default all)")
    one.set_defaults(call=_test)
    one = commands.add_parser("new", help="write the skeleton of a rule and its examples")
    one.add_argument("id", metavar="RULE", help="the id: lower case with dashes, naming the pattern it flags")
    one.add_argument("--on", required=True, metavar="TYPE", help="the resource type it judges")
    one.add_argument("--theme", default="custom", help="the folder it goes to (default custom)")
    one.add_argument("--directory", default="rules", metavar="DIR", help="where the themes are (default rules)")
    one.set_defaults(call=_new)
    one = commands.add_parser("docs", help="write the rules' reference and index")
    one.add_argument("--out", default="docs/rules", metavar="DIR", help="where the pages go (default docs/rules)")
    one.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is stale")
    one.set_defaults(call=_docs)
    one = commands.add_parser("coverage", help="print which rule judges which source")
    one.add_argument("-o", "--output", choices=("text", "json", "markdown"), default="text")
    one.set_defaults(call=_coverage)
    for command in commands.choices.values():
        command.add_argument("--rules", action="append", metavar="DIR", help="a directory of your own rules")
    args = p.parse_args(argv)
    code: int = args.call(args)
    return code


def _entries(args: Namespace, patterns: list[str] | None = None) -> list[Entry]:
    from assay.catalogue import Catalogue, SelectionError

    for directory in args.rules or []:
        if not os.path.isdir(directory):
            raise UsageError(f"--rules {directory}: there is no such directory")
    try:
        return Catalogue([RULES, *(args.rules or [])]).select(patterns or ())
    except SelectionError as error:
        raise UsageError(str(error).replace("--select ", "")) from error


def _record(e: Entry) -> dict[str, Any]:
    return {
        "id": e.id, "theme": e.theme, "severity": e.severity, "title": e.title, "on": e.on, "sources": e.sources,
        "controls": e.controls, "equivalents": e.equivalents,
    }  # fmt: skip


def _list(args: Namespace) -> int:
    entries = _entries(args, args.patterns)
    if args.output == "json":
        print("[" + ",\n ".join(json.dumps(_record(e), ensure_ascii=False) for e in entries) + "]")
        return 0
    for theme in sorted({e.theme for e in entries}):
        mine = [e for e in entries if e.theme == theme]
        print(f"{theme} ({len(mine)})")
        for e in sorted(mine, key=lambda e: (SEVERITIES.index(e.severity), e.id)):
            print(f"  {e.severity:<8}  {e.id}  {e.title}")
    print(f"{len(entries)} rules", file=sys.stderr)
    return 0


def _test(args: Namespace) -> int:
    from assay.catalogue import Catalogue
    from assay.example_checks import check
    from assay.examples import missing, of_rule

    entries = _entries(args, args.patterns)
    catalogue = Catalogue([RULES, *(args.rules or [])])
    wanted = {e.id for e in entries}
    chosen = [e for e in catalogue.entries if e.id in wanted]
    directories = {e.id: e.directory for e in chosen}
    failed = count = 0
    for rule in catalogue.load(chosen):
        examples = of_rule(rule, directories[rule.id])
        problems = missing(rule, directories[rule.id], {e.kind for e in examples})
        for example in examples:
            count += 1
            problems += check(example, rule)
        failed += bool(problems)
        for problem in problems:
            print(f"{rule.id}: {problem}")
    print(f"{len(chosen)} rules, {count} examples, {failed} rules failed", file=sys.stderr)
    return 1 if failed else 0


_SKELETON = '''"""{title} rules."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule


@rule(on="{on}", severity=MEDIUM)
def {function}(resource: Resource) -> Iterator[Finding]:
    """Say here, in one line, what is wanted.

    ## Why
    What can happen otherwise.

    ## Fix
    What to write instead.
    """
    if resource["name"] == None:
        yield resource.fails("it has no name", at="name")
'''
_EXAMPLES = """## {id}
### Good
```hcl
resource "{on}" "example" {{
  name = "example"
}}
```
### Bad
```hcl
resource "{on}" "example" {{ # error: {id}
}}
```
### Unknown
```hcl
variable "name" {{}}
resource "{on}" "example" {{
  name = var.name # unsure: {id}
}}
```
"""


def _new(args: Namespace) -> int:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", args.id):
        raise UsageError(f"{args.id}: an id is lower case with dashes and names the flagged pattern: queue-without-key")
    folder = os.path.join(args.directory, args.theme.replace("-", "_"))
    stem = os.path.join(folder, args.id.replace("-", "_"))
    for path in (f"{stem}.py", f"{stem}.md"):
        if os.path.exists(path):
            raise UsageError(f"{path} exists already; choose another id or edit it")
    os.makedirs(folder, exist_ok=True)
    values = {"id": args.id, "on": args.on, "function": args.id.replace("-", "_"), "title": args.theme.capitalize()}
    for path, text in ((f"{stem}.py", _SKELETON), (f"{stem}.md", _EXAMPLES)):
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text.format(**values))
        print(path)
    print(f"Next: assay rules test {args.id} --rules {args.directory}", file=sys.stderr)
    return 0


def _docs(args: Namespace) -> int:
    from assay.rule_docs import write_docs

    stale = write_docs([RULES, *(args.rules or [])], args.out, check=args.check)
    for path in stale:
        print(f"{path} is stale: run `assay rules docs`" if args.check else path)
    return 1 if args.check and stale else 0


def _coverage(args: Namespace) -> int:
    entries = _entries(args)
    sources = sorted({s for e in entries for s in e.sources}, key=lambda s: (s != "terraform", s != "plan", s))
    if args.output == "json":
        print(json.dumps({e.id: e.sources for e in entries}, indent=1))
        return 0
    if args.output == "markdown":
        from assay.rule_docs import coverage_page

        print(coverage_page(entries), end="")
        return 0
    width = max(len(e.id) for e in entries)
    for e in entries:
        marks = "  ".join(f"{s if s in e.sources else '-':<{len(s)}}" for s in sources)
        print(f"{e.id:<{width}}  {marks}")
    totals = ", ".join(f"{sum(s in e.sources for e in entries)} on {s}" for s in sources)
    print(f"{len(entries)} rules: {totals}", file=sys.stderr)
    return 0

"""`assay query SQL [PATH|SNAPSHOT]`: the resources of a scan as tables of SQL."""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from assay.cli import scan
from assay.scan import UsageError, collect

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from assay.graph import Graph
    from assay.inventory.tables import Tables

WIDEST = 60


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser(
        "assay query", description="Ask the resources of a scan or a snapshot in SQL (SQLite's).",
        epilog="Tables: one for each resource type, with its attributes as columns (nested ones are JSON: ->>,\n"
        "json_each), and resources, with every one. --tables lists them. What is not known is NULL, and named in\n"
        "_unknown. Assertions on the same tables: assay audit database inventory:PATH --assertions FILE.\n"
        "Exit codes: 0 answered, 2 wrong use, 3 something could not be read.",
        formatter_class=formatter, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("sql", nargs="?", metavar="SQL", help="one SELECT")
    p.add_argument("paths", nargs="*", metavar="PATH", help="files, directories or snapshots (default .)")
    p.add_argument("--tables", action="store_true", help="list tables and columns instead; no SQL is given then")
    p.add_argument("-o", "--output", choices=("text", "json", "jsonl", "csv"), default="text")
    p.add_argument("--allow-incomplete", action="store_true", help="do not exit 3 when something could not be read")
    scan.add_terraform(p)
    return p


def run(argv: list[str]) -> int:
    from assay.inventory.tables import Tables

    args = parser().parse_args(argv)
    if args.tables:
        args.paths = [*([args.sql] if args.sql else []), *args.paths]
    elif args.sql is None:
        raise UsageError("write a query: assay query 'SELECT address FROM aws_s3_bucket' [PATH]; --tables lists tables")
    paths = args.paths or ["."]
    request = scan.make_request(args, paths)
    request.files_only = False
    graph = collect(request)
    tables = Tables(graph)
    rows, names = _listed(tables) if args.tables else _asked(tables, args.sql)
    _write(names, rows, args)
    return _complete(graph, args)


def _asked(tables: Tables, sql: str) -> tuple[list[Sequence[Any]], list[str]]:
    try:
        cursor = tables.connection.execute(sql)
        names = [d[0] for d in cursor.description or ()]
        rows: list[Sequence[Any]] = cursor.fetchall()
    except (sqlite3.Error, sqlite3.Warning) as error:
        missing = str(error).partition("no such table: ")[2]
        if missing and tables.know(missing):
            return _asked(tables, sql)
        raise UsageError(_explained(str(error), tables)) from error
    return rows, names


def _explained(said: str, tables: Tables) -> str:
    """SQLite's sentence with a way out."""
    from difflib import get_close_matches

    kind, _, name = said.partition(": ")
    if kind in ("no such table", "no such column"):
        columns = {c for several in tables.columns.values() for c in several}
        known = list(tables.columns) if kind.endswith("table") else sorted(columns)
        near = get_close_matches(name.rpartition(".")[2], known, 1)
        return f"{said}; " + (f"did you mean {near[0]}?" if near else "--tables lists what there is")
    if "one statement at a time" in said:
        return "one query at a time"
    if "not authorized" in said or "prohibited" in said:
        return "a query reads and does nothing else: write one SELECT"
    return said


def _listed(tables: Tables) -> tuple[list[Sequence[Any]], list[str]]:
    count = tables.connection.execute
    return [
        (name, count(f'SELECT count(*) FROM "{name}"').fetchone()[0], ", ".join(columns))
        for name, columns in sorted(tables.columns.items())
    ], ["table", "rows", "columns"]


def _write(names: list[str], rows: list[Sequence[Any]], args: Namespace) -> None:
    from assay.reports.masking import mask_value

    cells = [[mask_value(name, value) for name, value in zip(names, row, strict=True)] for row in rows]
    if args.output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(cells)
    elif args.output in ("json", "jsonl"):
        objects = [dict(zip(names, row, strict=True)) for row in cells]
        if args.output == "json":
            print(json.dumps(objects, ensure_ascii=False, indent=1))
        else:
            for one in objects:
                print(json.dumps(one, ensure_ascii=False))
    else:
        _print(names, cells, whole=bool(args.tables))


def _print(names: list[str], cells: list[list[Any]], *, whole: bool) -> None:
    from assay.reports.text import printable

    texts = [["" if c is None else printable(str(c)) for c in row] for row in cells]
    most = 10_000 if whole else WIDEST
    texts = [[t if len(t) <= most else t[: most - 3] + "..." for t in row] for row in texts]
    widths = [max(len(n), *(len(row[i]) for row in texts)) if texts else len(n) for i, n in enumerate(names)]
    for row in [names, ["-" * w for w in widths], *texts]:
        print("  ".join(f"{t:<{w}}" for t, w in zip(row, widths, strict=True)).rstrip())
    print(f"({len(cells)} {'row' if len(cells) == 1 else 'rows'})")


def _complete(graph: Graph, args: Namespace) -> int:
    for entry in graph.coverage.inputs:
        if entry["status"] == "failed":
            print(f"assay query: {entry['path']}: {entry['reason']}", file=sys.stderr)
    for unit in graph.coverage.units:
        if unit["status"] != "ok":
            place = "/".join(unit[k] for k in ("account", "region", "service") if unit[k])
            print(f"assay query: {place}: {unit['status']}: {unit['reason']}", file=sys.stderr)
    for type_, _, region, reason in graph.coverage.unlisted:
        place = f" in {region}" if region else ""
        print(f"assay query: {type_}{place} could not be listed: {reason}", file=sys.stderr)
    return 3 if graph.coverage.incomplete and not args.allow_incomplete else 0

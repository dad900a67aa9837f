"""`assay reach FROM TO`: the path hop by hop, or why there is none."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from assay.cli import scan as scan_command
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from assay.analysis.reach.addresses import Interval
    from assay.analysis.reach.build import Model
    from assay.analysis.reach.questions import Answer
    from assay.model import Hop

EPILOG = """FROM and TO are addresses of resources (aws_instance.web, oci_core_subnet.app), internet, an IP address, a
CIDR block, or a service (s3, services). Without --port every port of TCP and UDP is asked about, and ping. A firewall
whose rules were not read is assumed to let pass, and that is said.

exit codes:
  0  reachable
  1  not reachable
  2  wrong use
  3  unknown: what decides is not in the input
  4  a fault of Assay itself"""
YES, NO, UNKNOWN = 0, 1, 3
WORDS = {"yes": "reachable", "no": "not reachable", "unknown": "unknown"}


def parser() -> ArgumentParser:
    from argparse import ArgumentParser, RawDescriptionHelpFormatter

    p = ArgumentParser(
        "assay reach", description="Say whether one thing reaches another, by which path, or why not.", epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("source", metavar="FROM")
    p.add_argument("goal", metavar="TO")
    p.add_argument("paths", nargs="*", metavar="PATH", help="directories, plan JSON or snapshots (default .)")
    p.add_argument("--port", metavar="P", help="destination port, or a range 8000-8080")
    p.add_argument(
        "--protocol", choices=("tcp", "udp", "icmp", "icmpv6", "all"), help="default tcp with --port, else all"
    )
    p.add_argument("-o", "--output", choices=("text", "json", "mermaid", "dot"), default="text")
    scan_command.add_terraform(p)
    return p


def run(argv: list[str]) -> int:
    from assay.analysis.reach.build import model
    from assay.model import Undetermined
    from assay.scan import collect

    args = parser().parse_args(argv)
    protocols, port = _asked(args)
    request = scan_command.make_request(args, args.paths or ["."])
    request.files_only = False
    request.base = os.getcwd()
    graph = collect(request)
    for entry in graph.coverage.inputs:
        if entry["status"] == "failed":
            print(f"assay reach: {entry['path']}: {entry['reason']}", file=sys.stderr)
    try:
        made = model(graph)
        answers = _answers(args, graph, made, protocols, port)
    except Undetermined as doubt:
        print(f"unknown: {doubt.reason}")
        return UNKNOWN
    verdict = max((a.verdict for a in answers), key=lambda v: ("no", "unknown", "yes").index(v))
    if verdict == "no" and graph.coverage.incomplete:
        verdict = "unknown"
    {"text": _text, "json": _json, "mermaid": _mermaid, "dot": _dot}[args.output](args, answers, made, verdict)
    return {"yes": YES, "no": NO, "unknown": UNKNOWN}[verdict]


def _asked(args: Namespace) -> tuple[list[int], Interval]:
    from assay.analysis.reach.packets import PORTS, PROTOCOLS

    name = args.protocol or ("tcp" if args.port else "all")
    protocols = list(PROTOCOLS.values()) if name == "all" else [PROTOCOLS[name]]
    if args.port is None:
        return protocols, PORTS
    low, dash, high = args.port.partition("-")
    if not (low.isdigit() and (high.isdigit() if dash else True)):
        raise UsageError(f"--port {args.port}: write a number or a range, as 443 or 8000-8080")
    span = (int(low), int(high) if dash else int(low))
    if not 0 <= span[0] <= span[1] <= 65535:
        raise UsageError(f"--port {args.port}: ports go from 0 to 65535")
    return protocols, span


def _answers(args: Namespace, graph: Any, made: Model, protocols: list[int], port: Interval) -> list[Answer]:
    from assay.analysis.reach.ends import NoSuchEnd, ends

    try:
        sources, goals = (ends(text, graph, made.topology) for text in (args.source, args.goal))
    except NoSuchEnd as error:
        raise UsageError(str(error)) from error
    if all(e.kind != "place" for e in (*sources, *goals)):
        raise UsageError("neither FROM nor TO is in a network that was read: there is nothing to ask about")
    return [made.reach.best(sources, goals, protocol, port) for protocol in protocols]


# --- output -----------------------------------------------------------------------------------------------------------


def _best(answers: Sequence[Answer]) -> Answer:
    return max(answers, key=lambda a: a.rank)


def _why(answer: Answer) -> str:
    return answer.blocked or "no route leads there"


def _text(args: Namespace, answers: list[Answer], made: Model, verdict: str) -> None:
    from assay.analysis.reach.present import hops, protocol_text, reply_hops

    best = _best(answers)
    open_ports = "; ".join(protocol_text(a) for a in answers if a.verdict == verdict and verdict != "no")
    print(f"{WORDS[verdict]}: {args.source} -> {args.goal}" + (f", {open_ports}" if open_ports else ""))
    _numbered(hops(best, made.topology))
    if best.verdict == "no":
        where = best.at.where() if best.at is not None else None
        print(f"  it ends here: {_why(best)}" + (f"  ({where.file}:{where.start_line})" if where else ""))
    for reason in _reasons(answers):
        print(f"  not known: {reason}")
    back = reply_hops(best)
    if back and best.verdict != "no":
        print("the reply:")
        _numbered(back)
    for said in best.assumed() if best.verdict != "no" else []:
        print(f"assuming that {said}")
    for problem in _problems(best, made):
        print(f"note: {problem}")


def _reasons(answers: Sequence[Answer]) -> list[str]:
    best = _best(answers)
    return best.reasons if best.verdict == "unknown" else []


def _numbered(found: Sequence[Hop]) -> None:
    for number, hop in enumerate(found, 1):
        place = f"  ({hop.place.file}:{hop.place.start_line})" if hop.place is not None else ""
        print(f"  {number}. {hop.note}{place}")


def _problems(best: Answer, made: Model) -> list[str]:
    """What cannot be right in the networks that the answer is about."""
    mine = {s.node.network for way in (best.there, *best.back) if way is not None for s in way.steps}
    mine |= {e.subnet.network for e in (best.a, best.b) if e.subnet is not None}
    names = {str(n.resource) for n in mine if n is not None}
    return [p.message for p in made.topology.problems if any(n in p.message for n in names)]


def _json(args: Namespace, answers: list[Answer], made: Model, verdict: str) -> None:
    from assay.analysis.reach.packets import NAMES
    from assay.analysis.reach.present import hops, reply_hops

    best = _best(answers)
    shape = {
        "from": args.source,
        "to": args.goal,
        "verdict": verdict,
        "open": [
            {"protocol": NAMES[a.protocol], "verdict": a.verdict, "ports": [list(p) for p in a.ports]}
            for a in answers
            if a.verdict != "no"
        ],
        "path": [_record(h) for h in hops(best, made.topology)],
        "reply": [_record(h) for h in reply_hops(best)] if best.verdict != "no" else [],
        "blocked": _why(best) if best.verdict == "no" else None,
        "unknown": _reasons(answers),
        "assumed": best.assumed() if best.verdict != "no" else [],
        "problems": _problems(best, made),
    }
    print(json.dumps(shape, ensure_ascii=False, indent=2))


def _record(hop: Hop) -> dict[str, Any]:
    from assay.reports.shape import place_dict

    return {"kind": hop.kind, "address": hop.address, "note": hop.note, "location": place_dict(hop.place)}


def _stations(best: Answer, made: Model) -> list[tuple[str, str]]:
    """What to draw: a label a station, rules and routes as the sentence on the edge that leads to it."""
    from assay.analysis.reach.present import hops

    found: list[tuple[str, str]] = []
    for hop in hops(best, made.topology):
        if hop.kind != "rule" and not (found and found[-1][0] == hop.address):
            found.append((hop.address or hop.kind, hop.kind))
    if best.verdict == "no":
        found.append((_why(best), "blocked"))
    elif found and found[-1][0] != best.b.label:
        found.append((best.b.label, best.b.kind))
    return found


def _mermaid(args: Namespace, answers: list[Answer], made: Model, verdict: str) -> None:
    from assay.cli.graph import clean

    found = _stations(_best(answers), made)
    print("graph LR")
    for i, (label, kind) in enumerate(found):
        print(f'  h{i}["{clean(label)}"]' + (":::blocked" if kind == "blocked" else ""))
    for i in range(1, len(found)):
        arrow = "-.->" if verdict != "yes" and i == len(found) - 1 else "-->"
        print(f'  h{i - 1} {arrow}|"{clean(found[i][1])}"| h{i}')
    print("  classDef blocked stroke:#b00,stroke-dasharray:4")


def _dot(args: Namespace, answers: list[Answer], made: Model, verdict: str) -> None:
    found = _stations(_best(answers), made)
    print("digraph reach {\n  rankdir=LR;\n  node [shape=box];")
    for i, (label, _) in enumerate(found):
        print(f"  h{i} [label={json.dumps(label)}];")
    for i in range(1, len(found)):
        style = ", style=dashed" if verdict != "yes" and i == len(found) - 1 else ""
        print(f"  h{i - 1} -> h{i} [label={json.dumps(found[i][1])}{style}];")
    print("}")

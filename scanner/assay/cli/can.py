"""`assay can SUBJECT ACTION RESOURCE`: yes, no or unknown, with the statements that decide."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from assay.cli import scan as scan_command
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.analysis.who_may import Deciding, Reply

EPILOG = """SUBJECT is an address (aws_iam_role.app), an ARN, a name (role/app), a service (lambda.amazonaws.com), '*'
for everybody; of OCI group:NAME, dynamic-group:NAME, any-user, service:NAME or an address.
ACTION is s3:GetObject; of OCI a permission (OBJECT_READ), an operation (LaunchInstance) or 'manage buckets'.
RESOURCE is an ARN, an address, '*' for actions that take no resource; of OCI tenancy, compartment:shop:prod, an OCID or
the address of a resource. Between tenancies SUBJECT is group:NAME@TENANCY (who may come in), or RESOURCE is
tenancy:TENANCY (where one's own may go), by the name that a Define statement gives it or its OCID.

A condition that some request meets counts as met: the answer names what it takes. What is not in the input allows
nothing; an ARN's account and region are taken for those of the configuration. Of a resource that has no ARN yet the
answer is yes or no where it is the same whatever the ARN will be, and unknown where it depends on it.

exit codes:
  0  yes
  1  no
  2  wrong use
  3  unknown: what decides is not in the input
  4  a fault of Assay itself"""
CODES = {"yes": 0, "no": 1, "unknown": 3}


def parser() -> ArgumentParser:
    from argparse import ArgumentParser, RawDescriptionHelpFormatter

    p = ArgumentParser(
        "assay can", description="Say whether somebody may do something, and which statements decide.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("subject", metavar="SUBJECT")
    p.add_argument("action", metavar="ACTION")
    p.add_argument("resource", metavar="RESOURCE")
    p.add_argument("paths", nargs="*", metavar="PATH", help="directories, plan JSON or snapshots (default .)")
    p.add_argument("-o", "--output", choices=("text", "json"), default="text")
    scan_command.add_terraform(p)
    return p


def run(argv: list[str]) -> int:
    from assay.analysis.who_may import NoSuchThing, Reply, ask
    from assay.model import Undetermined
    from assay.scan import collect

    args = parser().parse_args(argv)
    request = scan_command.make_request(args, args.paths or ["."])
    request.files_only = False
    request.base = os.getcwd()
    graph = collect(request)
    for entry in graph.coverage.inputs:
        if entry["status"] == "failed":
            print(f"assay can: {entry['path']}: {entry['reason']}", file=sys.stderr)
    try:
        reply = ask(graph, args.subject, args.action, args.resource)
    except NoSuchThing as error:
        raise UsageError(str(error)) from None
    except Undetermined as doubt:
        reply = Reply("unknown", reason=doubt.reason)
    if reply.answer == "no" and graph.coverage.incomplete and not any(s.effect == "deny" for s in reply.statements):
        reply = reply._replace(answer="unknown", reason="a part of the input could not be read, and may allow it")
    (_json if args.output == "json" else _text)(args, reply)
    return CODES[reply.answer]


def _text(args: Namespace, reply: Reply) -> None:
    print(f"{reply.answer}: {args.subject} {args.action} {args.resource}")
    for s in reply.statements:
        word = {"allow": "allowed", "deny": "denied"}[s.effect]
        print(f"  {word} by {s.text}\n    {s.resource} ({s.place.file}:{s.place.start_line})")
    for key, values in sorted(reply.conditions.items()):
        print(f"  when {key} {'= ' + ', '.join(values) if values else 'is missing'}")
    if reply.reason:
        print(f"  {'not known: ' if reply.answer == 'unknown' else ''}{reply.reason}")


def _json(args: Namespace, reply: Reply) -> None:
    record = {
        "schema": "assay-can/1",
        "answer": reply.answer,
        "subject": args.subject,
        "action": args.action,
        "resource": args.resource,
        "statements": [_record(s) for s in reply.statements],
        "conditions": reply.conditions,
        "reason": reply.reason or None,
    }
    print(json.dumps(record, ensure_ascii=False, indent=1))


def _record(s: Deciding) -> dict[str, object]:
    return {
        "effect": s.effect, "text": s.text, "resource": s.resource, "file": s.place.file, "line": s.place.start_line,
    }  # fmt: skip

"""`assay audit aws`: the options, and what they come to. boto3 is imported only when something is asked of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.cli.scan import add_code, add_terraform
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from assay.inventory.collect import Unit


def options(p: ArgumentParser) -> None:
    p.add_argument("--profile", metavar="NAME", help="the profile of the AWS configuration (AWS_PROFILE is honoured)")
    p.add_argument("--regions", action="append", metavar="REGION", help="a,b; repeatable (default: the enabled ones)")
    p.add_argument("--services", action="append", metavar="SERVICE", help="a,b; repeatable (default: all)")
    p.add_argument("--accounts", action="append", metavar="WHICH",
                   help="all, account numbers or organizational units (default: one's own); repeatable")  # fmt: skip
    p.add_argument("--role-name", metavar="NAME", help="the role to assume in the other accounts")
    p.add_argument("--external-id", metavar="ID", help="the external id that the role asks for")
    p.add_argument(
        "--function-code",
        action="store_true",
        help="also download and inspect the code of Lambda functions and layers; none of it is kept",
    )
    add_code(p)
    add_terraform(p)


def units(args: Namespace) -> Iterable[Unit]:
    from assay.inventory.aws.accounts import Audit, Options

    if args.role_name and not args.accounts:
        raise UsageError("--role-name needs --accounts: all, account numbers or ids of organizational units")
    args.audit = Audit(
        Options(
            args.profile, _split(args.regions), _split(args.accounts), args.role_name, args.external_id, args.endpoint,
            args.jobs or Options().jobs, _split(args.services), args.types, args.function_code,
        )
    )  # fmt: skip
    return args.audit.units()  # type: ignore[no-any-return]


def header(args: Namespace) -> dict[str, Any]:
    return args.audit.header  # type: ignore[no-any-return]


def permissions(args: Namespace) -> str:
    from assay.inventory.aws.accounts import chosen
    from assay.inventory.aws.permissions import policy

    return policy(
        chosen(_split(args.services), args.types, code=args.function_code), organization=bool(args.accounts),
        role=args.role_name,
    )  # fmt: skip


def known() -> set[str]:
    """Every type that is collected, archives of code among them."""
    from assay.inventory.aws.replay import all_services

    return {"archive", *(t for service in all_services() for t in service.types)}


def _split(texts: list[str] | None) -> list[str] | None:
    return [word for text in texts or () for word in text.split(",") if word] or None

"""ARNs, principals and patterns of AWS as rules compare them: undetermined where a piece that nobody knows decides."""

from __future__ import annotations

from typing import Any

from assay.analysis.aws_actions import date, expand, fits, key_type, keys_of, prefixes, service
from assay.model import Ref, Text, Undetermined, Unknown


def matches(pattern: Any, name: str) -> bool:
    """True when an IAM pattern (`s3:Get*`) covers a name, in any case.

    Raises:
        Undetermined: the pattern is unknown and its known pieces do not rule the name out.
    """
    if isinstance(pattern, Text):
        around = "".join(p if isinstance(p, str) else "*" for p in pattern.parts)
        if not fits(around.lower(), name.lower()):
            return False
        raise Undetermined(pattern)
    if isinstance(pattern, Unknown):
        raise Undetermined(pattern)
    return isinstance(pattern, str) and fits(pattern.lower(), name.lower())


def is_star(value: Any) -> bool:
    """True for `*` alone (or a run of it)."""
    return bool(value == "*") or (isinstance(value, str) and value != "" and value.strip("*") == "")


def matches_all(value: Any) -> bool:
    """True when a condition value excludes nobody: `*`, `arn:aws:*`, an ARN of which nothing but the service is
    written, the whole internet or a block nearly as wide."""
    from assay.analysis.network import names_nobody

    if isinstance(value, Text):  # what is written around the unknown piece narrows already
        return False
    if isinstance(value, Unknown):
        return bool(value == "*")
    if not isinstance(value, str) or names_nobody(value):
        return isinstance(value, str)
    pieces = value.split(":")
    if pieces[0] == "arn":
        return all(p.strip("*?") == "" for p in pieces[3:])
    return value.strip("*?") in ("", "o-", "o-/")


def with_stand_ins(text: Any) -> str:
    """A text with an `x` for each unknown piece (`arn:aws:iam::${account}:role/*`); empty for what is no text."""
    if isinstance(text, Text):
        return "".join(p if isinstance(p, str) else "x" for p in text.parts)
    return text if isinstance(text, str) else ""


def wildcard_service(resource: Any) -> str:
    """The service of an ARN that names all it has (`arn:aws:logs:*:*:*`, `arn:aws:s3:::*`), else an empty text."""
    pieces = with_stand_ins(resource).split(":")
    wild = len(pieces) > 5 and pieces[0] == "arn" and all(p.strip("*/") == "" for p in pieces[3:])
    return pieces[2] if wild else ""


def action_exists(pattern: Any) -> bool:
    """True when an action, or a pattern of actions, names one that AWS has."""
    if isinstance(pattern, Unknown):
        raise Undetermined(pattern)
    return isinstance(pattern, str) and bool(expand(pattern))


def nearest_action(pattern: str) -> str:
    """The action that resembles a misspelt one most, or an empty text."""
    from difflib import get_close_matches

    prefix, _, name = pattern.lower().partition(":")
    known = service(prefix)
    near = get_close_matches(name, [full.partition(":")[2] for full in known], 1, 0.85)
    return known[f"{prefix}:{near[0]}"].name if near else ""


def key_fault(key: str) -> str:
    """What is wrong with a condition key, or an empty text.

    Raises:
        Undetermined: no key of that name is in the data, and it resembles none that is; it may be newer.
    """
    from difflib import get_close_matches

    prefix, _, name = key.partition(":")
    if not name:
        return f"{key} is no condition key: it has no prefix"
    if key_type(key) is not None or (prefix != "aws" and prefix not in prefixes()):
        return ""  # a provider of identities has keys of its own
    near = get_close_matches(key, keys_of(prefix), 1, 0.85)
    if near:
        return f"{key} is no condition key; did you mean {near[0]}?"
    raise Undetermined(Unknown(f"{key} is not among the condition keys known in {date()}"))


def arn_shaped(resource: Any) -> bool:
    """True for `*`, and for text with the six parts of an ARN (a wildcard may stand for several).

    What comes from elsewhere is not written here, so it is no fault of this document.
    """
    if isinstance(resource, Text):
        first = resource.parts[0]
        return first.startswith(("arn:", "*")) if isinstance(first, str) else True
    if isinstance(resource, Unknown):
        return True
    text = str(resource)
    return is_star(text) or (text.startswith("arn:") and (text.count(":") > 4 or "*" in text))


def made_policy(arn: Any) -> bool:
    """True for a reference to a managed policy that the same code makes or looks up."""
    return isinstance(arn, Ref) and arn.kind == "aws_iam_policy"


def arn_service(arn: Any) -> str:
    """The service of an ARN, `lambda` or `states`; of a reference, as far as its type tells.

    Raises:
        Undetermined: nobody can tell.
    """
    if isinstance(arn, Ref):
        kind = next((p for p in arn.target.split(".") if p.startswith("aws_")), "")
        return next((s for prefix, s in _SERVICES.items() if kind.startswith(prefix)), kind)
    if isinstance(arn, Text):
        pieces = "".join(p if isinstance(p, str) else "?" for p in arn.parts).split(":")
        if len(pieces) > 5 and "?" not in pieces[2]:
            return pieces[2]
    if isinstance(arn, Unknown):
        raise Undetermined(arn)
    pieces = str(arn or "").split(":")
    return pieces[2] if len(pieces) > 2 else ""


_SERVICES = {
    "aws_sfn_": "states", "aws_kinesis_firehose": "firehose", "aws_kinesis_": "kinesis", "aws_ecs_": "ecs",
    "aws_batch_": "batch", "aws_codepipeline": "codepipeline", "aws_codebuild_": "codebuild",
    "aws_cloudwatch_event_api_destination": "api-destination",
    "aws_sagemaker_": "sagemaker", "aws_redshift": "redshift", "aws_api_gateway_": "execute-api",
}  # fmt: skip


_OF_OTHERS = ("aws_organizations_", "aws_ssm_parameter", "aws_secretsmanager_secret_version")


def from_elsewhere(principal: Ref) -> bool:
    """Whether what a reference reads was written by somebody else, or is of another account than one's own."""
    return not principal.kind.startswith("aws_") or principal.kind.startswith(_OF_OTHERS)


def account_of(principal: Any) -> str | None:
    """The account that an AWS principal names by its digits; None for one of this configuration's own, or none at all.

    Raises:
        Undetermined: a variable stands where the account does, or what is read from elsewhere.
    """
    if isinstance(principal, Text):
        return _account_in(principal)
    if isinstance(principal, Ref):
        if from_elsewhere(principal):
            raise Undetermined(principal)
        return None
    if isinstance(principal, Unknown):
        raise Undetermined(principal)
    if not isinstance(principal, str):
        return None
    pieces = principal.split(":")
    return _digits(pieces[4] if len(pieces) > 5 and pieces[0] == "arn" else principal)


def _account_in(arn: Text) -> str | None:
    """The account in a text of which pieces are unknown: the partition before it may well be one of them."""
    holes = [p for p in arn.parts if isinstance(p, Unknown)]
    numbers = iter(range(len(holes)))
    fields = "".join(p if isinstance(p, str) else f"\0{next(numbers)}\0" for p in arn.parts).split(":")
    if fields[0] != "arn" or len(fields) < 6:
        return account_of(holes[0])
    hole = fields[4].split("\0")[1:2]
    return account_of(holes[int(hole[0])]) if hole else _digits(fields[4])


def _digits(text: str) -> str | None:
    return text if len(text) == 12 and text.isascii() and text.isdigit() else None

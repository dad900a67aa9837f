"""What the code beside a plan says of values that the plan calls unknown.

A plan knows a value whole or not at all: `jsonencode({ Action = "*", Resource = aws_s3_bucket.b.arn })` is "known after
apply", action and all. The code tells what stands around the hole. Nothing that the plan knows is changed, and nothing
that it calls unknown becomes known: an unknown gets pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, Intake, PartialList, Ref, Text, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.model import Resource
    from assay.terraform.modules import Variable
    from assay.terraform.trace import Frame


def refine(resources: Sequence[Resource], frame: Frame | None, variables: dict[str, dict[str, Any]]) -> str:
    """Put the pieces that the code in `frame` knows into the resources of a plan.

    Args:
        frame: the root module beside the plan; None when there is none.
        variables: those of the plan: name -> {"value": ...}.

    Returns:
        Why the code could not be evaluated, a sentence; empty when it was, or when nothing is unknown.
    """
    waiting = [r for r in resources if any(_is_open(v) for v in r.values.values())]
    if not waiting or frame is None or frame.module is None:
        return ""
    try:
        written = _evaluated(frame, variables)
    except (Exception, Undetermined) as error:  # noqa: BLE001 - the plan is judged without it
        return f"the code beside the plan could not be evaluated: {type(error).__name__}: {error}"
    for resource in waiting:
        code = written.get(resource.address)
        if code is not None and code.type == resource.type:
            for name, value in resource.values.items():
                if name in code.values:
                    resource.values[name] = _refined(value, code.values[name])
    return ""


def _evaluated(frame: Frame, variables: dict[str, dict[str, Any]]) -> dict[str, Resource]:
    """The resources of the code, by address, with the plan's variables."""
    from assay.terraform.root import Root
    from assay.terraform.variables import Given

    class Told(Given):
        """The variables as the plan tells them: they need no evaluation."""

        __slots__ = ()

        def value(self, name: str, declared: Variable) -> Any:
            return variables[name]["value"]

    module = frame.module
    if module is None:
        return {}
    given = Told()
    given.values = {name: "" for name, table in variables.items() if "value" in table}
    intake = Intake()
    Root(module, frame.sources.loader, frame.sources, intake, given, "default").run()
    return {r.address: r for r in intake.resources}


def _is_open(value: Any) -> bool:
    """Whether something in a value is unknown and no secret."""
    if isinstance(value, Unknown):
        return not value.sensitive
    if isinstance(value, dict):
        return any(_is_open(v) for v in value.values())
    return isinstance(value, list) and any(_is_open(v) for v in list.__iter__(value))


def _refined(planned: Any, written: Any) -> Any:
    """A planned value with the pieces of the written one where both speak of the same."""
    if isinstance(planned, Unknown):
        rich = isinstance(written, (Base64, Encoded, Ref, Text)) and not written.sensitive and not planned.sensitive
        return written if rich else planned
    if type(planned) is dict and type(written) is dict:
        return {name: _refined(v, written[name]) if name in written else v for name, v in planned.items()}
    if type(planned) is list and type(written) is list and len(planned) == len(written):
        # A set of blocks may stand in another order: what both know must agree.
        pairs = list(zip(planned, written, strict=True))
        return [_refined(p, w) for p, w in pairs] if all(_agree(p, w) for p, w in pairs) else planned
    return planned


def _agree(planned: Any, written: Any) -> bool:
    if isinstance(planned, Unknown) or isinstance(written, (Unknown, PartialList)):
        return True
    if isinstance(planned, dict) and isinstance(written, dict):
        return all(_agree(v, written[name]) for name, v in planned.items() if name in written)
    if isinstance(planned, list) and isinstance(written, list):
        items = zip(list.__iter__(planned), list.__iter__(written), strict=False)
        return len(planned) == len(written) and all(_agree(p, w) for p, w in items)
    return bool(planned == written)

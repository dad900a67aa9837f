"""Terraform plans (`terraform show -json`) as a source: what will be after the change, and what nobody knows yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.model import Intake, Request

MAX_FILE = 20_000_000
_OF_A_PLAN = (b'"planned_values"', b'"resource_changes"', b'"terraform_version"')
_SORTED = (b'"configuration"', b'"root_module"')


class PlanSource:
    """Reads plans, and states that `terraform show -json` has written."""

    name = "plan"
    trees = False

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        if path.endswith(".json"):
            if path.endswith((".tf.json", ".tofu.json")):
                return False
            start = head()
            if start[:2] in (b"\xff\xfe", b"\xfe\xff"):  # a shell's redirection wrote UTF-16
                start = start.replace(b"\0", b"")
            if b'"format_version"' in start and any(word in start for word in _OF_A_PLAN):
                return True
            return start.lstrip()[:1] == b"{" and all(word in start for word in _SORTED)
        return path.endswith((".tfplan", "/tfplan")) and head().startswith(b"PK")

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        from assay.paths import display

        for path in paths:
            shown = display(path, request.base)
            try:
                self._load(request, path, shown, intake)
            except Unreadable as error:
                intake.coverage.input(shown, "failed", str(error))
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
                reason = f"it has not the shape of a plan: {type(error).__name__}: {str(error)[:100]}"
                intake.coverage.input(shown, "failed", reason)

    def _load(self, request: Request, path: str, shown: str, intake: Intake) -> None:
        from assay.terraform.plan_code import refine
        from assay.terraform.plan_places import Place
        from assay.terraform.plan_reader import Reader

        document = read(path)
        place = Place(path, shown, request)
        reader = Reader(document, shown, place)
        resources = reader.run()  # a fault in the middle leaves nothing half read
        doubt = refine(resources, place.frame(""), reader.variables)
        if doubt:
            intake.coverage.notes.append(f"{shown}: {doubt}; its unknown values stay unknown")
        for resource in resources:
            intake.add(resource)
        intake.remarks.extend(r for r in place.remarks(["", *reader.modules]) if r not in intake.remarks)
        intake.coverage.notes.extend(reader.notes)
        if document.get("errored"):
            reason = "the plan is incomplete: terraform stopped at an error while it made it"
            intake.coverage.input(shown, "failed", reason)
        else:
            intake.coverage.input(shown, "read")


class Unreadable(Exception):
    """A plan that cannot be read, with the sentence that says why and what to do."""


def read(path: str) -> dict[str, Any]:
    """The plan in a file.

    Raises:
        Unreadable: it is not a plan in JSON, too large, or of a version that Assay does not know.
    """
    import os

    try:
        size = os.path.getsize(path)
        if size > MAX_FILE:
            raise Unreadable(f"the file has {size:,} bytes; Assay reads at most {MAX_FILE:,}")
        with open(path, "rb") as handle:
            data = handle.read(MAX_FILE + 1)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from None
    if data.startswith(b"PK"):
        raise Unreadable("this is a plan in Terraform's own format: write it as JSON with `terraform show -json PLAN`")
    return _checked(_parse(data))


def _parse(data: bytes) -> Any:
    import orjson

    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode()
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise Unreadable(f"it is not JSON: {error}") from None


def _checked(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("format_version"), str):
        raise Unreadable("it is not a plan: write one with `terraform show -json PLAN`")
    version = document["format_version"]
    if version.split(".")[0] not in ("0", "1"):
        reason = f"the plan has format version {version[:20]}, and Assay reads versions 0 and 1"
        raise Unreadable(f"{reason}: use a newer Assay, or write the plan with an older Terraform")
    if not any(isinstance(document.get(key), (dict, list)) for key in ("planned_values", "resource_changes", "values")):
        raise Unreadable("it holds neither planned values nor changes: write a plan with `terraform show -json PLAN`")
    return document

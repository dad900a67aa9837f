"""Snapshots: the file between collecting and evaluating, one JSON record a line, gzip-compressed (`.jsonl.gz`).

The first line is the header `{"schema": "assay-snapshot/1", ...}`; then, in the order of collection:

- `{"resource": {"type", "address", "source", "name", "account", "region", "values"}}`
- `{"unit": {"account", "region", "service", "status", "reason"}}`: a unit of work is finished
- `{"unlisted": {"type", "account", "region", "reason"}}`: nobody could list these
- `{"end": {"resources": N}}`: the last line; without it the snapshot was cut off, and says so

An unknown value is `{"$unknown": "reason"}`, a reference `{"$ref": ["address", "attribute"]}`, an incomplete list
`{"$partial": [...], "reason": "..."}`.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from assay.model import Location, PartialList, Ref, Resource, Text, Unknown

if TYPE_CHECKING:
    import gzip
    from collections.abc import Callable, Iterable, Sequence

    from assay.model import Intake, Request, Step, ValuePath

SCHEMA = "assay-snapshot/1"


class SnapshotWriter:
    """Writes records as they come, each a complete line, so that what was collected survives a kill.

    The bytes depend on the records alone: no time, no file name.
    """

    def __init__(self, path: str, header: dict[str, Any] | None = None) -> None:
        import gzip

        self._raw: IO[bytes] = open(path, "wb")  # noqa: SIM115 - closed by close()
        self._zip: gzip.GzipFile = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        self._count = 0
        self._line({"schema": SCHEMA, **(header or {})})

    def _line(self, record: dict[str, Any]) -> None:
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self._zip.write(text.encode("utf-8", "surrogatepass") + b"\n")

    def resource(self, r: Resource) -> None:
        record = {
            "type": r.type, "address": r.address, "source": r.source, "name": r.name, "account": r.account,
            "region": r.region, "values": encode(r.values),
        }  # fmt: skip
        self._line({"resource": {k: v for k, v in record.items() if v not in (None, "")}})
        self._count += 1

    def unit(
        self, account: str | None, region: str | None, service: str, status: str, reason: str | None = None
    ) -> None:
        self._line(
            {"unit": {"account": account, "region": region, "service": service, "status": status, "reason": reason}}
        )
        self._zip.flush()

    def unlisted(self, type_: str, account: str | None, region: str | None, reason: str) -> None:
        self._line({"unlisted": {"type": type_, "account": account, "region": region, "reason": reason}})

    def close(self) -> None:
        self._line({"end": {"resources": self._count}})
        self._zip.close()
        self._raw.close()


def encode(value: Any) -> Any:
    """A value as JSON can hold it, unknowns included."""
    if isinstance(value, Ref):
        return {"$ref": [value.target, value.attribute]}
    if isinstance(value, Text):
        return {"$text": [p if isinstance(p, str) else encode(p) for p in value.parts]}
    if isinstance(value, Unknown):
        return {"$unknown": value.reason}
    if isinstance(value, PartialList):
        return {"$partial": [encode(v) for v in value.known()], "reason": value.unknown.reason}
    if isinstance(value, list):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        return {str(k): encode(v) for k, v in value.items()}
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode`."""
    if isinstance(value, list):
        return [decode(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "$unknown" in value:
        return Unknown(str(value["$unknown"]))
    if "$ref" in value:
        return Ref(*value["$ref"])
    if "$text" in value:
        return Text([decode(p) for p in value["$text"]])
    if "$partial" in value:
        return PartialList([decode(v) for v in value["$partial"]], Unknown(str(value.get("reason"))))
    return {k: decode(v) for k, v in value.items()}


class _Line:
    """A resource of a snapshot is found at its line there."""

    __slots__ = ("file", "number")

    def __init__(self, file: str, number: int) -> None:
        self.file = file
        self.number = number

    def locate(self, path: ValuePath) -> Location:
        return Location(self.file, self.number, 1, self.number, 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class SnapshotSource:
    """Reads snapshots; the resources keep the source they were collected from."""

    name = "snapshot"
    trees = False

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        if not path.endswith((".jsonl", ".jsonl.gz")):
            return False
        start = head()
        if start.startswith(b"\x1f\x8b"):
            import zlib

            try:
                start = zlib.decompressobj(31).decompress(start, 4096)
            except zlib.error:
                return False
        return b'"schema":"assay-snapshot/' in start or b'"schema": "assay-snapshot/' in start

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        import gzip

        from assay.paths import display

        for path in paths:
            shown = display(path, request.base)
            try:
                opener = gzip.open if path.endswith(".gz") else open
                with opener(path, "rt", encoding="utf-8") as handle:
                    _read(handle, shown, intake)
            except (OSError, EOFError) as error:
                intake.coverage.input(shown, "failed", f"the snapshot is cut off or unreadable: {error}")


def _read(lines: Iterable[str], shown: str, intake: Intake) -> None:
    ended = False
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            intake.coverage.input(shown, "failed", f"line {number} is not a whole JSON record", number)
            return
        if number == 1:
            if record.get("schema") != SCHEMA:
                said = f"this snapshot is {record.get('schema')}; this version of Assay reads {SCHEMA}"
                intake.coverage.input(shown, "failed", said)
                return
        elif "resource" in record:
            r = record["resource"]
            intake.add(
                Resource(
                    r["type"],
                    r["address"],
                    r["source"],
                    decode(r.get("values", {})),
                    _Line(shown, number),
                    name=r.get("name", ""),
                    account=r.get("account"),
                    region=r.get("region"),
                )
            )
        elif "unit" in record:
            u = record["unit"]
            intake.coverage.unit(u["account"], u["region"], u["service"], u["status"], u["reason"])
        elif "unlisted" in record:
            u = record["unlisted"]
            intake.coverage.not_listed(u["type"], u["account"], u["region"], u["reason"])
        elif "end" in record:
            ended = True
    if ended:
        intake.coverage.input(shown, "read")
    else:
        intake.coverage.input(shown, "failed", "the snapshot has no last line: its collection was cut off")

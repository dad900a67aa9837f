"""Collecting: units of work on a bounded pool of threads, each into a part file, assembled into one snapshot.

A unit is one service of one region of one account. Its records stream into `SNAPSHOT.parts/`, a gzip member each; the
finished members, in the order of the units' keys, are the snapshot. So memory does not grow with the inventory, the
bytes do not depend on which thread was faster, and what a killed run finished is not asked for again.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from assay.digest import digest
from assay.inventory.snapshot import RecordWriter, SnapshotWriter, records
from assay.model import Intake, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

OK, DENIED, THROTTLED, FAILED = "ok", "denied", "throttled", "failed"
JOBS = 8
"""Units at work at once; what they do is wait for answers."""


class CollectionStopped(Exception):
    """Going on is pointless (expired credentials, no network): one sentence for the user. What is finished is kept."""


class Unit:
    """One piece of an inventory: pure data that names it, and the work that pours it into an `Emitter`.

    `types` are the resource types it feeds: all of them count as not listed when the work breaks down.
    """

    __slots__ = ("account", "provider", "region", "service", "types", "work")

    def __init__(
        self, provider: str, account: str, region: str | None, service: str, types: Iterable[str],
        work: Callable[[Emitter], None],
    ) -> None:  # fmt: skip
        self.provider = provider
        self.account = account
        self.region = region
        self.service = service
        self.types = tuple(types)
        self.work = work

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the unit and orders the snapshot."""
        return self.provider, self.account, self.region or "", self.service


class Emitter:
    """Takes what a unit collects: resources as they come, and every call that went wrong."""

    def __init__(self, unit: Unit, writer: RecordWriter | _Kept) -> None:
        self.unit = unit
        self._writer = writer
        self._problems: dict[tuple[str, str], list[Any]] = {}
        self._unlisted: dict[tuple[str, str | None], str] = {}

    def resource(
        self, type_: str, address: str, values: dict[str, Any], *, name: str = "", region: str | None = None
    ) -> None:
        """One resource of the unit's account; `region` where it is not the unit's own."""
        u = self.unit
        self._writer.resource(
            Resource(type_, address, u.provider, values, name=name, account=u.account, region=region or u.region)
        )

    def problem(self, operation: str, status: str, reason: str, types: Iterable[str] = ()) -> None:
        """A call that gave no answer: `status` is denied, throttled or failed; `types` cannot be listed without it."""
        known = self._problems.setdefault((operation, status), [reason, 0])
        known[1] += 1
        for type_ in types:
            self._unlisted.setdefault((type_, self.unit.region), f"{operation}: {reason}" if operation else reason)

    def finish(self) -> None:
        """Say what became of the unit: one row when all went well, else one for each operation that did not."""
        u = self.unit
        for (type_, region), reason in sorted(self._unlisted.items(), key=str):
            self._writer.unlisted(type_, u.account, region, reason)
        for (operation, status), (reason, count) in sorted(self._problems.items()):
            times = f" (and {count - 1} times more)" if count > 1 else ""
            said = f"{operation}: {reason}{times}" if operation else reason
            self._writer.unit(u.account, u.region, u.service, status, said)
        if not self._problems:
            self._writer.unit(u.account, u.region, u.service, OK)


def run_unit(unit: Unit, writer: RecordWriter | _Kept) -> None:
    """Do the work of one unit; whatever breaks it becomes a coverage row.

    Raises:
        CollectionStopped: as the unit raised it.
    """
    emitter = Emitter(unit, writer)
    try:
        unit.work(emitter)
    except CollectionStopped:
        raise
    except Exception as error:  # noqa: BLE001 - one unit may not take the others along
        where = _place(error)
        emitter.problem("", FAILED, f"the collector stopped: {type(error).__name__}: {error}{where}", unit.types)
    emitter.finish()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_name}, line {trace.tb_lineno})" if trace is not None else ""


def ordered(
    pool: ThreadPoolExecutor, function: Callable[[Any], Any], items: Iterable[Any], window: int = 32
) -> Iterator[Any]:
    """`map` on a pool with at most `window` items under way, the answers in the order of the items."""
    from collections import deque

    under_way: deque[Future[Any]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) >= window:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def collect(
    units: Iterable[Unit], path: str, *, header: dict[str, Any] | None = None, jobs: int = JOBS, resume: bool = False,
    progress: Callable[[int, int, Unit], None] | None = None,
) -> None:  # fmt: skip
    """Run the units and leave a snapshot at `path`.

    Args:
        header: what else the snapshot's first line says; a resumed collection must be for the same.
        jobs: how many units may be at work at once.
        resume: take over what an interrupted collection of the same snapshot finished.
        progress: called with (units done, resources so far, the unit) as each is finished.

    Raises:
        CollectionStopped: a unit said so, or the interrupted collection was of something else.
    """
    folder = f"{path}.parts"
    header = header or {}
    finished = _prepare(folder, header, resume)
    done: dict[tuple[str, ...], tuple[str, int]] = {}
    waiting: set[Future[tuple[Unit, str, int]]] = set()

    def settle(limit: int) -> None:
        nonlocal waiting
        while len(waiting) > limit:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                unit, part, count = future.result()
                done[unit.key] = (part, count)
                if progress:
                    progress(len(done), sum(n for _, n in done.values()), unit)

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="collect")
    try:
        for unit in units:
            part = _part(folder, unit)
            if part in finished:
                done[unit.key] = (part, finished[part])
                continue
            waiting.add(pool.submit(_run_to_file, unit, part))
            settle(2 * jobs)
        settle(0)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    _assemble(path, header, [done[key] for key in sorted(done)])
    _remove(folder)


class _Kept:
    """Takes what a unit collects as a snapshot's writer does, and keeps it as it is."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []
        self.units: list[tuple[Any, ...]] = []
        self.denied: list[tuple[Any, ...]] = []
        self.resource = self.resources.append

    def unit(self, *row: Any) -> None:
        self.units.append(row)

    def unlisted(self, *row: Any) -> None:
        self.denied.append(row)


def gather(
    units: Iterable[Unit], label: str, *, header: dict[str, Any] | None = None, jobs: int = JOBS,
    progress: Callable[[int, int, Unit], None] | None = None,
) -> Intake:  # fmt: skip
    """As `collect`, without a file: what a snapshot would say, for an audit that keeps none.

    Args:
        label: what the coverage calls the input.

    Raises:
        CollectionStopped: a unit said so.
    """
    done: dict[tuple[str, ...], _Kept] = {}

    def run(unit: Unit) -> tuple[Unit, _Kept]:
        kept = _Kept()
        run_unit(unit, kept)
        return unit, kept

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="collect")
    try:
        for unit, kept in ordered(pool, run, units):
            done[unit.key] = kept
            if progress:
                progress(len(done), sum(len(k.resources) for k in done.values()), unit)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    intake = Intake()
    for source, types in (header or {}).get("feeds", {}).items():
        intake.coverage.feeds.setdefault(source, set()).update(types)
    for key in sorted(done):
        intake.resources += done[key].resources
        for row in done[key].denied:
            intake.coverage.not_listed(*row)
        for row in done[key].units:
            intake.coverage.unit(*row)
    intake.coverage.input(label, "read")
    return intake


def _part(folder: str, unit: Unit) -> str:
    words = "-".join(w for w in unit.key if w)
    plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in words)[:150]
    return f"{folder}/{plain}-{digest(chr(31).join(unit.key).encode())[:8]}.jsonl.gz"


def _run_to_file(unit: Unit, part: str) -> tuple[Unit, str, int]:
    with open(f"{part}.unfinished", "wb") as raw, RecordWriter(raw) as writer:
        run_unit(unit, writer)
        count = writer.count
    os.replace(f"{part}.unfinished", part)
    return unit, part, count


def _prepare(folder: str, header: dict[str, Any], resume: bool) -> dict[str, int]:
    """An empty folder for the parts, or with `resume` the finished ones of before with their resource counts."""
    text = json.dumps(header, sort_keys=True)
    request = f"{folder}/request.json"
    if resume and os.path.isfile(request):
        with open(request, encoding="utf-8") as handle:
            if handle.read() != text:
                raise CollectionStopped(
                    f"{folder} holds an interrupted collection with other options (accounts, regions, endpoint): "
                    "repeat those to resume it, or leave --resume out to start anew"
                )
        names = [f"{folder}/{n}" for n in sorted(os.listdir(folder)) if n.endswith(".gz")]
        return {name: count for name in names if (count := _finished(name)) is not None}
    _remove(folder)
    try:
        os.makedirs(folder)
        with open(request, "w", encoding="utf-8") as handle:
            handle.write(text)
    except OSError as error:
        raise CollectionStopped(f"{folder}: the snapshot cannot be written: {error.strerror}") from error
    return {}


def _finished(part: str) -> int | None:
    """How many resources a part holds; None when its unit is to be done again (it was throttled out)."""
    count = 0
    for record in records(part):
        count += "resource" in record
        if record.get("unit", {}).get("status") == THROTTLED:
            return None
    return count


def _assemble(path: str, header: dict[str, Any], parts: list[tuple[str, int]]) -> None:
    from shutil import copyfileobj

    unfinished = f"{path}.unfinished"
    with open(unfinished, "wb") as out:
        SnapshotWriter.begin(out, header)
        for part, _ in parts:
            with open(part, "rb") as handle:
                copyfileobj(handle, out)
        SnapshotWriter.end(out, sum(count for _, count in parts))
    os.replace(unfinished, path)


def _remove(folder: str) -> None:
    from shutil import rmtree

    if os.path.isdir(folder):
        gone = f"{folder}.old"
        rmtree(gone, ignore_errors=True)
        os.rename(folder, gone)  # at once: a half-removed folder must not look like an interrupted collection
        rmtree(gone, ignore_errors=True)

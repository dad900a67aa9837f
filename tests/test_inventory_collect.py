"""Collecting: the same bytes whatever the threads do, nothing asked twice after a kill, nothing lost in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest
from assay.inventory.collect import CollectionStopped, Emitter, Unit, collect
from assay.inventory.snapshot import compare, records
from assay.model import Intake, Request, Unknown
from assay.scan import collect as scan


def unit(service: str, count: int = 2, wait: Event | None = None, done: Event | None = None) -> Unit:
    def work(emit: Emitter) -> None:
        if wait:
            assert wait.wait(10)
        for i in range(count):
            emit.resource("aws_sqs_queue", f"arn:{service}:{i}", {"name": f"q{i}"}, name=f"q{i}")
        if done:
            done.set()

    return Unit("aws", "111122223333", "eu-west-1", service, ["aws_sqs_queue"], work)


def read(path: Path) -> Intake:
    graph = scan(Request([str(path)], str(path.parent)))
    intake = Intake()
    intake.resources, intake.coverage = graph.resources, graph.coverage
    return intake


def test_the_bytes_do_not_depend_on_which_unit_is_faster(tmp_path: Path) -> None:
    first, second = Event(), Event()
    collect([unit("a", done=first), unit("b", wait=first)], str(tmp_path / "1.jsonl.gz"), jobs=2)
    collect([unit("a", wait=second), unit("b", done=second)], str(tmp_path / "2.jsonl.gz"), jobs=2)
    assert (tmp_path / "1.jsonl.gz").read_bytes() == (tmp_path / "2.jsonl.gz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.jsonl.gz", "2.jsonl.gz"]


def test_a_collection_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl.gz"
    collect([unit("b", 1), unit("a", 3)], str(path), header={"feeds": {"aws": ["aws_sqs_queue"]}})
    intake = read(path)
    assert [r.address for r in intake.resources] == ["arn:a:0", "arn:a:1", "arn:a:2", "arn:b:0"]
    assert intake.resources[0].account == "111122223333"
    assert [(u["service"], u["status"]) for u in intake.coverage.units] == [("a", "ok"), ("b", "ok")]
    assert not intake.coverage.incomplete


def test_what_goes_wrong_is_a_row_and_the_other_units_are_whole(tmp_path: Path) -> None:
    def denied(emit: Emitter) -> None:
        for _ in range(3):
            emit.problem("GetTopicAttributes", "denied", "AccessDenied", ["aws_sns_topic"])

    def broken(emit: Emitter) -> None:
        emit.resource("aws_kms_key", "arn:k", {})
        raise KeyError("Surprise")

    units = [
        Unit("aws", "1", "r", "sns", ["aws_sns_topic"], denied),
        Unit("aws", "1", "r", "kms", ["aws_kms_key", "aws_kms_alias"], broken),
        unit("sqs"),
    ]
    path = tmp_path / "s.jsonl.gz"
    collect(units, str(path))
    intake = read(path)
    rows = {u["service"]: (u["status"], u["reason"]) for u in intake.coverage.units}
    assert rows["sns"] == ("denied", "GetTopicAttributes: AccessDenied (and 2 times more)")
    assert rows["kms"][0] == "failed"
    assert "KeyError: 'Surprise'" in rows["kms"][1]
    assert rows["sqs"] == ("ok", None)
    assert {t for t, *_ in intake.coverage.unlisted} == {"aws_sns_topic", "aws_kms_key", "aws_kms_alias"}
    assert len(intake.resources) == 3


PROGRAM = """
import os, sys
from assay.inventory.collect import Unit, collect
path, log, stop = sys.argv[1:]
def unit(name):
    def work(emit):
        with open(log, "a") as handle:
            handle.write(name + "\\n")
        emit.resource("aws_sqs_queue", f"arn:{name}", {})
        if name == stop:
            print("here", flush=True)
            sys.stdin.read()
    return Unit("aws", "1", "r", name, ["aws_sqs_queue"], work)
collect([unit(n) for n in "abcd"], path, jobs=1, resume=True)
"""


def run(tmp_path: Path, stop: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "s.jsonl.gz"), str(tmp_path / "log"), stop]
    source = Path(__file__).resolve().parents[1] / "scanner"
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(source)}
    )


def test_a_killed_collection_goes_on_where_it_was(tmp_path: Path) -> None:
    killed = run(tmp_path, "c")
    assert killed.stdout
    assert killed.stdout.readline() == "here\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    killed.stdout.close()
    assert killed.stdin
    killed.stdin.close()
    assert not (tmp_path / "s.jsonl.gz").exists()
    assert (tmp_path / "log").read_text().split() == ["a", "b", "c"]
    again = run(tmp_path, "-")
    again.communicate(timeout=30)
    assert again.returncode == 0
    assert (tmp_path / "log").read_text().split() == ["a", "b", "c", "c", "d"]
    assert [r.address for r in read(tmp_path / "s.jsonl.gz").resources] == ["arn:a", "arn:b", "arn:c", "arn:d"]
    assert not (tmp_path / "s.jsonl.gz.parts").exists()
    whole = (tmp_path / "s.jsonl.gz").read_bytes()
    fresh = run(tmp_path, "-")
    fresh.communicate(timeout=30)
    assert (tmp_path / "s.jsonl.gz").read_bytes() == whole


def stopping(emit: Emitter) -> None:
    raise CollectionStopped("the token has expired")


def test_stopping_keeps_what_is_finished_and_resuming_wants_the_same_request(tmp_path: Path) -> None:
    path = str(tmp_path / "s.jsonl.gz")
    units = [unit("a"), Unit("aws", "1", "r", "z", [], stopping)]
    with pytest.raises(CollectionStopped, match="expired"):
        collect(units, path, jobs=1, header={"regions": ["r"]})
    assert not os.path.exists(path)
    with pytest.raises(CollectionStopped, match="other options"):
        collect(units, path, resume=True, header={"regions": ["q"]})

    def never(emit: Emitter) -> None:
        raise AssertionError("asked again")

    again = Unit("aws", "111122223333", "eu-west-1", "a", ["aws_sqs_queue"], never)
    collect([again], path, resume=True, header={"regions": ["r"]})
    assert len(read(Path(path)).resources) == 2


def test_a_unit_that_was_throttled_out_is_done_again(tmp_path: Path) -> None:
    path = str(tmp_path / "s.jsonl.gz")
    asked: list[str] = []

    def throttled(emit: Emitter) -> None:
        asked.append("sqs")
        emit.problem("ListQueues", "throttled", "ThrottlingException", ["aws_sqs_queue"])

    units = [Unit("aws", "1", "r", "sqs", [], throttled), Unit("aws", "1", "r", "z", [], stopping)]
    for _ in range(2):
        with pytest.raises(CollectionStopped):
            collect(units, path, jobs=1, resume=True)
    assert asked == ["sqs", "sqs"]


def test_two_snapshots_are_compared(tmp_path: Path) -> None:
    def work(values: dict[str, dict[str, object]]) -> Unit:
        def pour(emit: Emitter) -> None:
            for address, v in values.items():
                emit.resource("aws_sqs_queue", address, v)

        return Unit("aws", "1", "r", "sqs", [], pour)

    old, new = str(tmp_path / "old.jsonl.gz"), str(tmp_path / "new.jsonl.gz")
    same: dict[str, object] = {"policy": Unknown("denied"), "$odd": {"$ref": "x"}}
    collect([work({"a": {"n": 1, "l": [{"x": 1}], "gone": 1}, "b": {}, "same": same})], old)
    collect([work({"a": {"n": 2, "l": [{"x": 2}]}, "c": {}, "same": same})], new)
    found = [(c.kind, c.address, c.paths) for c in compare(old, new)]
    assert found == [("added", "c", ()), ("changed", "a", ("gone", "l[0].x", "n")), ("removed", "b", ())]
    assert read(Path(new)).resources[2].values["$odd"] == {"$ref": "x"}


def test_memory_does_not_grow_with_a_unit(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "s.jsonl.gz"
    tracemalloc.start()
    collect([unit("a", 20_000)], str(path), jobs=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert sum("resource" in r for r in records(str(path))) == 20_000


def test_collecting_waits_for_nothing_when_it_is_interrupted(tmp_path: Path) -> None:
    began = time.monotonic()

    def interrupted(emit: Emitter) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect([Unit("aws", "1", "r", "a", [], interrupted), unit("b")], str(tmp_path / "s.jsonl.gz"))
    assert time.monotonic() - began < 5


FULL = """
import os, resource, sys
from assay.inventory.collect import CollectionStopped, collect
from test_inventory_collect import unit
def limited(emit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # as a full disk: every further byte is refused
    for i in range(2000):
        emit.resource("aws_sqs_queue", f"arn:{i}", {"name": os.urandom(40).hex()})
late = unit("b")
late.work = limited
try:
    collect([unit("a"), late], sys.argv[1], jobs=1)
except CollectionStopped as stopped:
    print(stopped)
"""


def test_a_disk_that_is_full_stops_the_collection_and_keeps_what_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl.gz"
    here = Path(__file__).resolve().parent
    python_path = os.pathsep.join((str(here), str(here.parent / "scanner")))
    said = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": python_path},
    )  # fmt: skip
    assert said.stdout.startswith(f"{path}: the snapshot cannot be written: File too large; what is finished is kept")
    assert not path.exists()
    asked: list[str] = []

    def again(emit: Emitter) -> None:
        asked.append(emit.unit.service)

    units = [unit("a"), unit("b")]
    for one in units:
        one.work = again
    collect(units, str(path), resume=True)
    assert asked == ["b"]
    assert len(read(path).resources) == 2


def test_progress_counts_on_without_a_snapshot(tmp_path: Path) -> None:
    from assay.inventory.collect import gather

    told: list[tuple[int, int, str]] = []
    gather([unit("a", 3), unit("b", 2)], "aws", progress=lambda done, found, of: told.append((done, found, of.service)))
    assert told == [(1, 3, "a"), (2, 5, "b")]

"""The command line in a process of its own, with a limit on processor time and the memory it took."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 10
MEGABYTES = 400
ADDRESS_SPACE = 4 << 30
"""Above this an allocation fails: it keeps a bomb from taking the machine along, and is no measurement."""


class Run(NamedTuple):
    code: int
    out: str
    talk: str
    seconds: float
    megabytes: float

    @property
    def document(self) -> dict[str, Any]:
        assert self.out, f"nothing on stdout, exit code {self.code}: {self.talk}"
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """What could not be read or evaluated: of a scan's coverage or a graph's errors."""
        document = self.document
        listed: list[dict[str, Any]] = document["coverage"]["inputs"] if "coverage" in document else document["errors"]
        return [entry for entry in listed if entry["status"] != "read"]

    @property
    def sentences(self) -> str:
        return "\n".join(f"{entry['path']}: {entry['reason']}" for entry in self.inputs)

    def values(self, type_: str = "terraform_data") -> dict[str, Any]:
        """Address to `input`; an unknown one is the word UNKNOWN."""
        return {
            r["address"]: "UNKNOWN" if "input" in r["unknown"] else r["values"].get("input")
            for r in self.document["resources"]
            if r["type"] == type_
        }


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


# A process between: the peak that Linux tells of a child counts the memory of whoever forked it, and a worker of the
# test run is larger than what is measured. wait4 gives this one child's use.
_SCALES = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[2:])
_, status, used = os.wait4(child.pid, 0)
os.write(int(sys.argv[1]), json.dumps([status, used.ru_utime + used.ru_stime, used.ru_maxrss]).encode())
"""


def assay(*arguments: str | Path, cwd: Path) -> Run:
    """Run `assay ARGUMENTS`; it must neither crash nor take more than its share of the machine."""
    command = [sys.executable, "-c", "import sys; from assay.cli import main; sys.exit(main())", *map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk, tempfile.TemporaryFile() as used:
        scales = [sys.executable, "-I", "-S", "-c", _SCALES, str(used.fileno()), *command]
        subprocess.run(
            scales, cwd=cwd, stdout=out, stderr=talk, preexec_fn=_limits, pass_fds=(used.fileno(),), check=False
        )
        for file in (out, talk, used):
            file.seek(0)
        status, seconds, kilobytes = json.load(used)
        run = Run(
            os.waitstatus_to_exitcode(status),
            out.read().decode("utf-8", "replace"),
            talk.read().decode("utf-8", "replace"),
            seconds,
            kilobytes / 1024,
        )
    assert run.code in (0, 1, 2, 3), f"exit code {run.code} after {run.seconds:.1f} s of processor: {run.talk[-2000:]}"
    assert "Traceback" not in run.talk, run.talk
    assert run.seconds < SECONDS, f"{run.seconds:.1f} s"
    assert run.megabytes < MEGABYTES, f"{run.megabytes:.0f} MB"
    return run


def graph(directory: Path, *arguments: str) -> Run:
    return assay("graph", ".", "-o", "json", *arguments, cwd=directory)


def scan(directory: Path, *arguments: str) -> Run:
    return assay("scan", ".", "-o", "json", "--fail-on", "never", "--no-cache", *arguments, cwd=directory)

"""Assay and Prowler on one account: the same moto server, one run, both measured from outside in the same way.

The executable is what the environment variable PROWLER names, else `prowler` on the PATH; it belongs into an
environment of its own, since what it pins would hold Assay's packages back (its environment takes 2.3 GB). CPU seconds
are those of the process and its children; the peak of memory is what the kernel says of the process while it runs
(VmHWM: what it says afterwards includes the parent's); calls are the requests that reach the server, retries included.
moto implements less than either tool asks for, so neither count of findings is what an account of AWS would give.

Measured in November 2026 with Prowler 5.46.0, one region, on two cores that others used too:

    Assay        9.2 s CPU    35.8 s wall    233 MiB    551 calls     9.8 MB written
    Prowler    173.9 s CPU   847.7 s wall  1,221 MiB  2,044 calls   416.2 MB written
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Run(NamedTuple):
    """What a tool cost: seconds, seconds, MiB, requests; its findings by verdict."""

    cpu: float
    wall: float
    peak: int
    calls: int
    findings: dict[str, int]


class Requests:
    """How many requests have reached the moto servers of this process."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication

        self.count = 0
        original = DomainDispatcherApplication.__call__

        def counted(app: Any, environ: Any, start: Any) -> Any:
            self.count += 1
            return original(app, environ, start)

        DomainDispatcherApplication.__call__ = counted  # type: ignore[method-assign,assignment]


def measure(command: list[str], requests: Requests, findings: Callable[[], dict[str, int]]) -> Run:
    """Run a command to its end; `findings()` tells afterwards what it found."""
    before, began, peak = requests.count, time.monotonic(), 0
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    while True:
        peak = max(peak, _peak(child.pid))
        pid, _, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.1)
    child.returncode = 0
    wall = time.monotonic() - began
    return Run(usage.ru_utime + usage.ru_stime, wall, peak, requests.count - before, findings())


def _peak(pid: int) -> int:
    """The largest resident memory so far, in MiB; 0 when the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def beside(region: str, requests: Requests) -> None:
    """Both tools on the account that AWS_ENDPOINT_URL leads to; Prowler writes what it does by default, and HTML."""
    with tempfile.TemporaryDirectory() as folder:
        report = f"{folder}/r.json"
        ours = [sys.executable, "-m", "assay", "audit", "aws", "--regions", region, "-q", "--show-passes",
                "-o", f"json={report}", "-o", f"html={folder}/r.html", "-o", f"sarif={folder}/r.sarif"]  # fmt: skip
        _say("Assay", measure(ours, requests, lambda: _ours(report)))
        command = os.environ.get("PROWLER") or "prowler"
        if shutil.which(command) is None:
            print(f"Prowler is not installed and left out (looked for {command!r}; PROWLER may name another)")
            return
        theirs = [command, "aws", "--region", region, "--no-banner", "--ignore-exit-code-3", "--output-directory",
                  f"{folder}/prowler", "--output-formats", "csv", "json-ocsf", "html"]  # fmt: skip
        _say("Prowler", measure(theirs, requests, lambda: _theirs(f"{folder}/prowler")))
        size = sum(f.stat().st_size for f in Path(folder, "prowler").rglob("*") if f.is_file())
        mine = sum(f.stat().st_size for f in Path(folder).glob("r.*"))
        print(f"written: Assay {mine / 1e6:.1f} MB, Prowler {size / 1e6:.1f} MB")


def _say(tool: str, run: Run) -> None:
    found = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(run.findings.items()))
    print(
        f"{tool:<8} {run.cpu:7.1f} s CPU {run.wall:7.1f} s wall {run.peak:6,} MiB {run.calls:6,} calls   {found}",
        flush=True,
    )


def _ours(report: str) -> dict[str, int]:
    summary = json.loads(Path(report).read_text(encoding="utf-8"))["summary"]
    return {name: summary[name] for name in ("pass", "fail", "unknown", "not_evaluated")}


def _theirs(folder: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in Path(folder).glob("*.csv"):
        csv.field_size_limit(1 << 30)
        with open(path, encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle, delimiter=";"):
                verdict = row.get("STATUS", "").lower()
                found[verdict] = found.get(verdict, 0) + 1
    return found

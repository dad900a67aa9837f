#!/usr/bin/env python3
"""Assay beside its peers on the same paths, in one run: CPU, wall, peak memory, findings, and the ratios of CPU.

usage: peers.py PATH [PATH ...] [--runs N] [--alone] [--checkov COMMAND] [--trivy COMMAND] [--skip TOOL]

Each command runs N times as a process of its own (default 3), the tools in turn, and the median CPU (user and system,
children included) is printed; wall time on a shared machine says little. Assay runs cold (its cache empty) and warm
(right after). A tool that is not installed is named and left out.

Assay reads workflows, Dockerfiles, archives and manifests beside the Terraform. So of a directory `checkov` runs with
its Terraform framework only and `checkov all` with all that it has, and `--alone` gives every tool a copy of the
directory that holds the files of Terraform and nothing else: then all do the same work.

Budgets are DESIGN's: at most 1/25 of Checkov's CPU and 1/4 of Trivy's on a repository (1/25 and 1/10 on one file),
under 150 MB; warm at most 60 ms plus 1/8 of cold.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    cpu: float  # seconds, user and system
    wall: float  # seconds
    peak: float  # MB, the largest single process
    findings: int


def measure(command: list[str], count: Callable[[bytes], int], env: dict[str, str] | None = None) -> Run:
    """One run of a command, by the operating system's own account of the finished process."""
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        child = subprocess.Popen(
            command, stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}
        )
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        wall = time.monotonic() - start
        out.seek(0)
        try:
            findings = count(out.read())
        except (ValueError, KeyError, TypeError):
            findings = -1
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, findings)


def of_assay(text: bytes) -> int:
    return int(json.loads(text)["summary"]["fail"])


def of_checkov(text: bytes) -> int:
    parts = json.loads(text)
    return sum(p.get("summary", {}).get("failed", 0) for p in (parts if isinstance(parts, list) else [parts]))


def of_trivy(text: bytes) -> int:
    return sum(len(r.get("Misconfigurations") or ()) for r in json.loads(text).get("Results") or ())


def commands(path: str, args: argparse.Namespace, cache: str) -> dict[str, tuple[list[str], Callable[[bytes], int]]]:
    flag = "-d" if os.path.isdir(path) else "-f"
    assay = [sys.executable, "-m", "assay", "scan", path, "-o", "json"]
    found: dict[str, tuple[list[str], Callable[[bytes], int]]] = {
        "assay cold": ([*assay, "--no-cache"], of_assay),
        "assay warm": (assay, of_assay),
    }
    options = ["--quiet", "--compact", "-o", "json", "--framework", "terraform", "--skip-download"]
    checkovs = [("checkov", args.checkov, [flag, path, *options], of_checkov)]
    if os.path.isdir(path) and not args.alone:
        checkovs.append(("checkov all", args.checkov, [flag, path, *options[:4], *options[-1:]], of_checkov))
    for name, command, rest, count in (
        *checkovs,
        ("trivy", args.trivy, ["config", "--quiet", "--format", "json", "--skip-check-update", path], of_trivy),
    ):
        if name.partition(" ")[0] in args.skip:
            continue
        if shutil.which(command):
            found[name] = ([command, *rest], count)
        else:
            print(f"{name} is not installed and left out (looked for {command!r})")
    return found


def compare(path: str, args: argparse.Namespace) -> None:
    path = path.rstrip("/")
    size = sum(f.stat().st_size for f in Path(path).rglob("*.tf")) if os.path.isdir(path) else os.path.getsize(path)
    print(f"\n{path}: {size:,} bytes of .tf")
    with tempfile.TemporaryDirectory() as cache:
        tools = commands(path, args, cache)
        runs: dict[str, list[Run]] = {name: [] for name in tools}
        env = {"ASSAY_CACHE_DIR": cache}
        measure(*tools["assay warm"], env)  # fills the cache
        for turn in range(args.runs):
            for name, (command, count) in tools.items():
                if turn and name.startswith("checkov") and statistics.median(r.cpu for r in runs[name]) > 60:
                    continue  # minutes a run, and its own noise is small
                runs[name].append(measure(command, count, env))
    table = {
        name: Run(
            statistics.median(r.cpu for r in mine), statistics.median(r.wall for r in mine),
            max(r.peak for r in mine), mine[-1].findings,
        )
        for name, mine in runs.items()
    }  # fmt: skip
    print(f"{'tool':<12} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'findings':>8} {'CPU / ours':>10}")
    ours = table["assay cold"].cpu
    for name, r in table.items():
        print(f"{name:<12} {r.cpu:>8.2f} {r.wall:>8.2f} {r.peak:>8.0f} {r.findings:>8} {r.cpu / ours:>10.1f}")
    warm = 0.06 + ours / 8
    print(f"warm budget {warm:.2f} s: {'kept' if table['assay warm'].cpu <= warm else 'broken'}")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("paths", nargs="+")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--alone", action="store_true")
    p.add_argument("--checkov", default="checkov")
    p.add_argument("--trivy", default="trivy")
    p.add_argument("--skip", action="append", default=[])
    args = p.parse_args()
    for path in args.paths:
        if args.alone:
            with tempfile.TemporaryDirectory() as copy:
                shutil.copytree(path, f"{copy}/{os.path.basename(path)}", ignore=_others)
                compare(f"{copy}/{os.path.basename(path)}", args)
        else:
            compare(path, args)


def _others(folder: str, names: list[str]) -> list[str]:
    """What `--alone` leaves behind."""
    kept = (".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json")
    return [n for n in names if n == ".git" or not (os.path.isdir(f"{folder}/{n}") or n.endswith(kept))]


if __name__ == "__main__":
    main()

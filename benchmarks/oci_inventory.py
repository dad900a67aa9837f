#!/usr/bin/env python3
"""Collecting OCI: `assay audit oci` in a process of its own against a control plane on the loopback.

usage: oci_inventory.py [--copies N] [--compartments N]

Says the CPU and the memory of the audit alone, the calls, and what is left of both when the SDK's imports are taken
away; and how many items a second one list of many pages gives, with the memory that takes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scanner"), str(ROOT / "tests" / "tools")]

from oci_control_plane import ControlPlane, write_config  # noqa: E402
from oci_tenancy import tenancy  # noqa: E402


def measured(command: list[str]) -> dict[str, float]:
    """CPU seconds, peak memory in MiB and wall seconds of a command."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": sys.path[0]})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 2), "rss_mib": round(used.ru_maxrss / 1024),
        "wall_s": round(time.monotonic() - started, 2),
    }  # fmt: skip


def audit(plane: ControlPlane, folder: Path) -> list[str]:
    return [
        sys.executable, "-m", "assay", "audit", "oci", "--endpoint", plane.url, "--config-file", str(folder / "config"),
        "-q", "-o", f"json={os.devnull}", "--save", str(folder / "bench.jsonl.gz"),
    ]  # fmt: skip


def imports() -> list[str]:
    """A process that loads what an audit loads of the SDK, and asks nothing."""
    code = (
        "import importlib; from assay.inventory.oci import tables\n"
        "for t in tables():\n    for r in t.rows: importlib.import_module('oci.' + r.client.partition('.')[0])"
    )
    return [sys.executable, "-c", code]


def main() -> None:
    p = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    p.add_argument("--copies", type=int, default=5, help="good and bad ones of every kind (default 5: 280 resources)")
    p.add_argument("--compartments", type=int, default=4)
    p.add_argument("--many", type=int, default=20_000, help="items of one long list")
    options = p.parse_args()
    results: dict[str, object] = {"imports": measured(imports())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_config(folder)
        content, _ = tenancy(options.copies, options.compartments)
        with ControlPlane(content, page=100) as plane:
            results["tenancy"] = {**measured(audit(plane, folder)), "calls": len(plane.calls)}
        place = content["identity.list_compartments"][0]
        vcns = [
            {"id": f"ocid1.vcn.oc1..{n}", "compartmentId": place["id"], "displayName": f"vcn-{n}"}
            for n in range(options.many)
        ]
        long = {"identity.list_compartments": [place], "virtual_network.list_vcns": vcns}
        with ControlPlane(long, page=500) as plane:
            command = [*audit(plane, folder), "--select", "oci-network-no-hub", "--allow-incomplete"]
            results["many"] = {**measured(command), "calls": len(plane.calls)}
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

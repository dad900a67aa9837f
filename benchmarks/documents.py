"""Documents at their size: a layer of 250 MB with 20,000 files, a state machine of 1,000 states.

    python benchmarks/documents.py [FOLDER]

The layer is made of this machine's installed Python packages (their RECORDs too), filled up with binary files; each
measurement runs in a process of its own. Budgets: the layer under 20 s of CPU and 200 MiB, the machine under 100 ms.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from statistics import median
from time import process_time

FILES = 20_000
SIZE = 250 * 1024 * 1024
STATES = 1_000


def make_layer(path: Path) -> None:
    """Installed packages up to half the files and half the size, the rest binary."""
    site = Path(sysconfig.get_paths()["purelib"])
    files, size = 0, 0
    noise = random.Random(7).randbytes(1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for file in sorted(site.rglob("*")):
            if files >= FILES * 3 // 4 or size >= SIZE * 2 // 3:
                break
            if file.is_file() and "__pycache__" not in file.parts and file.stat().st_size < 4_000_000:
                data = file.read_bytes()
                made.writestr(f"python/{file.relative_to(site).as_posix()}", data)
                files, size = files + 1, size + len(data)
        while files < FILES:
            chunk = noise[: max(1, (SIZE - size) // (FILES - files))]
            made.writestr(f"python/data/{files}.so", chunk)
            files, size = files + 1, size + len(chunk)
    print(f"layer: {files:,} files, {size / 2**20:,.0f} MB unpacked, {path.stat().st_size / 2**20:,.0f} MB packed")


def make_machine(path: Path) -> None:
    """A chain of tasks, each with a Retry and a Catch, with a Choice after every tenth."""
    states: dict[str, object] = {"Failed": {"Type": "Fail"}, "Done": {"Type": "Succeed"}}
    for n in range(STATES - 2):
        following = f"S{n + 1}" if n < STATES - 3 else "Done"
        choice = {"Variable": "$.a", "IsPresent": True, "Next": following}
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "Payload.$": "$"},
            "Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 3, "BackoffRate": 2}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
            "Next": following,
        }
        states[f"S{n}"] = {"Type": "Choice", "Choices": [choice], "Default": "Failed"} if n % 10 == 9 else task
    path.write_text(json.dumps({"StartAt": "S0", "TimeoutSeconds": 60, "States": states}, indent=2))


def measure(path: str, themes: list[str]) -> None:
    """Scan in this process, and print the CPU time without imports (a median, where one is short) and the peak."""
    from assay.bundled import RULES
    from assay.catalogue import Catalogue
    from assay.model import Request
    from assay.scan import run

    catalogue = Catalogue([RULES])
    entries = [e for e in catalogue.entries if e.theme in themes]
    times = []
    for _ in range(8 if path.endswith(".json") else 1):
        start = process_time()
        report = run(Request([path], os.path.dirname(path)), catalogue, entries)
        times.append(process_time() - start)
    seconds = median(times[1:] or times)  # the first one warms the imports
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{os.path.basename(path)}: {seconds * 1000:,.0f} ms CPU, {peak:,.0f} MiB, {len(report.findings)} findings")


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3:])
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        make_layer(folder / "layer.zip")
        make_machine(folder / "machine.asl.json")
        for name, themes in (("layer.zip", ["layer-security"]), ("machine.asl.json", ["workflow"])):
            subprocess.run([sys.executable, __file__, "--measure", str(folder / name), *themes], check=True)


if __name__ == "__main__":
    main()

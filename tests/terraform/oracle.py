"""What the real terraform says of a module: the truth every other file here compares with.

`python tests/terraform/oracle.py --update [NAME ...]` asks it again about every case and the table of expressions, and
rewrites the recorded answers. Those only keep the suite quick: a test derives each anew and compares.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")
HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
EXPECTED = "expected.json"
ARGUMENTS = ("input", "triggers_replace")
WORKERS = 2
CALLS_A_MODULE = re.compile(r'^\s*module\s+"|"module"\s*:', re.MULTILINE)


class Rejected(Exception):
    """Terraform refused the module; `diagnostics` are its own words, as objects."""

    def __init__(self, diagnostics: list[dict[str, Any]]) -> None:
        self.diagnostics = diagnostics
        super().__init__("; ".join(f"{d['summary']}: {d.get('detail', '')}" for d in diagnostics))


def _run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    # Without a named configuration file a missing one is warned about in the middle of the output.
    environment = kept | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    return subprocess.run(
        ["terraform", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _diagnostics(output: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    return [line["diagnostic"] for line in lines if line.get("diagnostic", {}).get("severity") == "error"]


def plan(directory: Path) -> dict[str, Any]:
    """Terraform's plan of a module as JSON; the directory is written to. Raises `Rejected` with its diagnostics."""
    if any(
        CALLS_A_MODULE.search(f.read_text("utf-8")) for f in directory.iterdir() if f.name.endswith((".tf", ".json"))
    ):
        ready = _run(directory, "init", "-backend=false", "-input=false", "-no-color")
        if ready.returncode:
            raise Rejected([{"summary": "terraform init failed", "detail": ready.stdout + ready.stderr}])
    planned = _run(directory, "plan", "-json", "-input=false", "-lock=false", "-out=.plan")
    if planned.returncode:
        errors = _diagnostics(planned.stdout)
        raise Rejected(errors or [{"summary": "terraform plan failed", "detail": planned.stdout + planned.stderr}])
    shown = _run(directory, "show", "-json", ".plan")
    if shown.returncode:
        raise RuntimeError(f"terraform show failed in {directory}: {shown.stderr}")
    document: dict[str, Any] = json.loads(shown.stdout)
    return document


def step(path: str, key: str | int) -> str:
    """One step further down a path, spelled as the graph's `unknown` list spells it."""
    return f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}"


def _merge(value: Any, mask: Any, path: str, unknown: list[str]) -> Any:
    """The value with null at each unknown leaf, whose paths are collected: terraform omits those from objects."""
    if mask is True:
        unknown.append(path)
        return None
    if isinstance(mask, dict):
        whole = {} if value is None and mask else value
        if not isinstance(whole, dict):
            return whole
        keys = sorted({*whole, *mask})
        return {key: _merge(whole.get(key), mask.get(key, False), step(path, key), unknown) for key in keys}
    if isinstance(mask, list) and isinstance(value, list):
        return [
            _merge(item, part, step(path, i), unknown) for i, (item, part) in enumerate(zip(value, mask, strict=True))
        ]
    return value


def truth(document: dict[str, Any]) -> dict[str, Any]:
    """Address to `{"values": ..., "unknown": [...]}` of every terraform_data a plan would create."""
    found: dict[str, Any] = {}
    for change in document.get("resource_changes", ()):
        if change["type"] != "terraform_data" or change["mode"] != "managed":
            continue
        unknown: list[str] = []
        after, mask = change["change"]["after"], change["change"]["after_unknown"]
        values = {name: _merge(after.get(name), mask.get(name, False), name, unknown) for name in ARGUMENTS}
        found[change["address"]] = {"values": values, "unknown": sorted(unknown)}
    return dict(sorted(found.items()))


def in_copy(directory: Path) -> dict[str, Any]:
    """The truth of a directory that is not to be written to. The copy keeps its name: modules may ask for it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / directory.name
        shutil.copytree(directory, copy, ignore=shutil.ignore_patterns(EXPECTED), symlinks=True)
        return truth(plan(copy))


def of_files(files: dict[str, str]) -> dict[str, Any]:
    """The truth of a module given as file name to text."""
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch), files)
        return truth(plan(Path(scratch)))


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def case_names() -> list[str]:
    return sorted(path.name for path in CASES.iterdir() if path.is_dir())


def side_by_side(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Terraform spends its time in processes of its own, so a few threads are enough to keep the machine busy."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, items))


# --- the table of expressions -----------------------------------------------------------------------------------------

TABLE = HERE / "expressions.txt"
TABLE_EXPECTED = HERE / "expressions.expected.json"
CONTEXT = """
variable "text" { default = "text of a variable" }
variable "list" { default = ["a", 1, null] }

locals {
  name       = "name"
  list       = ["x", "y", "z"]
  map        = { a = 1, b = "two" }
  object     = { nested = { x = [1, 2] } }
  null_value = null
  template   = "x is $${x}"
}

resource "terraform_data" "u" {
  input = { a = 1, list = ["x", "y"] }
}

resource "terraform_data" "counted" {
  count = 2
  input = count.index
}

resource "terraform_data" "keyed" {
  for_each = { a = 1, b = 2 }
  input    = each.value
}
"""


def expressions() -> list[str]:
    lines = TABLE.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def one_file_each(table: list[str]) -> dict[str, str]:
    """A module whose file `e7.tf` holds the seventh expression: what terraform rejects, it names by its file."""
    files = {f"e{i}.tf": f'resource "terraform_data" "e{i}" {{\n  input = {text}\n}}\n' for i, text in enumerate(table)}
    return {"context.tf": CONTEXT, **files}


def _blamed(diagnostic: dict[str, Any]) -> list[str]:
    """The files a diagnostic is about. What cannot be written down (infinity) is told by address, without a place."""
    if diagnostic.get("range"):
        return [diagnostic["range"]["filename"]]
    return [f"{name}.tf" for name in re.findall(r"terraform_data\.(e\d+)", diagnostic["summary"])]


def answers(table: list[str]) -> dict[str, Any]:
    """Terraform's word on each expression: `{"value", "unknown"}`, or `{"rejected": why}`."""
    files, rejected = one_file_each(table), dict[str, str]()
    while True:  # a rejected expression keeps the rest from being planned, so it is taken out
        try:
            planned = of_files(files)
            break
        except Rejected as error:
            told = {name: d["summary"] for d in error.diagnostics for name in _blamed(d) if name in files}
            if not told:
                raise
            rejected |= told
            files = {name: text for name, text in files.items() if name not in told}
    result: dict[str, Any] = {}
    for i, text in enumerate(table):
        if f"e{i}.tf" in rejected:
            result[text] = {"rejected": rejected[f"e{i}.tf"]}
        else:
            answer = planned[f"terraform_data.e{i}"]
            result[text] = {"value": answer["values"]["input"], "unknown": answer["unknown"]}
    return result


# --- recording --------------------------------------------------------------------------------------------------------


def _record(path: Path, answer: Any) -> None:
    path.write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _update(name: str) -> bool:
    case = CASES / name
    try:
        answer = in_copy(case)
    except Rejected as error:
        print(f"{name}: terraform rejects it. {error}", file=sys.stderr)
        return False
    _record(case / EXPECTED, answer)
    return True


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["--update"]:
        print("usage: oracle.py --update [NAME ...]", file=sys.stderr)
        return 2
    wanted = arguments[1:]
    if not wanted or "expressions" in wanted:
        _record(TABLE_EXPECTED, answers(expressions()))
    names = [name for name in case_names() if not wanted or any(name.startswith(w) for w in wanted)]
    return 0 if all(side_by_side(_update, names)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

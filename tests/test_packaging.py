"""What is built is what users get: one name, the same rules, types, and a program that runs outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from assay._version import __version__

pytestmark = pytest.mark.slow

TREES = {
    "scanner/assay": "assay",
    "rules": "assay/_bundled/rules",
    "reports/templates": "assay/_bundled/reports/templates",
    "deploy": "assay/_bundled/deploy",
}
"""Where the folders of a checkout are in a wheel."""


def run(*command: str | Path, cwd: Path, status: int = 0) -> str:
    """Run outside the checkout, with nothing of this test process's own Python set-up leaking in."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    ran = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == status, f"{command}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def files_under(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The source archive, and the wheel built from that archive and not from the checkout."""
    there = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--outdir", there, clone, cwd=there)
    return {"wheel": next(there.glob("*.whl")), "sdist": next(there.glob("*.tar.gz"))}


class Installed:
    """A bare virtual environment that holds Assay, its core dependencies and nothing else."""

    def __init__(self, place: Path, *what: str | Path) -> None:
        self.place = place
        venv.create(place / "venv", with_pip=True, symlinks=True)
        self.programs = place / "venv" / "bin"
        pip = (self.programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        run(*pip, *what, cwd=place)

    def python(self, code: str, status: int = 0) -> str:
        return run(self.programs / "python", "-c", code, cwd=self.place, status=status).strip()

    def assay(self, *arguments: str | Path, status: int = 0) -> str:
        return run(self.programs / "assay", *arguments, cwd=self.place, status=status)

    def top_level_names(self) -> set[str]:
        files = "[f.parts[0] for f in files('assay') if not f.parts[0].startswith('..')]"
        return set(self.python(f"from importlib.metadata import files; print(*set({files}))").split())


@pytest.fixture(scope="module")
def from_wheel(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"), built["wheel"])


@pytest.fixture(scope="module")
def editable(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("editable"), "--editable", clone)


@pytest.mark.parametrize("tree", TREES)
def test_the_wheel_carries_every_module_table_rule_and_template(built: dict[str, Path], clone: Path, tree: str) -> None:
    inside = f"{TREES[tree]}/"
    with zipfile.ZipFile(built["wheel"]) as wheel:
        carried = {name.removeprefix(inside) for name in wheel.namelist() if name.startswith(inside)}
    assert carried
    assert {name for name in carried if not name.startswith("_bundled/")} == files_under(clone / tree)


def test_the_source_archive_holds_what_a_build_needs_and_no_tests(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert {"scanner", "rules", "reports", "pyproject.toml", "LICENSE"} <= tops
    assert not tops & {"tests", "fixtures", "benchmarks", ".venv"}


def test_the_wheel_brings_one_name(from_wheel: Installed) -> None:
    assert from_wheel.top_level_names() == {"assay", f"assay-{__version__}.dist-info"}


def test_an_editable_install_brings_one_name(editable: Installed) -> None:
    beside = {name for name in editable.top_level_names() if not name.endswith((".dist-info", ".pth"))}
    assert beside == {"assay"}


@pytest.mark.parametrize("how", ["from_wheel", "editable"])
class TestInstalled:
    @pytest.fixture
    def installed(self, how: str, request: pytest.FixtureRequest) -> Installed:
        found: Installed = request.getfixturevalue(how)
        return found

    def test_states_its_version(self, installed: Installed) -> None:
        assert __version__ in installed.assay("--version")

    @pytest.mark.parametrize("name", ["rules", "scanner", "reports", "tests"])
    def test_nothing_else_can_be_imported(self, installed: Installed, name: str) -> None:
        installed.python(f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)")

    def test_finds_its_own_rules(self, installed: Installed, how: str, clone: Path) -> None:
        rules = Path(installed.python("import assay.bundled; print(assay.bundled.RULES)"))
        assert files_under(rules) == files_under(clone / "rules")
        assert rules.is_relative_to(clone) == (how == "editable")

    def test_scans_as_the_checkout_does(self, installed: Installed, clone: Path, repository: Path) -> None:
        estate = clone / "fixtures" / "serverless_api"
        command = ["scan", str(estate), "-o", "json", "--no-cache"]
        here = subprocess.run(
            [sys.executable, "-c", "from assay.cli import main; raise SystemExit(main())", *command],
            capture_output=True, text=True, check=False, cwd=installed.place,
        )  # fmt: skip
        assert here.returncode == 1, here.stderr
        theirs = json.loads(installed.assay(*command, status=1))
        assert theirs["summary"]["fail"] > 0
        assert theirs == json.loads(here.stdout)

    def test_writes_the_html_report(self, installed: Installed, clone: Path) -> None:
        installed.assay("scan", clone / "fixtures" / "serverless_api", "-o", "html=report.html", status=1)
        assert (installed.place / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_explains_a_rule(self, installed: Installed) -> None:
        rules = json.loads(installed.assay("rules", "list", "-o", "json"))
        assert rules[0]["title"] in installed.assay("explain", rules[0]["id"])

    def test_gives_its_types_to_a_rule_author(self, installed: Installed, tmp_path: Path) -> None:
        author = tmp_path / "author.py"
        author.write_text("from assay import Resource\n\n\ndef name(r: Resource) -> int:\n    return r.address\n")
        python = installed.programs / "python"
        said = run(
            sys.executable, "-m", "mypy", "--strict", "--python-executable", python, author, cwd=tmp_path, status=1
        )
        assert 'got "str", expected "int"' in said
        assert said.count("error:") == 1

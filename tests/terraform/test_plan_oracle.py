"""Every language feature on a small module: Assay's graph against `terraform plan`."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from oracles import require_oracle

from .judged import differences, graph
from .oracle import CASES, EXPECTED, Rejected, case_names, in_copy, side_by_side

if TYPE_CHECKING:
    from pathlib import Path

NAMES = case_names()


def recorded(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((CASES / name / EXPECTED).read_text("utf-8"))
    return answer


@pytest.mark.parametrize("name", NAMES)
def test_graph_equals_the_plan(name: str) -> None:
    ours = graph(CASES / name)
    wrong = differences(recorded(name), ours.answers)
    assert not wrong, "\n".join([f"{len(wrong)} differences", *wrong, *map(str, ours.errors)])
    assert not ours.errors, "terraform accepts this module, assay reports errors"
    assert ours.code == 0, ours.talk


@pytest.mark.parametrize("name", ["18-modules", "26-workspace-and-paths", "48-functions-files"])
def test_where_assay_stands_does_not_change_values(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tmp_path / name
    shutil.copytree(CASES / name, case)
    monkeypatch.chdir(tmp_path)
    assert differences(recorded(name), graph(case).answers) == []
    monkeypatch.chdir(case)
    assert differences(recorded(name), graph(case).answers) == []


@pytest.mark.oracle
def test_the_recorded_answers_are_terraforms_own() -> None:
    require_oracle("terraform")

    def again(name: str) -> tuple[str, Any]:
        try:
            return name, in_copy(CASES / name)
        except Rejected as error:
            return name, str(error)

    stale = [name for name, answer in side_by_side(again, NAMES) if answer != recorded(name)]
    assert not stale, "python tests/terraform/oracle.py --update " + " ".join(stale)


def test_there_are_enough_cases() -> None:
    assert len(NAMES) >= 70
    assert all((CASES / name / EXPECTED).is_file() for name in NAMES)

"""Every language feature on a small module: Assay's graph against `terraform plan`."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from oracles import require_oracle

from .judged import differences, graph
from .oracle import CASES, EXPECTED, Rejected, case_names, in_copy, side_by_side, write

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


def test_compressed_text_is_never_wrong(tmp_path: Path) -> None:
    """Two compressors write different bytes for one text: ours may be unknown, or must hold what went in."""
    write(tmp_path, {"main.tf": 'resource "terraform_data" "x" {\n  input = base64gzip("hello hello hello")\n}\n'})
    answer = graph(tmp_path).answers["terraform_data.x"]
    if answer["unknown"] != ["input"]:
        assert gzip.decompress(base64.b64decode(answer["values"]["input"])) == b"hello hello hello"


TRUTH: dict[str, Any] = {
    "a.b": {"values": {"input": {"n": 1, "b": True, "l": [1, None]}, "triggers_replace": None}, "unknown": []}
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n": 2}, "a.b input.n: terraform says 1, assay says 2"),
        ({"n": True}, "a.b input.n: terraform says 1, assay says true"),
        ({"n": "1"}, 'a.b input.n: terraform says 1, assay says "1"'),
        ({"b": 1}, "a.b input.b: terraform says true, assay says 1"),
        ({"b": None}, "a.b input.b: terraform says true, assay says null"),
        ({"l": [1]}, "a.b input.l: terraform says [1, null], assay says [1]"),
        ({"n": 1.0}, None),
    ],
)
def test_a_difference_is_told(change: dict[str, Any], told: str | None) -> None:
    values = {"input": {**TRUTH["a.b"]["values"]["input"], **change}, "triggers_replace": None}
    assert differences(TRUTH, {"a.b": {"values": values, "unknown": []}}) == ([told] if told else [])


def test_a_missing_resource_and_an_unknown_value_are_told() -> None:
    other = {"a.c": TRUTH["a.b"]}
    assert differences(TRUTH, other) == [
        "a.b: terraform has it, assay does not",
        "a.c: assay has it, terraform does not",
    ]
    unsure = {"a.b": {**TRUTH["a.b"], "unknown": ["input.n"]}}
    assert differences(TRUTH, unsure) == ["a.b input.n: terraform says 1, assay says unknown"]
    assert differences(unsure, TRUTH) == ["a.b input.n: terraform says unknown, assay says 1"]

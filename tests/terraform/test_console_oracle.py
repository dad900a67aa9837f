"""More than a thousand expressions, functions with their traps above all: what terraform makes of each, or refuses.

They are judged by a plan rather than by `terraform console`: that knows no unknown values and evaluates one at a time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from oracles import require_oracle

from .judged import Graph, differences, graph
from .oracle import TABLE_EXPECTED, answers, expressions, one_file_each, write

if TYPE_CHECKING:
    from pathlib import Path

EXPRESSIONS = expressions()
RECORDED: dict[str, Any] = json.loads(TABLE_EXPECTED.read_text("utf-8"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    directory: Path = tmp_path_factory.mktemp("expressions")
    write(directory, one_file_each(EXPRESSIONS))
    return graph(directory)


@pytest.mark.parametrize(("number", "text"), [pytest.param(i, t, id=t) for i, t in enumerate(EXPRESSIONS)])
def test_expression(number: int, text: str, ours: Graph) -> None:
    truth, address = RECORDED[text], f"terraform_data.e{number}"
    got = ours.answers.get(address)
    if "rejected" in truth:
        told = got is None or "input" in got["unknown"]
        assert told, f"terraform refuses it ({truth['rejected']}), assay says {got and got['values']['input']!r}"
        return
    values = {"input": truth["value"], "triggers_replace": None}
    truths = {address: {"values": values, "unknown": truth["unknown"]}}
    wrong = differences(truths, {address: got} if got else {})
    assert not wrong, "\n".join(wrong)


@pytest.mark.oracle
def test_the_recorded_answers_are_terraforms_own() -> None:
    require_oracle("terraform")
    now = answers(EXPRESSIONS)
    stale = [text for text in EXPRESSIONS if now[text] != RECORDED[text]]
    assert not stale, "python tests/terraform/oracle.py --update expressions\n" + "\n".join(stale)


def test_the_table_is_wide_and_tells_each_expression_once() -> None:
    assert len(EXPRESSIONS) == len(set(EXPRESSIONS)) >= 350
    assert RECORDED.keys() == set(EXPRESSIONS)
    refused = sum("rejected" in answer for answer in RECORDED.values())
    assert refused > 100, "what terraform refuses must be told apart from what it computes"

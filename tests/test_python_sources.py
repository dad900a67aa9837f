"""Functions' Python as people write it: what comes from outside, what is logged, what is read on the way."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from assay.analysis import functions
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request, Verdict
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = Catalogue([RULES])


def told(folder: Path, rule: str, text: str) -> list[tuple[str, int]]:
    (folder / "app.py").write_text(text, newline="")
    report = run(Request([str(folder)], str(folder)), CATALOGUE, [e for e in CATALOGUE.entries if e.id == rule])
    return sorted(
        (f.verdict.value, f.location.start_line if f.location else 0)
        for f in report.findings
        if f.verdict is not Verdict.PASS
    )


START = "import boto3, pickle\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def f(s3):\n    pickle.loads(c)\n    c = b\n    b = a\n    a = s3.get_object()['Body']\n", [("fail", 3)]),
        ("def f(s3):\n    a = b = c = s3.get_object()\n    pickle.loads(b)\n", [("fail", 4)]),
        ("def f(s3):\n    (a, b), *c = s3.recv(1), 2\n    pickle.loads(c)\n", [("fail", 4)]),
        (
            "def f(s3):\n    with urlopen(x) as a:\n        if (b := a.read()):\n            pickle.loads(b)\n",
            [("fail", 5)],
        ),
        ("def f(s3):\n    b = io.BytesIO()\n    s3.download_fileobj(k, b)\n    pickle.load(b)\n", [("fail", 5)]),
        ("def f(a):\n    pickle.loads(a)\n", [("unknown", 3)]),
        ("def f():\n    a = open('x').read()\n    pickle.loads(a)\n", []),
        ("def f(s3):\n    a = s3.get_object()\ndef g():\n    a = b''\n    pickle.loads(a)\n", []),
    ],
)
def test_what_is_unpickled(tmp_path: Path, text: str, wanted: list[tuple[str, int]]) -> None:
    assert told(tmp_path, "python-unsafe-cache", START + text) == wanted


def test_a_long_chain_of_names_is_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    usual = functions._comes_from

    def counted(node: ast.AST, fetched: frozenset[str]) -> bool:
        nonlocal count
        count += 1
        return usual(node, fetched)

    monkeypatch.setattr(functions, "_comes_from", counted)
    lines = "".join(f"    a{i} = a{i + 1}\n" for i in range(500))
    tree = ast.parse(f"import pickle\ndef f(s3):\n{lines}    a500 = s3.get_object()\n    pickle.loads(a0)\n")
    assert [spot.line for spot in functions.unsafe_caches(tree)] == [504]
    assert count < 1_100


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("print(event)", True),
        ("pprint(event)", True),
        ("logger.info('got %s', event)", True),
        ("logger.info(f'{event!r}')", True),
        ("logger.info('x', extra={'event': event})", True),
        ("logger.info(json.dumps(event, default=str))", True),
        ("logger.info('%s' % event['detail']['id'])", False),
        ("logger.info(f\"{event['id']}\")", False),
        ("logger.info(len(event))", False),
        ("process(event)", False),
    ],
)
def test_what_a_handler_logs(tmp_path: Path, line: str, found: bool) -> None:
    text = f"import boto3\r\n\r\n\r\ndef lambda_handler(event, _):\r\n    {line}\r\n"
    assert told(tmp_path, "python-logs-whole-event", text) == ([("fail", 5)] if found else [])


def test_a_source_that_cannot_be_parsed_says_as_what_it_was_read(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import boto3\nprint 'x'\n")
    report = run(Request([str(tmp_path)], str(tmp_path)), CATALOGUE, CATALOGUE.entries)
    (entry,) = report.coverage.inputs
    assert entry["status"] == "failed"
    assert "it is not Python: " in entry["reason"]
    assert "(read as Python 3." in entry["reason"]

"""The engine: five verdicts, isolation of crashes, fingerprints, waivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from assay import HIGH, LOW, Finding, Graph, Resource, Unknown, Verdict
from assay.engine import evaluate
from assay.model import Coverage, PartialList, Severity, View
from assay.rule import Rule, RuleError, load_directory

RULES = '''
from collections.abc import Iterator
from assay import Finding, Graph, Resource, require, rule, HIGH, LOW, MEDIUM

@rule(on="t", severity=HIGH, controls=["nist-800-53r5:SC-7"], equivalents=["CKV_X_1"])
def open_door(r: Resource) -> Iterator[Finding]:
    """Doors are shut.

    ## Why
    Anybody walks in.

    ## Fix
    Set `open = false`.
    """
    if r["open"] == True:
        yield r.fails("the door is open", at="open", fix=r.set("open", False))

@rule(on="t", severity=MEDIUM, each="lock", params={"digits": 4})
def short_code(lock: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Codes are long."""
    if lock["digits"] < params["digits"]:
        yield lock.fails("the code is short", at="digits", severity=LOW)

@rule(on="t", severity=LOW)
def crashing(r: Resource) -> Iterator[Finding]:
    """Crashes."""
    if r["crash"] == True:
        raise KeyError("boom")
    yield from ()

@rule(on="t", severity=LOW)
def joins(r: Resource) -> Iterator[Finding]:
    """C code meets an unknown."""
    if ",".join([r["open"]]) == "":
        yield r.fails("never")

require("t-no-name", on="t", path="name", present=True, severity=LOW, title="Things have names.", why="To find them.")
'''


@pytest.fixture
def rules(tmp_path: Path) -> list[Rule]:
    (tmp_path / "some_theme").mkdir()
    (tmp_path / "some_theme" / "doors.py").write_text(RULES)
    return load_directory(str(tmp_path))


def judge(rules: list[Rule], rule_id: str, **values: Any) -> list[tuple[str, str]]:
    report = evaluate(Graph([Resource("t", "t.a", "terraform", values)]), [r for r in rules if r.id == rule_id])
    return [(f.verdict.value, f.message) for f in report.findings]


def test_metadata_comes_from_the_function(rules: list[Rule]) -> None:
    rule = next(r for r in rules if r.id == "open-door")
    assert (rule.theme, rule.severity, rule.title) == ("some-theme", HIGH, "Doors are shut.")
    assert rule.why == "Anybody walks in."
    assert rule.fix == "Set `open = false`."


def test_fail_pass_and_unknown(rules: list[Rule]) -> None:
    assert judge(rules, "open-door", open=True) == [("fail", "the door is open")]
    assert judge(rules, "open-door", open=False) == []
    verdicts = judge(rules, "open-door", open=Unknown("var.open has no value"))
    assert verdicts == [("unknown", "cannot be decided: var.open has no value")]


def test_a_finding_is_complete(rules: list[Rule]) -> None:
    report = evaluate(Graph([Resource("t", "t.a", "terraform", {"open": True})]), rules[:1])
    (finding,) = report.findings
    assert finding.evidence == [{"path": "open", "value": True}]
    assert finding.controls == ("nist-800-53r5:SC-7",)
    assert finding.equivalents == ("CKV_X_1",)
    assert finding.fix is not None
    assert finding.fix.value is False
    assert len(finding.fingerprint) == 32


def test_blocks_are_judged_one_by_one(rules: list[Rule]) -> None:
    blocks = PartialList([{"digits": 2}, {"digits": Unknown("var.n has no value")}, {"digits": 9}], Unknown("for_each"))
    assert judge(rules, "short-code", lock=blocks) == [
        ("fail", "the code is short"),
        ("unknown", "cannot be decided: var.n has no value"),
        ("unknown", "cannot be decided: for_each"),
    ]


def test_a_rule_may_set_the_severity_of_one_finding(rules: list[Rule]) -> None:
    graph = Graph([Resource("t", "t.a", "terraform", {"lock": [{"digits": 1}]})])
    report = evaluate(graph, [r for r in rules if r.id == "short-code"])
    assert [f.severity for f in report.findings] == [LOW]


def test_a_crash_is_named_and_takes_nobody_along(rules: list[Rule]) -> None:
    graph = Graph([Resource("t", "t.a", "terraform", {"crash": True, "open": True})])
    report = evaluate(graph, rules)
    by_rule = {f.rule: f for f in report.findings}
    assert by_rule["crashing"].verdict is Verdict.NOT_EVALUATED
    assert "the rule crashing crashed: KeyError: 'boom'" in by_rule["crashing"].message
    assert by_rule["open-door"].verdict is Verdict.FAIL
    assert report.incomplete


def test_a_type_error_after_reading_an_unknown_is_unknown(rules: list[Rule]) -> None:
    assert judge(rules, "joins", open=Unknown("var.open has no value"))[0][0] == "unknown"
    assert judge(rules, "joins", open=3)[0][0] == "not_evaluated"


def test_a_denied_list_is_not_evaluated_and_incomplete(rules: list[Rule]) -> None:
    coverage = Coverage()
    coverage.not_listed("t", "123", "eu-west-1", "AccessDenied")
    report = evaluate(Graph([], coverage), rules[:1])
    assert [f.verdict for f in report.findings] == [Verdict.NOT_EVALUATED]
    assert report.summary["pass"] == 0
    assert report.exit_code == 3


def test_passes_are_counted_and_shown_on_request(rules: list[Rule]) -> None:
    graph = Graph([Resource("t", "t.a", "terraform", {"open": False})])
    assert evaluate(graph, rules[:1]).summary["pass"] == 1
    shown = evaluate(graph, rules[:1], passes=True)
    assert [f.verdict for f in shown.findings] == [Verdict.PASS]


def test_exit_codes(rules: list[Rule]) -> None:
    report = evaluate(Graph([Resource("t", "t.a", "terraform", {"open": True})]), rules[:1])
    assert report.exit_code == 1
    report.gate = Severity.CRITICAL
    assert report.exit_code == 0
    report.gate = None
    assert report.exit_code == 0
    unsure = evaluate(Graph([Resource("t", "t.a", "terraform", {"open": Unknown("?")})]), rules[:1])
    assert unsure.exit_code == 0
    unsure.strict = True
    assert unsure.exit_code == 1
    unsure.strict = False
    unsure.coverage.input("x.tf", "failed", "a syntax error")
    assert unsure.exit_code == 3
    unsure.allow_incomplete = True
    assert unsure.exit_code == 0


def _prints(rules: list[Rule], blocks: list[dict[str, Any]]) -> list[str]:
    graph = Graph([Resource("t", "t.a", "terraform", {"lock": blocks})])
    return sorted(f.fingerprint for f in evaluate(graph, [r for r in rules if r.id == "short-code"]).findings)


def test_fingerprints_survive_reordering_and_are_unique(rules: list[Rule]) -> None:
    first = _prints(rules, [{"digits": 1}, {"digits": 2}, {"digits": 9}])
    assert first == _prints(rules, [{"digits": 2}, {"digits": 9}, {"digits": 1}])
    twins = _prints(rules, [{"digits": 1}, {"digits": 1}])
    assert len(set(twins)) == 2


REFUSED = {
    "is None": "x is None",
    "is not": "x is not True",
    "isinstance": "isinstance(x, str)",
    "type": "type(x) == str",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_python_cannot_intercept_is_refused_with_the_line(case: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(f"def f(x):\n    return {REFUSED[case]}\n")
    with pytest.raises(RuleError, match=r"bad\.py:2: "):
        load_directory(str(tmp_path))


@pytest.mark.parametrize("text", ["try:\n    a = 1\nexcept:\n    pass\n", "match 1:\n    case 1:\n        pass\n"])
def test_bare_except_and_match_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(RuleError, match="unknown"):
        load_directory(str(tmp_path))


def test_one_id_twice_is_refused(tmp_path: Path) -> None:
    text = RULES + RULES.partition('\n@rule(on="t", severity=MEDIUM')[0].replace("from", "from", 1)
    (tmp_path / "twice.py").write_text(text)
    with pytest.raises(RuleError, match="open-door is used twice"):
        load_directory(str(tmp_path))


def test_a_require_row_with_two_tests_is_refused(tmp_path: Path) -> None:
    (tmp_path / "row.py").write_text(
        'from assay import require, LOW\nrequire("a-b", on="t", path="x", equals=1, present=True, severity=LOW,'
        ' title="T.", why="W.")\n'
    )
    with pytest.raises(RuleError, match="exactly one test"):
        load_directory(str(tmp_path))


TESTS: list[tuple[str, Any, Any, bool]] = [
    ("equals", True, True, True),
    ("equals", True, None, False),
    ("equals", 1, True, False),
    ("not_equals", False, None, True),
    ("not_equals", False, False, False),
    ("one_of", ("a", "b"), "b", True),
    ("one_of", ("a", "b"), "c", False),
    ("none_of", ("a",), "b", True),
    ("at_least", 7, 7, True),
    ("at_least", 7, 6, False),
    ("at_least", 7, None, False),
    ("at_least", 7, "8", True),
    ("at_most", 90, 91, False),
    ("present", True, "", False),
    ("present", True, ["a"], True),
    ("present", False, None, True),
    ("contains", "a", ["a"], True),
    ("contains", "a", None, False),
    ("lacks", "*", ["*"], False),
    ("lacks", "*", None, True),
]


@pytest.mark.parametrize(("test", "wanted", "value", "passes"), TESTS)
def test_require_rows(test: str, wanted: Any, value: Any, passes: bool) -> None:
    from assay import rule as _rule  # noqa: F401 - the module under test is loaded
    from assay.rule import require

    row = require("row-id", on="t", path="x", severity=LOW, title="T.", why="W.", **{test: wanted})
    run: Callable[[View, Graph], Any] = row.run
    r = Resource("t", "t.a", "terraform", {} if value is None else {"x": value})
    findings: Iterator[Finding] = iter(run(r, Graph([r])))
    assert (next(findings, None) is None) is passes

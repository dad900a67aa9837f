"""`assay-waivers.toml` and `assay waivers` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from assay.cli import main

MODULE = """resource "aws_sqs_queue" "q" {
  for_each                = toset(["eu", "us"])
  name                    = each.key
  sqs_managed_sse_enabled = false
}
"""
RULE = "aws-sqs-unencrypted"
EU, US = 'module.net["a.b"].aws_sqs_queue.q["eu"]', 'module.net["a.b"].aws_sqs_queue.q["us"]'
DAY = "2026-11-21"  # conftest.py fixes SOURCE_DATE_EPOCH to this day


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "main.tf").write_text(MODULE)
    (tmp_path / "main.tf").write_text('module "net" {\n  for_each = toset(["a.b"])\n  source   = "./net"\n}\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def waiver(address: str = EU, rule: str = RULE, expires: str = "2027-01-31", **more: str) -> str:
    lines = [f'rule = "{rule}"', f"address = '{address}'", 'reason = "prices only"', f"expires = {expires}"]
    return "\n".join(["[[waiver]]", *lines, *(f'{k} = "{v}"' for k, v in more.items())]) + "\n"


def scan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["scan", "--select", RULE, "--no-cache", "-o", "json", *arguments])
    out, err = capsys.readouterr()
    assert out, err
    document: dict[str, Any] = json.loads(out)
    return code, document


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {f["resource"]["address"]: f["verdict"] for f in report["findings"]}


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_a_waiver_is_for_one_instance_of_one_module(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "assay-waivers.toml").write_text("# ours\n" + waiver(owner="team-prices"))
    code, report = scan(capsys)
    assert code == 1
    assert verdicts(report) == {EU: "waived", US: "fail"}
    waived = next(f["waiver"] for f in report["findings"] if f["waiver"])
    assert waived == {
        "kind": "file", "reason": "prices only", "place": "assay-waivers.toml:2", "owner": "team-prices",
        "expires": "2027-01-31",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ('module.net["a.b"].aws_sqs_queue.q*', {EU, US}), ('module.net["*"].aws_sqs_queue.q["us"]', {US}),
        ("aws_sqs_queue.*", set()), ('module.net["axb"].*', set()), ("*", {EU, US}),
    ],
)  # fmt: skip
def test_an_address_is_a_glob_with_stars_alone(
    tree: Path, capsys: pytest.CaptureFixture[str], address: str, covered: set[str]
) -> None:
    (tree / "assay-waivers.toml").write_text(waiver(address))
    _, report = scan(capsys)
    assert {a for a, v in verdicts(report).items() if v == "waived"} == covered


@pytest.mark.parametrize(("expires", "verdict"), [(DAY, "waived"), ("2026-11-20", "fail"), ('"2026-11-22"', "waived")])
def test_the_last_day_is_included_and_then_the_finding_is_back(
    tree: Path, capsys: pytest.CaptureFixture[str], expires: str, verdict: str
) -> None:
    (tree / "assay-waivers.toml").write_text(waiver(expires=expires))
    _, report = scan(capsys)
    assert verdicts(report)[EU] == verdict
    said = [n for n in report["coverage"].get("notes", []) if "expired on" in n]
    assert bool(said) is (verdict == "fail")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (waiver().replace("expires = 2027-01-31\n", ""), "never ends"),
        (waiver(expires="2027-02-30"), "not a waiver file that can be read"),
        (waiver(expires='"soon"'), "expires is 'soon'"),
        (waiver(expires="2027-01-31T10:00:00Z"), "it takes a day"),
        (waiver().replace('reason = "prices only"', 'reason = " "'), "lacks a reason"),
        (waiver().replace("address", "adress"), "did you mean 'address'"),
        (waiver().replace(f'rule = "{RULE}"\n', ""), "names no rule"),
        ("[waiverz]\n", "'waiverz' is not known here"),
        ("[[waiver", "not a waiver file that can be read"),
    ],
)
def test_a_waiver_file_that_is_not_right_is_wrong_use(
    tree: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tree / "assay-waivers.toml").write_text(text)
    code, out, err = call(capsys, "scan", "--no-cache")
    assert (code, out) == (2, "")
    assert said in err
    assert "assay-waivers.toml" in err


def test_a_file_that_is_named_and_is_not_there(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "scan", "--waivers", "gone.toml")
    assert code == 2
    assert "--waivers gone.toml: there is no such file" in err


def test_no_waivers_and_a_file_named_elsewhere(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "assay-waivers.toml").write_text(waiver())
    (tree / "other.toml").write_text(waiver(US))
    assert verdicts(scan(capsys, "--no-waivers")[1]) == {EU: "fail", US: "fail"}
    assert verdicts(scan(capsys, "--waivers", "other.toml")[1]) == {EU: "fail", US: "waived"}
    (tree / "assay.toml").write_text('waivers = "other.toml"\n')
    assert verdicts(scan(capsys)[1]) == {EU: "fail", US: "waived"}


def test_a_repeated_scan_sees_a_waiver_that_came(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_CACHE_DIR", str(tree / ".git" / "cache"))
    for expected in (1, 1, 0):
        if expected == 0:
            (tree / "assay-waivers.toml").write_text(waiver("*.aws_sqs_queue.*"))
        assert main(["scan", "--select", RULE, "-q"]) == expected
        capsys.readouterr()


def test_check_names_what_is_wrong_with_each(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "assay-waivers.toml").write_text(
        waiver()  # line 1: in order, ends within a month of 2027-01-15
        + waiver("aws_sqs_queue.gone")  # line 6: unused
        + waiver(US, expires="2026-12-01")  # line 11: expired by then
        + waiver(rule="aws-sqs-unencripted")  # line 16: unknown
        + waiver("*")  # line 21: blanket
    )
    code, out, _ = call(capsys, "waivers", "check", "--as-of", "2027-01-15", "-o", "json")
    assert code == 1
    told = json.loads(out)
    assert {(p["kind"], p["place"].rpartition(":")[2]) for p in told["problems"]} == {
        ("unused", "6"), ("expired", "11"), ("unknown-rule", "16"), ("blanket", "21"),
    }  # fmt: skip
    assert {p["place"].rpartition(":")[2] for p in told["ending"]} == {"1", "6", "16", "21"}
    (tree / "assay-waivers.toml").write_text(waiver())
    assert call(capsys, "waivers", "check")[0] == 0


def test_list_says_what_each_waives(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "assay-waivers.toml").write_text(waiver("*q*") + waiver("aws_sqs_queue.gone"))
    code, out, _ = call(capsys, "waivers", "list", "-o", "json")
    assert code == 0
    first, second = json.loads(out)["waivers"]
    assert (first["waives"], first["status"]) == ([EU, US], "active")
    assert (second["waives"], second["address"]) == ([], "aws_sqs_queue.gone")
    assert "2 findings waived" in call(capsys, "waivers", "list")[1]
    (tree / "assay-waivers.toml").write_text("".join(waiver(f"aws_sqs_queue.q{n}") for n in range(4)))
    told = call(capsys, "waivers", "list")[1].splitlines()
    assert [line.split(":")[1] for line in told if line.startswith("assay")] == ["1", "6", "11", "16"]  # not 1, 11
    assert "--as-of is 'soon': it takes a day" in call(capsys, "waivers", "check", "--as-of", "soon")[2]


def test_what_a_stranger_writes_cannot_move_the_cursor(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2J\udcff.tf"  # a file name that is no UTF-8
    bad = 'resource "aws_sqs_queue" "x" {\n  sqs_managed_sse_enabled = false\n}\n'
    (tree / name).write_text(f"# assay: allow[{RULE}] \x1b[1A all is well\n{bad}# assay: allow\n")
    for arguments in (["waivers", "list"], ["waivers", "check"], ["fix", "-v"]):
        code, out, err = call(capsys, *arguments)
        assert "\x1b" not in out + err
        assert code in (0, 1)
        (out + err).encode()
    assert "\\x1b[1A all is well" in call(capsys, "waivers", "list")[1]


def test_no_file_name_is_a_command_to_a_runner(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "::error::x.tf").write_text('resource "aws_sqs_queue" "x" {\n  sqs_managed_sse_enabled = false\n}\n')
    out = call(capsys, "scan", "--select", RULE, "--no-cache")[1]
    assert "./::error::x.tf" in out.splitlines()


def test_a_finding_is_waived_by_its_fingerprint(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = scan(capsys)
    one = next(f for f in report["findings"] if f["resource"]["address"] == EU)
    (tree / ".git" / "run.json").write_text(json.dumps(report))
    arguments = ["--reason", 'it\'s "fine"\\', "--owner", "me", "--expires", "2027-01-31"]
    code, out, _ = call(capsys, "waivers", "add", one["fingerprint"], *arguments, "--report", ".git/run.json")
    assert code == 0, out
    assert verdicts(scan(capsys)[1]) == {EU: "waived", US: "fail"}
    other = next(f for f in report["findings"] if f["resource"]["address"] == US)
    assert call(capsys, "waivers", "add", other["fingerprint"], *arguments)[0] == 0  # found by a scan
    code, report = scan(capsys)
    assert code == 0
    assert {f["waiver"]["reason"] for f in report["findings"]} == {'it\'s "fine"\\'}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing", "--reason", "r", "--expires", "2027-01-31"], "has the fingerprint nothing"),
        (["x", "--reason", "r", "--expires", "2026-11-20"], "that day is over"),
        (["x", "--reason", "r", "--expires", "31.1.2027"], "it takes a day"),
        (["x", "--reason", " ", "--expires", "2027-01-31"], "say why"),
    ],
)
def test_a_waiver_that_cannot_be_added(
    tree: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    if arguments[0] == "x":
        arguments[0] = scan(capsys)[1]["findings"][0]["fingerprint"]
    code, _, err = call(capsys, "waivers", "add", *arguments)
    assert code == 2
    assert said in err
    assert not (tree / "assay-waivers.toml").exists()


def test_the_file_of_a_waiver_is_named_from_its_folder(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "assay-waivers.toml").write_text(waiver(EU, file="net/*.tf"))
    (tree / "live").mkdir()
    (tree / "live" / "assay-waivers.toml").write_text(waiver("aws_sqs_queue.live", file="main.tf"))
    (tree / "live" / "main.tf").write_text('resource "aws_sqs_queue" "live" {\n  sqs_managed_sse_enabled = false\n}\n')
    assert verdicts(scan(capsys, "live")[1]) == {"aws_sqs_queue.live": "waived"}
    monkeypatch.chdir(tree / "live")
    assert verdicts(scan(capsys)[1]) == {"aws_sqs_queue.live": "waived"}
    assert verdicts(scan(capsys, "..")[1])[EU] == "waived"


def test_a_waiver_that_is_added_is_for_one_of_two_roots(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for root in ("one", "two"):
        (tree / root).mkdir()
        (tree / root / "main.tf").write_text(
            'resource "aws_sqs_queue" "same" {\n  sqs_managed_sse_enabled = false\n}\n'
        )
    report = scan(capsys)[1]
    found = {f["location"]["file"]: f["fingerprint"] for f in report["findings"]}
    (tree / "run.json").write_text(json.dumps(report))
    for more in (["--report", "run.json"], []):
        (tree / "assay-waivers.toml").unlink(missing_ok=True)
        added = ("waivers", "add", found["two/main.tf"], "--reason", "x", "--expires", "2027-01-31", *more)
        code, out, err = call(capsys, *added)
        assert (code, err) == (0, "")
        assert "is waived on aws_sqs_queue.same in two/main.tf until 2027-01-31" in out
        waived = {f["location"]["file"] for f in scan(capsys)[1]["findings"] if f["verdict"] == "waived"}
        assert waived == {"two/main.tf"}

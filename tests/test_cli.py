"""The command line as a user meets it: exit codes, stdout for results, sentences on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from assay.cli import COMMANDS, main

BAD = """resource "aws_sqs_queue" "q" {
  name                    = "orders"
  sqs_managed_sse_enabled = false
}
"""
GATE = ["--select", "aws-sqs-unencrypted"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "main.tf").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["scan", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def scan_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = scan(capsys, "-o", "json", *arguments)
    document: dict[str, Any] = json.loads(out)
    return code, document


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("assay ")
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in COMMANDS:
        assert command in out
    assert "exit codes:" in out


def test_a_finding_is_exit_1_and_has_the_contract_s_shape(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = scan_json(capsys, *GATE)
    assert code == 1
    assert report["schema"] == "assay-report/1"
    assert set(report) >= {"tool", "summary", "coverage", "findings"}
    assert set(report["summary"]) >= {"resources", "rules", "fail", "unknown", "waived", "pass", "not_evaluated"}
    (finding,) = report["findings"]
    assert finding["rule"] == "aws-sqs-unencrypted"
    assert finding["verdict"] == "fail"
    assert finding["resource"] == {
        "type": "aws_sqs_queue", "address": "aws_sqs_queue.q", "source": "terraform", "account": None, "region": None,
    }  # fmt: skip
    assert finding["location"]["file"] == "main.tf"
    assert finding["location"]["start_line"] == 3
    assert finding["evidence"][0] == {"path": "sqs_managed_sse_enabled", "value": False}
    assert report["coverage"]["inputs"][0]["status"] == "read"


def test_below_the_gate_is_exit_0(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(capsys, *GATE, "--fail-on", "critical")[0] == 0
    assert scan(capsys, *GATE, "--fail-on", "never")[0] == 0


def test_unknown_counts_only_when_strict(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text(
        'variable "k" {}\nresource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.k\n}\n'
    )
    code, report = scan_json(capsys, *GATE)
    assert (code, report["summary"]["unknown"]) == (0, 1)
    assert scan(capsys, *GATE, "--strict")[0] == 1
    assert scan(capsys, *GATE, "--strict", "--var", "k=true")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "nowhere: there is no such file or directory"),
        (["--select", "aws-sqs-unencryptd"], "did you mean aws-sqs-unencrypted"),
        (["--ignore", "nothing-like-it"], "matches no rule"),
        (["--framework", "no-such"], "not known"),
        (["--unknown-option"], "unrecognized arguments"),
        (["-o", "yaml"], "there is no such format"),
        (["-o", "json", "-o", "text"], "cannot share stdout"),
        (["--rules", "nowhere"], "there is no such directory"),
        (["--var", "novalue"], "NAME=VALUE"),
    ],
)
def test_wrong_use_is_exit_2_with_a_sentence(
    tree: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code, out, err = scan(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert says in err


def test_unknown_commands_get_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scna"]) == 2
    assert "did you mean scan?" in capsys.readouterr().err


def test_what_cannot_be_read_is_exit_3_and_findings_win(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  name = \n}\n\nresource "aws_vpc" "v" {}\n')
    code, report = scan_json(capsys, *GATE)
    assert code == 3
    (failed,) = [i for i in report["coverage"]["inputs"] if i["status"] == "failed"]
    assert failed["path"] == "main.tf"
    assert report["summary"]["resources"] == 1
    assert scan(capsys, *GATE, "--allow-incomplete")[0] == 0
    (tree / "other.tf").write_text(BAD)
    assert scan(capsys, *GATE)[0] == 1


def test_a_pipe_is_written_to_and_stays_a_pipe(tree: Path) -> None:
    pipe = tree / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text)
        main(["scan", str(tree), "-o", f"json={pipe}", "--no-cache"])
        assert json.loads(read.result(10))["schema"] == "assay-report/1"
    assert pipe.is_fifo()


def test_a_pipe_stays_a_pipe_when_the_answer_is_known(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    pipe = tmp_path_factory.mktemp("out") / "pipe"
    os.mkfifo(pipe)
    time.sleep(0.1)  # what changed a moment ago is not kept
    told = []
    scanned = ["scan", *GATE, "-o", f"json={pipe}"]
    for command in (scanned, scanned, ["baseline", "write", str(pipe), *GATE]):
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
            main(command)
            if not pipe.is_fifo():
                reader.kill()
            told.append(reader.communicate(timeout=10)[0])
        assert pipe.is_fifo()
    assert told[0] == told[1]
    assert json.loads(told[1])["schema"] == "assay-report/1"
    assert told[2].startswith(b"# ")


def test_several_outputs_at_once(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = scan(
        capsys, *GATE, "-o", "text", "-o", "json=out.json", "-o", "sarif=out.sarif", "-o", "html=r.html"
    )
    assert code == 1
    assert "aws-sqs-unencrypted" in out
    assert json.loads((tree / "out.json").read_text())["summary"]["fail"] == 1
    assert json.loads((tree / "out.sarif").read_text())["version"] == "2.1.0"
    assert "<html" in (tree / "r.html").read_text()
    assert not list(tree.glob("*.part"))


def test_what_is_written_follows_no_link_that_waits_for_it(
    tree: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A pull request may bring a link of any name: what stands behind it is not ours to write."""
    outside = tmp_path_factory.mktemp("home") / "profile"
    outside.write_text("mine")
    names = ["out.json", "base.txt"]
    parts = [name + end for name in names for end in (".part", f".{os.getpid()}.part")]
    for name in (*parts, "main.tf.assay-part", f"main.tf.{os.getpid()}.part"):
        (tree / name).symlink_to(outside)
    assert main(["scan", *GATE, "-o", "json=out.json"]) == 1
    assert main(["baseline", "write", "base.txt", *GATE[:2]]) == 0
    assert main(["fix", "--write", *GATE[:2]]) == 0
    capsys.readouterr()
    assert outside.read_text() == "mine"
    assert all((tree / name).is_file() and not (tree / name).is_symlink() for name in (*names, "main.tf"))


def test_file_arguments_evaluate_the_module_and_report_what_touches_them(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "other.tf").write_text(BAD.replace('"q"', '"other"'))
    (tree / "variables.tf").write_text('variable "encrypt" {\n  default = false\n}\n')
    (tree / "third.tf").write_text('resource "aws_sqs_queue" "third" {\n  sqs_managed_sse_enabled = var.encrypt\n}\n')
    _, report = scan_json(capsys, *GATE, "other.tf")
    assert [f["resource"]["address"] for f in report["findings"]] == ["aws_sqs_queue.other"]
    _, report = scan_json(capsys, *GATE, "variables.tf")
    assert [f["resource"]["address"] for f in report["findings"]] == ["aws_sqs_queue.third"]


def test_waivers_inline_and_foreign(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comment = "# assay: allow[aws-sqs-unencrypted] only public data"
    (tree / "main.tf").write_text(BAD.replace("{\n", f"{{\n  {comment}\n", 1))
    code, report = scan_json(capsys, *GATE)
    assert (code, report["summary"]["waived"]) == (0, 1)
    assert report["findings"][0]["waiver"]["reason"] == "only public data"
    assert scan(capsys, *GATE, "--no-waivers")[0] == 1
    (tree / "main.tf").write_text(BAD.replace("{\n", "{\n  #checkov:skip=CKV_AWS_27:public\n", 1))
    code, report = scan_json(capsys, *GATE)
    assert (code, report["findings"][0]["waiver"]["kind"]) == (0, "foreign")


@pytest.mark.parametrize(
    ("comment", "note"),
    [
        ("# assay: allow[aws-sqs-unencrypted]", "gives no reason"),
        ("# assay: allow because", "names no rule"),
        ("# assay: allow[aws-no-such-rule] reason", "there is no rule aws-no-such-rule"),
        ("# assay: allow[aws-sqs-unencrypted] reason\n\n", "waives nothing"),
        ("# assay: allow[*] reason", "allows every rule"),
    ],
)
def test_waivers_that_cannot_be_meant_are_said(
    tree: Path, capsys: pytest.CaptureFixture[str], comment: str, note: str
) -> None:
    text = BAD.replace("= false", "= true") if "nothing" in note else BAD
    (tree / "main.tf").write_text(f"{comment}\n{text}")
    _, report = scan_json(capsys, *GATE)
    assert any(note in n for n in report["coverage"].get("notes", [])), report["coverage"]


def test_users_rules_have_the_same_rights(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "new", "queue-named-orders", "--on", "aws_sqs_queue", "--directory", "own"]) == 0
    assert main(["rules", "test", "queue-named-orders", "--rules", "own"]) == 0
    capsys.readouterr()
    code, report = scan_json(capsys, "--rules", "own", "--select", "queue-named-orders")
    assert (code, report["summary"]["pass"]) == (0, 1)
    (tree / "own" / "custom" / "bad.py").write_text("x = 1 is None\n")
    code, _, err = scan(capsys, "--rules", "own")
    assert code == 2
    assert "bad.py:1:" in err


OWN = """from assay import LOW, require

require("own-queue-name", on="aws_sqs_queue", severity=LOW, path="name", present=True, title="Named.", why="Order.")
"""


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.md", b"## own-queue-name\n### Good\n```hcl +x.tf\n```\n", "a.md:3: there is no example above"),
        ("a.md", b"\xff", "a.md: it cannot be read as text in UTF-8"),
        ("b.py", b'x = "\xff"', "b.py: it is not written in UTF-8"),
        ("b.py", None, "b.py: it cannot be read: No such file"),
    ],
)
def test_users_rules_that_cannot_be_read_get_a_sentence(
    tree: Path, capsys: pytest.CaptureFixture[str], name: str, text: bytes | None, says: str
) -> None:
    folder = tree / "own" / "custom"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text(OWN)
    if text is None:
        (folder / name).symlink_to("nowhere")
    else:
        (folder / name).write_bytes(text)
    assert main(["explain", "own-queue-name", "--rules", "own"]) == 2
    assert says in capsys.readouterr().err
    assert main(["explain", "own-queue-name", "--rules", "other"]) == 2
    assert "--rules other: there is no such directory" in capsys.readouterr().err


def test_configuration_is_strict_and_the_nearest(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "assay.toml").write_text('ignore = ["aws-sqs-unencrypted"]\n')
    code, report = scan_json(capsys, "--select", "encryption")
    assert "aws-sqs-unencrypted" not in {f["rule"] for f in report["findings"]}
    (tree / "assay.toml").write_text('fail-onn = "low"\n')
    code, _, err = scan(capsys)
    assert code == 2
    assert "did you mean 'fail-on'" in err
    (tree / "assay.toml").unlink()
    (tree / "pyproject.toml").write_text('[tool.assay]\nfail-on = "critical"\nselect = ["aws-sqs-unencrypted"]\n')
    assert scan(capsys)[0] == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'[tool]\nassay = "x"\n', "tool.assay is a table"),
        (b"x = " + b"[" * 5000, "nested too deeply"),
        (b'x = "\xff"\n', "not a TOML file that can be read"),
    ],
)
def test_a_configuration_that_is_none_gets_a_sentence(
    tree: Path, capsys: pytest.CaptureFixture[str], text: bytes, says: str
) -> None:
    (tree / "pyproject.toml").write_bytes(text)
    code, _, err = scan(capsys)
    assert (code, says in err, "pyproject.toml" in err) == (2, True, True)
    (tree / "pyproject.toml").write_text("tool = 3\n")
    assert scan(capsys, *GATE)[0] == 1


WITHOUT_PRIVILEGE = (
    ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"]
    if os.geteuid() == 0
    else []
)


def test_what_nobody_may_read_is_told_and_never_passed_over(tree: Path) -> None:
    shut, folder = tree / "pod.yaml", tree / "shut"
    folder.mkdir()
    for path in (shut, folder / "pod.yaml"):
        path.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n")
    (tree / "gone.yaml").symlink_to("nowhere")  # holds nothing, wherever it leads
    shut.chmod(0)
    folder.chmod(0)
    try:
        for asked, paths in ((["."], {"pod.yaml", "shut"}), (["pod.yaml"], {"pod.yaml"}), (["shut"], {"shut"})):
            command = [sys.executable, "-m", "assay", "scan", *asked, "--no-cache", "--fail-on", "never", "-o", "json"]
            done = subprocess.run([*WITHOUT_PRIVILEGE, *command], capture_output=True, text=True, check=False)
            inputs = json.loads(done.stdout)["coverage"]["inputs"]
            assert done.returncode == 3
            assert {i["path"] for i in inputs if i["status"] == "failed"} == paths
            assert {i["reason"] for i in inputs if i["status"] == "failed"} == {"it cannot be read: Permission denied"}
    finally:
        folder.chmod(0o755)


def test_a_working_directory_that_is_gone_is_told(tree: Path) -> None:
    gone = tree / "gone"
    gone.mkdir()
    run = f"import os, sys; os.rmdir({str(gone)!r}); from assay.cli import main; sys.exit(main(['scan', '..']))"
    done = subprocess.run([sys.executable, "-c", run], cwd=gone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2, "assay scan: the working directory no longer exists; change to one that does\n",
    )  # fmt: skip


def test_a_file_that_is_reached_twice_is_read_once(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "sub").mkdir()
    (tree / "sub" / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n")
    once = scan_json(capsys)[1]
    for paths in ([".", "sub"], [".", "sub/pod.yaml", str(tree)]):
        again = scan_json(capsys, *paths)[1]
        assert again["summary"] == once["summary"]
        assert again["coverage"]["inputs"] == once["coverage"]["inputs"]


def test_the_configuration_of_a_stranger_runs_and_writes_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    theirs, outside = tmp_path_factory.mktemp("theirs"), tmp_path_factory.mktemp("home") / "profile"
    (theirs / "main.tf").write_text(BAD)
    (theirs / "evil" / "custom").mkdir(parents=True)
    (theirs / "evil" / "custom" / "evil.py").write_text(f"open({str(outside)!r}, 'w').close()\n")
    for setting, said in (
        ('rules = ["evil"]', "pass --rules DIR yourself"),
        (f'output = ["json={outside}"]', "pass -o FORMAT=FILE yourself"),
        ('plugin = ["checkov"]', "pass --plugin NAME yourself"),
    ):
        (theirs / "assay.toml").write_text(setting + "\n")
        assert main(["scan", str(theirs), "--no-cache"]) == 2
        assert said in capsys.readouterr().err
        assert main(["scan", str(theirs), "--no-config", *GATE]) == 1
        capsys.readouterr()
    (tree / "assay.toml").write_text(f'output = ["json={outside}"]\n')  # by a pull request
    assert main(["scan", ".", "--no-cache"]) == 2
    assert "a configuration writes below the working directory" in capsys.readouterr().err
    assert not outside.exists()


def test_the_configuration_schema_knows_the_same_keys() -> None:
    from assay import config

    path = Path(config.__file__).parent / "tables" / "config.schema.json"
    schema = json.loads(path.read_text())
    assert set(schema["properties"]) == {*config.LISTS, *config.FILES, *config.FLAGS, *config.TEXTS, *config.TABLES}
    assert tuple(schema["properties"]["fail-on"]["enum"]) == config.LEVELS


def test_passes_on_request(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text(BAD.replace("false", "true"))
    _, report = scan_json(capsys, *GATE, "--show-passes")
    assert [f["verdict"] for f in report["findings"]] == ["pass"]
    assert scan_json(capsys, *GATE)[1]["findings"] == []


def test_the_cache_gives_the_same_report_and_notices_changes(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cold = scan(capsys, "-o", "json")
    os.utime(tree / "main.tf", ns=(1, 1))
    first = scan(capsys, "-o", "json")
    assert first == scan(capsys, "-o", "json") == cold
    (tree / "main.tf").write_text(BAD.replace("false", "true"))
    assert scan(capsys, "-o", "json") != cold
    (tree / "new.tf").write_text(BAD.replace('"q"', '"new"'))
    assert "aws_sqs_queue.new" in scan(capsys, "-o", "json")[1]


def test_the_cache_notices_that_a_repository_begins_above(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {}\n')
    (tmp_path / "example").mkdir()
    (tmp_path / "example/main.tf").write_text('module "q" {\n  source = "../"\n}\n')
    asked = ["scan", str(tmp_path / "example/main.tf"), "--select", "cost-untagged"]
    assert main(asked) == 3
    assert "lies outside the scanned directory, in " in capsys.readouterr().out
    (tmp_path / ".git").mkdir()
    assert main(asked) == 0
    assert "(1 resource, 1 rule)" in capsys.readouterr().out


def test_what_is_judged_by_the_hour_is_not_kept(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the cache knows the day: a link that works for 29.9 or 30.1 days is another one by the evening."""
    link = 'resource "oci_objectstorage_preauthrequest" "p" {\n  access_type = "ObjectRead"\n  time_expires = "%s"\n}\n'
    (tree / "main.tf").write_text(link % "2026-12-30T12:00:00Z")
    time.sleep(0.1)  # what changed a moment ago is not kept either
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setattr("time.time", lambda: 1_795_950_000.0)  # 2026-11-29T11:00:00Z
    assert scan(capsys, "--select", "oci-par-too-long")[0] == 1
    monkeypatch.setattr("time.time", lambda: 1_796_043_600.0)  # 2026-11-30T13:00:00Z
    assert scan(capsys, "--select", "oci-par-too-long")[0] == 0


def test_explain_and_list_and_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "aws-sqs-unencrypted"]) == 0
    out = capsys.readouterr().out
    assert "Why" in out
    assert "Fix" in out
    assert main(["explain", "aws-layer-dead-weight"]) == 0
    assert "with layer.zip!/python/tests/test_prices.py" in capsys.readouterr().out, "an example is all its files"
    assert main(["explain", "aws-sqs-unencryptedd"]) == 2
    assert "did you mean aws-sqs-unencrypted" in capsys.readouterr().err
    assert main(["rules", "list", "-o", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert set(listed[0]) == {"id", "theme", "severity", "title", "on", "sources", "controls", "equivalents"}
    assert main(["rules", "coverage", "-o", "json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {r["id"] for r in listed}


def test_graph_formats(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "main.tf").write_text(
        BAD + 'resource "aws_sqs_queue_policy" "p" {\n  queue_url = aws_sqs_queue.q.id\n  policy = "{}"\n}\n'
    )
    assert main(["graph", "."]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"resources", "links", "errors"}
    assert {"from": "aws_sqs_queue_policy.p", "to": "aws_sqs_queue.q", "via": "queue_url"} in document["links"]
    policy = next(r for r in document["resources"] if r["address"] == "aws_sqs_queue_policy.p")
    assert policy["unknown"] == ["queue_url"]
    assert policy["values"]["queue_url"] is None
    for form, start in (("dot", "digraph"), ("mermaid", "graph LR")):
        assert main(["graph", "-o", form]) == 0
        out = capsys.readouterr().out
        assert out.startswith(start)
        assert "queue_url" in out


def test_init_writes_what_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tomllib

    import yaml
    from assay import config

    assert main(["init", str(tmp_path)]) == 0
    config.check("assay.toml", tomllib.loads((tmp_path / "assay.toml").read_text()))
    yaml.safe_load((tmp_path / ".pre-commit-config.yaml").read_text())
    yaml.safe_load((tmp_path / ".github/workflows/assay.yml").read_text())
    (tmp_path / "assay.toml").write_text("# mine\n")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / "assay.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(("shell", "check"), [("bash", ["bash", "-n"]), ("zsh", None), ("fish", None)])
def test_completion(shell: str, check: list[str] | None, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert "scan" in text
    assert "fail-on" in text
    assert "unsafe" in text  # of fix
    assert "as-of" in text  # of a command's own commands
    if check:
        (tmp_path / "script").write_text(text)
        subprocess.run([*check, str(tmp_path / "script")], check=True)


HEAVY = ("boto3", "oci", "kubernetes", "jinja2", "hcl2", "yaml", "tree_sitter", "pluggy", "orjson", "sarif_om", "re2")


@pytest.mark.parametrize("command", [["--version"], ["explain", "aws-sqs-unencrypted"], ["rules", "list"]])
def test_the_import_budget(command: list[str]) -> None:
    code = (
        "import sys\nfrom assay.cli import main\nmain(sys.argv[1:])\n"
        "sys.stderr.write('\\n'.join(m for m in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    modules = set(done.stderr.split())
    assert not modules & set(HEAVY)
    assert not any(m.startswith(("assay.terraform", "assay_rules")) for m in modules)
    assert len(modules) < 300


def test_a_broken_pipe_is_no_fault(tree: Path) -> None:
    command = f"{sys.executable} -m assay scan -o json . | head -c 10"
    done = subprocess.run(["bash", "-c", command], cwd=tree, capture_output=True, text=True, check=False)
    assert "fault" not in done.stderr
    assert "Traceback" not in done.stderr

"""Archives as hostile input: every kind of it is read within bounds and said, and nothing is ever written to disk."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from assay.analysis import archives
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import Report
from assay.model import Request, Verdict
from assay.scan import collect, run

CATALOGUE = Catalogue([RULES])
HANDLER = "def handler(event, context):\n    return 1\n"


def scan(folder: Path, *rules: str) -> Report:
    entries = [e for e in CATALOGUE.entries if not rules or e.id in rules]
    return run(Request([str(folder)], str(folder)), CATALOGUE, entries)


def failures(report: Report, rule: str) -> list[tuple[str, int, str]]:
    return [
        (f.location.file if f.location else "", f.location.start_line if f.location else 0, f.message)
        for f in report.findings
        if f.rule == rule and f.verdict is Verdict.FAIL
    ]


def unsafe(folder: Path) -> list[tuple[str, int, str]]:
    return failures(scan(folder, "aws-layer-unsafe-archive"), "aws-layer-unsafe-archive")


def layer(folder: Path, **entries: str | bytes) -> zipfile.ZipFile:
    made = zipfile.ZipFile(folder / "layer.zip", "w", zipfile.ZIP_DEFLATED)
    for name, content in (entries or {"python/app.py": HANDLER}).items():
        made.writestr(name, content)
    return made


def special(made: zipfile.ZipFile, name: str, mode: int, content: str = "") -> None:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    made.writestr(info, content)


def test_a_plain_layer_is_safe(tmp_path: Path) -> None:
    with layer(tmp_path) as made:
        special(made, "python/run.sh", stat.S_IFREG | 0o755, "#!/bin/sh\n")
        special(made, "python/lib/", stat.S_IFDIR | 0o777)
        special(made, "python/lib/x.so", stat.S_IFLNK | 0o777, "x.so.1")
    assert unsafe(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../../etc/cron.d/x", "leads out of the folder"),
        ("python/../../../x", "leads out of the folder"),
        ("..\\..\\x", "leads out of the folder"),
        ("/etc/passwd", "has an absolute path"),
        ("C:\\Windows\\x", "has an absolute path"),
        ("\\\\host\\share", "has an absolute path"),
        ("python/a\nb.py", "has control characters"),
    ],
)
def test_names_that_lead_out(tmp_path: Path, name: str, said: str) -> None:
    before = set(tmp_path.parent.iterdir())
    with layer(tmp_path) as made:
        made.writestr(name, "x")
    found = unsafe(tmp_path)
    assert len(found) == 1
    assert said in found[0][2]
    assert found[0][0] == f"layer.zip!/{name}"
    assert sorted(os.listdir(tmp_path)) == ["layer.zip"]
    assert set(tmp_path.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("mode", "content", "said"),
    [
        (stat.S_IFLNK | 0o777, "/etc/passwd", "a symbolic link out of /opt, to /etc/passwd"),
        (stat.S_IFLNK | 0o777, "../../../root/.aws", "a symbolic link out of /opt"),
        (stat.S_IFCHR | 0o600, "", "a character device"),
        (stat.S_IFBLK | 0o600, "", "a block device"),
        (stat.S_IFIFO | 0o600, "", "a pipe"),
        (stat.S_IFREG | stat.S_ISUID | 0o755, "x", "its owner's rights"),
        (stat.S_IFREG | stat.S_ISGID | 0o755, "x", "its owner's rights"),
        (stat.S_IFREG | 0o666, "x", "may be written by anybody"),
    ],
)
def test_kinds_of_files(tmp_path: Path, mode: int, content: str, said: str) -> None:
    with layer(tmp_path) as made:
        special(made, "python/thing", mode, content)
    found = unsafe(tmp_path)
    assert len(found) == 1
    assert said in found[0][2]


def test_a_bomb_is_told_by_its_directory_and_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "BOMB_TOTAL", 64 << 20)
    with layer(tmp_path) as made, made.open("python/zeros.bin", "w") as stream:
        for _ in range(70):
            stream.write(bytes(1 << 20))
    messages = [m for _, _, m in unsafe(tmp_path)]
    assert any("python/zeros.bin is" in m and "times as large unpacked" in m for m in messages)
    assert any(m.startswith("the archive unpacks to 70 MB") for m in messages)


def test_entries_that_share_their_bytes(tmp_path: Path) -> None:
    """Two entries of the directory that name one file's bytes: the trick of the bombs without a high ratio."""
    with layer(tmp_path, **{"python/a.txt": b"x" * 100}):
        pass
    data = (tmp_path / "layer.zip").read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    second = data[start:end].replace(b"python/a.txt", b"python/b.txt")
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 2, 2, 2 * (end - start))
    (tmp_path / "layer.zip").write_bytes(data[:end] + second + bytes(tail))
    assert [m for _, _, m in unsafe(tmp_path)] == ["python/b.txt shares its bytes with another entry: a zip bomb"]


def test_one_name_twice(tmp_path: Path) -> None:
    with layer(tmp_path) as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr("python/app.py", "import os\n")
    assert [m for _, _, m in unsafe(tmp_path)] == [
        "python/app.py is there more than once: which one counts depends on the unpacker"
    ]


def test_an_encrypted_entry_is_said_and_not_judged(tmp_path: Path) -> None:
    with layer(tmp_path):
        pass
    data = bytearray((tmp_path / "layer.zip").read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "layer.zip").write_bytes(bytes(data))
    report = scan(tmp_path, "aws-layer-unsafe-archive", "aws-layer-dangerous-code")
    assert "is encrypted" in failures(report, "aws-layer-unsafe-archive")[0][2]
    assert [f.message for f in report.findings if f.verdict is Verdict.UNKNOWN] == [
        "python/app.py was not judged: it is encrypted"
    ]


def test_a_damaged_entry_is_said_and_the_others_are_judged(tmp_path: Path) -> None:
    with layer(tmp_path, **{"python/a.py": HANDLER * 50, "python/b.py": "eval(x)\n"}):
        pass
    data = bytearray((tmp_path / "layer.zip").read_bytes())
    data[60:80] = bytes(20)
    (tmp_path / "layer.zip").write_bytes(bytes(data))
    report = scan(tmp_path, "aws-layer-dangerous-code")
    assert failures(report, "aws-layer-dangerous-code") == [("layer.zip!/python/b.py", 1, "python/b.py:1 calls eval")]
    assert any("python/a.py was not judged: it cannot be unpacked" in f.message for f in report.findings)


def test_an_entry_that_lies_about_its_size_costs_no_more_than_the_limit(tmp_path: Path) -> None:
    with layer(tmp_path, **{"python/a.py": b"#" * 50_000_000}):
        pass
    report = scan(tmp_path, "aws-layer-dangerous-code")
    assert [f.message for f in report.findings] == [
        "python/a.py was not judged: it has 48 MB; Assay reads at most 5 MB of an entry"
    ]


def test_a_hundred_thousand_entries(tmp_path: Path) -> None:
    """More than the plain directory can count: zip64."""
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as made:
        for n in range(100_000):
            made.writestr(zipfile.ZipInfo(f"python/data/{n}.bin"), b"")
        made.writestr("python/app.py", "eval(x)\n")
    report = scan(tmp_path, "aws-layer-dangerous-code", "aws-layer-unsafe-archive", "aws-layer-dead-weight")
    assert [(f.rule, f.message) for f in report.findings] == [
        ("aws-layer-dangerous-code", "python/app.py:1 calls eval")
    ]
    assert not report.incomplete


def test_a_directory_beyond_the_bounds_is_refused_before_it_is_read(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0, 0)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10_000_000, 10_000_000, 460_000_000, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    (tmp_path / "layer.zip").write_bytes(end64 + locator + end)
    assert [m for _, _, m in unsafe(tmp_path)] == [
        "the archive has too much to list: it holds 10,000,000 entries; Assay lists at most 200,000"
    ]


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"nope" * 1000, b"PK\x05\x06", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(18)]
)
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "layer.zip").write_bytes(content)
    report = scan(tmp_path, "aws-layer-unsafe-archive", "document-not-parsed")
    empty = content == b"PK\x05\x06" + bytes(18)  # an archive without entries
    assert report.findings == []
    assert report.exit_code == (0 if empty else 3)
    if not empty:
        assert "it is no zip file" in report.coverage.inputs[0]["reason"]
    (tmp_path / "main.tf").write_text(
        'resource "aws_lambda_layer_version" "l" {\n  layer_name = "l"\n  filename = "layer.zip"\n}\n'
    )
    used = scan(tmp_path, "document-not-parsed")
    assert [f.rule for f in used.findings] == ([] if empty else ["document-not-parsed"])


def test_any_prefix_of_an_archive_and_any_flipped_byte(tmp_path: Path) -> None:
    """Never a crash: a broken archive is a coverage line, an unknown, or a finding."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("python/app.py", HANDLER * 3)
        made.writestr("python/x.dist-info/RECORD", "app.py,,\n")
    whole = stream.getvalue()
    variants = [whole[:n] for n in range(0, len(whole), 17)]
    variants += [whole[:n] + bytes([whole[n] ^ 0xFF]) + whole[n + 1 :] for n in range(0, len(whole), 3)]
    path = tmp_path / "layer.zip"
    rules = ("aws-layer-unsafe-archive", "aws-layer-dangerous-code", "aws-layer-secret", "aws-layer-dead-weight",
             "aws-layer-shadows-runtime", "aws-layer-too-large")  # fmt: skip
    for variant in variants:
        path.write_bytes(variant)
        report = scan(tmp_path, *rules)
        assert not [f for f in report.findings if f.verdict is Verdict.NOT_EVALUATED], report.findings


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / ".git").mkdir()
    with layer(outside, **{"python/a.py": "eval(x)\n"}):
        pass
    (inside / "layer.zip").symlink_to(outside / "layer.zip")
    report = scan(inside, "aws-layer-dangerous-code")
    assert report.findings == []
    assert "leads out of the scanned directory" in report.coverage.inputs[0]["reason"]
    assert report.exit_code == 3


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_code_is_judged_by_its_tree_and_not_by_its_words(tmp_path: Path) -> None:
    with layer(tmp_path, **{
        "python/a.py": '"""eval(x) is evil, pickle.loads too."""\ntext = "os.system(1)"  # exec(x)\nmodel.eval()\n',
        "python/b.py": "from os import system as run  # nosec\nrun(x)  # nosec\n",
        "nodejs/a.js": "// eval(x)\nconst s = 'eval(x)'; /x/.exec(s); db.exec(s);\n",
    }):  # fmt: skip
        pass
    found = failures(scan(tmp_path, "aws-layer-dangerous-code"), "aws-layer-dangerous-code")
    assert found == [("layer.zip!/python/b.py", 2, "python/b.py:2 calls run")]


def test_credentials_are_told_and_never_shown(tmp_path: Path) -> None:
    secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    with layer(tmp_path, **{"python/a.py": f'TOKEN = "{secret}"\n', "python/.env": "DB_PASSWORD=hunter2-prod\n"}):
        pass
    report = scan(tmp_path, "aws-layer-secret")
    found = failures(report, "aws-layer-secret")
    assert sorted((file, line) for file, line, _ in found) == [
        ("layer.zip!/python/.env", 1),
        ("layer.zip!/python/a.py", 1),
    ]
    assert secret not in str(found)
    assert "hunter2" not in str([(f.message, f.evidence) for f in report.findings])


def test_layers_are_merged_in_their_order(tmp_path: Path) -> None:
    for name, price in (("a", 1), ("b", 2), ("c", 2)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as made:
            made.writestr("python/prices.py", f"PRICE = {price}\n")
    layers = "".join(
        f'resource "aws_lambda_layer_version" "{n}" {{\n  layer_name = "{n}"\n  filename = "{n}.zip"\n}}\n'
        for n in "abc"
    )
    order = ", ".join(f"aws_lambda_layer_version.{n}.arn" for n in "abc")
    (tmp_path / "main.tf").write_text(
        layers
        + f'resource "aws_lambda_function" "f" {{\n  function_name = "f"\n  role = "r"\n  layers = [{order}]\n}}\n'
    )
    found = failures(scan(tmp_path, "aws-layer-shadows-runtime"), "aws-layer-shadows-runtime")
    assert [m for _, _, m in found] == ["b.zip overwrites python/prices.py of a.zip"]


def test_what_is_named_and_not_here_is_said(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  role = "r"\n  filename = "build/f.zip"\n}\n'
    )
    report = scan(tmp_path, "aws-lambda-code-secret")
    line = next(i for i in report.coverage.inputs if i["path"] == "build/f.zip")
    assert line["status"] == "skipped"
    assert "aws_lambda_function.f names it and it is not here" in line["reason"]
    assert report.exit_code == 0


# --- what Terraform is still to zip ----------------------------------------------------------------------------------


def zipped(folder: Path, more: str, **files: str) -> None:
    """A function whose code an `archive_file` makes; names of files with `__` for `/`."""
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(
        f'variable "x" {{}}\ndata "archive_file" "c" {{\n  type = "zip"\n  output_path = "c.zip"\n{more}\n}}\n'
        'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  handler = "app.handler"\n'
        "  filename = data.archive_file.c.output_path\n}\n"
    )
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("source_dir = var.x", "what goes into it is not known: var.x has no value"),
        ('source_dir = "../outside"', "lies outside the scanned directory"),
        ('source_dir = "gone"', "its source_dir gone is not here"),
        ('source_file = "../outside/app.py"', "lies outside the scanned directory"),
        ('source_file = "gone.py"', "its source_file gone.py is not here"),
        ('source_dir = "src"\n  excludes = var.x', "what it leaves out is not known: var.x has no value"),
        ('source_dir = "src"\n  excludes = [var.x]', "what it leaves out is not known: var.x has no value"),
        ('source {\n  filename = var.x\n  content = "a"\n}', "the name of a file in it is not known"),
    ],
)
def test_what_nobody_knows_of_an_archive_to_be_made_is_no_pass_and_no_fault(
    tmp_path: Path, more: str, why: str
) -> None:
    zipped(tmp_path / "outside", "", **{"app.py": "eval(x)\n"})
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / ".git").mkdir()
    zipped(inside, more, **{"src__app.py": HANDLER})
    report = scan(inside, "aws-layer-unsafe-archive", "aws-layer-dangerous-code", "aws-lambda-code-secret")
    found = [(f.rule, f.verdict, f.message) for f in report.findings]
    assert {(rule, verdict) for rule, verdict, _ in found} == {
        ("aws-layer-unsafe-archive", Verdict.UNKNOWN), ("aws-layer-dangerous-code", Verdict.UNKNOWN),
        ("aws-lambda-code-secret", Verdict.UNKNOWN),
    }  # fmt: skip
    assert all(why in message for _, _, message in found), found


def test_content_that_is_unknown_hides_no_other(tmp_path: Path) -> None:
    zipped(
        tmp_path,
        'source {\n  filename = "a.py"\n  content = "eval(x)"\n}\nsource {\n  filename = "b.py"\n  content = var.x\n}',
    )
    report = scan(tmp_path, "aws-layer-dangerous-code")
    assert sorted((f.verdict.value, f.message) for f in report.findings) == [
        ("fail", "a.py:1 calls eval"),
        ("unknown", "b.py was not judged: its content is not known: var.x has no value"),
    ]


@pytest.mark.parametrize(
    ("excludes", "left"),
    [
        ("", ["a.py", "b/a.py", "b/c/a.py"]),
        ("a.py", ["b/a.py", "b/c/a.py"]),
        ("*.py", ["b/a.py", "b/c/a.py"]),
        ("**/a.py", []),
        ("b", ["a.py"]),
        ("b/**", ["a.py"]),
        ("b/*", ["a.py"]),  # of the folder in it nothing is left either
        ("b/*.py", ["a.py", "b/c/a.py"]),
        ("**/c/*.py", ["a.py", "b/a.py"]),
    ],
)
def test_what_excludes_leave_in_is_judged(tmp_path: Path, excludes: str, left: list[str]) -> None:
    files = dict.fromkeys(("src__a.py", "src__b__a.py", "src__b__c__a.py"), "eval(x)\n")
    zipped(tmp_path, f'source_dir = "src"\n  excludes = ["{excludes}"]' if excludes else 'source_dir = "src"', **files)
    found = failures(scan(tmp_path, "aws-layer-dangerous-code"), "aws-layer-dangerous-code")
    assert [place for place, _, _ in found] == [f"src/{name}" for name in left]


def test_links_in_a_folder_are_what_they_lead_to(tmp_path: Path) -> None:
    zipped(tmp_path, 'source_dir = "src"', **{"src__a.py": HANDLER, "shared__b.py": "eval(x)\n", "one.py": "exec(x)\n"})
    (tmp_path / "src" / "shared").symlink_to(tmp_path / "shared")
    (tmp_path / "src" / "again").symlink_to(tmp_path / "src")
    (tmp_path / "src" / "one.py").symlink_to(tmp_path / "one.py")
    report = scan(tmp_path, "aws-layer-dangerous-code", "aws-layer-unsafe-archive")
    assert failures(report, "aws-layer-unsafe-archive") == []
    assert [m for _, _, m in failures(report, "aws-layer-dangerous-code")] == [
        "one.py:1 calls exec", "shared/b.py:1 calls eval",
    ]  # fmt: skip


@pytest.mark.parametrize(("second", "told"), [("A = 2\n", 1), ("A = 1\n", 0)])
def test_layers_that_terraform_is_to_make_are_compared_by_content(tmp_path: Path, second: str, told: int) -> None:
    blocks = [
        f'data "archive_file" "{n}" {{\n  type = "zip"\n  source_dir = "{n}"\n  output_path = "{n}.zip"\n}}\n'
        f'resource "aws_lambda_layer_version" "{n}" {{\n  layer_name = "{n}"\n'
        f"  filename = data.archive_file.{n}.output_path\n}}\n"
        for n in ("one", "two")
    ]
    blocks.append(
        'resource "aws_lambda_function" "f" {\n  function_name = "f"\n'
        "  layers = [aws_lambda_layer_version.one.arn, aws_lambda_layer_version.two.arn]\n}\n"
    )
    (tmp_path / "main.tf").write_text("".join(blocks))
    for name, text in (("one", "A = 1\n"), ("two", second)):
        (tmp_path / name / "python").mkdir(parents=True)
        (tmp_path / name / "python" / "common.py").write_text(text)
    found = failures(scan(tmp_path, "aws-layer-shadows-runtime"), "aws-layer-shadows-runtime")
    assert [m for _, _, m in found] == ["two.zip overwrites python/common.py of one.zip"] * told


# --- languages -------------------------------------------------------------------------------------------------------

ESM = """#!/usr/bin/env node
import { promisify } from "node:util";
import { exec as run } from "node:child_process";
const later = promisify(run);
const { execSync } = await import("child_process");
export const handler = async (event) => {
  later(event.a);
  execSync(event.b);
};
"""


def test_javascript_that_waits_for_a_shell_starts_one(tmp_path: Path) -> None:
    with layer(tmp_path, **{"nodejs/app.mjs": ESM}):
        pass
    found = failures(scan(tmp_path, "aws-layer-dangerous-code"), "aws-layer-dangerous-code")
    assert [(line, m.rpartition(" ")[2]) for _, line, m in found] == [(7, "later"), (8, "execSync")]


def test_a_credential_in_javascript_is_told(tmp_path: Path) -> None:
    with layer(tmp_path, **{"nodejs/app.js": "const x = 1;\nconst dbPassword = 'hunter2-Xy77!';\n"}):
        pass
    report = scan(tmp_path, "aws-layer-secret")
    assert [(line, "hunter2" in m) for _, line, m in failures(report, "aws-layer-secret")] == [(2, False)]
    assert not [f for f in report.findings if f.verdict is Verdict.NOT_EVALUATED]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("python/old.py", 'print "two"\nexec "code"\n', "it is not Python"),
        ("python/cut.py", 'import os\nos.system("x"\n', "it is not Python: '(' was never closed"),
        ("nodejs/cut.js", "function ( {\n  eval(\n", "it is not JavaScript that can be parsed"),
        ("python/inner.zip", "PK", "it is an archive in the archive"),
        ("python/inner.whl", "PK", "it is an archive in the archive"),
    ],
)
def test_code_that_cannot_be_read_is_no_pass(tmp_path: Path, name: str, text: str, why: str) -> None:
    with layer(tmp_path, **{name: text}):
        pass
    (found,) = scan(tmp_path, "aws-layer-dangerous-code").findings
    assert found.verdict is Verdict.UNKNOWN
    assert f"{name} was not judged: {why}" in found.message


def test_what_was_not_read_is_no_pass_of_the_search_for_credentials(tmp_path: Path) -> None:
    with layer(tmp_path, **{"python/inner.zip": "PK", "python/cut.py": "import os\nos.system(\n"}):
        pass
    (found,) = scan(tmp_path, "aws-layer-secret").findings
    assert (found.verdict, found.message) == (
        Verdict.UNKNOWN, "python/inner.zip was not judged: it is an archive in the archive",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('URL = "postgresql://app:s3cr3tPw9@db/x"\n', [1]),
        ('import db\ndb.open(f"postgres://app:s3cr3tPw9@{host}/x")\n', [2]),
        ('URL = "postgresql://app:password@localhost/x"\n', []),
        ('URL = f"postgresql://app:{word}@db/x"\nTWO = "postgres://%s:%s@db"\n', []),
        ('def f():\n    """Takes postgresql://app:s3cr3tPw9@db/x."""\n', []),
        ('# postgresql://app:s3cr3tPw9@db/x\nurl = "https://example.com:8080/a@b"\n', []),
    ],
)
def test_a_password_in_an_address_is_a_credential(tmp_path: Path, text: str, lines: list[int]) -> None:
    with layer(tmp_path, **{"python/app.py": text}):
        pass
    found = failures(scan(tmp_path, "aws-layer-secret"), "aws-layer-secret")
    assert [line for _, line, _ in found] == lines
    assert "s3cr3t" not in str(found)


WORD = 'password = "hunter2-Zq81kfW"\n'
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAzzzzzzzzzzzzzzzzzzzz\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("python/KEY.PEM", KEY, 1),
        ("python/ID_RSA", KEY, 1),
        ("python/.ENV", "DB_PASSWORD=hunter2-Zq81kfW\n", 1),
        ("python/bom.py", b"\xef\xbb\xbfx = 1\n" + WORD.encode(), 2),
        ("python/wide.py", ("x = 1\n" + WORD).encode("utf-16"), 2),
        ("python/wide.json", '{"password": "hunter2-Zq81kfW"}'.encode("utf-16"), 1),
        ("python/newer.py", f"type X = int\n{WORD}", 2),
        ("python/older.py", f"print 'x'\n{WORD}", 2),
        ("nodejs/a.php", '<?php\n$password = "hunter2-Zq81kfW";\n', 2),
        ("java/a.kt", 'val password = "hunter2-Zq81kfW"\n', 1),
        ("python/a.ipynb", '{"source": [\n"password = \\"hunter2-Zq81kfW\\"\\n"]}', 2),
    ],
)
def test_credentials_in_files_as_people_have_them(tmp_path: Path, name: str, content: str | bytes, line: int) -> None:
    with layer(tmp_path, **{name: content}):
        pass
    found = failures(scan(tmp_path, "aws-layer-secret"), "aws-layer-secret")
    assert [(file, at) for file, at, _ in found] == [(f"layer.zip!/{name}", line)]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(("more", "told"), [(0, []), (1, ["1,048,577 bytes unpacked, of 1,048,576 allowed"])])
def test_the_limit_itself_is_allowed_and_a_byte_more_is_told(tmp_path: Path, more: int, told: list[str]) -> None:
    with layer(tmp_path, **{"python/data.bin": b"\0" * (1024 * 1024 + more)}):
        pass
    (archive,) = [r for r in collect(Request([str(tmp_path)], str(tmp_path))).resources if r.type == "archive"]
    assert [said for said in [archives.too_large([archive], 1024 * 1024)] if said] == told

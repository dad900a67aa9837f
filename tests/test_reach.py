"""`assay reach` on documented topologies of both clouds, and on networks that cannot be right.

Each file of `topologies/` says in its head what is asked and what the documentation answers:
`# ask FROM TO PROTOCOL PORT: yes|no|unknown[, through ADDRESS][, says TEXT]`, `# passes RULE`, `# fails RULE ADDRESS`,
`# problem TEXT`.
"""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from assay.analysis.reach.build import model
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.cli import main
from assay.engine import evaluate
from assay.graph import Graph
from assay.model import Request, Verdict
from assay.scan import collect

TOPOLOGIES = Path(__file__).parent / "topologies"
EXITS = {"yes": 0, "no": 1, "unknown": 3}
ASK = re.compile(r"# ask (\S+) (\S+) (\S+) (\d+): (\w+)(.*)")


def lines(pattern: str) -> list[tuple[str, ...]]:
    found = []
    for file in sorted(TOPOLOGIES.glob("*.tf")):
        matches = re.findall(pattern, file.read_text(), re.MULTILINE)
        found += [(file.stem, *(m if isinstance(m, tuple) else (m,))) for m in matches]
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("topologies")
    for file in TOPOLOGIES.glob("*.tf"):
        (top / file.stem).mkdir()
        (top / file.stem / "main.tf").write_text(file.read_text())
    return top


@cache
def graph_of(folder: str) -> Graph:
    return collect(Request([folder], folder))


ASKED = lines(r"^# ask (\S+) (\S+) (\S+) (\d+): (yes|no|unknown)(.*)$")


@pytest.mark.parametrize(("topology", "source", "goal", "protocol", "port", "answer", "rest"), ASKED)
def test_the_documented_answer(
    topology: str, source: str, goal: str, protocol: str, port: str, answer: str, rest: str, home: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("assay.scan.collect", lambda request: graph_of(request.paths[0]))
    ports = [] if protocol.startswith("icmp") else ["--port", port]
    code = main(["reach", source, goal, str(home / topology), "--protocol", protocol, *ports, "-o", "json"])
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], code) == (answer, EXITS[answer])
    way = [hop["address"] for hop in said["path"]]
    for address in re.findall(r"through (\S+?)(?:,|$)", rest):
        assert address in way
    for text in re.findall(r"says (.*)$", rest):
        assert text in json.dumps([said["blocked"], said["unknown"]]).replace('\\"', '"')


@pytest.mark.parametrize(("topology", "text"), lines(r"^# problem (.*)$"))
def test_what_cannot_be_right_is_said(topology: str, text: str, home: Path) -> None:
    problems = [p.message for p in model(graph_of(str(home / topology))).topology.problems]
    assert any(text in problem for problem in problems), problems


def judged(folder: Path, rule: str) -> list[tuple[Verdict, str]]:
    catalogue = Catalogue([RULES])
    rules = catalogue.load(catalogue.select([rule], [], []), graph_of(str(folder)).types)
    report = evaluate(graph_of(str(folder)), rules)
    return [(f.verdict, f.resource.address) for f in report.findings]


@pytest.mark.parametrize(("topology", "rule"), lines(r"^# passes (\S+)$"))
def test_the_rule_is_content(topology: str, rule: str, home: Path) -> None:
    assert judged(home / topology, rule) == []


@pytest.mark.parametrize(("topology", "rule", "address"), lines(r"^# fails (\S+) (\S+)$"))
def test_the_rule_fails_there(topology: str, rule: str, address: str, home: Path) -> None:
    assert (Verdict.FAIL, address) in judged(home / topology, rule)


# --- the command line -------------------------------------------------------------------------------------------------


def reach(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["reach", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_text_names_places(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(home / "aws_public_private")
    code, out, _ = reach(capsys, "internet", "aws_lb.web", folder)
    assert code == 0
    assert out.startswith("reachable: internet -> aws_lb.web, tcp 443\n")
    assert re.search(r"by the internet gateway aws_internet_gateway.main  \(.*main.tf:\d+\)", out)
    assert re.search(r"admitted in by aws_security_group.lb ingress\[0\]  \(.*main.tf:\d+\)", out)
    code, out, _ = reach(capsys, "internet", "aws_db_instance.orders", folder, "--port", "5432")
    assert code == 1
    assert "it ends here: aws_db_instance.orders has no public address" in out


@pytest.mark.parametrize("output", ["mermaid", "dot"])
def test_drawings(output: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(home / "aws_central_inspection")
    code, out, _ = reach(capsys, "aws_instance.app", "internet", folder, "--port", "443", "-o", output)
    assert code == 0
    assert out.startswith("graph LR" if output == "mermaid" else "digraph reach {")
    for station in ("aws_instance.app", "aws_networkfirewall_firewall.main", "aws_nat_gateway.out", "internet"):
        assert station in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("internet aws_lb.wep", "did you mean aws_lb.web?"),
        ("internet aws_vpc_endpoint.s3", "has no address in a subnet that was read"),
        ("internet aws_lb.web --port https", "write a number or a range"),
        ("internet aws_lb.web --port 70000", "ports go from 0 to 65535"),
        ("internet 8.8.8.8", "there is nothing to ask about"),
    ],
)
def test_wrong_use_is_told(arguments: str, said: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, *rest = shlex.split(arguments)
    code, _, err = reach(capsys, first, second, str(home / "aws_public_private"), *rest)
    assert code == 2
    assert said in err


def test_a_finding_carries_its_path(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", str(home / "aws_ingress_routing"), "--select", "aws-firewall-bypass", "-o", "json", "--no-cache"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    direct = next(f for f in found if "aws_subnet.direct" in f["message"])
    assert [hop["address"] for hop in direct["path"]] == ["aws_subnet.direct", "aws_internet_gateway.main", "internet"]
    assert [step["note"] for step in direct["trace"]] == [hop["note"] for hop in direct["path"][:2]]

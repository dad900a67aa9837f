"""Who judges a SARIF log: its schema, the SARIF Multitool, and what GitHub refuses although the Multitool takes it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
from oracles import require_oracle


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log["runs"][0]["results"]
    return found


def github_refusals(log: dict[str, Any]) -> list[str]:
    """What GitHub refuses or drops and the Multitool does not see."""
    wrong = ["more than 20 runs"] if len(log["runs"]) > 20 else []
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for r in rules:
            wrong += _rule_refusals(r)
        if len(run["results"]) > 25_000 or len(rules) > 25_000:
            wrong.append("more than 25,000 results or rules")
        for n, result in enumerate(run["results"]):
            wrong += [f"result {n}: {what}" for what in _result_refusals(result, rules)]
    return wrong


def _rule_refusals(r: dict[str, Any]) -> list[str]:
    properties = r.get("properties", {})
    wrong = [
        f"{r['id']}: {field} is empty or longer than 1024"
        for field in ("shortDescription", "fullDescription")
        if not 0 < len(r.get(field, {}).get("text", "")) <= 1024
    ]
    if not r.get("help", {}).get("text") or len(r.get("name", "")) > 255:
        wrong.append(f"{r['id']}: no help, or a name longer than 255")
    if len(properties.get("tags", [])) > 10:
        wrong.append(f"{r['id']}: more than 10 tags")
    severity = properties.get("security-severity")
    if severity is not None and not (isinstance(severity, str) and 0.1 <= float(severity) <= 10 and severity != "9.0"):
        wrong.append(f"{r['id']}: security-severity {severity!r}")
    if properties.get("precision") not in ("very-high", "high", "medium", "low"):
        wrong.append(f"{r['id']}: precision")
    return wrong


def _result_refusals(result: dict[str, Any], rules: list[dict[str, Any]]) -> list[str]:
    wrong = []
    if not result["message"].get("text"):
        wrong.append("no message")
    if not result.get("partialFingerprints", {}).get("primaryLocationLineHash"):
        wrong.append("no line hash")
    if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
        wrong.append("ruleIndex names another rule")
    if not 1 <= len(result["locations"]) <= 10:
        wrong.append("no location, or more than 10")
    flows = [step["location"] for c in result.get("codeFlows", []) for t in c["threadFlows"] for step in t["locations"]]
    if len(flows) > 1000:
        wrong.append("more than 1,000 steps")
    for place in [*result["locations"], *flows, *result.get("relatedLocations", [])]:
        physical = place.get("physicalLocation")
        if physical is None:
            wrong.append("a location without a file")
            continue
        uri, region = physical["artifactLocation"]["uri"], physical.get("region", {})
        if not uri or uri.startswith("/") or ":" in uri.split("/")[0] or "\\" in uri or ".." in uri.split("/"):
            wrong.append(f"uri {uri!r} is no path below the repository")
        if any(ord(c) < 33 or ord(c) > 126 or c in '"<>^`{|}' for c in uri):
            wrong.append(f"uri {uri!r} is not percent-encoded")
        lines = [region.get(k, 0) for k in ("startLine", "startColumn", "endLine", "endColumn")]
        if min(lines) < 1 or (lines[2], lines[3]) < (lines[0], lines[1]):
            wrong.append(f"region {region}")
    return wrong


def multitool_complaints(log: dict[str, Any], folder: Path) -> list[str]:
    """Errors and warnings of the Multitool's Sarif and Ghas rules; its exit code says nothing."""
    tool = require_oracle("multitool")
    (folder / "log.sarif").write_text(json.dumps(log), encoding="utf-8")
    command = [str(tool), "validate", "log.sarif", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(
        [*command, "-o", "verdict.sarif", "--log", "ForceOverwrite"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (folder / "verdict.sarif").exists(), done.stdout + done.stderr
    verdict = json.loads((folder / "verdict.sarif").read_text(encoding="utf-8-sig"))
    return [
        f"{r.get('level', 'warning')} {r['ruleId']} {r['message'].get('arguments')}"
        for r in results(verdict)
        if r["ruleId"] != "SARIF2005"  # wants an address on the web for the tool
    ]


def schema_errors(log: dict[str, Any]) -> list[str]:
    path = require_oracle("multitool").parent / "sarif-2.1.0.json"
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    return [str(e)[:200] for e in jsonschema_rs.validator_for(schema).iter_errors(log)]

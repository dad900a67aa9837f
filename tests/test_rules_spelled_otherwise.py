"""Every example of every rule, written in other words that mean the same, gets the same verdicts.

Rules are written with plain blocks in mind; real modules are called with `for_each`, count their resources, make their
blocks `dynamic` and put numbers and truth values in quotes. None of that may change what a rule says.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import evaluate
from assay.example_checks import check
from assay.examples import Example, read
from assay.model import Request
from assay.rule import Rule
from assay.scan import collect

PAGES = sorted(str(p.relative_to(RULES)) for p in Path(RULES).glob("*/*.md"))
HEAD = re.compile(r'(?m)^(resource|data) "(\w+)" "([\w-]+)" \{([^\n}]*)$')
ONE_LINE = re.compile(r'(?m)^(resource|data) "\w+" "[\w-]+" \{[^\n]*\}')
BLOCK = re.compile(r"(\s+)([a-z_0-9]+) \{(\s*#.*)?")
NOT_DYNAMIC = {"lifecycle", "provisioner", "connection", "content", "timeouts"}


def called(text: str) -> dict[str, str] | None:
    """In a module that is called once for each of one."""
    if re.search(r'(?m)^(terraform|provider|module)\b|^variable "(source|count|for_each|version)"', text):
        return None
    taken = re.findall(r'(?m)^variable "([\w-]+)" \{\s*\}', text)
    call = 'module "m" {\n  source   = "./m"\n  for_each = toset(["a[\\"b"])\n'
    call += "".join(f"  {v} = var.{v}\n" for v in taken) + "}\n" + "".join(f'variable "{v}" {{}}\n' for v in taken)
    return {"main.tf": call, "m/main.tf": text}


def keyed(text: str) -> dict[str, str] | None:
    """With every resource made for each of one."""
    if re.search(r"\b(count|for_each)\s*=|depends_on|\[\*\]", text) or ONE_LINE.search(text):
        return None
    for kind, type_, name, _ in HEAD.findall(text):
        own = re.escape(f"{type_}.{name}")
        before = r"(?<![\w.-])data\." if kind == "data" else r'(?<![\w."-])'
        text = re.sub(rf"({before}{own})(?![\w\[-])", r'\1["k"]', text)
    return {"main.tf": HEAD.sub(lambda m: m[0] + '\n  for_each = toset(["k"])', text)}


def dynamic(text: str) -> dict[str, str] | None:
    """With every nested block of a resource made by a `dynamic` one."""
    out: list[str] = []
    open_: list[str] = []
    inside = False
    for line in text.split("\n"):
        block = BLOCK.fullmatch(line)
        if line.startswith("resource "):
            inside = HEAD.fullmatch(line) is not None
        if inside and block and block[2] not in NOT_DYNAMIC:
            out.append(f'{block[1]}dynamic "{block[2]}" {{{block[3] or ""}\nfor_each = [1]\ncontent {{')
            open_.append(block[1])
        elif open_ and line.startswith(open_[-1] + "}"):
            out.append(f"}}\n{open_.pop()}}}")
        else:
            out.append(line)
    return {"main.tf": "\n".join(out)} if "dynamic" in "\n".join(out) else None


def quoted(text: str) -> dict[str, str] | None:
    """With truth values and numbers as texts, Windows' line ends, and one-item lists of policies as their item."""
    written = re.sub(r"(?m)^(\s+[a-z_]+\s*=\s*)(true|false|\d+)(\s*(?:#.*)?)$", r'\1"\2"\3', text)
    lists = r'\b(Action|NotAction|AWS|Service|Federated)(\s*=\s*)\[\s*("[^"]*")\s*\]'
    written = re.sub(lists, r"\1\2\3", written).replace("\n", "\r\n")
    return {"main.tf": written}


def shouted(text: str) -> dict[str, str] | None:
    """With the actions of policies in capitals, which AWS takes for the same."""
    if "amazonaws.com:sub" in text:  # claims of a token look like actions
        return None
    capitals = re.sub(r'"(?!aws:|arn:|repo:)([a-z][a-z0-9-]+):([A-Z*][A-Za-z*]*)"', lambda m: m[0].upper(), text)
    return {"main.tf": capitals} if capitals != text else None


def plain(value: Any) -> Any:
    """What python-hcl2 read, without its marks: this is Terraform's JSON."""
    if isinstance(value, dict):
        return {k.strip('"'): plain(v) for k, v in value.items() if not (k.startswith("__") and k.endswith("__"))}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\n", "\n")
    return value


def alone(value: Any) -> Any:
    """A block that stands once as an object, as people write it."""
    if isinstance(value, dict):
        return {k: alone(v) for k, v in value.items()}
    if isinstance(value, list):
        items = [alone(v) for v in value]
        return items[0] if len(items) == 1 and isinstance(items[0], dict) else items
    return value


def in_json(text: str) -> dict[str, str] | None:
    """In Terraform's JSON, every block in a list."""
    return None if "<<" in text else {"main.tf.json": json.dumps(plain(hcl2.loads(text)))}


def in_short_json(text: str) -> dict[str, str] | None:
    """In Terraform's JSON, every block that stands alone an object."""
    return None if "<<" in text else {"main.tf.json": json.dumps(alone(plain(hcl2.loads(text))))}


WAYS: list[Callable[[str], dict[str, str] | None]] = [
    called, keyed, dynamic, quoted, shouted, in_json, in_short_json,
]  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> dict[str, Rule]:
    catalogue = Catalogue()
    return {r.id: r for r in catalogue.load(catalogue.entries)}


def verdicts(files: dict[str, str], example: Example, rule: Rule, folder: Path) -> Counter[str]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    graph = collect(Request([str(folder)], str(folder)))
    assert not [i for i in graph.coverage.inputs if i["status"] == "failed"], example.place
    usual = dict(rule.params)
    rule.params.update(example.params)
    report = evaluate(graph, [rule])
    rule.params.update(usual)
    return Counter(f.verdict.value for f in report.findings)


@pytest.mark.parametrize("page", PAGES)
def test_the_same_in_other_words_is_judged_the_same(page: str, rules: dict[str, Rule], tmp_path: Path) -> None:
    wrong: list[str] = []
    for number, example in enumerate(read(f"{RULES}/{page}")):
        text = example.text
        if example.source != "terraform" or list(example.files) != ["main.tf"] or "filename" in text:
            continue  # several files name each other by path
        rule = rules[example.rule]
        said = verdicts({"main.tf": text}, example, rule, tmp_path / f"{number}")
        for way in WAYS:
            other = way(text)
            if other is None:
                continue
            heard = verdicts(other, example, rule, tmp_path / f"{number}-{way.__name__}")
            if heard != said:
                wrong.append(f"{example.place} {example.rule} {way.__name__}: {dict(heard)} instead of {dict(said)}")
    assert not wrong, "\n".join(wrong)


# --- documents and manifests ------------------------------------------------------------------------------------------


def windows(text: str) -> str:
    """As an editor of Windows saves it: with a mark at its beginning, and its line ends."""
    return "\ufeff" + text.replace("\n", "\r\n")


def small(text: str) -> str:
    """Instructions of a Dockerfile in small letters."""
    return re.sub(r"(?m)^(FROM|RUN|USER|COPY|ADD|ARG|ENV|CMD|ENTRYPOINT|HEALTHCHECK)\b", lambda m: m[1].lower(), text)


@pytest.mark.parametrize("page", PAGES)
def test_documents_saved_elsewhere_are_judged_the_same(page: str, rules: dict[str, Rule]) -> None:
    wrong: list[str] = []
    for example in read(f"{RULES}/{page}"):
        if example.source != "document" or check(example, rules[example.rule]):
            continue
        first, *_ = example.files
        for way in (windows, small) if "Dockerfile" in first else (windows,):
            other = copy.copy(example)
            other.files = {**example.files, first: way(example.text)}
            other.text = other.files[first]
            wrong += [f"{way.__name__}: {said}" for said in check(other, rules[example.rule])]
    assert not wrong, "\n".join(wrong)


def under(pod: dict[str, Any], kind: str) -> dict[str, Any]:
    """A pod as a workload makes it."""
    meta = pod.get("metadata") or {}
    labels = {**(meta.get("labels") or {}), "app": "x"}
    template = {"metadata": {"annotations": meta.get("annotations") or {}, "labels": labels}, "spec": pod.get("spec")}
    head = {"metadata": {k: v for k, v in meta.items() if k in ("name", "namespace")}, "kind": kind}
    if kind == "CronJob":
        job: dict[str, Any] = {"schedule": "1 1 * * *", "jobTemplate": {"spec": {"template": template}}}
        return {"apiVersion": "batch/v1", **head, "spec": job}
    spec: dict[str, Any] = {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template}
    return {"apiVersion": "apps/v1", **head, "spec": spec}


def retold(objects: list[dict[str, Any]], example: Example, rule: Rule) -> Iterator[tuple[str, dict[str, str]]]:
    whole = {"apiVersion": "v1", "kind": "List", "items": objects}
    yield "JSON", {"main.json": json.dumps(whole)}
    yield "a list", {"main.yaml": yaml.safe_dump(whole)}
    yield "flow style", {"main.yaml": "---\n".join(yaml.safe_dump(o, default_flow_style=True) for o in objects)}
    if example.kind != "unknown" and (not rule.sources or "terraform" in rule.sources):  # `${NAME}` is a text there
        manifests = {f"m{i}": {"manifest": o} for i, o in enumerate(objects)}
        text = json.dumps({"resource": {"kubernetes_manifest": manifests}}).replace("${", "$${").replace("%{", "%%{")
        yield "kubernetes_manifest", {"main.tf.json": text}
    if any(o.get("kind") == "Pod" for o in objects) and rule.id != "k8s-naked-pod":
        for kind in ("Deployment", "CronJob"):
            if kind == "CronJob" and re.search("control_plane|kubelet", example.place):
                continue  # nobody runs a control plane by the clock
            made = [under(o, kind) if o.get("kind") == "Pod" else o for o in objects]
            yield kind, {"main.yaml": yaml.safe_dump_all(made)}


@pytest.mark.parametrize("page", [p for p in PAGES if "kubernetes" in p or p.startswith("cluster/")])
def test_manifests_in_other_words_are_judged_the_same(page: str, rules: dict[str, Rule], tmp_path: Path) -> None:
    wrong: list[str] = []
    for number, example in enumerate(read(f"{RULES}/{page}")):
        rule = rules[example.rule]
        if example.source != "manifest" or len(example.files) != 1:
            continue
        said = verdicts(example.files, example, rule, tmp_path / f"{number}")
        objects = [o for o in yaml.safe_load_all(example.text) if o]
        for way, files in retold(objects, example, rule):
            heard = verdicts(files, example, rule, tmp_path / f"{number}-{way}")
            if heard != said:
                wrong.append(f"{example.place} {example.rule} {way}: {dict(heard)} instead of {dict(said)}")
    assert not wrong, "\n".join(wrong)

"""A small estate on disk and a real evaluation of it, for every test of the reports.

The resources are made by hand so that each trait a report must carry is there (trace, related place, waiver, unknown,
live resource without a file, hostile names); findings, evidence, fingerprints and order come from the engine.
"""

from __future__ import annotations

from pathlib import Path

from assay.engine import Report, evaluate
from assay.graph import Graph
from assay.model import (
    Coverage,
    Finding,
    Location,
    Resource,
    Severity,
    Step,
    Unknown,
    ValuePath,
    Verdict,
    Waiver,
    join_path,
)
from assay.rule import Rule, load_directory

HOSTILE = "</script><img src=x onerror=alert(1)>"

NETWORK = """\
variable "public" {
  default = false
}

resource "oci_core_subnet" "app" {
  cidr_block                 = "10.0.1.0/24"
  prohibit_public_ip_on_vnic = var.public
}

resource "oci_functions_application" "app" {
  display_name = "orders"
  subnet_ids   = [oci_core_subnet.app.id]
}
"""
DATABASE = """\
resource "aws_db_instance" "orders" {
  identifier = "orders"
  password   = "hunter2-is-not-safe"
  storage_encrypted = false
}

resource "aws_sqs_queue" "wörk" { # assay: allow[queue-no-dead-letter] replayed by hand
  name = "wörk-日本"
}
"""


class FileOrigin:
    """An origin that knows the spans of its paths."""

    def __init__(
        self,
        file: str,
        block: tuple[int, int],
        spans: dict[str, tuple[int, int, int]] | None = None,
        steps: dict[str, list[Step]] | None = None,
    ) -> None:
        self.file, self.block, self.spans, self.steps = file, block, spans or {}, steps or {}

    def locate(self, path: ValuePath) -> Location:
        line, start, end = self.spans.get(join_path(path), (0, 0, 0))
        if line:
            return Location(self.file, line, start, line, end)
        return Location(self.file, self.block[0], 1, self.block[1], 2)

    def trace(self, path: ValuePath) -> list[Step]:
        return self.steps.get(join_path(path), [])


HEADER = "from assay import CRITICAL, HIGH, INFO, LOW, MEDIUM, Resource, rule\n\n\n"
RULES = {
    "private_subnets": '''
@rule(on="oci_functions_application", severity=HIGH, controls=["cis-oci-3.0:2.5", "nist-800-53r5:SC-7"],
      equivalents=["CKV_OCI_99"], fixable=True)
def function_subnet_public(app, graph):
    """Functions run in subnets that prohibit public IPs.

    ## Why
    One public address on a function's VNIC bypasses the gateway's authentication and rate limit.
    ## Fix
    Set `prohibit_public_ip_on_vnic = true` on the subnet.
    """
    subnet = graph.all("oci_core_subnet")[0]
    if subnet["prohibit_public_ip_on_vnic"] != True:
        yield app.fails(f"{subnet} may give its VNICs public IPs", at="subnet_ids",
                        because=[subnet.where("prohibit_public_ip_on_vnic")],
                        fix=subnet.set("prohibit_public_ip_on_vnic", True))
''',
    "secrets": '''
@rule(on="aws_db_instance", severity=CRITICAL, controls=["nist-800-53r5:IA-5"])
def plain_password(db):
    """Passwords come from a secret store.

    ## Why
    Who can read the code can log in.
    ## Fix
    Use `manage_master_user_password`.
    """
    if not db.absent("password"):
        yield db.fails(f"the password {db['password']} is written in the code", at="password")
''',
    "encryption": '''
@rule(on="aws_db_instance", severity=MEDIUM)
def unencrypted_storage(db):
    """Database storage is encrypted.

    ## Why
    A stolen disk or snapshot is readable.
    ## Fix
    Set `storage_encrypted = true`.
    """
    if db["storage_encrypted"] != True:
        yield db.fails("storage is not encrypted", at="storage_encrypted")
''',
    "dead_letter_queues": '''
@rule(on=["aws_sqs_queue", "aws_s3_bucket"], severity=LOW)
def queue_no_dead_letter(queue):
    """What cannot be processed lands in a dead-letter queue.

    ## Why
    Otherwise it is lost.
    ## Fix
    Set a `redrive_policy`.
    """
    if queue["redrive_policy"] == None:
        yield queue.fails("what it cannot process is lost: no dead-letter target")
''',
    "delivery": '''
@rule(on="aws_s3_bucket", severity=INFO)
def crashing(bucket):
    """A rule with a fault.

    ## Why
    Faults happen.
    ## Fix
    Mend the rule.
    """
    yield bucket.fails(f"{1 // 0}")
''',
}


def _rules(base: Path) -> list[Rule]:
    for theme, source in RULES.items():
        (base / "policies" / theme).mkdir(parents=True, exist_ok=True)
        (base / "policies" / theme / "sample.py").write_text(HEADER + source, encoding="utf-8")
    return load_directory(str(base / "policies"))


def resources() -> list[Resource]:
    net, db = "net/main.tf", "data base/db (1).tf"
    public = Unknown("var.public has no value")
    return [
        Resource("oci_core_subnet", "oci_core_subnet.app", "terraform", {"prohibit_public_ip_on_vnic": False},
                 FileOrigin(net, (5, 8), {"prohibit_public_ip_on_vnic": (7, 3, 42)})),
        Resource("oci_functions_application", "oci_functions_application.app", "terraform",
                 {"subnet_ids": ["ocid1.subnet.oc1..x"]},
                 FileOrigin(net, (10, 13), {"subnet_ids": (12, 3, 42)},
                            {"subnet_ids": [Step(net, 7, "prohibit_public_ip_on_vnic is var.public"),
                                            Step(net, 2, "var.public is false by default")]})),
        Resource("aws_db_instance", "aws_db_instance.orders", "terraform",
                 {"password": "hunter2-is-not-safe", "storage_encrypted": False},
                 FileOrigin(db, (1, 5), {"password": (3, 3, 37), "storage_encrypted": (4, 3, 28)})),
        Resource("aws_db_instance", "aws_db_instance.later", "terraform", {"storage_encrypted": public},
                 FileOrigin(db, (1, 5), {"storage_encrypted": (4, 3, 28)})),
        Resource("aws_sqs_queue", "aws_sqs_queue.wörk", "terraform", {}, FileOrigin(db, (7, 9))),
        Resource("aws_sqs_queue", "arn:aws:sqs:eu-west-1:123456789012:live", "aws", {}, account="123456789012",
                 region="eu-west-1"),
        Resource("aws_s3_bucket", f'aws_s3_bucket.x["{HOSTILE}"]', "terraform", {}, FileOrigin(net, (5, 8))),
    ]  # fmt: skip


def sample(base: Path, *, passes: bool = True) -> Report:
    """The estate below `base`, judged."""
    for name, text in (("net/main.tf", NETWORK), ("data base/db (1).tf", DATABASE)):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text, encoding="utf-8")
    coverage = Coverage()
    coverage.input("net/main.tf", "read")
    coverage.input("data base/db (1).tf", "read")
    coverage.input("broken.tf", "failed", "line 3: expected a block or an attribute", 3)
    coverage.input("logo.png", "skipped", "Assay does not read this kind of file")
    coverage.unit("123456789012", "eu-west-1", "lambda", "denied", "AccessDenied: lambda:ListFunctions")
    coverage.not_listed("aws_lambda_function", "123456789012", "eu-west-1", "lambda:ListFunctions was denied")
    coverage.notes.append("module.net is not under .terraform/modules, it was not read")
    report = evaluate(Graph(resources(), coverage, []), _rules(base), passes=passes)
    for f in report.findings:
        if f.resource.address == "aws_sqs_queue.wörk" and f.verdict is Verdict.FAIL:
            f.verdict = Verdict.WAIVED
            f.waiver = Waiver("inline", "replayed by hand", "data base/db (1).tf:7", "data team", "2031-01-31")
    report.base = str(base)
    report.recount()
    return report


def large(base: Path, count: int) -> Report:
    """`count` failures on as many resources in 200 files, as a big estate has them."""
    report = sample(base, passes=False)
    rules = sorted(report.rules)
    (base / "big").mkdir(exist_ok=True)
    for n in range(200):
        body = "".join(f'resource "aws_sqs_queue" "q{m}" {{\n  name = "orders-{m}"\n}}\n\n' for m in range(250))
        (base / "big" / f"module_{n}.tf").write_text(body, encoding="utf-8")
    findings = []
    for n in range(count):
        file, line = f"big/module_{n % 200}.tf", 1 + 4 * (n // 200 % 250)
        address = f'module.m{n % 200}.aws_sqs_queue.q{n // 200}["eu-{n}"]'
        origin = FileOrigin(file, (line, line + 2), {"name": (line + 1, 3, 20)})
        r = Resource("aws_sqs_queue", address, "terraform", {"name": f"orders-{n}"}, origin, account=f"{n % 40:012}")
        f = Finding(r, Verdict.FAIL, f"what it cannot process is lost: no dead-letter target for orders-{n}", ("name",))
        f.rule, f.theme = rules[n % len(rules)], f"theme-{n % 12}"
        f.severity = Severity(n % 5)
        f.location = origin.locate(("name",))
        f.evidence = [{"path": "name", "value": f"orders-{n}"}]
        f.trace = [Step(file, line, "name is written here")]
        f.fingerprint = f"{n:032x}"
        findings.append(f)
    findings.sort(key=lambda f: -f.severity)
    report.findings = findings
    report.recount()
    return report

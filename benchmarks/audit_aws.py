#!/usr/bin/env python3
"""What an AWS audit costs: CPU seconds, memory, calls. moto stands in for AWS.

usage: audit_aws.py [account] [many] [large] [beside]

account  the populated account of the tests (some 150 resources) on a moto server of another process, one region
many     200 simulated accounts in this process, a few services each: calls a CPU second on moto's answers, recorded
         once, beside what botocore alone makes of the same calls; and both with moto at work
large    50,000 log groups: memory while collecting, bytes a resource while evaluating
beside   the account of `account` by Assay and, where it is installed, by Prowler (PROWLER may name the executable);
         takes many minutes, and is the only one that does not run by itself
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scanner"), str(ROOT / "tests/tools")]
REGION = "eu-west-1"
MEASURE = """
import json, resource, sys, threading
from assay.inventory.aws import transport
count, lock = [0], threading.Lock()
made = transport.Clients.get
def get(self, service, region):
    found = made(self, service, region)
    with lock:
        if not hasattr(found, "counted"):
            found.counted = True
            def sent(**_):
                with lock:
                    count[0] += 1
            found.meta.events.register("before-send", sent)
    return found
transport.Clients.get = get
from assay.cli import main
code = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: Linux hands the peak of whoever started a process on to it.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"exit": code, "calls": count[0], "cpu": round(used.ru_utime + used.ru_stime, 2),
                  "rss_mib": peak // 1024}))
"""


def environment() -> None:
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true", PYTHONPATH=str(ROOT / "scanner"),
    )  # fmt: skip


@contextmanager
def populated() -> Iterator[None]:
    """The populated account on a server, to which AWS_ENDPOINT_URL leads."""
    import boto3
    from aws_population import populate
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    try:
        populate(boto3.Session(), copies=3)
        yield
    finally:
        server.stop()
        del os.environ["AWS_ENDPOINT_URL"]


def account() -> None:
    """A process of its own against a server, as a user runs it."""
    with populated(), tempfile.TemporaryDirectory() as folder:
        report = f"{folder}/r.json"
        command = [sys.executable, "-c", MEASURE, "audit", "aws", "--regions", REGION, "-q", "-o", f"json={report}"]
        began = time.monotonic()
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        wall = time.monotonic() - began
        summary = json.loads(Path(report).read_text())["summary"]
        size = os.path.getsize(report)
    print("account", said.stdout.strip(), f"wall {wall:.1f} s, report {size // 1024} KiB", summary)


def next_to() -> None:
    """See `beside`."""
    from beside import Requests, beside

    requests = Requests()
    with populated():
        beside(REGION, requests)


Call = tuple[Any, str, str, dict[str, Any]]
"""Credentials, service, operation, parameters."""
ROLE = "audit"
SERVICES = ("kms", "lambda", "secretsmanager", "sns", "sqs")


def many(accounts: int = 200, rounds: int = 3) -> None:
    """Accounts in this process with a few things in each: they share clients and service models.

    Once with moto, whose answers are recorded, then with those: moto's own work is most of a call to it. Each time
    also the same calls bare; the best of the rounds counts, machines being shared. One thread is enough, since nobody
    waits. What is collected must be the same bytes each time.
    """
    from moto import mock_aws
    from recorded import Recorded

    index_moto()
    recorded = Recorded()
    with tempfile.TemporaryDirectory() as folder:
        with mock_aws():
            keys = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
            organization(accounts)
            with recorded.recording():
                moto = Pace.of(f"{folder}/moto.jsonl.gz")
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = keys
        with recorded.answering():
            alone = [Pace.of(f"{folder}/recorded.jsonl.gz") for _ in range(rounds)]
        same = Path(folder, "moto.jsonl.gz").read_bytes() == Path(folder, "recorded.jsonl.gz").read_bytes()
    audit, floor = max(p.audit for p in alone), max(p.bare for p in alone)
    print(f"many {accounts + 1} accounts, {moto.calls} calls, with moto's answers recorded: {audit:.0f} calls a CPU "
          f"second, botocore alone {floor:.0f}; with moto at work: {moto.audit:.0f}, moto and botocore alone "
          f"{moto.bare:.0f}; the snapshots are {'equal' if same else 'DIFFERENT'}")  # fmt: skip


class Pace(NamedTuple):
    """How many calls, and how many a second of CPU: of an audit, and of the same calls by plain clients."""

    calls: int
    audit: float
    bare: float

    @classmethod
    def of(cls, path: str) -> Pace:
        """Audit every account of the organization into a snapshot at `path`."""
        import gc

        import boto3
        from assay.inventory.aws.accounts import Audit, Options
        from assay.inventory.aws.transport import Boto
        from assay.inventory.collect import collect
        from botocore.config import Config

        config = Config(retries={"mode": "standard"})
        clients = {s: boto3.client(s, config=config) for s in (*SERVICES, "sts", "organizations")}
        made: list[Call] = []
        original = Boto.call

        def noted(self: Boto, service: str, operation: str, **params: Any) -> Any:
            made.append((self.credentials, service, operation, params))
            return original(self, service, operation, **params)

        Boto.call = noted  # type: ignore[method-assign]
        try:
            gc.collect()
            began = time.process_time()
            audit = Audit(Options(regions=[REGION], accounts=["all"], role=ROLE, services=SERVICES, jobs=1))
            collect(audit.units(), path, header=audit.header, jobs=1)
            spent = time.process_time() - began
        finally:
            Boto.call = original  # type: ignore[method-assign]
        gc.collect()
        return cls(len(made), len(made) / spent, bare(clients, made))


def organization(accounts: int) -> None:
    """So many accounts, with two queues, two topics, a key and a secret in each."""
    import boto3

    organizations, sts = boto3.client("organizations"), boto3.client("sts")
    organizations.create_organization(FeatureSet="ALL")
    for i in range(accounts):
        made = organizations.create_account(Email=f"{i}@example.com", AccountName=f"a{i}")["CreateAccountStatus"]
        role = f"arn:aws:iam::{made['AccountId']}:role/{ROLE}"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="populate")["Credentials"]
        member = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        for j in range(2):
            member.client("sqs").create_queue(QueueName=f"q{j}")
            member.client("sns").create_topic(Name=f"t{j}")
        member.client("kms").create_key()
        member.client("secretsmanager").create_secret(Name="s", SecretString="of no account")


def bare(clients: dict[str, Any], calls: list[Call]) -> float:
    """Calls a second of CPU without Assay: the first page of each, by plain clients of boto3."""
    from botocore import xform_name
    from botocore.exceptions import ClientError

    began = time.process_time()
    for credentials, service, operation, params in calls:
        client = clients[service]
        client._request_signer._credentials = credentials
        with suppress(ClientError, NotImplementedError):
            getattr(client, xform_name(operation))(**params)
    return len(calls) / (time.process_time() - began)


def index_moto() -> None:
    """Let moto find the account of an access key at once: it looks through all accounts, more work than the call."""
    from moto.iam import models

    found: dict[str, str] = {}
    search = models.get_account_id_from

    def account_of(key: str) -> str:
        if key not in found:
            found[key] = search(key)
        return found[key]

    models.get_account_id_from = account_of  # type: ignore[assignment]


def large(count: int = 50_000) -> None:
    """A recorded account with very many resources, so that moto's own memory is not in the picture."""
    from assay.graph import Graph
    from assay.inventory.aws import replay
    from assay.inventory.collect import collect
    from assay.inventory.source import SnapshotSource
    from assay.model import Intake, Request

    def pages(self: Any, service: str, operation: str, **params: Any) -> Any:
        if operation != "DescribeLogGroups":
            yield {}
            return
        for start in range(0, count, 50):
            yield {"logGroups": [group(i) for i in range(start, start + 50)]}

    def group(i: int) -> dict[str, Any]:
        arn = f"arn:aws:logs:{REGION}:123456789012:log-group:/aws/lambda/function-{i}:*"
        return {"logGroupName": f"/aws/lambda/function-{i}", "arn": arn, "creationTime": 1767225600000 + i,
                "retentionInDays": 30, "storedBytes": i}  # fmt: skip

    replay.Replay.call = pages  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s.jsonl.gz"
        before = peak()
        cpu = time.process_time()
        collect(replay.units({"logs.DescribeLogGroups": {}}), path)
        print(f"large {count} collected: +{peak() - before} MiB, {time.process_time() - cpu:.1f} s CPU, "
              f"snapshot {os.path.getsize(path) // 1024} KiB")  # fmt: skip
        resident = now()
        intake = Intake()
        SnapshotSource().load(Request([path], folder), [path], intake)
        graph = Graph(intake.resources, intake.coverage)
        print(f"large {len(graph.resources)} loaded: {(now() - resident) * 1024 / count:.2f} KiB a resource")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def now() -> float:
    """The resident memory of this process, in MiB."""
    with open("/proc/self/statm", encoding="ascii") as handle:
        return int(handle.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1048576


if __name__ == "__main__":
    environment()
    for name in sys.argv[1:] or ["account", "many", "large"]:
        subprocess.run([sys.executable, __file__, f"--{name}"], check=True) if not name.startswith("--") else {
            "--account": account, "--many": many, "--large": large, "--beside": next_to
        }[name]()  # fmt: skip

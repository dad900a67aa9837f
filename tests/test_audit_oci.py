"""`assay audit oci` from the command line, against a control plane that the real SDK talks to over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import oci
import pytest
from assay.cli import main
from assay.inventory.collect import collect
from assay.inventory.oci import tables, types
from assay.inventory.oci.clients import Clients, identify
from assay.inventory.oci.units import CHUNK, survey, units
from assay.inventory.snapshot import records
from assay.scan import UsageError
from oci_control_plane import REGION, TENANCY, ControlPlane, write_config
from oci_tenancy import JUDGED, compartments, tenancy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT_ONCE = oci.retry.RetryStrategyBuilder(
    max_attempts=4, retry_base_sleep_time_seconds=0.01, retry_max_wait_between_calls_seconds=0.02,
    service_error_check=True, service_error_retry_on_any_5xx=True, service_error_retry_config={429: []},
).get_retry_strategy()  # fmt: skip


Audited = tuple[Any, list["Path"], int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("oci")
    write_config(made)
    return made


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with ControlPlane(tenancy(1, 1)[0]) as made:
        yield made


def arguments(plane: ControlPlane, folder: Path, *more: str) -> list[str]:
    return ["audit", "oci", "--endpoint", plane.url, "--config-file", str(folder / "config"), "-q", *more]


def audit(plane: ControlPlane, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, Any]:
    code = main([*arguments(plane, folder, "-o", "json", "--show-passes"), *more])
    told = capsys.readouterr()
    assert told.err == ""
    return code, json.loads(told.out)


def collected(plane: ControlPlane, folder: Path, *services: str) -> list[dict[str, Any]]:
    """The records of the tables asked for, with a retry strategy that does not wait."""
    clients = Clients(identify(config_file=str(folder / "config")), plane.url, AT_ONCE)
    place = survey(clients)
    path = folder / "some.jsonl.gz"
    with ThreadPoolExecutor(4) as pool:
        collect(units(clients, place, [t for t in tables() if t.name in services], pool), str(path))
    return list(records(str(path)))


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_the_verdicts_on_a_tenancy_are_those_of_its_labels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, labels = tenancy(2, 1)
    with ControlPlane(content) as plane:
        code, report = audit(plane, folder, capsys, "--select", ",".join(JUDGED))
    assert code == 1
    failed: dict[str, set[str]] = {}
    for finding in report["findings"]:
        assert finding["verdict"] in ("pass", "fail"), finding["message"]
        if finding["verdict"] == "fail":
            failed.setdefault(finding["resource"]["address"], set()).add(finding["rule"])
    assert failed == labels
    passed = {f["rule"] for f in report["findings"] if f["verdict"] == "pass"}
    assert passed == set(JUDGED), "every rule passes on the good half"
    assert {u["status"] for u in report["coverage"]["units"]} == {"ok"}


@pytest.fixture(scope="module")
def audited(folder: Path) -> Audited:
    """The report of an audit, the snapshots that it and a second one kept, and how many calls both took."""
    saved = [folder / "one.jsonl.gz", folder / "two.jsonl.gz"]
    with ControlPlane(tenancy(1, 1)[0]) as plane:
        for path in saved:
            main([*arguments(plane, folder), "-o", f"json={path}.json", "--show-passes", "--save", str(path)])
        calls = len(plane.calls)
    return json.loads((folder / "one.jsonl.gz.json").read_text(encoding="utf-8")), saved, calls


def test_where_a_finding_is(audited: Audited) -> None:
    report, _, _ = audited
    (finding,) = [f for f in report["findings"] if f["verdict"] == "fail" and f["rule"] == "oci-bucket-public"]
    assert finding["resource"] == {
        "type": "oci_objectstorage_bucket", "address": "n/plane/b/bad0", "source": "oci", "account": TENANCY,
        "region": REGION,
    }  # fmt: skip
    assert finding["evidence"][0]["value"] == "ObjectRead"


def test_the_snapshot_says_the_same_offline(audited: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    live, saved, _ = audited
    main(["scan", str(saved[0]), "-o", "json", "--show-passes", "-q"])
    offline = json.loads(capsys.readouterr().out)
    told = [sorted((f["rule"], f["verdict"], f["resource"]["address"], f["fingerprint"]) for f in r["findings"])
            for r in (live, offline)]  # fmt: skip
    assert told[0] == told[1]
    assert len(told[0]) > 100


def test_the_same_inventory_gives_the_same_bytes(audited: Audited) -> None:
    one, two = audited[1]
    assert one.read_bytes() == two.read_bytes()


def test_no_credential_reaches_the_snapshot(audited: Audited) -> None:
    text = "".join(json.dumps(r) for r in records(str(audited[1][0])))
    assert "DB_PASSWORD" in text
    assert "hunter2" not in text
    assert "c2VjcmV0" not in text, "user data of instances"


def test_the_snapshot_says_what_it_looks_for(audited: Audited) -> None:
    header = next(records(str(audited[1][0])))
    assert header["feeds"] == {"oci": types()}
    assert header["accounts"] == [TENANCY]


# --- paging and throttling ------------------------------------------------------------------------------------------


def test_compartments_of_every_page_are_audited(folder: Path) -> None:
    """Seven compartments, three a page; a peer stops after the first page."""
    buckets = [{"name": f"b{i}", "namespace": "plane", "compartmentId": c["id"]} for i, c in enumerate(compartments(7))]
    buckets.append({"name": "root", "namespace": "plane", "compartmentId": TENANCY})
    content = {"identity.list_compartments": compartments(7), "object_storage.list_buckets": buckets}
    with ControlPlane(content, page=3) as plane:
        found = collected(plane, folder, "object-storage")
    names = {r["resource"]["name"] for r in found if "resource" in r}
    assert names == {b["name"] for b in buckets}


def test_a_tenancy_of_many_compartments_is_asked_in_parts(folder: Path) -> None:
    places = [{**compartments(1)[0], "id": f"ocid1.compartment.oc1..p{i}"} for i in range(CHUNK + 3)]
    vcns = [{"id": f"ocid1.vcn.oc1..v{i}", "compartmentId": c["id"]} for i, c in enumerate(places)]
    with ControlPlane({"identity.list_compartments": places, "virtual_network.list_vcns": vcns}, page=9) as plane:
        found = collected(plane, folder, "network", "governance")
        assert plane.calls.count("budget.list_budgets") == 1, "what is asked of the tenancy is asked once"
    assert sum(r.get("resource", {}).get("type") == "oci_core_vcn" for r in found) == len(vcns)
    services = [r["unit"]["service"] for r in found if "unit" in r]
    assert [s for s in services if s.startswith("network")] == [
        "network (compartments 1-25)",
        "network (compartments 26-29)",
    ]


@pytest.mark.parametrize(("said", "asked"), [(False, 0), (True, 1), (None, 1)])
def test_what_a_bucket_says_it_has_not_is_not_asked_for(folder: Path, said: bool | None, asked: int) -> None:
    content, _ = tenancy(1, 1)
    for bucket in content["object_storage.list_buckets"]:
        bucket.update({} if said is None else {"replicationEnabled": said})
    with ControlPlane(content) as plane:
        collected(plane, folder, "object-storage")
        assert plane.calls.count("object_storage.list_replication_policies") == 2 * asked
        assert plane.calls.count("object_storage.list_preauthenticated_requests") == 2


def test_throttled_and_failing_calls_are_repeated(folder: Path, plane: ControlPlane) -> None:
    """Listing VCNs is not repeated by the SDK's own choice."""
    plane.plan = {"virtual_network.list_vcns": [429, 503, 429], "virtual_network.list_subnets": [500]}
    found = collected(plane, folder, "network")
    assert plane.plan == {"virtual_network.list_vcns": [], "virtual_network.list_subnets": []}
    assert {r["unit"]["status"] for r in found if "unit" in r} == {"ok"}
    assert sum(r.get("resource", {}).get("type") == "oci_core_vcn" for r in found) == 2


def test_what_stays_throttled_is_not_listed(folder: Path, plane: ControlPlane) -> None:
    plane.plan = {"virtual_network.list_vcns": [429] * 100}
    found = collected(plane, folder, "network")
    rows = [r["unit"] for r in found if r.get("unit", {}).get("status") == "throttled"]
    assert len(rows) == 1
    assert rows[0]["reason"].startswith("virtual_network.list_vcns: ")
    assert "429 TooManyRequests" in rows[0]["reason"]
    assert "oci_core_vcn" in {r["unlisted"]["type"] for r in found if "unlisted" in r}
    assert any(r.get("resource", {}).get("type") == "oci_core_subnet" for r in found), "the other lists still count"


# --- denial ---------------------------------------------------------------------------------------------------------


def test_a_denied_list_is_not_an_empty_one(
    folder: Path, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.denied = {"logging_management.list_log_groups", "object_storage.list_buckets"}
    code, report = audit(plane, folder, capsys, "--select", "oci-vcn-no-flow-log,oci-bucket-public")
    assert code == 3
    by_rule = {(f["rule"], f["verdict"]) for f in report["findings"]}
    assert ("oci-bucket-public", "not_evaluated") in by_rule
    assert ("oci-vcn-no-flow-log", "unknown") in by_rule, "whether there is a flow log is not known"
    assert not {v for _, v in by_rule} & {"pass", "fail"}
    rows = {u["service"]: u for u in report["coverage"]["units"] if u["status"] == "denied"}
    assert set(rows) == {"monitoring", "object-storage"}
    assert rows["monitoring"]["account"] == TENANCY
    assert rows["monitoring"]["region"] == REGION
    assert rows["monitoring"]["reason"].startswith("logging_management.list_log_groups: ")
    assert "404 NotAuthorizedOrNotFound" in rows["monitoring"]["reason"]


def test_a_denied_detail_is_unknown(folder: Path, plane: ControlPlane, capsys: pytest.CaptureFixture[str]) -> None:
    """Buckets are listed with their names only; whether one is public its details would tell."""
    plane.denied = {"object_storage.get_bucket"}
    code, report = audit(plane, folder, capsys, "--select", "oci-bucket-public,oci-bucket-no-versioning")
    assert code == 3
    assert {f["verdict"] for f in report["findings"]} == {"unknown"}
    assert all("object_storage.get_bucket: 404" in f["message"] for f in report["findings"])


def test_where_everything_is_denied_nothing_passes_and_nothing_fails(
    folder: Path, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.everything_denied = True
    code, report = audit(plane, folder, capsys)
    assert code == 3
    assert {f["verdict"] for f in report["findings"]} == {"not_evaluated"}
    assert report["summary"]["resources"] == 0
    assert {u["status"] for u in report["coverage"]["units"]} == {"denied"}
    assert {u["service"] for u in report["coverage"]["units"]} == {t.name for t in tables()}
    judged = {f["resource"]["type"] for f in report["findings"]}
    assert "oci_core_subnet" in judged
    assert "oci_functions_function" in judged, "what lies in a denied list is not empty either"


def test_compartments_that_cannot_be_listed_leave_every_type_open(
    folder: Path, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.denied = {"identity.list_compartments"}
    code, report = audit(plane, folder, capsys, "--select", "oci-bucket-public,oci-budget-no-alert")
    assert code == 3
    assert ("oci-bucket-public", "not_evaluated") in {(f["rule"], f["verdict"]) for f in report["findings"]}


def test_chosen_compartments_that_cannot_be_looked_into_leave_every_type_open(
    folder: Path, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named by its OCID one is audited; what lies in it nobody can say."""
    plane.denied = {"identity.list_compartments"}
    chosen = ("--compartments", compartments(1)[0]["id"])
    code, report = audit(plane, folder, capsys, "--select", "oci-bucket-public", "--fail-on", "never", *chosen)
    assert code == 3
    rows = [u for u in report["coverage"]["units"] if u["status"] == "denied"]
    assert rows
    assert all(u["reason"].startswith("identity.list_compartments: 404") for u in rows)


class InItsRegion(Clients):
    """Clients of a tenancy whose regions are not given by `--endpoint`, all of them at one address all the same."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        super().__init__(identify(config_file=str(folder / "config")), None, AT_ONCE)
        self.plane = plane

    def client(self, name: str, region: str, endpoint: str = "") -> Any:
        return super().client(name, region, endpoint or self.plane.url)

    def is_offered(self, name: str, region: str) -> bool:
        return True


def test_regions_that_cannot_be_listed_are_not_taken_for_empty(folder: Path, plane: ControlPlane) -> None:
    plane.denied = {"identity.list_region_subscriptions"}
    clients = InItsRegion(plane, folder)
    place = survey(clients)
    assert place.regions == [REGION]
    path = folder / "regions.jsonl.gz"
    some = [t for t in tables() if t.name in ("network", "identity")]
    with ThreadPoolExecutor(4) as pool:
        collect(units(clients, place, some, pool), str(path))
    found = list(records(str(path)))
    (row,) = [r["unit"] for r in found if r.get("unit", {}).get("status") == "denied"]
    assert row["region"] == "other regions"
    assert f"only {REGION} is looked at" in row["reason"]
    unlisted = {r["unlisted"]["type"] for r in found if "unlisted" in r}
    assert "oci_core_vcn" in unlisted
    assert not {t for t in unlisted if t.startswith("oci_identity_")}, "identity is of no region"
    assert survey(clients, regions=[REGION]).elsewhere is None, "nobody asked for others"


# --- interruption ---------------------------------------------------------------------------------------------------


def test_a_killed_audit_goes_on_where_it_was(
    folder: Path, audited: Audited, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = folder / "killed.jsonl.gz"
    with ControlPlane(tenancy(1, 1)[0]) as plane:
        plane.hold_after = 150
        command = [sys.executable, "-m", "assay", *arguments(plane, folder, "--save", str(saved), "--jobs", "2")]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            assert plane.held.wait(60)
            process.kill()
        kept = (folder / "killed.jsonl.gz.parts" / "index.jsonl").read_bytes().split()
        assert kept, "units that were finished are kept"
        before = len(plane.calls)
        plane.hold_after = None
        plane.release.set()
        code = main(arguments(plane, folder, "--save", str(saved), "--resume", "--fail-on", "never"))
        again = len(plane.calls) - before
    capsys.readouterr()
    assert code == 0
    _, whole, calls = audited
    assert again < calls / 2 - 50, "what was finished is not asked for again"
    told = [[r for r in records(str(path)) if "schema" not in r] for path in (saved, whole[0])]
    assert told[0] == told[1]


def test_a_resumed_audit_takes_over_no_part_of_other_compartments(folder: Path) -> None:
    """A compartment that is new since moves the others on: what was finished was about other ones."""
    from assay.inventory.collect import CollectionStopped, Emitter

    path = folder / "moved.jsonl.gz"
    places = [{**compartments(1)[0], "id": f"ocid1.compartment.oc1..p{i:02}"} for i in range(CHUNK + 3)]
    network = [t for t in tables() if t.name == "network"]

    def run(known: list[Any], *, resume: bool, stop: str = "") -> None:
        vcns = [{"id": c["id"].replace("compartment", "vcn"), "compartmentId": c["id"]} for c in known]
        content = {"identity.list_compartments": known, "virtual_network.list_vcns": vcns}
        with ControlPlane(content) as plane, ThreadPoolExecutor(4) as pool:
            clients = Clients(identify(config_file=str(folder / "config")), plane.url, AT_ONCE)
            some = list(units(clients, survey(clients), network, pool))
            for unit in some:
                if stop and stop in unit.service:

                    def work(_: Emitter) -> None:
                        raise CollectionStopped("the power went")

                    unit.work = work
            collect(some, str(path), jobs=1, resume=resume)

    with pytest.raises(CollectionStopped):
        run(places[1:], resume=False, stop="26-")
    run(places, resume=True)
    found = [
        r["resource"]["address"] for r in records(str(path)) if r.get("resource", {}).get("type") == "oci_core_vcn"
    ]
    assert sorted(found) == [c["id"].replace("compartment", "vcn") for c in places]


# --- what a person may get wrong ------------------------------------------------------------------------------------


def said(plane_url: str, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    code = main(["audit", "oci", "--endpoint", plane_url, "--config-file", str(folder / "config"), *more])
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("assay audit: ")
    assert told.err.count("\n") == 1, "one sentence"
    return code, told.err


NOWHERE = "http://127.0.0.1:9"


def test_no_configuration_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, sentence = said(NOWHERE, tmp_path, capsys)
    assert code == 2
    assert "there is no OCI configuration file" in sentence


def test_a_profile_that_does_not_exist(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, sentence = said(NOWHERE, folder, capsys, "--profile", "NIGHTLY")
    assert code == 2
    assert "has no profile NIGHTLY" in sentence


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"key_file": "/nowhere/key.pem"}, "key_file does not exist"),
        ({"fingerprint": "ab"}, "fingerprint is malformed"),
        ({"user": None}, "user is missing"),
    ],
)
def test_a_configuration_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str | None], expected: str
) -> None:
    write_config(tmp_path, **changes)
    code, sentence = said(NOWHERE, tmp_path, capsys)
    assert code == 2
    assert expected in sentence


def test_a_key_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(tmp_path)
    (tmp_path / "key.pem").write_text("not a key", encoding="utf-8")
    code, sentence = said(NOWHERE, tmp_path, capsys)
    assert code == 2
    assert "the private key cannot be read" in sentence


def test_a_session_without_its_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(tmp_path)
    code, sentence = said(NOWHERE, tmp_path, capsys, "--auth", "security-token")
    assert code == 2
    assert "security_token_file is missing" in sentence


def test_a_session_token_signs(tmp_path: Path, plane: ControlPlane) -> None:
    (tmp_path / "token").write_text("token", encoding="utf-8")
    write_config(tmp_path, security_token_file=str(tmp_path / "token"), user=None, fingerprint=None)
    clients = Clients(identify("security-token", str(tmp_path / "config")), plane.url, AT_ONCE)
    assert len(survey(clients).compartments) == 2


def test_a_resource_principal_signs(tmp_path: Path, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function of the platform finds in its environment: a token that says its tenancy, and a key."""
    from base64 import urlsafe_b64encode
    from time import time

    def part(value: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    write_config(tmp_path)
    told = {"exp": int(time()) + 3600, "res_tenant": TENANCY, "res_compartment": TENANCY, "jwk": "{}"}
    for name, value in (
        ("VERSION", "2.2"), ("REGION", REGION), ("RPST", f"{part({'alg': 'RS256'})}.{part(told)}.sig"),
        ("PRIVATE_PEM", (tmp_path / "key.pem").read_text(encoding="utf-8")),
    ):  # fmt: skip
        monkeypatch.setenv(f"OCI_RESOURCE_PRINCIPAL_{name}", value)
    clients = Clients(identify("resource-principal"), plane.url, AT_ONCE)
    assert clients.identity.tenancy == TENANCY
    assert len(survey(clients).compartments) == 2


def test_no_principal_where_there_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, sentence = said(NOWHERE, tmp_path, capsys, "--auth", "resource-principal")
    assert code == 2
    assert "--auth resource-principal: this machine has no such identity" in sentence


def test_a_service_without_an_address_is_not_offered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def resolve(host: str, port: int) -> list[Any]:
        if "generativeai" in host:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return []

    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    clients = Clients(identify(config_file=str(folder / "config")))
    assert not clients.is_offered("generative_ai.GenerativeAiClient", REGION)
    assert clients.is_offered("analytics.AnalyticsClient", REGION)

    def silent(host: str, port: int) -> list[Any]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    assert clients.is_offered("generative_ai.GenerativeAiClient", REGION), "the name server knows nothing just now"
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    assert clients.is_offered("generative_ai.GenerativeAiClient", REGION), "a proxy resolves names itself"


def test_what_is_listed_twice_is_there_once(folder: Path) -> None:
    policy = {"id": "ocid1.volumebackuppolicy.oc1..gold", "displayName": "gold"}
    with ControlPlane({"blockstorage.list_volume_backup_policies": [policy]}) as plane:
        found = collected(plane, folder, "block-storage")
        assert plane.calls.count("blockstorage.list_volume_backup_policies") == 2
    assert sum(r.get("resource", {}).get("type") == "oci_core_volume_backup_policy" for r in found) == 1


def test_an_endpoint_where_nobody_is(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.inventory.oci.units.brief", oci.retry.NoneRetryStrategy)
    code, sentence = said(NOWHERE, folder, capsys)
    assert code == 3
    assert "127.0.0.1:9 refuses the connection" in sentence


def test_a_clock_that_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ControlPlane({}, skew=3600) as plane:
        code, sentence = said(plane.url, folder, capsys)
    assert code == 3
    assert "clock is 60 minutes behind the service's" in sentence


def test_a_region_that_is_not_subscribed(folder: Path, plane: ControlPlane, capsys: pytest.CaptureFixture[str]) -> None:
    code, sentence = said(plane.url, folder, capsys, "--regions", "us-ashburn-1")
    assert code == 2
    assert f"--regions us-ashburn-1: the tenancy is subscribed to {REGION} only" in sentence


def test_a_compartment_that_is_not_there(folder: Path, plane: ControlPlane) -> None:
    clients = Clients(identify(config_file=str(folder / "config")), plane.url, AT_ONCE)
    with pytest.raises(UsageError, match="no such compartment"):
        survey(clients, compartments=["marketing"])


def test_a_compartment_brings_what_lies_in_it(folder: Path) -> None:
    with ControlPlane({"identity.list_compartments": compartments(7)}) as plane:
        clients = Clients(identify(config_file=str(folder / "config")), plane.url, AT_ONCE)
        place = survey(clients, compartments=["team-1"])
    assert list(place.compartments.values()) == ["team-1", "team-3", "team-5"]


def test_every_region_is_asked_where_each_has_its_own_endpoint(folder: Path, plane: ControlPlane) -> None:
    clients = Clients(identify(config_file=str(folder / "config")), plane.url, AT_ONCE)
    place = survey(clients)._replace(regions=["eu-frankfurt-1", "us-ashburn-1"])
    with ThreadPoolExecutor(1) as pool:
        made = [(u.region, u.service) for u in units(clients, place, tables(), pool)]
    assert ("us-ashburn-1", "network") in made
    assert [region for region, service in made if service == "identity"] == [None]


# --- permissions ----------------------------------------------------------------------------------------------------


def test_the_permissions_are_printed_without_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "oci", "--print-permissions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Allow group Auditors to inspect subnets in tenancy" in lines
    assert "Allow group Auditors to read secrets in tenancy" in lines
    assert not [line for line in lines if "secret-bundles" in line or " objects " in line]
    assert lines == sorted(lines, key=lambda line: line.split()[5])

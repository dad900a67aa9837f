"""OCI policies: the documented forms parse, another parser reads the same, and the engine agrees with brute force."""

# ruff: noqa: E501, ISC004 - statements stand on one line each, as policies write them
from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from assay.analysis.inclusion import decide
from assay.analysis.oci_dynamic_groups import Candidate, takes_in
from assay.analysis.oci_escalation import escalations
from assay.analysis.oci_identity import Tenancy, nowhere, tenancy
from assay.analysis.oci_permissions import granted
from assay.analysis.oci_policy_language import Group, Predicate, Statement, matching_rule, parsed_rule, statement
from assay.analysis.oci_questions import grant, insufficient, redundant
from assay.graph import Graph
from assay.model import Resource, Text, Undetermined, Unknown

ROOT = "ocid1.tenancy.oc1..acme"

FORMS = [
    "Allow group A to manage all-resources in tenancy",
    "ALLOW GROUP a, b TO read buckets IN COMPARTMENT x:y:z",
    "allow group 'Default'/'A B' to use keys in compartment id ocid1.compartment.oc1..k",
    "Allow dynamic-group dg to read secret-bundles in compartment shop where target.secret.name = 'db'",
    "Allow dynamic-group 'Default'/'dg' to manage objects in tenancy",
    "allow any-user to use fn-invocation in compartment c where all {request.principal.type = 'ApiGateway',"
    " request.resource.compartment.id = 'ocid1.compartment.oc1..c'}",
    "Allow any-group to inspect compartments in tenancy",
    "allow service blockstorage, objectstorage-us-ashburn-1 to use keys in compartment c",
    "Allow group A to {OBJECT_READ, OBJECT_INSPECT} in compartment c",
    "allow group A to manage objects in tenancy where any {request.permission = 'OBJECT_CREATE',"
    " request.permission='OBJECT_INSPECT'}",
    "allow group A to use instances in tenancy where request.region != 'IAD'",
    "allow group A to use instances in tenancy where target.instance.id in ('a', 'b')",
    "allow group A to manage buckets in tenancy where request.utc-timestamp before '2026-01-01T00:00:00Z'",
    "allow group A to manage buckets in tenancy where request.utc-timestamp after '2026-01-01T00:00:00Z'",
    "allow group A to use buckets in tenancy where request.utc-timestamp.time-of-day between '09:00:00Z' and '17:00:00Z'",
    "allow group A to manage groups in tenancy where target.group.name = /A-*/",
    "allow group A to manage groups in tenancy where all {target.group.name != 'x', any {request.region = 'iad',"
    " all {request.user.name = /*-ops/, request.networkSource.name = 'office'}}}",
    "Define tenancy Acme as ocid1.tenancy.oc1..a",
    "define group Readers as ocid1.group.oc1..r",
    "Define dynamic-group Robots as ocid1.dynamicgroup.oc1..r",
    "Endorse group A to manage object-family in tenancy Acme",
    "Endorse group A to read buckets in any-tenancy",
    "Admit group Readers of tenancy Acme to read buckets in compartment exchange",
    "Admit any-user of any-tenancy to read repos in tenancy where request.principal.type = 'instance'",
    "deny group contractors to manage policies in tenancy",
    "deny any-user to manage policies in tenancy where all {target.policy.type='deny', request.principal.id!='x'}",
]
BEYOND = [  # forms of the documentation that the other parser refuses
    "allow group Domain/Devs, id ocid1.group.oc1..g to inspect users in tenancy",
    "Endorse group A to manage local-peering-to in tenancy Acme with local-peering-from in compartment c",
    "Admit group A of tenancy B to associate local-peering-gateways in tenancy B with local-peering-gateways in tenancy",
    "deny endorse group A to manage buckets in any-tenancy",
]


@pytest.mark.parametrize("text", [*FORMS, *BEYOND])
def test_every_documented_form_parses(text: str) -> None:
    for written in (text, text.upper().replace("OCID1", "ocid1"), "\n\t".join(text.split(" "))):
        found = statement(written)
        assert found.effect != "invalid", found.fault


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("Permit group A to read buckets in tenancy", 1, "allow, deny, admit, endorse or define"),
        ("Allow grup A to read buckets in tenancy", 7, "did you mean group?"),
        ("Allow group A to raed buckets in tenancy", 18, "did you mean read?"),
        ("Allow group A to read in tenancy", 23, "a resource type"),
        ("Allow group A to read buckets in tenency", 34, "did you mean tenancy?"),
        ("Allow group A to read buckets in tenancy where all {a.b = 'c'", 62, "`,` or `}`"),
        ("Allow group A to read buckets in tenancy where a.b = 'c' and d.e = 'f'", 58, "nothing more"),
        ("Allow group A to read buckets in tenancy where all {a.b and c.d}", 57, "the language has no and"),
        ("Allow group A to read buckets in tenancy where request.region ~ 'x'", 63, "an operator"),
        ("Allow group A to {OBJECT_READ in tenancy", 31, "`}`"),
        ("Allow group A to read buckets in tenancy if x.y = 'z'", 42, "where"),
    ],
)
def test_a_fault_names_its_column_and_what_is_expected(text: str, column: int, expected: str) -> None:
    found = statement(text)
    assert found.effect == "invalid"
    assert found.fault.startswith(f"column {column}: "), found.fault
    assert expected in found.fault


def test_spans_point_into_the_text() -> None:
    text = "Allow group A, B to manage  buckets in compartment x where a.b = 'c'"
    spans = statement(text).spans
    assert {name: text[a:b] for name, (a, b) in spans.items()} == {
        "subject": "group A, B", "verb": "manage", "resource": "buckets", "place": "compartment x",
        "condition": "a.b = 'c'",
    }  # fmt: skip


def test_a_fault_before_the_unknown_piece_is_certain() -> None:
    hole = Unknown("var.x has no value", ("var", "x"))
    assert statement(Text(["Allow group A to raed buckets in compartment ", hole])).effect == "invalid"
    with pytest.raises(Undetermined):
        statement(Text(["Allow ", hole, " to read buckets in tenancy"]))


def test_another_parser_reads_the_same() -> None:
    """The grammar of NetSPI's oci-lexer-parser, made from Oracle's pages by other people."""
    other = pytest.importorskip(
        "oci_lexer_parser", reason="pip install oci-lexer-parser: a second grammar to compare with"
    )
    for text in FORMS:
        (theirs,) = other.parse_policy_statements(text)["statements"]
        mine = statement(text)
        assert mine.effect == theirs["kind"], text
        if mine.effect == "define":
            assert (mine.kind, mine.alias, mine.path) == (
                theirs["symbol"]["type"], theirs["symbol"]["name"], theirs["def"]["value"],
            )  # fmt: skip
            continue
        assert mine.subject == theirs["subject"]["type"].removesuffix("-id"), text
        names = ["/".join(filter(None, (v.get("identity_domain"), v["label"]))) for v in theirs["subject"]["values"]]
        assert list(mine.names) == names, text
        actions = theirs["actions"]["values"]
        assert actions == ([p.lower() for p in mine.permissions] or [mine.verb]), text
        assert (theirs["resources"]["values"] or [""]) == [mine.resource] or mine.resource == "all-resources", text
        assert shape(mine.condition) == their_shape(theirs.get("conditions")), text
    for text in ("Permit group A to read buckets in tenancy", "Allow group A read read buckets", "Allow group A to"):
        assert statement(text).effect == "invalid"
        with pytest.raises(ValueError, match="syntax"):
            other.parse_policy_statements(text)


def shape(condition: Any) -> Any:
    if isinstance(condition, Group):
        return ("all" if condition.every else "any", [shape(p) for p in condition.parts])
    return condition.variable if isinstance(condition, Predicate) else None


def their_shape(node: Any) -> Any:
    if node is None:
        return None
    if node["type"] == "group":
        items = [their_shape(item) for item in node["items"]]
        return items[0] if len(items) == 1 else (node["mode"], items)  # a lone comparison is a group there
    return node["node"]["lhs"].lower()


def test_any_text_gives_a_statement_or_a_fault() -> None:
    """Pieces of statements thrown together, and letters: never an exception, never a hang, a column within the text."""
    rng = random.Random(7)
    words = [w for text in (*FORMS, *BEYOND) for w in text.replace("{", " { ").replace("}", " } ").split()]
    words += ["'", '"', "/", "(", ",", "=", "!=", "\ue000", "${x}", "all {", "any{" * 60, "\x00", "🙂"]
    for _ in range(3000):
        text = " ".join(rng.choice(words) for _ in range(rng.randint(0, 14)))
        found = statement(text)
        if found.effect == "invalid":
            assert 1 <= int(found.fault.split(" ")[1].rstrip(":")) <= len(text) + 1
        rule = parsed_rule(text)
        assert isinstance(rule, (str, Group, Predicate))


# --- brute force ------------------------------------------------------------------------------------------------------

TYPES = {"buckets": "BUCKET_", "objects": "OBJECT_"}
PERMISSIONS = sorted(granted("manage", "buckets") | granted("manage", "objects"))
SUBJECTS = ["group:default/a", "group:default/b", "dynamic-group:default/d"]
PLACES = ["/", "/x/", "/x/y/", "/z/"]
CONTEXTS = [
    {k: v for k, v in (("request.region", region), ("target.bucket.name", bucket)) if v}
    for region in ("", "iad", "fra")
    for bucket in ("", "logs", "logs-1")
]
LEAVES = [
    ("request.region", "=", "'IAD'"), ("request.region", "!=", "'iad'"), ("target.bucket.name", "=", "/logs*/"),
    ("target.bucket.name", "!=", "'logs'"), ("target.bucket.name", "=", "/*-1/"),
    ("request.permission", "=", "'BUCKET_READ'"), ("request.permission", "!=", "/*_DELETE/"),
]  # fmt: skip


def some_condition(rng: random.Random, depth: int = 2) -> Any:
    if depth == 0 or rng.random() < 0.5:
        return rng.choice(LEAVES)
    return (rng.choice(["all", "any"]), [some_condition(rng, depth - 1) for _ in range(rng.randint(1, 3))])


def some_grant(rng: random.Random) -> dict[str, Any]:
    return {
        "effect": rng.choice(["allow", "allow", "allow", "deny"]),
        "subject": rng.choice(["group a", "group b", "group a, b", "dynamic-group d", "any-user", "any-group"]),
        "what": rng.choice(
            [(v, t) for v in ("inspect", "read", "use", "manage") for t in ("buckets", "objects", "object-family")]
            + [("manage", "all-resources"), ("{}", "BUCKET_READ, OBJECT_READ")]
        ),
        "place": rng.choice(["tenancy", "compartment x", "compartment x:y", "compartment z"]),
        "where": some_condition(rng) if rng.random() < 0.5 else None,
    }


def written(g: dict[str, Any]) -> str:
    def condition(c: Any) -> str:
        if len(c) == 3:
            return f"{c[0]} {c[1]} {c[2]}"
        return f"{c[0]} {{{', '.join(map(condition, c[1]))}}}"

    verb, what = g["what"]
    granted_ = f"{{{what}}}" if verb == "{}" else f"{verb} {what}"
    where = f" where {condition(g['where'])}" if g["where"] else ""
    return f"{g['effect']} {g['subject']} to {granted_} in {g['place']}{where}"


def applies(g: dict[str, Any], subject: str, permission: str, place: str, context: dict[str, str]) -> bool:
    """The documented meaning, by a second hand."""
    kind, _, names = g["subject"].partition(" ")
    own, _, name = subject.partition(":")
    if (
        kind == "any-group"
        or (kind == own and name.removeprefix("default/") in names.split(", "))
        or kind == "any-user"
    ):
        pass
    else:
        return False
    verb, what = g["what"]
    if verb == "{}":
        if permission not in what.split(", "):
            return False
    elif permission not in granted(verb, what):
        return False
    home = "/" if g["place"] == "tenancy" else f"/{g['place'].split(' ')[1].replace(':', '/')}/"
    if not place.startswith(home):
        return False
    values = {**context, "request.permission": permission.lower()}

    def meets(c: Any) -> bool:
        if len(c) == 2:
            return (all if c[0] == "all" else any)(meets(p) for p in c[1])
        variable, operator, wanted = c
        if variable not in values:
            return False
        value, wanted = values[variable], wanted.lower()
        if wanted[0] == "/":
            head, _, tail = wanted[1:-1].partition("*")
            hit = value.startswith(head) and value.endswith(tail) and len(value) >= len(head) + len(tail)
        else:
            hit = value == wanted.strip("'")
        return hit is (operator == "=")

    return g["where"] is None or meets(g["where"])


def of(*texts: Any, source: str = "oci", more: tuple[Resource, ...] = (), at: Any = ROOT) -> Tenancy:
    policy = Resource(
        "oci_identity_policy", "p", source, {"compartment_id": at, "statements": list(texts)}, account="t"
    )
    return tenancy(Graph([*more, policy]), policy)


def test_grants_are_as_brute_force_says() -> None:
    rng = random.Random(31)
    seen = {"yes": 0, "no": 0}
    for _ in range(120):
        grants = [some_grant(rng) for _ in range(rng.randint(1, 4))]
        t = of(*map(written, grants))
        for subject, place in itertools.product(SUBJECTS, PLACES):
            permission = rng.choice(PERMISSIONS)
            hits = [{g["effect"] for g in grants if applies(g, subject, permission, place, c)} for c in CONTEXTS]
            truth = "yes" if {"allow"} in hits else "no"
            found = grant(t, [subject], permission, place)
            assert found.verdict == truth, ([written(g) for g in grants], subject, permission, place)
            seen[truth] += 1
    assert min(seen.values()) > 200


def test_redundancy_is_as_brute_force_says() -> None:
    rng = random.Random(41)
    requests = list(itertools.product(SUBJECTS, PERMISSIONS, PLACES, CONTEXTS))
    flagged = 0
    for _ in range(150):
        grants = [{**some_grant(rng), "effect": "allow"} for _ in range(rng.randint(2, 4))]
        t = of(*map(written, grants))
        gone = {key[1] for key, found in redundant(t).items() if found[0].verdict == "yes"}
        flagged += len(gone)
        sample = rng.sample(requests, 120)
        left = [g for i, g in enumerate(grants) if i not in gone]
        for request in sample:
            before = any(applies(g, *request) for g in grants)
            assert before == any(applies(g, *request) for g in left), ([written(g) for g in grants], gone, request)
    assert flagged > 40


def test_what_is_kept_grants_something_of_its_own() -> None:
    """A statement that is not flagged has a witness: the engine's request is checked by the second hand."""
    rng = random.Random(43)
    for _ in range(100):
        grants = [{**some_grant(rng), "effect": "allow"} for _ in range(3)]
        t = of(*map(written, grants))
        for e in t.entries:
            rest = t.compiled([o for o in t.entries if o is not e])
            answer = decide(t.compiled([e]), rest, t.words.space(), t.words.symbols)
            if answer.verdict == "no":
                assert answer.point is not None
                told = t.told(answer.point)
                context = {k: v[0] for k, v in told["context"].items() if v}
                request = (told["subject"], told["permission"], told["place"], context)
                if told["subject"] in SUBJECTS and "/" not in told["permission"]:
                    assert applies(grants[e.number], *request), (written(grants[e.number]), told)
                    assert not any(applies(g, *request) for i, g in enumerate(grants) if i != e.number)


# --- known verdicts ---------------------------------------------------------------------------------------------------


def test_statements_together_cover_what_none_does_alone() -> None:
    t = of(
        "allow group a to manage buckets in tenancy",
        "allow group a to manage objects in tenancy",
        "allow group A to use object-family in compartment x",
        "allow group a to read objects in tenancy where target.bucket.name = 'x'",
        "allow group b to read objects in tenancy",
    )
    assert {key[1]: [e.number for e in found[0].by] for key, found in redundant(t).items()} == {2: [0, 1], 3: [1]}


def test_not_equal_does_not_hold_for_a_missing_variable() -> None:
    t = of("allow group a to use users in tenancy where target.group.name != 'Administrators'")
    found = grant(t, ["group:default/a"], "USER_UPDATE", "/")
    assert (found.verdict, set(found.context)) == ("yes", {"target.group.name"}), "only a request that has a group"


def test_a_deny_wins_but_not_over_administrators() -> None:
    t = of(
        "allow group a to manage buckets in tenancy", "deny group a to use buckets in compartment x",
        "allow group Administrators to manage all-resources in tenancy", "deny any-user to manage all-resources in tenancy",
    )  # fmt: skip
    assert grant(t, ["group:default/a"], "BUCKET_UPDATE", "/").verdict == "no"
    assert grant(t, ["group:default/administrators"], "BUCKET_UPDATE", "/").verdict == "yes"


def compartment(name: str, parent: str) -> Resource:
    values = {"name": name, "id": f"ocid1.compartment.oc1..{name}", "compartment_id": parent}
    return Resource("oci_identity_compartment", values["id"], "oci", values, account="t")


def faults(t: Tenancy) -> list[list[tuple[bool, str]]]:
    return [list(nowhere(t, e)) for e in t.entries]


def test_places_and_people_that_are_not_there() -> None:
    shop, prod = compartment("shop", ROOT), compartment("prod", "ocid1.compartment.oc1..shop")
    people = Resource("oci_identity_group", "g", "oci", {"name": "devs", "id": "ocid1.group.oc1..d"}, account="t")
    t = of(
        "allow group Devs to use buckets in compartment prod", "allow group dev to use buckets in compartment Shop",
        "allow group devs to use buckets in compartment test", "allow group devs to use buckets in tenancy",
        "allow group Administrators to use buckets in compartment id ocid1.compartment.oc1..prod",
        more=(shop, prod, people), at="ocid1.compartment.oc1..shop",
    )  # fmt: skip
    assert faults(t) == [
        [],
        [(True, "there is no group dev")],
        [(True, "there is no compartment test below shop")],
        [(True, "the policy is attached to shop and cannot reach the tenancy")],
        [],
    ]


def test_compartments_that_contain_each_other_are_said() -> None:
    a, b = compartment("a", "ocid1.compartment.oc1..b"), compartment("b", "ocid1.compartment.oc1..a")
    t = of("allow any-user to use buckets in tenancy", more=(a, b), at="ocid1.compartment.oc1..a")
    (found,) = faults(t)
    assert found[0][0] is False
    assert "contain each other" in found[0][1]
    assert grant(t, ["group:default/g"], "BUCKET_READ", "/").verdict == "yes", "the rest is analysed"


def test_insufficient_grants_name_what_is_missing() -> None:
    t = of("allow group a to manage instance-family in compartment x", "allow group a to use vnics in tenancy",
           "allow group b to manage secret-family in compartment x", "allow any-user to use keys in tenancy",
           "allow group b to use vaults in compartment x")  # fmt: skip
    found = [(lack.entry.number, sorted(lack.missing)) for lack in insufficient(t)]
    assert found == [(0, ["SUBNET_ATTACH"])]


def group(name: str, rule: str) -> Resource:
    values = {"name": name, "matching_rule": rule, "compartment_id": ROOT}
    return Resource("oci_identity_dynamic_group", f"dg.{name}", "oci", values, account="t")


HOME = "ocid1.compartment.oc1..shop"


@pytest.mark.parametrize(
    ("statements", "rule", "ways"),
    [
        (["allow group a to manage functions-family in compartment shop"],
         f"ALL {{resource.type = 'fnfunc', resource.compartment.id = '{HOME}'}}", ["O9", "O2"]),
        (["allow group a to manage functions-family in compartment other"],
         f"ALL {{resource.type = 'fnfunc', resource.compartment.id = '{HOME}'}}", []),
        (["allow group a to manage instance-family in compartment shop", "allow group a to use virtual-network-family in tenancy"],
         f"instance.compartment.id = '{HOME}'", ["O7", "O2"]),
        (["allow group a to manage instance-family in compartment shop"], f"instance.compartment.id = '{HOME}'", ["O8", "O2"]),
        (["allow group a to {INSTANCE_CREATE, INSTANCE_IMAGE_READ} in compartment shop"],
         f"instance.compartment.id = '{HOME}'", []),
        (["allow group a to use instance-agent-command-family in tenancy"], "instance.id = 'ocid1.instance.oc1..i'", []),
        (["allow group a to use devops-family in compartment shop"],
         f"all {{resource.type = 'devopsbuildpipeline', resource.compartment.id = '{HOME}'}}", ["O10", "O2"]),
        (["allow group a to use tag-namespaces in tenancy"], "tag.team.power.value = 'high'", ["O13", "O2"]),
    ],
)  # fmt: skip
def test_chains_over_dynamic_groups(statements: list[str], rule: str, ways: list[str]) -> None:
    more = (compartment("shop", ROOT), compartment("other", ROOT), group("runners", rule))
    t = of(*statements, "allow dynamic-group runners to manage policies in tenancy", more=more)
    chains = [e for e in escalations(t) if e.subject == "group:default/a"]
    assert [step.way for e in chains for step in e.steps] == ways
    assert all(not e.reason for e in chains)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("allow group a to manage policies in compartment shop", "O2"),
        ("allow group a to {POLICY_UPDATE} in tenancy", "O2"),
        ("allow group a to use all-resources in tenancy", "O3"),
        ("allow group a to manage users in tenancy", "O5"),
        ("allow group a to manage identity-providers in tenancy", "O6"),
        ("allow group a to manage policies in tenancy where request.user.mfaTotpVerified = 'true'", "O2"),
        ("allow group a to manage policies in tenancy where request.permission = 'POLICY_READ'", ""),
        ("allow group a to manage policies in tenancy where request.permission != 'POLICY_CREATE'", "O2"),
        ("allow group a to manage policies in tenancy where all {request.permission != 'POLICY_CREATE',"
         " request.permission != 'POLICY_UPDATE'}", ""),
        ("allow group a to manage users in tenancy where target.group.name != 'Administrators'", ""),
        ("allow group a to manage users in tenancy where target.group.name != 'guests'", "O5"),
        ("allow group Administrators to manage policies in tenancy", ""),
        ("allow group a to inspect all-resources in tenancy", ""),
    ],
)  # fmt: skip
def test_direct_ways(text: str, way: str) -> None:
    found = escalations(of(text))
    assert [e.steps[0].way for e in found][:1] == ([way] if way else [])


def test_two_statements_make_one_way() -> None:
    t = of("allow group a to use groups in tenancy", "allow group a to use users in tenancy")
    (found,) = escalations(t)
    assert (found.steps[0].way, [e.number for e in found.steps[0].entries]) == ("O4", [0, 1])


@pytest.mark.parametrize(
    ("rule", "kind", "home", "tags", "taken"),
    [
        ("instance.compartment.id = 'A'", "instance", "a", {}, True),
        ("instance.compartment.id = 'a'", "fnfunc", "a", {}, False),
        ("resource.compartment.id = 'a'", "fnfunc", "a", {}, True),
        ("ANY {instance.id = 'x', resource.type = 'fnfunc'}", "fnfunc", "z", {}, True),
        ("ALL {resource.type = 'fnfunc', resource.compartment.id != 'a'}", "fnfunc", "z", {}, True),
        ("tag.team.app.value = 'shop'", "instance", "a", {"team.app": "Shop"}, True),
        ("tag.team.app.value", "instance", "a", {"team.app": "x"}, True),
        ("tag.team.app.value != 'shop'", "instance", "a", {}, False),
    ],
)
def test_matching_rules(rule: str, kind: str, home: str, tags: dict[str, Any], taken: bool) -> None:
    assert takes_in(matching_rule(rule), Candidate(kind, "id", home, tags)) is taken


def test_parsed_statements_are_remembered_and_equal() -> None:
    assert isinstance(statement(FORMS[0]), Statement)
    assert statement(FORMS[0]) is statement(FORMS[0])


def test_a_finding_points_at_the_word(tmp_path: Any) -> None:
    from assay.bundled import RULES
    from assay.catalogue import Catalogue
    from assay.model import Request
    from assay.scan import run

    text = (
        'variable "c" {}\nresource "oci_identity_policy" "shop" {\n  statements = [\n'
        '    "Allow group dévs to raed buckets in tenancy",\n'
        '    "Allow group devs to read bukets in compartment ${var.c}",\n'
        '    "Allow group ${var.c} to read bukets in tenancy",\n  ]\n}\n'
    )
    (tmp_path / "main.tf").write_text(text)
    catalogue = Catalogue([RULES])
    report = run(Request([str(tmp_path)], str(tmp_path)), catalogue, catalogue.select(["oci-policy-invalid"]))
    lines = text.splitlines()
    found = []
    for f in report.findings:
        assert f.location is not None
        found.append(lines[f.location.start_line - 1][f.location.start_column - 1 : f.location.end_column - 1])
    assert found == ["raed", "bukets", lines[5].strip().rstrip(",")], "behind a template the whole text is shown"


def test_code_and_a_live_tenancy_get_the_same_verdicts(tmp_path: Any) -> None:
    """The same statements from Terraform and as a live source has them: OCIDs where the code has references."""
    from assay.bundled import RULES
    from assay.engine import evaluate
    from assay.model import Request
    from assay.rule import load_file
    from assay.scan import collect

    statements = [
        "Allow group devs to manage all-resources in tenancy",
        "Allow any-user to read buckets in compartment shop",
        "Allow group devs to manage instances in compartment shop",
        "Allow group devs to use buckets in compartment Shop",
        "Allow group ops to manage policies in compartment shop",
        "Allow group ops to manage buckets in compartment shop",
        "Allow group ops to read buckets in compartment shop where target.bucket.name = /a*/",
        "Allow dynamic-group fns to read secret-bundles in compartment id COMPARTMENT",
        "Allow group ops to manage functions-family in compartment shop",
        "Allow dynamic-group fns to manage users in tenancy",
        "Admit any-user of any-tenancy to read buckets in tenancy",
        "Allow group ops to use moon-bases in tenancy",
        "Allow group ops to raed buckets in tenancy",
    ]
    rule = "ALL {resource.type = 'fnfunc', resource.compartment.id = 'COMPARTMENT'}"
    ids = {"shop": "ocid1.compartment.oc1..shop", "root": "ocid1.tenancy.oc1..acme"}
    quoted = ",\n    ".join(
        '"' + s.replace("COMPARTMENT", "${oci_identity_compartment.shop.id}") + '"' for s in statements
    )
    hcl_rule = rule.replace("COMPARTMENT", "${oci_identity_compartment.shop.id}")
    (tmp_path / "main.tf").write_text(f"""
resource "oci_identity_compartment" "shop" {{
  compartment_id = "{ids["root"]}"
  name           = "shop"
}}
resource "oci_identity_group" "g" {{
  for_each       = toset(["devs", "ops"])
  compartment_id = "{ids["root"]}"
  name           = each.key
}}
resource "oci_identity_dynamic_group" "fns" {{
  compartment_id = "{ids["root"]}"
  name           = "fns"
  matching_rule  = "{hcl_rule}"
}}
resource "oci_identity_policy" "p" {{
  compartment_id = "{ids["root"]}"
  statements = [
    {quoted}
  ]
}}
""")

    def live(type_: str, name: str, **values: Any) -> Resource:
        own = {"name": name, "compartment_id": ids["root"], "id": f"ocid1.x.oc1..{name}", **values}
        return Resource(type_, own["id"], "oci", own, account="acme")

    code = collect(Request([str(tmp_path)], str(tmp_path)))
    tenancy_ = Graph([
        live("oci_identity_compartment", "shop", id=ids["shop"]), live("oci_identity_group", "devs"),
        live("oci_identity_group", "ops"),
        live("oci_identity_dynamic_group", "fns", matching_rule=rule.replace("COMPARTMENT", ids["shop"])),
        live("oci_identity_policy", "p", statements=[s.replace("COMPARTMENT", ids["shop"]) for s in statements]),
    ])  # fmt: skip
    rules = [
        r
        for f in ("oci_identity", "oci_identity_groups", "oci_devops")
        for r in load_file(RULES, f"least_privilege/{f}.py")
    ]

    def verdicts(graph: Graph) -> set[tuple[str, str, str, tuple[Any, ...]]]:
        found = evaluate(graph, rules).findings
        return {(f.rule, f.verdict.value, f.resource.type, f.path) for f in found}

    mine, theirs = verdicts(code), verdicts(tenancy_)
    assert mine == theirs
    assert len({rule for rule, *_ in mine}) > 7

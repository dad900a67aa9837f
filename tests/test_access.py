"""The engine of the identity questions against brute force over small universes, and against z3."""

# ruff: noqa: E501 - policies stand on one line each
from __future__ import annotations

import itertools
import json
import random
import re
from functools import cache
from typing import Any

import pytest
from assay.analysis.access import Box, Demand, Dimension, Mixed, Rules, Space, Span, Values, broader
from assay.analysis.aws_compare import no_broader
from assay.analysis.aws_policy import Statement
from assay.analysis.aws_policy_documents import statements
from assay.analysis.globs import ANYTHING, Budget, BudgetSpent, automaton, covered, find, glob
from assay.analysis.inclusion import passes as holds
from assay.model import Resource

ALPHABET = "abx"
TEXTS = ["".join(t) for n in range(5) for t in itertools.product(ALPHABET, repeat=n)]


@cache
def regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern) + r"\Z", re.DOTALL)


def some_patterns(rng: random.Random, most: int) -> list[str]:
    return ["".join(rng.choice("ab*?*") for _ in range(rng.randint(0, 4))) for _ in range(rng.randint(1, most))]


def test_inclusion_of_patterns_is_exact() -> None:
    rng = random.Random(5)
    proved = 0
    for _ in range(1500):
        mine, theirs = some_patterns(rng, 3), some_patterns(rng, 4)
        inside, outside = [regex(p) for p in mine], [regex(p) for p in theirs]
        found = covered(tuple(map(glob, mine)), tuple(map(glob, theirs)))
        if found is None:
            proved += 1
            assert not [t for t in TEXTS if any(r.match(t) for r in inside) and not any(r.match(t) for r in outside)]
        else:
            assert any(r.match(found) for r in inside), (mine, found)
            assert not any(r.match(found) for r in outside), (theirs, found)
    assert 300 < proved < 1200, "both answers must occur, or the test proves little"


def test_unions_cover_what_no_single_pattern_does() -> None:
    assert covered((glob("a*"),), (glob("a"), glob("a?*"))) is None
    assert covered((glob("a*"),), (glob("a?*"),)) == "a"
    assert covered((glob("*"),), (glob("?*"), glob(""))) is None


def test_wildcards_of_arn_comparison_stop_at_colons() -> None:
    segment = glob("arn:*:x", stop=":")
    assert automaton((segment,)).matches("arn:aws:x")
    assert not automaton((segment,)).matches("arn:aws:s3:x")
    assert covered((glob("arn:*:x"),), (segment,)) == "arn:::x"


def test_comparison_without_case() -> None:
    assert automaton((glob("Ab*", fold=True),)).matches("aBcD")
    assert covered((glob("ab", fold=True),), (glob("AB", fold=True),)) is None
    assert covered((glob("ab", fold=True),), (glob("ab"),)) is not None


def test_a_spent_budget_is_no_answer() -> None:
    hard = [automaton((glob("*a" + "?" * 14 + "b*"),)), automaton((glob("*b" + "?" * 13 + "a*"),))]
    with pytest.raises(BudgetSpent):
        find(hard, [automaton((glob("*ab*"), glob("*ba*")))], Budget(200))


# --- boxes against brute force ----------------------------------------------------------------------------------------

KEYS = {"r": Dimension(always=True, named=True), "k": Dimension(), "m": Dimension(many=True), "n": Dimension()}
SMALL = ["", "a", "b", "ab", "x"]
NUMBERS = [0, 1, 2, 3]
CHOICES: dict[str, list[tuple[Any, ...]]] = {
    "r": [(t,) for t in SMALL],
    "k": [(), *((t,) for t in SMALL)],
    "m": [(), *((t,) for t in SMALL), *itertools.combinations(SMALL, 2)],
    "n": [(), *((n,) for n in NUMBERS)],
}


def some_test(rng: random.Random, name: str) -> Demand:
    some, outside = rng.random() < 0.6, rng.random() < 0.4
    if name == "n":
        low, high = sorted((rng.choice(NUMBERS), rng.choice(NUMBERS)))
        return Demand(some, Values((), (Span(low, high),), "number"), outside)
    written = [rng.choice(["a", "b", "a*", "?", "*", "ab", "*b"]) for _ in range(rng.randint(0, 2))]
    return Demand(some, Values(tuple(map(glob, written))), outside)


def some_rules(rng: random.Random) -> Rules:
    def box() -> Box:
        names = rng.sample(list(KEYS), rng.randint(0, 3))
        return Box(rng.randint(1, 3), tuple((n, some_test(rng, n)) for n in names))

    return Rules(tuple(box() for _ in range(rng.randint(1, 3))), tuple(box() for _ in range(rng.randint(0, 2))))


def allowed(rules: Rules, bit: int, request: dict[str, tuple[Any, ...]]) -> bool:
    def inside(box: Box) -> bool:
        return bool(box.mask >> bit & 1) and all(holds(t, request[n]) for n, t in box.tests)

    return any(map(inside, rules.allow)) and not any(map(inside, rules.deny))


def test_policies_compare_as_brute_force_says() -> None:
    rng = random.Random(11)
    requests = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]
    verdicts = {True: 0, False: 0}
    for _ in range(400):
        mine, theirs = some_rules(rng), some_rules(rng)
        point = broader(mine, theirs, Space(KEYS))
        if point is None:
            found = next(
                ((b, q) for q in rng.sample(requests, 250) for b in (0, 1)
                 if allowed(mine, b, q) and not allowed(theirs, b, q)), None,
            )  # fmt: skip
            assert found is None, (mine, theirs, found)
        else:
            request = {n: point.values.get(n, () if n != "r" else ("zz",)) for n in KEYS}
            assert allowed(mine, point.bit, request), (mine, point)
            assert not allowed(theirs, point.bit, request), (theirs, point)
        verdicts[point is None] += 1
    assert min(verdicts.values()) > 30


def test_every_policy_is_within_itself() -> None:
    rng = random.Random(3)
    for _ in range(100):
        rules = some_rules(rng)
        assert broader(rules, rules, Space(KEYS)) is None


def test_one_key_as_text_and_number_is_undecided() -> None:
    text = Box(1, (("k", Demand(True, Values((ANYTHING,)))),))
    number = Box(1, (("k", Demand(True, Values((), (Span(0, 1),), "number"))),))
    with pytest.raises(Mixed):
        broader(Rules((text,)), Rules((number,)), Space({}))


# --- whole AWS policies against an evaluator of its own ---------------------------------------------------------------


def document(*parts: dict[str, Any]) -> list[Statement]:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(parts)})
    return statements(Resource("aws_iam_policy", "p", "aws", {"policy": text}), "policy")


ACTIONS = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteQueue", "sqs:ListQueues"]
QUEUES = ["arn:aws:sqs:eu-west-1:111122223333:" + name for name in ("a", "ab", "b")]
CONTEXTS: list[dict[str, list[str]]] = [
    {k: v for k, v in zip(("aws:SourceVpc", "aws:TagKeys", "aws:SourceIp"), choice, strict=True) if v}
    for choice in itertools.product(
        ([], ["vpc-1"], ["vpc-2"]), ([], ["x"], ["y"], ["x", "y"]), ([], ["10.0.0.1"], ["11.0.0.1"])
    )
]
CONDITIONS: list[dict[str, Any]] = [
    {"StringEquals": {"aws:SourceVpc": "vpc-1"}}, {"StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"StringLike": {"aws:SourceVpc": "vpc-*"}}, {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-2"}},
    {"StringNotLikeIfExists": {"aws:SourceVpc": "*-1"}}, {"Null": {"aws:SourceVpc": "true"}},
    {"Null": {"aws:SourceVpc": "false"}}, {"ForAllValues:StringEquals": {"aws:TagKeys": ["x"]}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["x", "z"]}},
    {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "x"}}, {"ForAllValues:StringNotEquals": {"aws:TagKeys": "y"}},
    {"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "x"}}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "IpAddress": {"aws:SourceIp": "11.0.0.0/8"}},
]  # fmt: skip


def simple(operator: str, value: str, wanted: list[str]) -> bool:
    """One value against the list of a condition, as the reference of the operators says."""
    import ipaddress

    if operator == "IpAddress":
        return any(ipaddress.ip_address(value) in ipaddress.ip_network(w) for w in wanted)
    if operator == "StringLike":
        return any(regex(w).match(value) for w in wanted)
    return value in wanted


def meets(condition: dict[str, Any], context: dict[str, list[str]]) -> bool:
    for operator, keys in condition.items():
        for key, written in keys.items():
            wanted = written if isinstance(written, list) else [written]
            values = context.get(key, [])
            if operator == "Null":
                if (not values) is not (wanted[0] == "true"):
                    return False
                continue
            set_, _, plain = operator.rpartition(":")
            if_exists, plain = plain.endswith("IfExists"), plain.removesuffix("IfExists")
            negated, plain = "Not" in plain, plain.replace("Not", "")
            if not values:
                passed = set_ == "ForAllValues" or if_exists or (negated and not set_)
            else:
                hits = [simple(plain, v, wanted) is not negated for v in values]
                passed = all(hits) if set_ == "ForAllValues" else any(hits)
            if not passed:
                return False
    return True


def permits(policy: list[dict[str, Any]], action: str, resource: str, context: dict[str, list[str]]) -> bool:
    def listed(value: Any) -> list[str]:
        return value if isinstance(value, list) else [value]

    def applies(s: dict[str, Any]) -> bool:
        if "Action" in s:
            acted = any(regex(p.lower()).match(action.lower()) for p in listed(s["Action"]))
        else:
            acted = not any(regex(p.lower()).match(action.lower()) for p in listed(s["NotAction"]))
        if "Resource" in s:
            on = any(regex(p).match(resource) for p in listed(s["Resource"]))
        else:
            on = not any(regex(p).match(resource) for p in listed(s["NotResource"]))
        return acted and on and meets(s.get("Condition", {}), context)

    hits = {s["Effect"] for s in policy if applies(s)}
    return hits == {"Allow"}


def some_policy(rng: random.Random) -> list[dict[str, Any]]:
    found = []
    for _ in range(rng.randint(1, 3)):
        s: dict[str, Any] = {"Effect": rng.choice(["Allow", "Allow", "Deny"])}
        s[rng.choice(["Action", "Action", "NotAction"])] = rng.sample(
            ["sqs:*", "sqs:S*", "SQS:receivemessage", *ACTIONS], 2
        )
        s[rng.choice(["Resource", "Resource", "NotResource"])] = rng.sample(
            ["*", *QUEUES, "arn:aws:sqs:*:*:a*", "arn:aws:sqs:*b"], 2
        )
        if rng.random() < 0.6:
            s["Condition"] = rng.choice(CONDITIONS)
        found.append(s)
    return found


def test_aws_policies_compare_as_an_evaluator_says() -> None:
    rng = random.Random(23)
    verdicts = {"yes": 0, "no": 0}
    for _ in range(300):
        mine, theirs = some_policy(rng), some_policy(rng)
        if rng.random() < 0.3:
            theirs = [*mine, *theirs] if rng.random() < 0.5 else [s for s in mine if s["Effect"] == "Allow"] or mine
        answer = no_broader(document(*mine), document(*theirs), identity=True)
        verdicts[answer.verdict] += 1
        if answer.verdict == "no":
            r = answer.request
            assert r is not None
            context = {real: v for k, v in r.context.items() for real in CANONICAL if real.lower() == k and v}
            assert permits(mine, r.action, r.resource, context), (mine, theirs, str(r))
            assert not permits(theirs, r.action, r.resource, context), (mine, theirs, str(r))
            continue
        for action, queue, context in itertools.product(ACTIONS, QUEUES, rng.sample(CONTEXTS, 12)):
            resource = "*" if action == "sqs:ListQueues" else queue
            assert not permits(mine, action, resource, context) or permits(theirs, action, resource, context), (
                mine, theirs, action, resource, context,
            )  # fmt: skip
    assert min(verdicts.values()) > 40, verdicts


CANONICAL = ("aws:SourceVpc", "aws:TagKeys", "aws:SourceIp")


def test_z3_agrees_on_inclusion() -> None:
    """A second oracle: the same inclusions as formulas over regular expressions."""
    z3 = pytest.importorskip("z3", reason="pip install z3-solver: an SMT solver to compare with")

    def language(patterns: list[str]) -> Any:
        any_char = z3.AllChar(z3.ReSort(z3.StringSort()))
        parts = []
        for pattern in patterns:
            pieces = [z3.Star(any_char) if c == "*" else any_char if c == "?" else z3.Re(c) for c in pattern]
            parts.append(z3.Re("") if not pieces else pieces[0] if len(pieces) == 1 else z3.Concat(*pieces))
        return parts[0] if len(parts) == 1 else z3.Union(*parts)

    rng = random.Random(13)
    answers = {True: 0, False: 0}
    for _ in range(60):
        mine, theirs = some_patterns(rng, 2), some_patterns(rng, 3)
        if rng.random() < 0.3:
            theirs = [p.replace("a", "*") for p in mine] + theirs
        solver = z3.Solver()
        solver.set("timeout", 2000)
        text = z3.String("text")
        solver.add(z3.InRe(text, language(mine)), z3.Not(z3.InRe(text, language(theirs))))
        verdict = solver.check()
        if verdict == z3.unknown:
            continue
        found = covered(tuple(map(glob, mine)), tuple(map(glob, theirs)))
        assert (found is None) is (verdict == z3.unsat), (mine, theirs, found)
        answers[found is None] += 1
    assert min(answers.values()) > 8


# --- known verdicts of AWS policies -----------------------------------------------------------------------------------


def allow(**parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **parts}


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict"),
    [
        ([allow(Resource=["arn:aws:s3:::b", "arn:aws:s3:::b/*"], Action=["s3:GetObject", "s3:ListBucket"])],
         [allow(Resource="arn:aws:s3:::b/*"), allow(Action="s3:ListBucket", Resource="arn:aws:s3:::b")], "yes"),
        ([allow(Action="*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}],
         [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "yes"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [allow(Action=["s3:*", "ec2:*"])], "no"),
        ([allow(Condition={"StringLike": {"aws:PrincipalTag/team": "a*"}})],
         [allow(Condition={"StringLike": {"aws:PrincipalTag/team": ["a", "a?*"]}})], "yes"),
        ([allow(Condition={"StringNotEquals": {"aws:SourceVpc": "v"}})],
         [allow(Condition={"StringNotEquals": {"aws:SourceVpc": "v"}, "Null": {"aws:SourceVpc": "false"}})], "no"),
        ([allow(Condition={"NumericLessThan": {"s3:max-keys": "10"}})],
         [allow(Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}})], "yes"),
        ([allow(Condition={"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}})],
         [allow(Condition={"DateGreaterThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}})], "yes"),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
         [allow(Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}})], "yes"),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "2001:db8::/32"}})],
         [allow(Condition={"IpAddress": {"aws:SourceIp": "2001:db8::/33"}})], "no"),
        ([allow(Condition={"Bool": {"aws:SecureTransport": "true"}})],
         [allow(), {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
         "yes"),
        ([allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}})],
         [allow(Condition={"StringLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}})], "yes"),
        ([allow(Condition={"StringLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}})],
         [allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}})], "no"),
        ([allow(Resource="arn:aws:s3:::home/${aws:username}/*")], [allow(Resource="arn:aws:s3:::home/*")], "yes"),
        ([allow(Resource="arn:aws:s3:::home/${aws:username}/*")], [allow(Resource="arn:aws:s3:::home/bob/*")], "no"),
        ([allow(Resource="arn:aws:s3:::home/${aws:username}/*")],
         [allow(Resource="arn:aws:s3:::home/*"), {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::home/root/*"}],
         "unknown"),
        ([allow(Action="s3:getobject")], [allow(Action="S3:GetObject")], "yes"),
        ([allow(Action="s3:GetObject*")], [allow(Action=["s3:GetObject", "s3:GetObjectVersion"])], "no"),
        ([allow(Condition={"StringLike": {"s3:max-keys": "1*"}})], [allow(Condition={"NumericEquals": {"s3:max-keys": "1"}})],
         "unknown"),
        ([allow(Condition={"StringMatches": {"aws:SourceVpc": "v"}})], [allow()], "unknown"),
    ],
)  # fmt: skip
def test_known_comparisons(mine: list[dict[str, Any]], theirs: list[dict[str, Any]], verdict: str) -> None:
    answer = no_broader(document(*mine), document(*theirs), identity=True)
    assert answer.verdict == verdict, (answer.request, answer.reason)
    assert (answer.reason != "") is (verdict == "unknown")


def test_principals_and_their_accounts_are_one_question() -> None:
    def trust(principal: Any, **condition: Any) -> dict[str, Any]:
        return {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": principal, **condition}

    role = document(trust({"AWS": "arn:aws:iam::111122223333:role/app"}))
    account = document(trust({"AWS": "111122223333"}))
    by_key = document(trust("*", Condition={"StringEquals": {"aws:PrincipalAccount": "111122223333"}}))
    by_arn = document(trust("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}))
    everyone = document(trust("*"))
    service = document(trust({"Service": "sns.amazonaws.com"}))
    for narrow, wide in (
        (role, account), (role, by_arn), (account, by_key), (by_key, account), (by_arn, account), (service, everyone),
    ):  # fmt: skip
        assert no_broader(narrow, wide).verdict == "yes"
    for wide, narrow in ((account, role), (everyone, account), (account, by_arn), (service, account)):
        answer = no_broader(wide, narrow)
        assert answer.verdict == "no"
        assert answer.request is not None
        assert answer.request.principal


def test_moto_enforces_the_same_policies() -> None:
    """A third hand: moto's own enforcement of policies (actions and resources; it knows no conditions)."""
    control = pytest.importorskip("moto.iam.access_control", reason="pip install moto: its enforcement of policies")
    rng = random.Random(17)
    seen = {True: 0, False: 0}
    for _ in range(60):
        parts: list[dict[str, Any]] = [
            {
                "Effect": rng.choice(["Allow", "Allow", "Deny"]),
                rng.choice(["Action", "Action", "NotAction"]): rng.sample(["sqs:*", "sqs:S*", *ACTIONS], 2),
                "Resource": rng.sample(["*", *QUEUES, "arn:aws:sqs:*:*:a*"], 2),
            }
            for _ in range(rng.randint(1, 3))
        ]
        theirs = control.IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": parts}))
        for action, queue in itertools.product(ACTIONS[:3], QUEUES):
            truth = theirs.is_action_permitted(action, queue) is control.PermissionResult.PERMITTED
            one = document({"Effect": "Allow", "Action": action, "Resource": queue})
            answer = no_broader(one, document(*parts), identity=True)
            assert (answer.verdict == "yes") is truth, (parts, action, queue)
            seen[truth] += 1
    assert min(seen.values()) > 100


def test_any_document_gets_an_answer() -> None:
    """What is no policy, or half of one: an answer or an unknown, never an exception, in the engine and in the rules."""
    from assay.bundled import RULES
    from assay.engine import evaluate
    from assay.graph import Graph
    from assay.model import Verdict
    from assay.rule import load_file

    rng = random.Random(29)
    leaves: list[Any] = [
        None,
        True,
        3,
        "",
        "*",
        "s3:*",
        "s3:GetObject",
        "arn:aws:s3:::a/*",
        "${aws:username}",
        "${",
        "\ue100",
        {},
        [],
        ["*", 4],
        {"AWS": "*"},
        {"AWS": {"a": 1}},
        {"Service": ["x.amazonaws.com", None]},
        {"StringLike": {"a:b": {"c": 1}}},
        {"NumericEquals": {"s3:max-keys": "many"}},
        {"IpAddress": {"aws:SourceIp": "300.0.0.1"}},
        {"Null": {"aws:SourceArn": []}},
        {"DateLessThan": {"aws:CurrentTime": "soon"}},
        {"Bool": []},
        {"": {"": ""}},
        "\x00",
        "🙂" * 40,
        "a" * 5000,
        "?*" * 60,
    ]
    keys = [
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
        "Sid",
        "x",
    ]
    rules = [r for file in ("aws_iam_wildcards", "aws_iam_escalation", "aws_policy_validity", "aws_iam_trust", "aws_resource_policies")
             for r in load_file(RULES, f"least_privilege/{file}.py")]  # fmt: skip
    documents: list[Any] = []
    for _ in range(60):
        parts = [{k: rng.choice(leaves) for k in rng.sample(keys, rng.randint(0, 7))} for _ in range(rng.randint(0, 3))]
        for part in parts:
            if rng.random() < 0.7:
                part["Effect"] = rng.choice(["Allow", "Deny"])
        whole = {"Version": "2012-10-17", "Statement": parts} if rng.random() < 0.9 else rng.choice(leaves)
        documents.append(rng.choice([whole, json.dumps(whole)]))
    found: list[Resource] = []
    for n, text in enumerate(documents):
        policy = Resource("aws_iam_policy", f"p{n}", "aws", {"policy": text})
        mine, theirs = statements(policy, "policy"), statements(found[-1], "policy") if found else []
        assert no_broader(mine, theirs).verdict in ("yes", "no", "unknown")
        found.append(policy)
        values = {"policy": text, "assume_role_policy": text, "bucket": "b", "name": f"r{n}"}
        found += [
            Resource(t, f"{t}{n}", "aws", values) for t in ("aws_iam_role", "aws_s3_bucket_policy", "aws_kms_key")
        ]
    report = evaluate(Graph(found), rules)
    assert [f.message for f in report.findings if f.verdict is Verdict.NOT_EVALUATED] == []

"""The helpers behind the AWS rules: policies whatever they were written in, actions, certificates, state machines."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from assay.analysis.aws_actions import expand, fits, service
from assay.analysis.aws_arns import account_of, arn_shaped, matches, matches_all, wildcard_service
from assay.analysis.aws_escalation import escalations
from assay.analysis.aws_identity_policies import identity_statements
from assay.analysis.aws_permissions import narrowable
from assay.analysis.aws_policy import flag
from assay.analysis.aws_policy_documents import DOCUMENT, block_statements, statements
from assay.analysis.aws_security_groups import acl_entries, admitted
from assay.analysis.certificates import read_certificate
from assay.analysis.credentials import credential_within, is_credential
from assay.analysis.state_machine import Machine, faults, read
from assay.analysis.state_questions import may_name_account, may_pay
from assay.analysis.usage import used_by
from assay.graph import Graph
from assay.model import Encoded, PartialList, Ref, Resource, Text, Undetermined, Unknown, Verdict, _reads
from hypothesis import given
from hypothesis import strategies as st


def var() -> Unknown:
    """Made by a function: pytest asks every object of a module for attributes, which an unknown refuses."""
    return Unknown("var.x has no value", ("var", "//", "x"))


def bucket() -> Ref:
    return Ref("aws_s3_bucket.b", "arn")


def policy(*statements_: dict[str, Any], encoded: bool = False) -> Resource:
    document = {"Version": "2012-10-17", "Statement": list(statements_)}
    text = Encoded(document, "jsonencode") if encoded else json.dumps(document)
    return Resource("aws_iam_policy", "aws_iam_policy.p", "terraform", {"policy": text}, name="p")


def of(resource: Resource) -> list[Any]:
    return statements(resource, "policy")


# --- statements -------------------------------------------------------------------------------------------------------


def test_every_way_to_write_a_statement_says_the_same() -> None:
    said = {"Effect": "Allow", "Action": "s3:Get*", "Resource": ["*"], "Principal": {"AWS": "*"}}
    lower = {"effect": "Allow", "action": ["S3:GET*"], "resource": "*", "principal": "*"}
    block = Resource(
        DOCUMENT, "data.aws_iam_policy_document.d", "terraform",
        {"statement": [{"actions": ["s3:Get*"], "resources": ["*"],
                        "principals": [{"type": "*", "identifiers": ["*"]}]}]},
    )  # fmt: skip
    for s in (*of(policy(said)), *of(policy(lower)), *of(policy(said, encoded=True)), *block_statements(block)):
        assert s.allows
        assert s.on_everything
        assert s.public
        assert s.grants("s3:GetObject")
        assert not s.grants("s3:PutObject")


def test_one_statement_needs_no_list_and_no_json_is_unknown() -> None:
    alone = Resource("aws_iam_policy", "p", "terraform", {"policy": '{"Statement": {"Effect": "Deny", "Action": "*"}}'})
    assert [s.effect for s in of(alone)] == ["Deny"]
    with pytest.raises(Undetermined, match="not JSON"):
        list(of(Resource("aws_iam_policy", "p", "terraform", {"policy": "{"})))


def test_a_reference_is_one_resource_and_no_wildcard() -> None:
    (s,) = of(policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": bucket()}, encoded=True))
    assert s.on_everything is False


def test_an_unknown_decides_only_what_it_could_change() -> None:
    (s,) = of(policy({"Effect": "Allow", "Action": ["s3:GetObject", var()], "Resource": "*"}, encoded=True))
    assert s.grants("s3:GetObject")
    with pytest.raises(Undetermined):
        s.grants("iam:PassRole")


def test_an_unknown_statement_hides_none_beside_it() -> None:
    found = of(policy({"Effect": var(), "Action": "*"}, {"Effect": "Allow", "Action": "*"}, encoded=True))
    said = list(flag(found, lambda s: s.allows, "allows"))
    assert [f.verdict for f in said] == [Verdict.UNKNOWN, Verdict.FAIL]


@pytest.mark.parametrize(
    ("condition", "narrows"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"StringEquals": {"AWS:SourceAccount": ["111122223333"]}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "*"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"StringEquals": {"aws:SourceAccount": Ref("data.aws_caller_identity.me", "account_id")}}, True),
        ({"StringEquals": {"aws:SourceAccount": var()}}, True),
        ({"StringEquals": {"aws:SourceAccount": [var(), "*"]}}, False),
    ],
)
def test_what_narrows_everybody(condition: dict[str, Any], narrows: bool) -> None:
    (s,) = of(policy({"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": condition}, encoded=True))
    assert s.public is not narrows


def test_not_action_and_not_principal_mean_the_rest() -> None:
    (s,) = of(policy({"Effect": "Allow", "NotAction": "iam:*", "NotPrincipal": {"AWS": "x"}, "Resource": "*"}))
    assert s.grants("s3:GetObject")
    assert not s.grants("iam:PassRole")
    assert s.to_everyone


def test_a_rendered_document_is_judged_where_it_is_written() -> None:
    block = {"actions": ["s3:GetObject"], "resources": ["*"]}
    document = Resource(DOCUMENT, "data.aws_iam_policy_document.d", "terraform", {"statement": [block]})
    rendered = policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    other = policy({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    graph = Graph([document, rendered, other])
    assert list(identity_statements(rendered, graph)) == []
    assert len(identity_statements(other, graph)) == 1
    assert len(identity_statements(document, graph)) == 1


def test_escalation_counts_what_the_document_denies() -> None:
    grant = {"Effect": "Allow", "Action": ["iam:PassRole", "ec2:*"], "Resource": "*"}
    assert [needed for _, needed in escalations(of(policy(grant)))] == [("iam:PassRole", "ec2:RunInstances")]
    assert list(escalations(of(policy(grant, {"Effect": "Deny", "Action": "iam:*", "Resource": "*"})))) == []
    assert list(escalations(of(policy({**grant, "Resource": "arn:aws:iam::1:role/x"})))) == []


def test_narrowable_knows_which_actions_take_a_resource() -> None:
    document = of(policy({"Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*"}))
    assert narrowable(document, document[0]) == []
    document = of(policy({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::*"}))
    assert narrowable(document, document[0]) == ["s3:GetObject"]


# --- ARNs and actions -------------------------------------------------------------------------------------------------


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_patterns_match_as_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = pattern.replace("*", ".*").replace("?", ".")
    assert fits(pattern, text) is (re.fullmatch(expression, text) is not None)


def test_a_hostile_pattern_takes_no_longer() -> None:
    assert not fits("*a" * 50 + "*b", "a" * 20_000)
    assert not fits("*a?" * 20 + "b", "a" * 2_000)


def test_patterns_match_as_iam_does() -> None:
    assert matches("S3:get?bject", "s3:GetObject")
    assert matches("*", "iam:PassRole")
    assert not matches("s3:Get", "s3:GetObject")
    assert not matches(Text(["ec2:", var()]), "s3:GetObject")
    with pytest.raises(Undetermined):
        matches(Text(["s3:", var()]), "s3:GetObject")


def test_an_arn_of_a_whole_service() -> None:
    for arn, said in (
        ("arn:aws:logs:*:*:*", "logs"),
        ("arn:aws:s3:::*", "s3"),
        ("arn:aws:logs:*:111122223333:*", ""),
        ("arn:aws:dynamodb:*:*:table/*", ""),
        (Text(["arn:", var(), ":logs:*:*:*"]), "logs"),
        (bucket(), ""),
        ("*", ""),
    ):
        assert wildcard_service(arn) == said


def test_accounts_of_principals() -> None:
    assert account_of("111122223333") == account_of("arn:aws:iam::111122223333:root") == "111122223333"
    assert account_of(Text(["arn:aws:iam::", Ref("data.aws_caller_identity.me", "account_id"), ":root"])) is None
    assert account_of("arn:aws:iam::cloudfront:user/x") is None
    with pytest.raises(Undetermined):
        account_of(var())
    assert matches_all("arn:aws:iam:::*")
    assert arn_shaped("arn:aws:s3:::b")
    assert not arn_shaped("b")


def test_the_table_of_actions() -> None:
    assert [a.name for a in expand("SQS:sendmessage")] == ["sqs:SendMessage"]
    assert len(expand("s3:*")) > 100
    assert expand("S3:*") == expand("s3:*")
    assert expand("S?:Get*") == expand("s?:get*")
    assert {a.level for a in expand("s3:GetObject")} == {"r"}
    assert expand("s3:NoSuchThing") == expand("nothing:*") == expand("s3") == ()
    assert service("kms")["kms:decrypt"].narrowable
    assert len(expand("*")) > 15_000


# --- certificates -----------------------------------------------------------------------------------------------------

OLD = """-----BEGIN CERTIFICATE-----
MIIBHDCBwgIBATAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9vbGQuZXhhbXBsZS5v
cmcwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAaMRgwFgYDVQQDDA9v
bGQuZXhhbXBsZS5vcmcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARoxs8+Ddvb
l3OW6SuenGHtGOkpV2hhXw3i2tCeCSyrPKqKCxI3X1gthMb8mhWO4e8SyBBQ2RY7
N62ys9KR7sOwMAoGCCqGSM49BAMCA0kAMEYCIQCrSVdsbXKDr9ZnDbkLEmnJktCf
EPkZLJkbhVn98GvUVwIhAP+qb2i94nc+4n3S0oE8LSN1nypVSQXzGiZQ54wjhrQ0
-----END CERTIFICATE-----"""


def test_a_certificate_says_its_end_and_its_key() -> None:
    found = read_certificate(OLD)
    assert found is not None
    assert found.ends == "2021-01-01"
    assert found.rsa_bits is None
    assert read_certificate("no certificate") is None


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=300))
def test_a_damaged_certificate_is_none_and_never_an_error(noise: bytes, at: int) -> None:
    der = base64.b64decode("".join(OLD.splitlines()[1:-1]))
    for data in (noise, der[:at], der[:at] + noise + der[at + len(noise) :]):
        text = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(data).decode()}\n-----END CERTIFICATE-----"
        found = read_certificate(text)
        assert found is None or len(found.ends) == 10


# --- state machines ---------------------------------------------------------------------------------------------------


def machine(definition: Any) -> Resource:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return Resource("aws_sfn_state_machine", "m", "terraform", {"definition": text})


def alone(definition: Any) -> tuple[Resource, Graph]:
    resource = machine(definition)
    return resource, Graph([resource])


def test_faults_of_a_definition() -> None:
    good = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}
    assert list(faults(*alone(good))) == []
    assert [what for what, _ in faults(*alone("no json"))] == [
        "the definition is no JSON object: line 1, column 1: it is not JSON: Expecting value"
    ]
    lost = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}, "B": {"Type": "Pass", "End": True}}}
    said = [what for what, _ in faults(*alone(lost))]
    assert said == [
        "state A goes on to C, which does not exist", "state B cannot be reached",
        "from state A the execution can never end",
    ]  # fmt: skip


def test_states_at_every_depth() -> None:
    inner = {"StartAt": "X", "States": {"X": {"Type": "Pass", "End": True}}}
    outer = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner, inner], "End": True}}}
    found = read(*alone(outer)).states
    assert [s.at for s in found] == [
        "definition.States.P", "definition.States.P.Branches[0].States.X", "definition.States.P.Branches[1].States.X",
    ]  # fmt: skip


def test_what_is_kept_of_a_machine_is_that_machine() -> None:
    """A definition is read once for all rules: never taken for another's, and its unknowns are told each time."""
    one, other = machine({"StartAt": "A", "States": {"A": {}}}), machine({"StartAt": "B", "States": {"B": {}}})
    text = Text(['{"StartAt": "A", "States": {"A": {"Resource": "', Unknown("var.x"), '"}}}'])
    partial = Resource("aws_sfn_state_machine", "m", "terraform", {"definition": text})
    graph = Graph([one, other, partial])
    for _ in range(2):
        assert [s.name for s in read(one, graph).states] == ["A"]
        assert [s.name for s in read(other, graph).states] == ["B"]
        _reads.clear()
        assert [s.name for s in read(partial, graph).states] == ["A"]
        assert [unknown.reason for _, _, unknown in _reads] == ["var.x"] * 2, "the attribute, and the piece of it"
    assert read(one, graph) is read(one, graph)


def test_what_no_text_of_a_machine_says_no_state_says() -> None:
    def of(document: Any) -> Machine:
        return Machine({"States": {"A": document}})

    assert not may_name_account(of({}))
    assert may_name_account(of({"Resource": "arn:aws:s3:eu-west-1:111122223333:x"}))
    assert may_name_account(of({"x": Unknown("var.x"), "y": PartialList(["arn:aws:s3:eu-west-1:1:x"], Unknown("z"))}))
    assert not may_name_account(of({"x": Unknown("var.x")}))
    assert may_pay(of({"Comment": "reFUNDs"}))
    assert may_pay(of({"Comment": Text([Unknown("var.x"), " reFUNDs"])}))
    assert may_pay(Machine({"States": {"Refund": {"x": Unknown("var.x")}}}))
    assert not may_pay(of({"x": Unknown("var.x")}))
    assert not may_pay(of({"Parameters": {"Payload.$": "$.Payload"}})), "every call of a function has one"


# --- credentials and use ----------------------------------------------------------------------------------------------


def test_credentials_by_name_form_and_origin() -> None:
    assert is_credential("DB_PASSWORD", "hunter2")
    assert not is_credential("DB_PASSWORD_ARN", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db")
    assert is_credential("X", Unknown("var.token has no value", ("var", "//", "token"), sensitive=True))
    assert is_credential("X", Ref("random_password.db", "result"))
    assert not is_credential("X", Ref("random_password.db", "id"))
    with pytest.raises(Undetermined):
        is_credential("API_TOKEN", var())
    assert credential_within(base64.b64encode(b"export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE").decode())
    assert not credential_within("export DB_PASSWORD=$(aws secretsmanager get-secret-value)")


def test_used_by_ignores_the_instance_key_and_finds_live_ids() -> None:
    group = Resource("aws_security_group", "aws_security_group.g[0]", "terraform", {})
    user = Resource("aws_instance", "aws_instance.i", "terraform", {"ids": [Ref("aws_security_group.g[0]", "id")]})
    assert used_by(group, Graph([group, user])) == {"aws_instance"}
    assert used_by(group, Graph([group])) == set()
    live = Resource("aws_security_group", "arn:aws:ec2:::sg-1", "aws", {"id": "sg-1"})
    card = Resource("aws_network_interface", "eni-1", "aws", {"security_groups": ["sg-1"]})
    assert used_by(live, Graph([live, card])) == {"aws_network_interface"}


# --- network ACLs -----------------------------------------------------------------------------------------------------


def test_an_acl_admits_whom_it_lists_where_one_address_belongs() -> None:
    """A variable often holds a list: the provider refuses it, and what is meant is open all the same."""

    def reached(protocol: Any) -> list[int]:
        ingress = {"rule_no": 1, "action": "allow", "protocol": protocol, "from_port": 5, "to_port": 22}
        body = {"ingress": [{**ingress, "cidr_block": ["10.0.0.0/8", "0.0.0.0/0"]}]}
        acl = Resource("aws_network_acl", "aws_network_acl.a", "terraform", body, name="a")
        return [e.number for e in admitted(acl, acl_entries(acl, Graph([acl])), 22)]

    assert reached("tcp") == [1]
    assert reached("udp") == []
    with pytest.raises(Undetermined):
        reached(var())

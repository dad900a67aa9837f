"""Unknown values and reading by path: what plain Python would silently get wrong."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from assay import Resource, Undetermined, Unknown, all_of, any_of, as_list, show
from assay.model import Encoded, KleeneList, PartialList, Ref, Text, join_path, parse_path


class Given:
    """Out of pytest's sight: it asks every module attribute whether it is a test, and an unknown answers nothing."""

    unknown = Unknown("var.cidr has no value", ("var", "cidr"))


QUESTIONS: dict[str, Callable[[Any], object]] = {
    "bool": bool,
    "not": lambda u: not u,
    "==": lambda u: u == "a",
    "!=": lambda u: u != "a",
    "== None": lambda u: u == None,
    "<": lambda u: u < 3,
    ">=": lambda u: u >= 3,
    "in list": lambda u: u in ["a", "b"],
    "in set": lambda u: u in {"a", "b"},
    "in dict": lambda u: u in {"a": 1},
    "contains": lambda u: "a" in u,
    "len": len,
    "iterate": list,
    "hash": hash,
    "+": lambda u: u + 1,
    "r+": lambda u: "a" + u,
    "format": lambda u: f"{u}",
    "str": str,
    "method": lambda u: u.startswith("a"),
    "index": lambda u: u[0],
    "call": lambda u: u(),
    "int": int,
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_to_an_unknown_is_undetermined(question: str) -> None:
    with pytest.raises(Undetermined, match=r"var\.cidr has no value"):
        QUESTIONS[question](Given.unknown)


def test_except_exception_does_not_swallow_it() -> None:
    with pytest.raises(Undetermined), suppress(Exception):
        bool(Given.unknown)


def test_the_same_unknown_equals_itself_and_no_other_does() -> None:
    assert Unknown("why", ("var", "cidr")) == Given.unknown
    with pytest.raises(Undetermined):
        assert Unknown("why", ("var", "other")) == Given.unknown
    with pytest.raises(Undetermined):
        assert Unknown("why") == Given.unknown


def test_two_attributes_inside_one_unknown_are_not_the_same() -> None:
    r = Resource("t", "t.a", "terraform", {"block": Given.unknown})
    with pytest.raises(Undetermined):
        assert r["block.a"] == r["block.b"]
    assert r["block.a"] == r["block.a"]


def test_a_reference_is_not_null_and_an_arn_is_not_a_wildcard() -> None:
    ref = Ref("aws_kms_key.k", "arn")
    assert ref != None
    assert ref != "*"
    assert ref.startswith("arn:")
    assert not ref.startswith("http")
    with pytest.raises(Undetermined):
        ref == "arn:aws:kms:eu-west-1:1:key/2"  # noqa: B015
    assert Ref("aws_kms_key.k", "arn") == ref


def test_what_some_data_sources_answer_has_a_form() -> None:
    account = Ref("data.aws_caller_identity.current", "account_id")
    assert not account.startswith("launch-wizard")
    assert Text((account, "-app")) != "launch-wizard-app"
    assert not Text((account, "-app")).startswith("launch")
    assert not Text(("app-", account)).endswith("x")
    with pytest.raises(Undetermined):
        account.startswith("12")
    with pytest.raises(Undetermined):
        Text(("app-", account)).endswith("7")
    partition = Ref("data.aws_partition.current[0]", "partition")
    assert Text(("arn:", partition, ":iam::aws:policy/A")) != "arn:x*:iam::aws:policy/A"


def test_an_arn_ends_in_no_wildcard_and_is_no_list() -> None:
    role = Ref('module.m["a.b"].aws_iam_role.r[0]', "arn")
    assert role.kind == "aws_iam_role"
    assert not role.endswith((":role/*", "*"))
    assert role != []
    with pytest.raises(Undetermined):
        role.endswith("/admin")
    assert as_list(role) == [role]
    with pytest.raises(Undetermined):
        list(as_list(Ref("data.aws_subnets.s", "ids")))


def test_a_text_keeps_its_known_pieces() -> None:
    text = Text(("arn:aws:s3:::", Given.unknown, "/*"))
    assert text != "*"
    assert "s3" in text
    assert text.startswith("arn:")
    assert text.endswith("/*")
    assert not text.endswith("/x")
    with pytest.raises(Undetermined):
        assert "logs" in text
    with pytest.raises(Undetermined):
        text.startswith("arn:aws:s3:::logs")
    with pytest.raises(Undetermined):
        text == "arn:aws:s3:::logs/*"  # noqa: B015


def test_texts_flatten_and_compare_by_their_pieces() -> None:
    inner = Text(("a", Given.unknown))
    assert Text((inner, "b")).parts == ("a", Given.unknown, "b")
    assert Text(("a", Given.unknown)) == Text(("a", Unknown("again", ("var", "cidr"))))


def test_kleene_any_and_all() -> None:
    assert any_of([Given.unknown, 1], lambda x: x == 1)
    assert not all_of([Given.unknown, 2], lambda x: x == 1)
    with pytest.raises(Undetermined):
        any_of([Given.unknown, 2], lambda x: x == 1)
    with pytest.raises(Undetermined):
        all_of([Given.unknown, 1], lambda x: x == 1)
    assert not any_of([], bool)


def test_a_list_with_unknown_elements_answers_in_when_it_can() -> None:
    r = Resource("t", "t.a", "terraform", {"cidrs": [Given.unknown, "0.0.0.0/0"], "open": [Given.unknown]})
    assert "0.0.0.0/0" in r["cidrs"]
    assert isinstance(r["cidrs"], KleeneList)
    with pytest.raises(Undetermined):
        assert "0.0.0.0/0" in r["open"]


def test_a_partial_list_yields_what_is_known_then_says_that_more_may_come() -> None:
    partial = PartialList([1, 2], Given.unknown)
    items = iter(partial)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(Undetermined):
        next(items)
    assert bool(partial)
    assert 2 in partial
    with pytest.raises(Undetermined):
        assert 3 in partial
    with pytest.raises(Undetermined):
        len(partial)
    with pytest.raises(Undetermined):
        bool(PartialList([], Given.unknown))


def test_paths() -> None:
    assert parse_path("a.b[0].c") == ("a", "b", 0, "c")
    assert join_path(("a", "b", 0, "c")) == "a.b[0].c"
    r = Resource("t", "t.a", "terraform", {"a": [{"b": [{"c": 1}, {"c": 2}]}], "empty": [], "gone": None})
    assert r["a.b[1].c"] == 2
    assert r["empty.x"] == None
    assert r["gone.x.y"] == None
    assert [block["c"] for block in r.each("a.b")] == [1, 2]
    assert r.each("nothing") == []
    with pytest.raises(LookupError, match="use each"):
        r["a.b.c"]


def test_each_of_an_unknown_dynamic_block_yields_the_known_then_raises() -> None:
    r = Resource("t", "t.a", "terraform", {"ingress": PartialList([{"port": 22}], Given.unknown)})
    blocks = iter(r.each("ingress"))
    assert next(blocks)["port"] == 22
    with pytest.raises(Undetermined):
        next(blocks)


def test_absent_is_certain_only_when_it_is() -> None:
    r = Resource("t", "t.a", "terraform", {"u": Given.unknown, "ref": Ref("x.y", "id"), "v": 1})
    assert r.absent("nothing")
    assert not r.absent("v")
    assert not r.absent("ref")
    with pytest.raises(Undetermined):
        r.absent("u")


def test_a_resource_is_frozen() -> None:
    r = Resource("t", "t.a", "terraform", {})
    with pytest.raises(AttributeError, match="frozen"):
        r.type = "other"


def test_json_documents_keep_their_unknown_leaves() -> None:
    policy = Text(
        ('{"Action": "s3:*", "Resource": ["', Ref("aws_s3_bucket.b", "arn"), '/*"], "N": ', Given.unknown, "}")
    )
    r = Resource("t", "t.a", "terraform", {"policy": policy, "made": Encoded({"a": Given.unknown}, "why"), "bad": "{"})
    document = r.json("policy")
    assert document["Action"] == "s3:*"
    assert document["Resource"][0].endswith("/*")
    assert document["N"] is Given.unknown
    assert r.json("made")["a"] is Given.unknown
    assert r.json("nothing") is None
    with pytest.raises(Undetermined, match="not JSON"):
        bool(r.json("bad"))


VALUES: dict[str, Callable[[], Any]] = {
    "unknown": lambda: Given.unknown,
    "ref": lambda: Ref("a.b", "id"),
    "text": lambda: Text(("a", Given.unknown)),
    "partial": lambda: PartialList([1], Given.unknown),
    "encoded": lambda: Encoded({"a": 1}, "why"),
}


@pytest.mark.parametrize("kind", VALUES)
def test_show_and_pickle_never_raise(kind: str) -> None:
    value = VALUES[kind]()
    assert show(value)
    assert show([value, {"k": value}])
    assert show(pickle.loads(pickle.dumps(value))) == show(value)  # noqa: S301 - our own bytes
    assert type(pickle.loads(pickle.dumps(value))) is type(value)  # noqa: S301

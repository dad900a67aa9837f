"""Links: declared once, followed both ways, honest about what was not collected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from assay import Graph, Resource, Undetermined, Unknown
from assay.links import identity_of, links_of, types
from assay.model import Coverage, PartialList, Ref, Text
from terraform_estate import evaluate


def res(type_: str, name: str, source: str = "terraform", root: str = "", **values: Any) -> Resource:
    return Resource(type_, f"{type_}.{name}", source, values, root=root)


def test_a_reference_is_followed_and_asked_backwards() -> None:
    queue = res("aws_sqs_queue", "q")
    target = res("aws_cloudwatch_event_target", "t", arn=Ref("aws_sqs_queue.q", "arn"))
    graph = Graph([target, queue])
    assert graph.follow(target, "arn") == [queue]
    assert graph.users(queue, "aws_cloudwatch_event_target") == [target]
    assert [(a.address, b.address, via) for a, b, via in graph.links()] == [
        ("aws_cloudwatch_event_target.t", "aws_sqs_queue.q", "arn")
    ]


def test_names_arns_and_texts_resolve_too() -> None:
    bucket = res("aws_s3_bucket", "b", bucket="logs")
    by_name = res("aws_s3_bucket_versioning", "v", bucket="logs")
    by_text = res("aws_s3_bucket_policy", "p", bucket=Text((Ref("aws_s3_bucket.b", "id"), "")))
    graph = Graph([bucket, by_name, by_text])
    assert graph.follow(by_name, "bucket") == [bucket]
    assert graph.follow(by_text, "bucket") == [bucket]


def test_a_name_built_from_something_else_links_by_the_name() -> None:
    name = ("db-", Ref("data.aws_caller_identity.me", "account_id"))
    group = Resource("aws_db_subnet_group", "aws_db_subnet_group.g", "terraform", {"name": Text(name)})
    database = res("aws_db_instance", "d", db_subnet_group_name=Text(name))
    graph = Graph([group, database, res("data.aws_caller_identity", "me")])
    assert graph.follow(database, "db_subnet_group_name") == [group]
    assert graph.users(group, "aws_db_instance") == [database]


def test_the_same_unknown_names_the_same_thing() -> None:
    bucket = res("aws_s3_bucket", "b", bucket=Unknown("var.name has no value", ("var", "name")))
    acl = res("aws_s3_bucket_acl", "a", bucket=Unknown("var.name has no value", ("var", "name")))
    assert Graph([bucket, acl]).follow(acl, "bucket") == [bucket]


def test_a_link_to_something_not_collected_is_unknown_never_absent() -> None:
    function = res("aws_lambda_function", "f", vpc_config=[{"subnet_ids": ["subnet-1", Ref("aws_subnet.a", "id")]}])
    subnet = res("aws_subnet", "a", map_public_ip_on_launch=False)
    found = Graph([function, subnet]).follow(function, "vpc_config.subnet_ids")
    assert [r.source for r in found] == ["terraform", "uncollected"]
    with pytest.raises(Undetermined, match="not among the inputs"):
        assert found[1]["map_public_ip_on_launch"] == True


def test_users_are_partial_when_one_names_something_unknown() -> None:
    queue = res("aws_sqs_queue", "q")
    target = res("aws_cloudwatch_event_target", "t", arn=Unknown("var.arn has no value", ("var", "arn")))
    users = Graph([queue, target]).users(queue, "aws_cloudwatch_event_target")
    with pytest.raises(Undetermined, match=r"var\.arn"):
        bool(users)


def test_what_may_not_be_there_uses_nothing_for_certain() -> None:
    network = Resource("aws_vpc", "aws_vpc.v", "terraform", {})
    several = Resource("aws_vpc", "aws_vpc.w[?]", "terraform", {})
    log = Resource("aws_flow_log", "aws_flow_log.l[?]", "terraform", {"vpc_id": Ref("aws_vpc.v", "id")})
    twin = Resource("aws_flow_log", "aws_flow_log.m[?]", "terraform", {"vpc_id": Ref("aws_vpc.w", "id")})
    certain = Resource("aws_flow_log", "aws_flow_log.n", "terraform", {"vpc_id": Ref("aws_vpc.v", "id")})
    with pytest.raises(Undetermined, match=r"aws_flow_log.l\[\?\] depends on a count"):
        bool(Graph([network, log]).users(network, "aws_flow_log"))
    assert bool(Graph([network, log, certain]).users(network, "aws_flow_log"))
    assert Graph([several, twin]).users(several, "aws_flow_log") == [twin]  # one count for both, as far as one can tell


def test_a_denied_list_is_never_an_empty_one() -> None:
    coverage = Coverage()
    coverage.not_listed("aws_budgets_budget", None, None, "AccessDenied")
    account = res("account", "a", source="aws")
    beside = Graph([account], coverage).beside(account, "aws_budgets_budget")
    assert isinstance(beside, PartialList)
    with pytest.raises(Undetermined, match="AccessDenied"):
        bool(beside)


def test_equal_addresses_of_two_roots_do_not_mix() -> None:
    one, two = res("aws_sqs_queue", "q", root="a"), res("aws_sqs_queue", "q", root="b")
    policy = res("aws_sqs_queue_policy", "p", root="b", queue_url=Ref("aws_sqs_queue.q", "id"))
    graph = Graph([one, two, policy])
    assert graph.follow(policy, "queue_url") == [two]
    assert graph.users(one, "aws_sqs_queue_policy") == []


def test_what_an_unread_module_takes_may_be_used_there() -> None:
    taken = res("aws_s3_bucket", "taken")
    free = res("aws_s3_bucket", "free")
    call = Resource("module", "module.m", "terraform", {"$unread": "not here", "b": Ref("aws_s3_bucket.taken", "id")})
    graph = Graph([taken, free, call])
    assert graph.users(free, "aws_s3_bucket_policy") == []
    with pytest.raises(Undetermined, match=r"module\.m takes it and was not read"):
        bool(graph.users(taken, "aws_s3_bucket_policy"))


def test_a_path_reads_into_a_json_document() -> None:
    dead = res("aws_sqs_queue", "dead")
    arn = Text(('{"deadLetterTargetArn": "', Ref("aws_sqs_queue.dead", "arn"), '"}'))
    queue = res("aws_sqs_queue", "q", redrive_policy=arn)
    assert Graph([queue, dead]).users(dead, "aws_sqs_queue") == [queue]


def test_every_declared_relation_names_types_and_attributes_of_the_schema() -> None:
    from assay.terraform.schema import attributes

    problems = []
    linked, named = types()
    for type_, paths in ((t, links_of(t)) for t in linked):
        known = attributes(type_)
        problems += [f"{type_} {p}" for p in paths if known and p not in known and p.split(".")[0] not in known]
    for type_, names in ((t, identity_of(t)) for t in named):
        assert names, type_
    assert problems == []


@pytest.mark.parametrize("mark", ["\ue0005\ue000", "\ue000", "\\ue0000\\ue000"])
def test_a_document_that_holds_the_mark_of_holes_is_unknown(mark: str) -> None:
    """Private characters in a text must not be taken for its unknown pieces."""
    from assay.decode import decode, decode_yaml

    text = Text([f'{{"a": "{mark}", "b": "', Unknown("var.b has no value"), '"}'])
    for read in (decode, decode_yaml):
        found = read(text)
        assert isinstance(found, Unknown)
        assert found.reason == text.reason


_GROUPS = """
resource "aws_db_parameter_group" "here" { name = "pg" }
resource "aws_db_parameter_group" "there" {
  provider = aws.eu
  name     = "pg"
}
locals { there = aws_db_parameter_group.there.name }
resource "aws_db_instance" "direct" { parameter_group_name = aws_db_parameter_group.there.name }
resource "aws_db_instance" "local" { parameter_group_name = local.there }
resource "aws_db_instance" "literal" { parameter_group_name = "pg" }
module "m" {
  source = "./m"
  group  = aws_db_parameter_group.there.name
}
module "eu" { source = "./region" }
module "us" { source = "./region" }
"""
_INSTANCE = 'variable "group" {}\nresource "aws_db_instance" "i" { parameter_group_name = var.group }'
_REGION = 'resource "aws_db_parameter_group" "g" { name = "pg" }\nresource "aws_db_instance" "i" {\n'
_REGION += '  parameter_group_name = "pg"\n}'


def test_of_resources_of_one_name_a_link_leads_to_the_one_the_code_speaks_of(tmp_path: Path) -> None:
    estate = evaluate(tmp_path, {"main.tf": _GROUPS, "m/main.tf": _INSTANCE, "region/main.tf": _REGION})
    graph = Graph(estate.resources)
    led = {
        r.address: sorted(x.address for x in graph.follow(r, "parameter_group_name"))
        for r in graph.all("aws_db_instance")
    }
    there, here = "aws_db_parameter_group.there", "aws_db_parameter_group.here"
    assert led == {
        "aws_db_instance.direct": [there],
        "aws_db_instance.local": [there],
        "aws_db_instance.literal": [here, there],
        "module.m.aws_db_instance.i": [there],
        "module.eu.aws_db_instance.i": ["module.eu.aws_db_parameter_group.g"],
        "module.us.aws_db_instance.i": ["module.us.aws_db_parameter_group.g"],
    }
    users = graph.users(next(g for g in graph.all("aws_db_parameter_group") if g.address == here), "aws_db_instance")
    assert [u.address for u in users] == ["aws_db_instance.literal"]

"""OCI policy statements: the grammar's forms, what is refused, and what unknown pieces may and may not decide."""

import pytest
from assay import Undetermined, Unknown
from assay.analysis.oci_conditions import always, excludes_permission, glob_matches, names_principal
from assay.analysis.oci_policy_language import Group, Predicate, Statement, matching_rule, statement
from assay.model import Text


def text(pattern: str) -> Text | Unknown:
    """The pattern with an unknown in the place of every underscore."""
    hole = Unknown("var.x has no value", ("var", "x"))
    parts: list[str | Unknown] = []
    for i, piece in enumerate(pattern.split("_")):
        parts += [hole, piece] if i else [piece]
    return Text([p for p in parts if p is hole or p]) if pattern != "_" else hole


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Allow group G to manage all-resources in tenancy", ("group", ("G",), "manage", "all-resources", "tenancy")),
        ("ALLOW GROUP A, B TO USE buckets IN COMPARTMENT x:y", ("group", ("A", "B"), "use", "buckets", "compartment")),
        ("allow any-user to read objects in tenancy", ("any-user", (), "read", "objects", "tenancy")),
        (
            "allow dynamic-group 'Default'/'my dg' to use keys in compartment id ocid1.compartment.oc1..a",
            ("dynamic-group", ("Default/my dg",), "use", "keys", "compartment"),
        ),
        ("Allow group id ocid1.group.oc1..a to inspect users in tenancy",
         ("group", ("ocid1.group.oc1..a",), "inspect", "users", "tenancy")),
        ("allow service blockstorage, FaaS to use keys in tenancy",
         ("service", ("blockstorage", "FaaS"), "use", "keys", "tenancy")),
        ("Allow dynamic group dg to use  vnics\nin tenancy", ("dynamic-group", ("dg",), "use", "vnics", "tenancy")),
        ("allow group Domain/Devs to manage repos in compartment c where request.region='IAD'",
         ("group", ("Domain/Devs",), "manage", "repos", "compartment")),
    ],
)  # fmt: skip
def test_allow_statements(written: str, wanted: tuple[object, ...]) -> None:
    s = statement(written)
    assert (s.subject, s.names, s.verb, s.resource, s.place) == wanted


def test_permission_lists_and_conditions() -> None:
    s = statement(
        "allow group g to {OBJECT_READ, OBJECT_INSPECT} in compartment c where"
        " all {target.bucket.name = 'b', any {request.region = /ia*/, request.user.mfatotpverified}}"
    )
    assert s.permissions == ("OBJECT_READ", "OBJECT_INSPECT")
    assert s.condition == Group(
        True,
        [
            Predicate("target.bucket.name", "=", ["b"]),
            Group(
                False,
                [Predicate("request.region", "=", ["/ia*/"]), Predicate("request.user.mfatotpverified", "is", [])],
            ),
        ],
    )


def test_statements_between_tenancies() -> None:
    assert statement("Define tenancy Acme as ocid1.tenancy.oc1..a").alias == "Acme"
    assert statement("Endorse group G to manage object-family in any-tenancy").tenancy == "any-tenancy"
    assert statement("Endorse group G to use drg in tenancy Acme").tenancy == "Acme"
    admitted = statement("Admit group G of tenancy Acme to manage buckets in compartment c")
    assert (admitted.effect, admitted.tenancy, admitted.resource) == ("admit", "Acme", "buckets")
    peered = statement(
        "Endorse group G to manage local-peering-to in tenancy Acme"
        " with local-peering-from in compartment c where a = 'b'"
    )
    assert (peered.effect, peered.condition) == ("endorse", Predicate("a", "=", ["b"]))


@pytest.mark.parametrize(
    "written",
    [
        "", "allow", "permit group g to read buckets in tenancy", "allow group g to reed buckets in tenancy",
        "allow g to read buckets in tenancy", "allow group g to read in tenancy", "allow group g to read buckets in",
        "allow group g to read buckets in tenancy where", "allow group g to read buckets in tenancy where all {a = 'b'",
        "allow group g to read buckets in compartment c d", "allow group g to {OBJECT_READ in tenancy",
        "allow group g to read buckets in somewhere",
    ],
)  # fmt: skip
def test_what_is_no_statement(written: str) -> None:
    s = statement(written)
    assert s.effect == "invalid"
    assert s.fault


def test_unknown_names_leave_the_rest_known() -> None:
    s = statement(text("allow group _ to manage all-resources in compartment _"))
    assert (s.verb, s.resource, s.place) == ("manage", "all-resources", "compartment")
    with pytest.raises(Undetermined):
        assert s.administrators_only
    named = statement(text("allow group _-ops to manage all-resources in tenancy"))
    assert not named.administrators_only, "whatever the hole holds, the name ends in -ops"


@pytest.mark.parametrize(
    "pattern",
    [
        "_",
        "allow _ to read buckets in tenancy",
        "allow group g to read buckets in _",
        "allow group g to _ in tenancy",
        "allow group g to read buckets _",
    ],
)
def test_unknown_keywords_are_undetermined(pattern: str) -> None:
    with pytest.raises(Undetermined):
        statement(text(pattern))


def condition(where: str) -> object:
    s: Statement = statement("allow any-user to use buckets in tenancy where " + where)
    assert s.effect == "allow", s.fault
    return s.condition


def test_a_principal_in_or_does_not_bind() -> None:
    assert names_principal(condition("request.principal.type = 'fnfunc'"))
    assert names_principal(condition("all {request.principal.id = 'x', target.bucket.name = 'b'}"))
    assert not names_principal(condition("any {request.principal.id = 'x', target.bucket.name = 'b'}"))
    assert names_principal(condition("any {request.principal.id = 'x', request.user.id = 'b'}"))
    assert not names_principal(condition("request.principal.id != 'x'"))
    assert not names_principal(None)


def test_permissions_left_out() -> None:
    assert excludes_permission(condition("request.permission != 'OBJECT_DELETE'"), "OBJECT_DELETE")
    assert not excludes_permission(condition("request.permission != 'OBJECT_DELETE'"), "BUCKET_DELETE")
    assert excludes_permission(condition("request.permission = /*_READ/"), "OBJECT_DELETE")
    both = condition("all {request.permission != 'OBJECT_DELETE', request.permission != 'BUCKET_DELETE'}")
    assert excludes_permission(both, "BUCKET_DELETE")
    either = condition("any {request.permission != 'OBJECT_DELETE', request.permission != 'BUCKET_DELETE'}")
    assert not excludes_permission(either, "BUCKET_DELETE")


def test_matching_rules() -> None:
    both = matching_rule("ALL {resource.type = 'fnfunc', resource.compartment.id = 'c'}")
    assert always(both) == {"resource.type", "resource.compartment.id"}
    assert always(matching_rule("ANY {resource.type = 'fnfunc', resource.compartment.id = 'c'}")) == set()
    assert always(matching_rule("instance.id = 'i'")) == {"instance.id"}
    assert always(matching_rule("all {instance.id != 'i'}")) == set()
    assert matching_rule("ALL {resource.type = 'fnfunc'") == None
    assert always(matching_rule(text("ALL {resource.type = '_'}"))) == {"resource.type"}


def test_globs_are_matched_without_backtracking() -> None:
    assert glob_matches("/*_READ/", "OBJECT_READ")
    assert glob_matches("/obj*ad/", "OBJECT_READ")
    assert not glob_matches("/READ/", "OBJECT_READ")
    assert not glob_matches("/OBJECT*OBJECT_READ/", "OBJECT_READ")
    assert not glob_matches("/" + "*a" * 500 + "*b/", "a" * 400)

"""Terraform's functions and values, called directly: terraform's own answers, bounds on bombs, what stays known."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from assay.model import Encoded, Ref, Text, Undetermined, Unknown
from assay.terraform import operations
from assay.terraform import values as v
from assay.terraform.arithmetic import arithmetic, ratio
from assay.terraform.functions import FUNCTIONS, call
from assay.terraform.numeric import NumberError, compare, number_text, parse_number
from assay.terraform.operations import equal
from assay.terraform.sets import make_set
from assay.terraform.values import (
    BOOL,
    NUMBER,
    STRING,
    EvalError,
    ListValue,
    MapValue,
    SetValue,
    TypedUnknown,
    convert,
    list_of,
    map_of,
    object_of,
    type_of,
)
from hypothesis import example, given
from hypothesis import strategies as st
from oracles import require_oracle

QUIET = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}


def unknown(type_: v.Type = STRING) -> TypedUnknown:
    return TypedUnknown("terraform_data.u.id is known only after apply", type_, not_null=True)


# --- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_every_function_terraform_has_is_there_and_takes_as_many_arguments() -> None:
    terraform = require_oracle("terraform")
    told = subprocess.run(
        [terraform, "metadata", "functions", "-json"], env=QUIET, capture_output=True, check=True, text=True
    )
    signatures = json.loads(told.stdout)["function_signatures"]
    assert len(signatures) > 200
    wrong = []
    for name, signature in signatures.items():
        function = FUNCTIONS.get(name.removeprefix("core::"))
        fixed = len(signature.get("parameters", ()))
        repeats = "variadic_parameter" in signature
        if function is None or len(function.params) != fixed or (function.variadic is not None) is not repeats:
            wrong.append(name)
    assert not wrong


def test_every_function_of_the_table_is_implemented_in_the_module_it_names() -> None:
    from importlib import import_module

    for function in FUNCTIONS.values():
        assert function.name in import_module(f"assay.terraform.functions_{function.module}").TABLE
    modules = {function.module for function in FUNCTIONS.values()}
    implemented = {name for m in modules for name in import_module(f"assay.terraform.functions_{m}").TABLE}
    assert implemented == set(FUNCTIONS)


def test_opentofu_functions_are_there() -> None:
    packed = "H4sIAAAAAAAA/8pIzcnJBwAAAP//AQAA//+GphA2BQAAAA=="  # terraform's base64gzip("hello")
    assert call("base64gunzip", [packed]) == "hello"
    assert call("urldecode", ["Hello+World%21%C3%A9"]) == "Hello World!é"
    assert call("cidrcontains", ["10.0.0.0/8", "10.2.3.4"]) is True
    assert call("cidrcontains", ["10.0.0.0/8", "10.0.0.0/7"]) is False
    assert call("cidrcontains", ["fd00::/8", "fd12::/16"]) is True


def test_a_providers_function_is_unknown_and_a_misspelt_one_is_an_error() -> None:
    assert isinstance(call("provider::terraform::encode_tfvars", [{"a": 1}]), Unknown)
    with pytest.raises(EvalError, match="did you mean lower"):
        call("lowr", ["A"])
    with pytest.raises(EvalError, match="takes 1 argument, and 2 were given"):
        call("upper", ["a", "b"])


def loaded_by(code: str) -> set[str]:
    """The modules that statements load, in an interpreter of their own, beside those of the model."""
    program = (
        "import sys, types\n"
        "package = types.ModuleType('assay'); package.__path__ = [sys.argv[1]]; sys.modules['assay'] = package\n"
        "import assay.model\n"
        "before = set(sys.modules)\n"
        f"{code}\n"
        "print(*(set(sys.modules) - before))"
    )
    package = str(Path(v.__file__).parents[1])
    done = subprocess.run([sys.executable, "-I", "-c", program, package], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def test_importing_the_functions_imports_nothing_heavy() -> None:
    heavy = {"re2", "yaml", "json", "decimal", "hashlib", "ipaddress", "base64", "csv", "datetime", "uuid", "difflib"}
    loaded = loaded_by("import assay.terraform.functions")
    assert "assay.terraform.functions" in loaded
    assert not heavy & loaded


@pytest.mark.parametrize(
    ("call", "module"), [("merge', [{}, {}]", "everyday"), ("flatten', [[1]]", "collections"), ("abs', [1]", "numbers")]
)
def test_a_call_loads_the_module_of_its_function(call: str, module: str) -> None:
    loaded = loaded_by(f"from assay.terraform.functions import call; call('{call})")
    implementing = {name for name in loaded if name.startswith("assay.terraform.functions_")}
    assert implementing - {"assay.terraform.functions_everyday"} <= {f"assay.terraform.functions_{module}"}
    assert f"assay.terraform.functions_{module}" in implementing


# --- terraform's own answers ------------------------------------------------------------------------------------------

# Each row was answered by terraform 1.11; the random calls below ask it again.
ANSWERS: list[tuple[str, list[Any], Any]] = [
    ("format", ["%v|%v|%v", 123456, 1234567, 0.00001], "123456|1.234567e+06|1e-05"),
    ("format", ["%.20f|%.3g|%e", 0.1, 1234567, 12345.678], "0.10000000000000000000|1.23e+06|1.234568e+04"),
    ("format", ["%#08b|%05d|%-5d|%+d", 5, -42, 3, 7], "0b000101|-0042|3    |+7"),
    ("format", ["%s %[1]s %s", "a", "b"], "a a b"),
    ("format", ["%q", 'a"b<>&\n'], '"a\\"b\\u003c\\u003e\\u0026\\n"'),
    ("format", ["é%3s|", "é"], "é  é|"),
    ("formatlist", ["%s-%s", ["a", "b"], "c"], ["a-c", "b-c"]),
    ("replace", ["hello", "/(l+)(o)/", "$2$1"], "heoll"),
    ("replace", ["hello", "/x*/", "-"], "-h-e-l-l-o-"),
    ("replace", ["foo", "/o/", "$x_$0y"], "f"),
    ("replace", ["a/b", "//", "-"], "-a-/-b-"),
    ("regex", ["(a)|(b)", "b"], [None, "b"]),
    ("regex", ["(?P<a>a)|(?P<b>b)", "b"], {"a": None, "b": "b"}),
    ("regexall", ["a*", "baac"], ["", "aa", ""]),
    ("regexall", ["", "é日"], ["", "", ""]),
    ("strrev", ["👩‍👩‍👦🇩🇪x"], "x🇩🇪👩‍👩‍👦"),
    ("substr", ["👩‍👩‍👦🇩🇪x", 0, 1], "👩‍👩‍👦"),
    ("substr", ["hello", -30, 2], "he"),
    ("title", ["hello world-foo's a_b éa"], "Hello World-Foo'S A_b Éa"),
    ("upper", ["ßàé ŉ ǆ"], "ßÀÉ ŉ Ǆ"),
    ("trimspace", ["  \t\u00a0\u2003x\u001c "], "x\u001c"),
    ("urlencode", ["Hello World!é/?&=~-_.*"], "Hello+World%21%C3%A9%2F%3F%26%3D~-_.%2A"),
    ("sort", [["b", "a", "B", "é", "ab"]], ["B", "a", "ab", "b", "é"]),
    ("coalesce", ["", 0], "0"),
    ("flatten", [[["a"], ["b", ["c"]], {"a": [1]}]], ["a", "b", "c", {"a": [1]}]),
    ("merge", [{"a": 1}, None, {"a": "x"}], {"a": "x"}),
    ("range", [5, 0, -2], [5, 3, 1]),
    ("range", [0, 1, 0.25], [0, 0.25, 0.5, 0.75]),
    ("sum", [[0.1, 0.2, "3"]], 3.3),
    ("parseint", ["Zz", 62], 3817),
    ("pow", [2, 0.5], 1.4142135623730951),
    ("log", [16, 2], 4),
    ("cidrhost", ["fe80::/10", -1], "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("cidrhost", ["010.000.1.0/24", 1], "10.0.1.1"),
    ("cidrsubnet", ["fd00:fd12:3456:7890::/56", 16, 162], "fd00:fd12:3456:7800:a200::/72"),
    ("cidrsubnets", ["10.1.0.0/16", 8, 1], ["10.1.0.0/24", "10.1.128.0/17"]),
    ("formatdate", ["EEE, D M YYYY HH:m:s AA 'it''s' Z ZZZZ", "2018-01-02T23:02:01+05:30"],
     "Tue, 2 1 2018 11:2:1 PM it's +05:30 +0530"),
    ("timeadd", ["2017-11-22T00:00:00Z", "-1h30m1.5s"], "2017-11-21T22:29:58Z"),
    ("timecmp", ["2017-11-22T00:00:00Z", "2017-11-22T00:00:00.1Z"], -1),
    ("uuidv5", ["x500", "CN=Example,C=GB"], "84e09961-4aa4-57f8-95b7-03edb1073253"),
    ("textencodebase64", ["héllo", "UTF-16"], "/v8AaADpAGwAbABv"),
    ("csvdecode", ['a,b\n\n1,"x, y"\r\n"q""q",z'], [{"a": "1", "b": "x, y"}, {"a": 'q"q', "b": "z"}]),
    ("jsonencode", [{"b": [1.5, None, True], "a": "<\u2028>"}], '{"a":"\\u003c\\u2028\\u003e","b":[1.5,null,true]}'),
    ("jsondecode", ['"\\ud800"'], "\ufffd"),
    ("yamlencode", [{"a": 1, "b": ["x", {"c": None}], "e": "m\nl\n", "g": []}],
     '"a": 1\n"b":\n- "x"\n- "c": null\n"e": |\n  m\n  l\n"g": []\n'),
    ("yamlencode", [None], "null\n...\n"),
    ("yamlencode", ["x\n\n"], "|+\n  x\n\n"),
    ("yamlencode", ["a \n😀"], '"a \\n\\U0001F600"\n'),
    ("yamldecode", ["b: yes\nj: 017\nk: 1_000\no: 2001-01-01\nv: -0x10\nf: ~\n1: on"],
     {"b": True, "j": 17, "k": "1_000", "o": "2001-01-01T00:00:00Z", "v": "-0x10", "f": None, "1": True}),
    ("yamldecode", ["d: &d\n  x: 1\n  z: 2\nm:\n  <<: *d\n  z: 3"], {"d": {"x": 1, "z": 2}, "m": {"x": 1, "z": 3}}),
    ("yamldecode", ["- !!str 1\n- !!float 1\n- '1'"], ["1", 1, "1"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "wanted"), ANSWERS)
def test_answer(name: str, args: list[Any], wanted: Any) -> None:
    got = call(name, args)
    assert got == wanted
    assert type(got) is type(wanted) or isinstance(got, (ListValue, SetValue, MapValue))


REFUSALS: list[tuple[str, list[Any]]] = [
    ("format", ["%d", 1.5]),
    ("format", ["%s", ["a"]]),
    ("format", ["%s", "a", "b"]),
    ("format", ["%z", 1]),
    ("format", ["%"]),
    ("regex", ["(?P<a>a)(b)", "ab"]),
    ("regex", ["(", "a"]),
    ("regex", ["\\C", "a"]),
    ("regex", ["x", "a"]),
    ("range", [0, 5, -1]),
    ("element", [[], 0]),
    ("index", [["a"], "b"]),
    ("lookup", [{"a": 1}, "b"]),
    ("zipmap", [["a"], [1, 2]]),
    ("one", [[1, 2]]),
    ("join", [",", ["a", None]]),
    ("upper", [None]),
    ("signum", [0.5]),
    ("parseint", ["12", 2]),
    ("cidrsubnet", ["172.16.0.0/12", 4, 16]),
    ("cidrnetmask", ["fd00::/8"]),
    ("formatdate", ["YYY", "2018-01-02T23:12:01Z"]),
    ("formatdate", ["YYYY", "2018-02-30T23:12:01Z"]),
    ("timeadd", ["2017-11-22T00:00:00Z", "1d"]),
    ("jsondecode", ["NaN"]),
    ("jsondecode", ["1 2"]),
    ("csvdecode", ['a\nx"y\n']),
    ("csvdecode", ["a,a\n1,2\n"]),
    ("yamldecode", ["---\na: 1\n---\nb: 2"]),
    ("yamldecode", ["a: !foo b"]),
    ("yamldecode", ["a: ["]),
    ("base64decode", ["/w=="]),
    ("textencodebase64", ["日", "ISO-8859-1"]),
    ("tobool", ["yes"]),
    ("tolist", [{"a": 1}]),
]


@pytest.mark.parametrize(("name", "args"), REFUSALS)
def test_what_terraform_refuses_is_an_error_with_a_sentence(name: str, args: list[Any]) -> None:
    with pytest.raises(EvalError) as caught:
        call(name, args)
    assert str(caught.value).startswith(f"{name}(): ")


# --- random calls, judged by terraform --------------------------------------------------------------------------------

_U = object()  # stands for an unknown string in the pools: every use gets an unknown of its own
STRINGS = ["a", "b", "", "a,b,c", " x ", "héé", "1", "true", "10.0.0.0/16", "2020-01-31T12:00:00Z", "a\nb", "/a+/",
           "(a)(b)?", "%s-%s", '{"a":[1]}', "YWJj", "utf-8", 1, True, 1.5, _U]  # fmt: skip
NUMBERS = [0, 1, 2, 3, -1, 1.5, 10, "2", 100]
LISTS = [[], ["a"], ["a", "b", "a"], ["b", ""], [1, 2, 3], [1, "a"], [_U], ["a", _U], ListValue(["a", "b"]),
         SetValue(["a", "b"]), SetValue([1, 2]), [["a"], ["b"]], [{"a": 1}, {"a": 2}], [True, False], [None, "a"],
         ListValue([ListValue(["a"]), ListValue(["b"])]), [[_U], ["a"]]]  # fmt: skip
MAPS = [{}, {"a": 1}, {"a": "x", "b": "y"}, {"b": [1], "a": "z"}, MapValue({"a": "x", "b": "y"}), {"a": _U},
        {"a": None, "b": 1}, {"a": ["x", "y"], "b": ["x"]}]  # fmt: skip
ANYTHING = [*STRINGS, *NUMBERS, *LISTS, *MAPS]
POOLS: dict[str, list[Any]] = {
         "string": STRINGS, "number": NUMBERS, "bool": [True, False, "true"], "any": ANYTHING, "list": LISTS,
         "set": LISTS, "map": MAPS}  # fmt: skip
FIRST: dict[str, list[Any]] = {
         "contains": LISTS, "index": LISTS, "element": LISTS, "reverse": LISTS, "slice": LISTS, "one": LISTS,
         "flatten": LISTS, "keys": MAPS, "values": MAPS, "lookup": MAPS, "sum": LISTS,
         "format": ["%s", "x-%s", "%v|%5d", "%q", "%#v", "%g"], "formatlist": ["%s", "%s-%v"]}  # fmt: skip
REPEATED: dict[str, list[Any]] = {"merge": MAPS, "concat": LISTS, "setproduct": LISTS, "coalescelist": LISTS}
NOT_JUDGED = {
    # known to Terraform and not to us, or the other way round, on purpose
    "base64gzip", "bcrypt", "plantimestamp", "rsadecrypt", "timestamp", "uuid", "sensitive", "issensitive",
    # infinite where Terraform says so and then cannot store it
    "log", "pow",
    # OpenTofu's own, those that take expressions, and those on files
    "base64gunzip", "cidrcontains", "urldecode", "try", "can", "templatestring", "nonsensitive", "ephemeralasnull",
    *(name for name, function in FUNCTIONS.items() if function.module == "files"),
}  # fmt: skip


def some_calls(seed: int, each: int) -> list[tuple[str, list[Any]]]:
    choose = random.Random(seed)
    found = []
    for name, function in sorted(FUNCTIONS.items()):
        if name in NOT_JUDGED:
            continue
        seen: set[str] = set()
        for _ in range(each):
            args = [choose.choice(POOLS[p.type.kind]) for p in function.params]
            if name in FIRST:
                args[0] = choose.choice(FIRST[name])
            if function.variadic:
                pool = REPEATED.get(name) or POOLS[function.variadic.type.kind]
                count = choose.randint(0, 1 if name == "lookup" else 3)
                args += [choose.choice(pool) for _ in range(count)]
            if name == "element" and args[1] == -1:
                continue  # terraform panics, or not, by what else it knows
            if any(a is None for a in args) or written(args) in seen:
                continue
            seen.add(written(args))
            found.append((name, args))
    return found


def written(value: Any) -> str:
    """A value as an expression."""
    if value is _U:
        return "terraform_data.u.id"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{written(k)} = {written(x)}" for k, x in value.items()) + "}"
        return f"tomap({text})" if isinstance(value, MapValue) else text
    if isinstance(value, list):
        text = "[" + ", ".join(map(written, value)) + "]"
        return (
            f"tolist({text})"
            if isinstance(value, ListValue)
            else f"toset({text})"
            if isinstance(value, SetValue)
            else text
        )
    return json.dumps(value)


def real(value: Any) -> Any:
    """A value as the evaluator has it."""
    if value is _U:
        return unknown()
    if isinstance(value, (ListValue, SetValue)):
        return type(value)([real(x) for x in value])
    if isinstance(value, list):
        return [real(x) for x in value]
    if isinstance(value, dict):
        return type(value)({k: real(x) for k, x in value.items()})
    return value


def plan(directory: Path, expressions: dict[str, str]) -> dict[str, Any]:
    """What a plan says of these expressions, each an output."""
    terraform = require_oracle("terraform")
    text = 'resource "terraform_data" "u" {}\n' + "".join(
        f'output "{name}" {{\n  value = {{ v = {expression} }}\n}}\n' for name, expression in expressions.items()
    )
    (directory / "main.tf").write_text(text, "utf-8")
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-out=p"]):
        done = subprocess.run([terraform, *arguments], cwd=directory, env=QUIET, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
    shown = subprocess.run(
        [terraform, "show", "-json", "p"], cwd=directory, env=QUIET, capture_output=True, check=True, text=True
    )
    document: dict[str, Any] = json.loads(shown.stdout)
    types = document["planned_values"]["outputs"]
    return {name: (change, types.get(name, {}).get("type")) for name, change in document["output_changes"].items()}


def merged(known: Any, unknown_: Any) -> Any:
    """Terraform's value with "?" wherever it is unknown."""
    if unknown_ is True:
        return "?"
    if isinstance(unknown_, dict):
        return {**(known or {}), **{k: merged((known or {}).get(k), u) for k, u in unknown_.items()}}
    if isinstance(unknown_, list):
        return [merged(k, u) for k, u in zip(known, unknown_, strict=True)]
    return known


def ours(value: Any) -> Any:
    if isinstance(value, Unknown):
        return "?"
    if isinstance(value, list):
        return [ours(x) for x in value]
    if isinstance(value, dict):
        return {k: ours(x) for k, x in value.items()}
    return float(value) if isinstance(value, float) else value


@pytest.mark.oracle
def test_random_calls_give_what_terraform_gives(tmp_path: Path) -> None:
    calls = some_calls(seed=20, each=5)
    assert len(calls) > 350
    texts = {f"o{i}": f"{name}({', '.join(map(written, args))})" for i, (name, args) in enumerate(calls)}
    # First which calls it refuses, then what the others give: `try` would hide which parts are unknown.
    asked = plan(tmp_path, {name: f'try([{text}][0], "refused")' for name, text in texts.items()})
    refused = {name for name, (change, _) in asked.items() if change["after"] == {"v": "refused"}}
    told = plan(tmp_path, {name: text for name, text in texts.items() if name not in refused})
    wrong = []
    for i, (function, args) in enumerate(calls):
        name = f"o{i}"
        try:
            result = call(function, [real(a) for a in args])
            got = ours(result)
        except EvalError as error:
            result, got = None, f"refused: {error}"
        if name in refused:
            if not str(got).startswith("refused"):
                wrong.append(f"{texts[name]}: terraform refuses it, and we say {got}")
            continue
        change, type_ = told[name]
        wanted = merged(change["after"], change["after_unknown"])
        wanted = wanted["v"] if isinstance(wanted, dict) else wanted
        kind = type_[1]["v"] if type_ else None
        kind = kind[0] if isinstance(kind, list) else kind
        if got != wanted or (kind not in (None, "dynamic") and type_of(result).kind != kind):
            wrong.append(f"{texts[name]}: terraform says {wanted} ({kind}), and we {got} ({type_of(result).kind})")
    assert not wrong, "\n".join(wrong)
    assert len(refused) < len(calls) / 2


# --- bounds -----------------------------------------------------------------------------------------------------------

MEGABYTE = "x" * 900_000
BOMBS: list[tuple[str, list[Any], str]] = [
    ("format", ["%500000000d", 1], "1 MB"),
    ("format", ["%.500000000f", 1], "1 MB"),
    ("format", ["%s%s", MEGABYTE, MEGABYTE], "1 MB"),
    ("indent", [10**9, "a\nb"], "1 MB"),
    ("join", [MEGABYTE, ["a", "b", "c"]], "1 MB"),
    ("replace", [MEGABYTE, "x", "yyyy"], "1 MB"),
    ("replace", ["xxx", "/x/", MEGABYTE], "1 MB"),
    ("jsonencode", [[MEGABYTE, MEGABYTE]], "1 MB"),
    ("yamlencode", [[MEGABYTE, MEGABYTE]], "1 MB"),
    ("base64encode", [MEGABYTE], "1 MB"),
    ("urlencode", ["%" * 900_000], "1 MB"),
    ("range", [2000], "1024"),
    ("setproduct", [["a"] * 400, ["b"] * 400], "100,000"),
    ("concat", [["a"] * 60_000, ["b"] * 60_000], "100,000"),
    ("flatten", [[["a"] * 60_000] * 2], "100,000"),
    ("pow", [10, 400], "finite"),
    ("tonumber", ["1e999999999"], "4000 digits"),
    ("tonumber", ["1" * 5000], "4000 digits"),
    ("jsondecode", ["1e999999999"], "4000 digits"),
    ("jsondecode", ["[" * 100_000], "nested too deeply"),
    ("yamldecode", ["[" * 1_000], "nested"),
    ("parseint", ["f" * 5_000, 16], "4000 digits"),
    ("regexall", ["x.*y|x", MEGABYTE], "too often"),
    ("regex", ["((a{100}){100}){100}", "a"], "not valid"),
    ("matchkeys", [["a"] * 2000, ["a"] * 2000, ["b"] * 2000], "comparisons"),
]


@pytest.mark.parametrize(("name", "args", "told"), BOMBS, ids=[f"{b[0]}-{i}" for i, b in enumerate(BOMBS)])
def test_a_bomb_meets_a_bound_that_is_named(name: str, args: list[Any], told: str) -> None:
    started = time.process_time()
    with pytest.raises(EvalError) as caught:
        call(name, args)
    assert told in str(caught.value)
    assert time.process_time() - started < 20  # unbounded, most of these take minutes or all memory


def test_aliases_that_multiply_meet_a_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(EvalError, match="100,000 nodes"):
        call("yamldecode", ["\n".join(lines)])


def test_a_compressed_bomb_meets_a_bound() -> None:
    import base64
    import gzip

    with pytest.raises(EvalError):
        call("base64gunzip", [base64.b64encode(gzip.compress(b"x" * 50_000_000)).decode()])


def test_patterns_run_in_linear_time() -> None:
    started = time.process_time()
    text = "a" * 100_000 + "!"
    assert call("replace", [text, "/^(a+)+$/", "-"]) == text
    with pytest.raises(EvalError):
        call("regex", ["^(a|a)*$", text])
    assert call("regexall", ["(x+x+)+y", "x" * 100_000]) == []
    assert time.process_time() - started < 10  # a backtracking engine would not return


# --- what is unknown, and what stays known ----------------------------------------------------------------------------


def test_an_unknown_argument_makes_the_call_unknown_for_the_same_reason() -> None:
    hidden = Unknown("var.password is sensitive", sensitive=True)
    result = call("sha256", [hidden])
    assert isinstance(result, Unknown)
    assert (result.reason, result.sensitive) == ("var.password is sensitive", True)
    assert type_of(result) == STRING


def test_sensitive_wins_among_several_unknowns() -> None:
    result = call("replace", [unknown(), Unknown("var.password is sensitive", sensitive=True), "x"])
    assert result.sensitive


def test_text_keeps_its_known_pieces() -> None:
    arn = Ref("aws_s3_bucket.b", "arn")
    joined = call("join", ["/", [arn, "*"]])
    assert isinstance(joined, Text)
    assert joined.parts == (arn, "/*")
    assert joined.endswith("*")
    formatted = call("format", ["arn:aws:s3:::%s/*", Ref("aws_s3_bucket.b", "id")])
    assert isinstance(formatted, Text)
    assert formatted.prefix == "arn:aws:s3:::"
    assert formatted != "*"
    assert isinstance(call("lower", [Text(("ARN:", unknown()))]), Text)


def test_terraform_does_not_know_what_join_has_kept() -> None:
    joined = call("join", ["-", ["a", unknown()]])
    with pytest.raises(Undetermined):
        bool(equal(joined, "b"))
    assert equal(call("format", ["a-%s", unknown()]), "b") is False


def test_encoded_structures_keep_their_unknown_leaves() -> None:
    arn = Ref("aws_s3_bucket.b", "arn")
    for name in ("jsonencode", "yamlencode"):
        encoded = call(name, [{"Resource": arn, "Effect": "Allow"}])
        assert isinstance(encoded, Encoded)
        assert encoded.value["Resource"] is arn
        assert encoded.value["Effect"] == "Allow"
    assert equal(call("jsonencode", [{"a": unknown()}]), "x") is False
    assert isinstance(equal(call("yamlencode", [{"a": unknown()}]), "x"), Unknown)


@pytest.mark.parametrize(
    ("name", "args", "wanted"),
    [
        ("length", [["a", unknown()]], 2),
        ("length", [make_set([unknown()])], 1),
        ("contains", [[unknown(), "a"], "a"], True),
        ("keys", [{"b": unknown(), "a": 1}], ["a", "b"]),
        ("lookup", [{"a": unknown(), "b": "c"}, "b", "x"], "c"),
        ("coalesce", ["a", unknown()], "a"),
        ("coalescelist", [["a"], Unknown("?")], ["a"]),
        ("alltrue", [[False, unknown(BOOL)]], False),
        ("anytrue", [[unknown(BOOL), True]], True),
        ("index", [["a", unknown()], "a"], 0),
        ("element", [["a", unknown()], 0], "a"),
        ("startswith", [Text(("foo-", unknown())), "foo"], True),
    ],
)
def test_known_beside_unknown(name: str, args: list[Any], wanted: Any) -> None:
    assert call(name, args) == wanted


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("length", [make_set([unknown(), "a"])]),
        ("contains", [[unknown()], "a"]),
        ("coalesce", [unknown(), "a"]),
        ("alltrue", [[unknown(BOOL), False]]),
        ("distinct", [["a", unknown()]]),
        ("compact", [["a", unknown()]]),
        ("index", [[unknown(), "a"], "a"]),
        ("zipmap", [[unknown()], ["a"]]),
        ("timestamp", []),
        ("uuid", []),
        ("bcrypt", ["x"]),
    ],
)
def test_unknown_where_terraform_is(name: str, args: list[Any]) -> None:
    assert isinstance(call(name, args), Unknown)


def test_bounds_of_unknown_numbers_and_lengths_decide_comparisons() -> None:
    flag = unknown(BOOL)
    number = operations.choose(flag, 1, 2)
    assert operations.compare(">", number, 0) is True
    assert isinstance(operations.compare(">", number, 1), Unknown)
    assert equal(number, 3) is False
    assert operations.choose(flag, 7, 7) == 7
    size = call("length", [operations.choose(flag, ListValue(["x"]), ListValue(["x", "y"]))])
    assert isinstance(size, Unknown)
    assert operations.compare("<", size, 1) is not True
    assert operations.compare(">", size, 0) is True
    assert len(operations.choose(flag, ListValue(["x"]), ListValue(["y"]))) == 1


def test_unknown_elements_are_never_one_object() -> None:
    items = call("sort", [["b", unknown(), unknown()]])
    assert len({id(item) for item in items}) == 3


# --- files ------------------------------------------------------------------------------------------------------------


def context(directory: Path) -> Any:
    from assay.terraform.context import Context
    from assay.terraform.files import Files

    return Context(Files([str(directory)], str(directory)), str(directory), str(directory))


def test_files_of_the_scanned_tree(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    for name in ("a.txt", "d/a.txt", "d/b.txt", "d/c.md", "d/.hid", "d/e/f.txt"):
        (tmp_path / name).write_text("hello\n")
    (tmp_path / "x.bin").write_bytes(b"\xff\xfe\x00")
    here = context(tmp_path)
    assert call("file", ["a.txt"], here) == "hello\n"
    assert call("filemd5", ["a.txt"], here) == "b1946ac92492d2347c6235b4d2611184"
    assert call("filebase64", ["x.bin"], here) == "//4A"
    assert call("fileexists", ["nope"], here) is False
    with pytest.raises(EvalError, match="UTF-8"):
        call("file", ["x.bin"], here)
    for directory, pattern, wanted in [
        (".", "**/*.txt", ["a.txt", "d/a.txt", "d/b.txt", "d/e/f.txt"]),
        ("d", "*", [".hid", "a.txt", "b.txt", "c.md"]),
        ("d", "*.{txt,md}", ["a.txt", "b.txt", "c.md"]),
        ("d", "[^a].txt", ["b.txt"]),
        ("d", "[!a].txt", ["a.txt"]),
        ("d", "../*.txt", ["../a.txt"]),
        (".", "d/**/f.txt", ["d/e/f.txt"]),
        ("d", "\\a.txt", ["a.txt"]),
        ("nope", "*", []),
    ]:
        assert list(call("fileset", [directory, pattern], here)) == wanted, (directory, pattern)
    with pytest.raises(EvalError, match="not valid"):
        call("fileset", ["d", "{a,b"], here)


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "../secret.txt"])
def test_nothing_outside_the_scanned_tree_is_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "scanned"
    inside.mkdir()
    for name in ("file", "filebase64", "filesha256", "templatefile"):
        result = call(name, [path, {}] if name == "templatefile" else [path], context(inside))
        assert isinstance(result, Unknown), name
        assert "outside the scanned directory" in result.reason
    assert isinstance(call("fileset", ["..", "*"], context(inside)), Unknown)


def test_a_long_file_is_unknown_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"x" * 1_500_000)
    result = call("file", ["long.txt"], context(tmp_path))
    assert isinstance(result, Unknown)
    assert "1 MB" in result.reason


def test_paths_are_cut_as_go_cuts_them() -> None:
    rows = {"foo/bar/": ("bar", "foo/bar"), "foo": ("foo", "."), "": (".", "."), "/": ("/", "/"), "//a": ("a", "/")}
    for path, (base, directory) in rows.items():
        assert call("basename", [path]) == base
        assert call("dirname", [path]) == directory


# --- numbers ----------------------------------------------------------------------------------------------------------

decimals = st.decimals(-(10**12), 10**12, allow_nan=False, places=6).map(lambda d: format(d, "f"))


@given(decimals, decimals, st.sampled_from("+-*"))
def test_decimal_fractions_are_added_and_multiplied_as_people_do(a: str, b: str, op: str) -> None:
    exact = {"+": Fraction(a) + Fraction(b), "-": Fraction(a) - Fraction(b), "*": Fraction(a) * Fraction(b)}[op]
    got = Fraction(*ratio(arithmetic(op, parse_number(a), parse_number(b))))
    assert abs(got - exact) <= abs(exact) / 2**500 + Fraction(1, 2**400)


@example("9521312156.291444")  # no float, and in 154 digits not what was written
@given(decimals)
def test_a_number_is_written_as_it_was_read(text: str) -> None:
    number = parse_number(text)
    assert parse_number(number_text(number)) == number
    assert Fraction(number_text(number)) == Fraction(text)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30).filter(bool))
def test_division_and_remainder_fit_together(a: int, b: int) -> None:
    quotient = arithmetic("/", a, b)
    assert compare(quotient, 0) == (a * b > 0) - (a * b < 0)
    assert arithmetic("%", a, b) == a - b * int(Fraction(a, b))


def test_numbers_have_512_bits() -> None:
    third = arithmetic("/", 1, 3)
    assert number_text(third) == "0." + "3" * 154 + "5"
    assert arithmetic("*", third, 3) == 1
    assert arithmetic("+", 0.1, 0.2) == parse_number("0.3")
    assert arithmetic("*", 0.1, 0.1) != parse_number("0.01")
    with pytest.raises(NumberError):
        arithmetic("/", 1, 0)


def test_what_a_float_computed_is_written_short_and_computed_on_exactly() -> None:
    power = call("pow", [2, 64])
    assert number_text(power) == "18446744073709550000"
    assert power == 2**64
    assert arithmetic("-", power, 1) == 2**64 - 1
    assert equal(power, 2**64) is True
    assert number_text(call("pow", [10, 23])) == "1" + "0" * 23


# --- types ------------------------------------------------------------------------------------------------------------


def test_optional_attributes_get_their_defaults_at_every_depth() -> None:
    inner = object_of({"port": NUMBER, "open": BOOL}, {"open": False})
    wanted = list_of(object_of({"name": STRING, "rules": list_of(inner)}, {"rules": [{"port": 1}]}))
    assert convert([{"name": 7}, {"name": "b", "rules": [{"port": "80", "more": 1}]}], wanted) == [
        {"name": "7", "rules": [{"port": 1, "open": False}]},
        {"name": "b", "rules": [{"port": 80, "open": False}]},
    ]
    with pytest.raises(EvalError, match='element 0: attribute "name" is required'):
        convert([{}], wanted)


def test_an_unknown_keeps_its_identity_through_a_conversion() -> None:
    ref = Ref("aws_vpc.v", "id")
    converted = convert(ref, STRING)
    assert converted == ref
    assert type_of(converted) == STRING
    text = Text(("a", ref))
    assert convert(text, STRING) is text
    with pytest.raises(EvalError):
        convert(text, list_of(STRING))


def test_equality_knows_types() -> None:
    assert equal([], ListValue()) is False
    assert equal(1, "1") is False
    assert equal(True, 1) is False
    assert equal({"a": 1}, MapValue({"a": 1})) is False
    assert equal({"a": unknown()}, {"a": 1}) is False  # a string is never a number
    assert isinstance(equal([unknown()], ["a"]), Unknown)
    assert equal(make_set(["b", "a"]), make_set(["a", "b", "a"])) is True


def test_sets_are_sorted_as_terraform_sorts() -> None:
    assert list(convert([3, 20, 1], v.set_of(NUMBER))) == [1, 3, 20]
    assert list(convert(["b", "a", "é", "A"], v.set_of(STRING))) == ["A", "a", "b", "é"]
    rows = [{"b": 2, "a": "x"}, {"b": 1, "a": "z"}, {"b": 10, "a": "a"}]
    assert [row["b"] for row in convert(rows, v.set_of(v.ANY))] == [10, 2, 1]
    assert convert({"b": 1, "a": "x"}, map_of(v.ANY)) == {"a": "x", "b": "1"}

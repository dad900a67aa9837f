"""What SQL schemas say about the data they will hold."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource

_SENSITIVE = pattern(
    r"(?:^|_)(?:card_?(?:no|num|number)|credit_?card(?:_?(?:no|num|number))?|pan|ccn|cvv|cvc|iban|ssn"
    r"|social_?security(?:_?(?:no|num|number))?|national_?(?:id|insurance)(?:_?(?:no|num|number))?|nin|tax_?(?:id|no|number)"
    r"|passport(?:_?(?:no|num|number))?|identity_?(?:no|number)|personal_?id|passw(?:or)?d|passwd|pwd|passphrase|pin_?code)$"
)
FREE_TEXT = (
    "VARCHAR2", "VARCHAR", "CHAR", "CHARACTER", "NVARCHAR2", "NCHAR", "TEXT", "CLOB", "NCLOB", "STRING", "CITEXT",
    "NVARCHAR", "LONG",
)  # fmt: skip
_VECTORS = ("VECTOR", "HALFVEC", "SPARSEVEC")
MODELS = {
    "text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536,
    "amazon.titan-embed-text-v1": 1536, "amazon.titan-embed-text-v2": 1024, "titan-embed-image-v1": 1024,
    "cohere.embed-english-v3": 1024, "cohere.embed-multilingual-v3": 1024, "embed-english-v3.0": 1024,
    "embed-multilingual-v3.0": 1024, "embed-english-light-v3.0": 384, "cohere.embed-english-light-v3": 384,
    "all-minilm-l6-v2": 384, "all-minilm-l12-v2": 384, "all-mpnet-base-v2": 768, "multilingual-e5-large": 1024,
    "multilingual-e5-base": 768, "bge-large-en-v1.5": 1024, "bge-base-en-v1.5": 768, "bge-small-en-v1.5": 384,
    "nomic-embed-text-v1.5": 768, "e5-mistral-7b-instruct": 4096,
}  # fmt: skip
"""The dimensions of embedding models (their makers' documentation, read November 2026; the default of those that offer
several)."""
_SEVERAL = ("text-embedding-3", "titan-embed-text-v2", "nomic-embed")
"""Models that give shorter vectors when asked."""


def sensitive(name: Any) -> bool:
    """True for the name of a column that holds a card number, a national id or a password, and no hash of one."""
    return isinstance(name, str) and _SENSITIVE.search(name) is not None


def protected(column: dict[str, Any], table: dict[str, Any], schema: Resource) -> bool:
    """True when a column has a domain, is encrypted, or is redacted by a policy of this schema."""
    redacted = schema.values.get("redacted") or []
    hidden = column["name"] in redacted and table["name"].rpartition(".")[2] in redacted
    return bool(column["domain"] or column["encrypted"] or hidden)


def undimensioned(column: dict[str, Any]) -> str:
    """What to say of a vector column whose dimension nobody has set; empty for others."""
    if column["type"] not in _VECTORS:
        return ""
    first = column["arguments"][:1]
    return "" if first and first[0].isdigit() else f"the {column['type']} column {column['name']} has no dimension"


def dimension_conflict(column: dict[str, Any], table: dict[str, Any], schema: Resource) -> str:
    """What to say when a column's dimension is not that of the model its texts name, or an index cannot hold it."""
    first = column["arguments"][:1]
    if column["type"] not in _VECTORS or not first or not first[0].isdigit():
        return ""
    size = int(first[0])
    comments = [c["text"] for c in schema.values.get("comments") or [] if f"{c['on']}.".startswith(f"{table['name']}.")]
    texts = " ".join([*(table["texts"]), *comments]).lower()
    for model, wanted in MODELS.items():
        if model in texts and size != wanted and not (size < wanted and any(s in model for s in _SEVERAL)):
            return f"{column['name']} has {size} dimensions, and {model} gives {wanted}"
    for index in schema.values.get("indexes") or []:
        words = index["words"]
        names = table["name"].rpartition(".")[2] in words and column["name"] in words
        if column["type"] == "VECTOR" and names and ("hnsw" in words or "ivfflat" in words) and size > 2000:
            return f"{column['name']} has {size} dimensions, and pgvector's indexes hold at most 2000"
    return ""


_KEEPS = {
    "the model": pattern(r"model"),
    "the source": pattern(r"source|document|doc_?id|chunk|url|uri|path|file|object|_id$"),
    "the date": pattern(r"_at$|date|time|created|updated|embedded|generated"),
}  # fmt: skip


def forgotten(table: dict[str, Any]) -> list[str]:
    """What a table of embeddings does not keep: the model, the source, the date. Empty for other tables."""
    columns = table["columns"]
    if table.get("altered") or not any(c["type"] in _VECTORS for c in columns):
        return []
    names = [c["name"] for c in columns if c["type"] not in _VECTORS]
    noted = " ".join(t for c in columns if c["annotated"] for t in c["notes"]).lower()
    return [what for what, form in _KEEPS.items() if not any(form.search(n) for n in names)
            and not (what == "the model" and form.search(noted))]  # fmt: skip


def domain_of(column: dict[str, Any], graph: Graph) -> str:
    """The domain that an email or status column repeats the check of; empty when there is none."""
    kind = next((k for k in ("email", "status") if k in column["name"]), "")
    if not kind or column["domain"] or not column["check"]:
        return ""
    for schema in graph.all("sql"):
        for domain in schema.values.get("domains") or []:
            if kind in domain["name"] and column["type"] != domain["name"].upper():
                return str(domain["name"])
    return ""


def content(schema: Resource, kind: str) -> list[dict[str, Any]]:
    """What a schema has of `tables`, `domains`, `views`, `drops`, `constraints`.

    Raises:
        Undetermined: it could not be parsed.
    """
    broken = schema.values.get("statements")
    if isinstance(broken, Unknown):
        raise Undetermined(broken)
    found: list[dict[str, Any]] = schema.values.get(kind) or []
    return found


def enforced_later(one: dict[str, Any], schema: Resource, graph: Graph) -> bool:
    """True when a constraint of a migration judges every row by what a later one says of it, later by its file's name:
    PostgreSQL is told `NOT VALID` first, and `VALIDATE` in a transaction of its own."""
    mine = _in_order(schema.address)
    return any(
        other["name"] == one["name"] and not other["weak"] and _table(other) == _table(one)
        for later in graph.all("sql")
        if later is not schema and _in_order(later.address) > mine
        for other in later.values.get("constraints") or ()
    )


def _table(constraint: dict[str, Any]) -> str:
    return str(constraint.get("table", "")).rpartition(".")[2]


def _in_order(path: str) -> tuple[str, list[tuple[int, str]]]:
    """What sorts the files of a folder as people number them: 9 before 10."""
    folder, _, name = path.rpartition("/")
    return folder, [(int(number or 0), text) for number, text in _NUMBERED.findall(name)]


_NUMBERED = pattern(r"(\d{1,18})|(\D+)")


def weak_pattern(text: str, bounded: bool) -> str:
    """What is wrong with a domain's regular expression; empty when nothing is."""
    import re
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser = import_module("re._parser")  # the standard library's own, which its documentation leaves out
            tree = parser.parse(_as_python(text))
    except (re.error, RecursionError, OverflowError):
        return ""
    if any(_nests(inner) for inner in _repeats(tree) if not _has_fixed_part(inner)):
        return "repeats what is itself repeated: some inputs take exponential time"
    if not bounded and next(_repeats(tree), None) is not None:
        return "limits no length, and neither does the type"
    return ""


def _as_python(text: str) -> str:
    for name, members in (
        ("alpha", "a-zA-Z"),
        ("digit", "0-9"),
        ("alnum", "a-zA-Z0-9"),
        ("space", r"\s"),
        ("punct", "!-/"),
    ):
        text = text.replace(f"[:{name}:]", members)
    return text


def _repeats(tree: Any) -> Iterator[Any]:
    """What is repeated without a bound, at every depth."""
    for operation, argument in tree:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            if argument[1] > 1000:
                yield argument[2]
            yield from _repeats(argument[2])
        elif name == "SUBPATTERN":
            yield from _repeats(argument[3])
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _repeats(branch)


def _nests(tree: Any) -> bool:
    return next(_repeats(tree), None) is not None


def _has_fixed_part(tree: Any) -> bool:
    """True when each round must pass something that is there exactly once: then rounds cannot run together."""
    for operation, argument in tree:
        name = str(operation)
        if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            return True
        if name == "SUBPATTERN" and _has_fixed_part(argument[3]):
            return True
    return False

"""Credentials are found and hidden here, before any format sees a text.

Hiding too much costs a reader a look at the file; hiding too little publishes a key. So whatever is written under a
name that says "password" is hidden unless it is plainly a reference, a switch or an identifier, and tokens with a
known shape are hidden wherever they stand. Every pattern is bounded: the input is hostile, and these run on all of it.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from assay.patterns import pattern
from assay.reports.masked_arguments import ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "***"

Span = tuple[int, int, str]
"""What to replace: start, end, replacement. A replacement never holds or swallows a line end."""

# Patterns marked "lower" run on the text in lower case: an ignorecase pattern is three times as slow.
_WORDS = (  # lower
    r"(?:passw(?:or)?ds?|passphrases?|passwd|pwd|secret|token|credentials?"
    r"|(?:api|access|secret|private|auth|signing|shared|account|encryption|license|deploy|master|host|session)[_-]?key"
    r"|key[_-]?material|(?:secret|connection|community)[_-]?string|psk|webhook[_-]?url)"
    r"(?:[_-]?(?:value|plain|plaintext|text|base64|b64|content|data|pem|wo|raw|prod|dev|test|old|new|[0-9]{1,3}))?"
)
_ROOTS = ("passw", "passp", "pwd", "secret", "token", "credential", "psk", "webhook", "key", "string")
"""One of these is in whatever `_WORDS` matches; most texts have none, and then the patterns are not even compiled."""
_ROOT = pattern("|".join(_ROOTS))
_BEFORE_ROOT = pattern(
    r"(?:api|access|secret|private|auth|signing|shared|account|encryption|license|deploy|master|host|session"
    r"|connection|community)[_-]?$"
)
_ASSIGNED = pattern(_WORDS + r"""(?:\\{0,8}["'\]]){0,2}[ \t]{0,64}(?:=>|:=|==|=|:|\bis\b)[ \t]{0,64}""")
_NAMED_VALUE = pattern(
    r"""name\\{0,8}["']?[ \t]{0,16}[:=][ \t]{0,16}\\{0,8}["']?([\w.-]{1,120})"""
    r"""\\{0,8}["']?[ \t]{0,16},?\s{0,64}\\{0,8}["']?value\\{0,8}["']?[ \t]{0,16}[:=][ \t]{0,16}"""
)
_SWITCHES = {"true", "false", "null", "none", "nil", "yes", "no", "on", "off", "required", "optional", "enabled",
             "disabled", "not set", ""}  # fmt: skip
_POINTERS = pattern(  # lower
    r"\*+|arn:\S*|ocid1\.\S*|alias/\S*|[0-9]{1,3}|\$\{[^{}]*\}|\$\{\{[^{}]*\}\}|\{\{[^{}]*\}\}|\$\([^()]*\)|\$[a-z_]\w*"
)
_REFERENCE = pattern(r"[A-Za-z_][\w-]*(?:\.[\w*-]+|\[[^\]\s]{0,80}\])+")
_CALL = pattern(r"[A-Za-z_][\w:]{0,80}\(")
_BARE = pattern(r"""[^\s,;&'"}\])]+""")
_REST = pattern(r"[ \t]*(?:$|[#,;&})\]]|//)", re.MULTILINE)

# A token's prefix is kept: it says whose key it is.
_PREFIXES = """
    ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- glptt- gloas- glagent- glsoat- glimt- glft- xoxa-
    xoxb- xoxc- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp- npm_ pypi- dop_v1_ doo_v1_ dapi hf_ shpat_ shpca_ shppa_
    shpss_ eyJ ATATT3 ATCTT3 ATBB NRAK- NRJS- glc_ glsa_ lin_api_ dp.pt. dp.st. dp.ct. dp.sa. dckr_pat_ dckr_oat_
    pul- pscale_ hvs. hvb. hvr. AGE-SECRET-KEY-1 GOCSPX- ya29. 1//0 AIza EAAA sq0atp- sq0csp- sk_live_ sk_test_
    rk_live_ rk_test_ whsec_ sk- SG. key- tfp_ rubygems_ figd_ sntrys_ sntryu_ ops_ r8_ gsk_
""".split()  # noqa: SIM905 - fifty quoted strings would be a page
_TOKEN = pattern("(" + "|".join(map(re.escape, _PREFIXES)) + r")([A-Za-z0-9_\-.=/+]{16,8000})")
_SHORTEST = 16 + min(map(len, _PREFIXES))
"""Characters of the shortest token."""
_INSIDE_WORD = pattern(r"[A-Za-z0-9_-]")
_ACCESS_KEYS = ("AKIA", "ASIA", "ABIA", "ACCA")
_ACCESS_KEY = pattern(r"(A(?:KI|SI|BI|CC)A)(?<![A-Za-z0-9].{4})([A-Z0-9]{16})(?![A-Za-z0-9])")
# A text that must be there, others of which one must, and the pattern that is only then worth its time. Its second
# group is what to hide; what stands before it says that it is a credential.
_AUTH = ('auth"', 'auth\\"')
_PARAMETERS = tuple(before + name for before in "?&" for name in (
    "sig", "token", "access_token", "api", "key", "auth", "code", "x-amz-"
))  # fmt: skip
_PARAMETER = pattern(
    r"([?&](?:sig|signature|token|access_token|api[_-]?key|key|auth|code|x-amz-[a-z-]{1,20})=)([^\s&#'\"]{6,4000})"
)
_SCHEMES = tuple(scheme + space for scheme in ("bearer", "basic", "digest", "token", "sha256") for space in " \t")
_CONTEXT: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("://", ("@",), pattern(r"(://[^\s/:@'\"]{0,200}:)([^\s/'\"]{1,500})@")),
    ("atlasv1.", (), pattern(r"(atlasv1\.)([A-Za-z0-9_\-]{40,200})")),
    ("slack.com", (), pattern(r"(hooks\.slack\.com/(?:services|workflows|triggers)/)([A-Za-z0-9/_-]{16,300})")),
    ("discord", (), pattern(r"(discord(?:app)?\.com/api/webhooks/)([0-9]{5,30}/[A-Za-z0-9_-]{16,200})")),
    ("webhook.office", (), pattern(r"(webhook\.office\.com/)([A-Za-z0-9@/_-]{16,500})")),
    ("/p/", (), pattern(r"(/p/)([A-Za-z0-9_-]{24,200})(?=/n/)")),
    *ARGUMENTS,
    ("auth", _AUTH, pattern(r"(\"_?auth\\?\"\s{0,8}:\s{0,8}\\?\")([A-Za-z0-9+/=]{8,4000})")),
    *((prefix, (), _ACCESS_KEY) for prefix in _ACCESS_KEYS),
)
_CONTEXT_LOWER = (
    ("?", _PARAMETERS, _PARAMETER),
    ("&", _PARAMETERS, _PARAMETER),
    *((s, _SCHEMES, pattern(rf"({s}[ \t]{{1,4}})([a-z0-9._~+/=-]{{16,4000}})"))
      for s in ("bearer", "basic", "digest", "token", "sha256")),
)  # fmt: skip
_AWS_SECRET = pattern(r"[A-Za-z0-9/+]{40,}")
_PEM = pattern(r"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_HEREDOC = pattern(r"<<[-~]?[\"']?(\w{1,64})[\"']?[ \t]*\n")
# Attributes that hold a secret although their name does not say so.
EVERYTHING = "secret_value"
"""The name that stands for a place where every value is a secret, whatever it is called."""
SECRET_ATTRIBUTES = {
    "Secret": ("data", "stringData"),
    "kubernetes_secret": ("data", "binary_data"),
    "kubernetes_secret_v1": ("data", "binary_data"),
    "aws_ssm_parameter": ("value", "insecure_value"),
    "oci_vault_secret": ("content",),
}
_SECRET_BLOCK = pattern(r"""^[ \t]*resource[ \t]+"?(aws_ssm_parameter|oci_vault_secret)"?[ \t]""", re.MULTILINE)
_SECRET_ARGUMENT = pattern(r"^[ \t]*(?:value|insecure_value|content)[ \t]*=[ \t]*", re.MULTILINE)
_SECRET_OBJECT = pattern(r"""\bkind["']?[ \t]{0,16}:[ \t]{0,16}["']?Secret\b|kubernetes_secret""")
_SECRET_DATA = pattern(
    r"""(?:^|[{,])([ \t]*)["']?(?:data|stringData|string_data|binary_data)["']?[ \t]*([:=])[ \t]*(\{?)""", re.MULTILINE
)
_PAIR = pattern(r"""[:=][ \t]*(?:"((?:[^"\\\n]|\\.)*)"|([^\s"'{}\[\],|>][^\n,}]*))""")
_BLOCK_SCALAR = pattern(r"[|>][-+0-9]{0,2}[ \t]*(?:#[^\n]*)?\n")
_QUOTED = pattern(r'"([^"\\\n]*)"')
_QUOTE = pattern(r"""\\{0,8}["']""")
_LINES = pattern(r"[^\n\r]+")
_LOWER = str.maketrans({c: c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})


@functools.lru_cache(maxsize=4096)
def secret_name(name: str) -> bool:
    """True when a name says that its value is a credential (`master_password`, `clientSecret`, `API_KEY_2`)."""
    low = name.lower()
    return _any(_ROOTS, low) and any(m.end() > len(low) for m in _ASSIGNED.finditer(low + "="))


def secret_root(low: str) -> bool:
    """True when a lower-case text holds the root of such a name; without one, nothing in it is `secret_name`."""
    return _any(_ROOTS, low)


def _harmless(value: str) -> bool:
    """True for a switch, a small number, or what only points to a value."""
    low = value.lower()
    return low in _SWITCHES or (low[:1] in "*ao$0123456789{" and _POINTERS.fullmatch(low) is not None)


def _any(clues: Iterable[str], text: str) -> bool:
    return any(map(text.__contains__, clues))


def mask(text: str) -> str:
    """The text without the credentials in it, with as many lines as before."""
    return _mask_short(text) if len(text) < 500 else apply(text, spans(text))


@functools.lru_cache(maxsize=4096)
def _mask_short(text: str) -> str:
    return apply(text, spans(text))


def apply(text: str, found: list[Span]) -> str:
    """The text with the spans replaced."""
    if not found:
        return text
    parts: list[str] = []
    at = 0
    for start, end, replacement in found:
        parts += (text[at:start], replacement)
        at = end
    return "".join((*parts, text[at:]))


def spans(text: str) -> list[Span]:
    """Where the credentials of a text stand: in order, without overlaps."""
    low = text.lower() if text.isascii() else text.translate(_LOWER)  # `lower` may change the length of other letters
    longest = len(text) if len(text) >= 500 else max(map(len, text.split()), default=0)  # no token holds a space
    everything = (
        *(_tokens(text) if longest >= _SHORTEST else ()), *_in_context(text, low, longest), *_keys(text),
        *_assigned(text, low), *_secret_objects(text), *_secret_blocks(text),
    )  # fmt: skip
    if not everything:
        return []
    found = sorted(set(everything))
    merged: list[Span] = []
    for start, end, replacement in found:
        if merged and start < merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end, merged[-1][2])
        elif start < end:
            merged.append((start, end, replacement))
    return merged


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Where tokens stand that are known by their form alone, whatever they are called."""
    for start, end, _ in _tokens(text):
        yield start, end
    for match in _ACCESS_KEY.finditer(text) if _any(_ACCESS_KEYS, text) else ():
        yield match.span(2)


def _tokens(text: str) -> Iterator[Span]:
    if _any(_PREFIXES, text):
        for match in _TOKEN.finditer(text):
            start = match.start()
            if start and _INSIDE_WORD.match(text[start - 1]):
                continue
            if any(c.isdigit() for c in match[2]):  # `sk-` and `key-` also begin ordinary names
                yield *match.span(2), HIDDEN


def _in_context(text: str, low: str, longest: int) -> Iterator[Span]:
    for clues, searched in ((_CONTEXT, text), (_CONTEXT_LOWER, low)):
        for clue, more, form in clues:
            if clue in searched and (not more or _any(more, searched)):
                for match in form.finditer(searched):
                    if not _harmless(match[2]):
                        yield *match.span(2), HIDDEN
    if longest >= 40:
        for match in _AWS_SECRET.finditer(text):
            if len(match[0]) == 40 and not text.startswith("=", match.end()) and _random(match[0]):
                yield *match.span(), HIDDEN


def _random(value: str) -> bool:
    """True when 40 characters look drawn, not written: three kinds of characters and little repetition."""
    kinds = any(c.islower() for c in value) and any(c.isupper() for c in value) and any(c.isdigit() for c in value)
    return kinds and entropy(value) > 4.2


def entropy(value: str) -> float:
    """Shannon's bits per character."""
    import math
    from collections import Counter

    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def _keys(text: str) -> Iterator[Span]:
    """The body of a private key, up to its end mark or, where that is missing, to the end of the text."""
    if "PRIVATE KEY" not in text:
        return
    start = -1
    for match in _PEM.finditer(text):
        if match[1] == "BEGIN" and start < 0:
            start = match.end()
        elif match[1] == "END" and start >= 0:
            yield from _every_line(text, start, match.start())
            start = -1
    if start >= 0:
        yield from _every_line(text, start, len(text))


def _every_line(text: str, start: int, end: int) -> Iterator[Span]:
    """One span for each line's text, so that line numbers stay."""
    for line in _LINES.finditer(text, start, end):
        left = line[0].lstrip(" \t")
        if left:
            yield line.end() - len(left), line.end(), HIDDEN


def _assigned(text: str, low: str) -> Iterator[Span]:
    if not _any(_ROOTS, low):
        return
    ends = _LineEnds(text)
    done = 0
    named = _named_values(low) if "value" in low and "name" in low else ()
    for match in sorted((*_assignments(low), *named), key=lambda m: m.end()):
        if match.end() < done:  # inside a value that is hidden already; also keeps hostile input linear
            continue
        # `if x == "required"` and `the token is short` say nothing about a bare value.
        strict = match[0].rstrip(" \t")[-2:] in ("==", "is")
        for span in _value(text, match.end(), ends, strict=strict):
            done = span[1]
            yield span


def _named_values(low: str) -> Iterator[re.Match[str]]:
    """`{name: db_password, value: ...}`, up to the value."""
    return (m for m in _NAMED_VALUE.finditer(low) if secret_name(m[1]))


def _assignments(low: str) -> Iterator[re.Match[str]]:
    for root in _ROOT.finditer(low):
        before = _BEFORE_ROOT.search(low, max(0, root.start() - 12), root.start())
        start = before.start() if before else root.start()
        # `master_key` is a name as a whole; of `master_password` only the root is, whatever stands before it.
        match = _ASSIGNED.match(low, start) or _ASSIGNED.match(low, root.start())
        if match and not (match[0].endswith(":") and low[start - 1 : start] == ":"):  # arn:...:secret:name
            yield match


class _LineEnds:
    """Where the line of a position ends; asked in ascending order, so one long line is searched once."""

    __slots__ = ("end", "start", "text")

    def __init__(self, text: str) -> None:
        self.text, self.start, self.end = text, 0, -1

    def __call__(self, at: int) -> int:
        if not self.start <= at <= self.end:
            found = self.text.find("\n", at)
            self.start, self.end = at, len(self.text) if found < 0 else found
        return self.end


def _value(text: str, at: int, ends: _LineEnds, *, strict: bool) -> Iterator[Span]:
    """What to hide of the value that starts at `at`; with `strict` only what stands in quotes."""
    if heredoc := _HEREDOC.match(text, at):
        close = re.compile(rf"^[ \t]*{re.escape(heredoc[1])}\b", re.MULTILINE).search(text, heredoc.end())
        yield from _every_line(text, heredoc.end(), close.start() if close else len(text))
    elif _BLOCK_SCALAR.match(text, at):
        line = text.rfind("\n", 0, at) + 1
        indent = at - line - len(text[line:at].lstrip(" -"))
        start = ends(at) + 1
        yield from _every_line(text, start, _dedent(text, start, indent))
    elif text.startswith("[", at):
        for item in _QUOTED.finditer(text, at, ends(at)):
            if not _harmless(item[1]):
                yield *item.span(1), HIDDEN
        yield ends(at), ends(at), ""  # nothing to hide: the line is done with
    else:
        yield from _scalar(text, at, ends(at), strict=strict)


def _scalar(text: str, at: int, limit: int, *, strict: bool) -> Iterator[Span]:
    quote = _QUOTE.match(text, at)
    if quote:
        end = _closing(text, quote.end(), quote[0], limit)
        if not _harmless(text[quote.end() : end]):
            yield quote.end(), end, HIDDEN
    elif not strict:
        yield from _bare(text, at, limit)


def _closing(text: str, start: int, quote: str, limit: int) -> int:
    """Where the quoted text ends: at the same quote behind as many backslashes, else at the end of the line."""
    slashes = len(quote) - 1
    for match in re.compile(rf"(\\*){quote[-1]}").finditer(text, start, limit):
        if len(match[1]) <= slashes or (not slashes and len(match[1]) % 2 == 0):
            return match.end() - 1 - min(slashes, len(match[1]))
    return limit


def _bare(text: str, at: int, limit: int) -> Iterator[Span]:
    match = _BARE.match(text, at, limit)
    if match is None or match[0][0] in "{<(|>" or _harmless(match[0]):
        return
    if _REFERENCE.fullmatch(match[0]) or _CALL.match(text, at, limit):
        return
    # Prose goes on after the word; a value ends its line or its element.
    prose = text[at - 1] == " " and not _REST.match(text, match.end()) and not any(c.isdigit() for c in match[0])
    if not prose:
        yield *match.span(), HIDDEN


def _secret_objects(text: str) -> Iterator[Span]:
    """The values of a Kubernetes Secret, whose names say nothing: YAML, JSON and Terraform."""
    if not ("Secret" in text or "kubernetes_secret" in text) or not _SECRET_OBJECT.search(text):
        return
    done = 0
    for match in _SECRET_DATA.finditer(text):
        if match.start() < done or (match[2] == "=" and not match[3]):
            continue
        if match[3]:
            close = text.find("}", match.end())
            done = len(text) if close < 0 else close
        else:
            done = _dedent(text, match.end() + 1, len(match[1]))
        for pair in _PAIR.finditer(text, match.end(), done):
            group = 1 if pair[1] is not None else 2
            if not _harmless(pair[group]) and not _REFERENCE.fullmatch(pair[group].strip()):
                yield *pair.span(group), HIDDEN


def _secret_blocks(text: str) -> Iterator[Span]:
    """The arguments of a Terraform block that is itself a secret."""
    if "aws_ssm_parameter" not in text and "oci_vault_secret" not in text:
        return
    ends, done = _LineEnds(text), 0
    for block in _SECRET_BLOCK.finditer(text):
        if block.start() < done:
            continue
        close = text.find("\n}", block.end())
        done = len(text) if close < 0 else close
        for match in _SECRET_ARGUMENT.finditer(text, block.end(), done):
            yield from _value(text, match.end(), ends, strict=False)


def _dedent(text: str, at: int, indent: int) -> int:
    """Where the lines from `at` on stop being indented deeper than `indent`."""
    for line in _LINES.finditer(text, at):
        if line[0].strip() and len(line[0]) - len(line[0].lstrip(" ")) <= indent:
            return line.start()
    return len(text)


def mask_value(name: str, value: Any) -> Any:
    """The value found under a name, and everything inside it, without credentials."""
    if isinstance(value, str):
        return HIDDEN if hides(name, value) else mask(value)
    if isinstance(value, dict):
        label = value.get("name", value.get("Name"))
        return {k: mask_value(name if name == EVERYTHING else label_of(label, k), v) for k, v in value.items()}
    if isinstance(value, list):
        return [mask_value(name, item) for item in value]
    return HIDDEN if isinstance(value, int) and hides_number(name, value) else value


def label_of(label: object, key: object) -> str:
    """`{name: DB_PASSWORD, value: x}`: the value answers to the name beside it."""
    return label if key in ("value", "Value") and isinstance(label, str) else str(key)


def hides_number(name: str, value: int) -> bool:
    """True when a number stands under a name that says it is a credential; a small one is a length or a switch."""
    return value > 999 and not isinstance(value, bool) and secret_name(name)


def hides(name: str, value: str) -> bool:
    """True when a text stands under a name that says it is a credential, and is not plainly something else."""
    return secret_name(name) and not _harmless(value.strip())

"""`yamldecode` and `yamlencode`, on the parser's events: no tag builds anything but plain values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.patterns import pattern
from assay.terraform.numeric import parse_number
from assay.terraform.values import (
    MAX_LENGTH,
    EvalError,
    YamlText,
    bounded,
    first_unknown,
    number_text,
    string,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_NODES = 100_000
"""The bound on a document's nodes, aliases counted with all that they stand for."""

_BOOLS = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"], False),
}
_NULLS = ("", "~", "null", "Null", "NULL")
_INTEGER = pattern(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_NUMBER = pattern(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_TIME = pattern(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.\d*)?(?:[ \t]*(Z|[-+]\d\d?(?::?\d\d)?))?)?",
    re.ASCII,
)
_TAG = "tag:yaml.org,2002:"


class _Frame:
    """A collection being read; `weight` counts its nodes."""

    __slots__ = ("anchor", "key", "merged", "value", "waiting", "weight")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.weight = 1
        self.key: str | None = None
        self.waiting = False  # a key was read, its value not yet
        self.merged: dict[str, Any] = {}


def yamldecode(text: str) -> Any:
    """The value of the one document in YAML text."""
    from assay.libyaml import yaml

    try:
        return _build(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "it cannot be read"
        mark = getattr(error, "problem_mark", None)
        raise EvalError(f"the text is not YAML: {problem}" + (f", line {mark.line + 1}" if mark else "")) from None


def _build(events: Iterator[Any]) -> Any:
    from assay.libyaml import yaml

    stack: list[_Frame] = []
    anchors: dict[str, tuple[Any, int]] = {}
    documents = total = 0
    result: Any = None
    for event in events:
        plain = False
        weight = 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise EvalError("the text has more than one document")
            continue
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            stack.append(_start(event, isinstance(event, yaml.MappingStartEvent)))
            if len(stack) > 100:
                raise EvalError("the document is nested more than 100 deep")
            continue
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            frame = stack.pop()
            value, weight, anchor = frame.value, frame.weight, frame.anchor
            if frame.merged:
                value = {**frame.merged, **value}
        elif isinstance(event, yaml.ScalarEvent):
            value, anchor = _scalar(event), event.anchor
            plain = not event.style
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise EvalError(f"the alias *{event.anchor} has no anchor before it")
            (value, weight), anchor = anchors[event.anchor], None
        else:
            continue
        total += weight
        if total > MAX_NODES:
            raise EvalError(f"the document has more than {MAX_NODES:,} nodes, aliases counted with what they stand for")
        if anchor:
            anchors[anchor] = (value, weight)
        if stack:
            _put(stack[-1], value, weight, merge=plain and getattr(event, "value", "") == "<<")
        else:
            result = value
    if not documents:
        raise EvalError("the text has no document")
    return result


def _start(event: Any, mapping: bool) -> _Frame:
    if event.tag not in (None, "!", _TAG + ("map" if mapping else "seq")):
        raise EvalError(f"the tag {event.tag} is not supported on a {'mapping' if mapping else 'sequence'}")
    return _Frame({} if mapping else [], event.anchor)


def _put(frame: _Frame, value: Any, weight: int, *, merge: bool) -> None:
    frame.weight += weight
    if isinstance(frame.value, list):
        frame.value.append(value)
    elif not frame.waiting:
        frame.waiting = True
        frame.key = None if merge else _key(value)
    else:
        frame.waiting = False
        if frame.key is not None:
            frame.value[frame.key] = value
        else:
            for source in value if isinstance(value, list) else [value]:
                if not isinstance(source, dict):
                    raise EvalError("only mappings can be merged with <<")
                frame.merged = {**source, **frame.merged}


def _key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    raise EvalError("a mapping's key must be a string")


def _scalar(event: Any) -> Any:
    text, tag = event.value, event.tag
    if tag not in (None, "!") and not tag.startswith(_TAG):
        raise EvalError(f"the tag {tag} is not supported")
    if event.style or tag in ("!", _TAG + "str", _TAG + "binary"):
        return string(text)
    value = _plain(text)
    if tag in (_TAG + "int", _TAG + "float") and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise EvalError(f"{text[:40]!r} is not a number")
    return value


def _plain(text: str) -> Any:
    """A plain scalar: null, a bool, a number, a time, else a string."""
    if text in _BOOLS:
        return _BOOLS[text]
    if text in _NULLS:
        return None
    if text[0] in "0123456789+-.":
        if _NUMBER.fullmatch(text):
            return parse_number(text)
        if _INTEGER.fullmatch(text):
            return int(text[2:4002], 16 if text[1] == "x" else 8)
        if text.lower() in (".inf", "+.inf", "-.inf", ".nan"):
            raise EvalError(f"{text} is not a number that Terraform can store")
        match = _TIME.fullmatch(text)
        if match:
            return _time(match)
    return string(text)


def _time(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = match.groups()
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "00")
        zone = f"{zone[0]}{hours.zfill(2)}:{minutes}"
    date = f"{year}-{month.zfill(2)}-{day.zfill(2)}"
    return f"{date}T{(hour or '0').zfill(2)}:{minute or '00'}:{second or '00'}{zone or 'Z'}"


# --- writing ----------------------------------------------------------------------------------------------------------


def yamlencode(value: Any) -> Any:
    """The value as YAML in Terraform's style; with unknown leaves, the structure that will be encoded."""
    unknown = first_unknown(value)
    if unknown is not None:
        return YamlText(value, unknown.reason)
    from assay.libyaml import yaml

    if _size(value) > MAX_LENGTH:
        raise EvalError(f"the text would be longer than 1 MB ({MAX_LENGTH:,} characters), the bound of a value")
    start = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    end = [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    events = [*start, *_events(value), *end]
    text: str = yaml.emit(events, Dumper=getattr(yaml, "CDumper", yaml.Dumper), width=80, allow_unicode=True)
    if not isinstance(value, (str, list, dict)) and not text.endswith("...\n"):
        text += "...\n"  # newer emitters leave out the end of a lone plain scalar ...
    if isinstance(value, str) and text.endswith("\n...\n"):
        text = text[:-4]  # ... and write it after a block that keeps its line ends
    return bounded(text)


def _size(value: Any) -> int:
    """The least the value takes; stops counting above the bound."""
    if isinstance(value, str):
        return len(value)
    items: list[Any] = (
        [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    )
    total = 2
    for item in items:
        total += _size(item) + 2
        if total > MAX_LENGTH:
            break
    return total


def _events(value: Any) -> Iterator[Any]:
    from assay.libyaml import yaml

    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not value)
        for name in sorted(value):
            yield _text_event(name)
            yield from _events(value[name])
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not value)
        for item in value:
            yield from _events(item)
        yield yaml.SequenceEndEvent()
    elif isinstance(value, str):
        yield _text_event(value)
    else:
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else number_text(value)
        yield yaml.ScalarEvent(None, None, (True, False), text)


def _text_event(text: str) -> Any:
    from assay.libyaml import yaml

    return yaml.ScalarEvent(None, None, (False, True), text, style="|" if "\n" in text else '"')


TABLE: dict[str, Callable[..., Any]] = {"yamldecode": yamldecode, "yamlencode": yamlencode}

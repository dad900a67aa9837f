"""Edits of Terraform code: the attribute itself, the argument or variable that decides it, or a new line in its block.

A new line is written in the block's own style, so that `terraform fmt` has nothing to say: it joins the last group of
attributes where its name fits the alignment, else it stands apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.mending import Edit, NoEdit
from assay.patterns import pattern
from assay.terraform.places import pick, reopen
from assay.terraform.schema import attributes
from assay.terraform.trace import BlockOrigin, references

if TYPE_CHECKING:
    from assay.model import Fix, Origin
    from assay.terraform.syntax import Attribute, Block, SourceFile
    from assay.terraform.trace import Frame

_NAME = pattern(r"(var|local)\.([A-Za-z_][\w-]*)")
_LINE = pattern(rb"[ \t]*([A-Za-z_][\w-]*)([ \t]*)=(?!=)")
MAX_HOPS = 32


def edit_of(fix: Fix, origin: Origin) -> Edit:
    """The edit that gives the path of a fix its value, where it is written by `origin`.

    Raises:
        NoEdit: the value is not written where it could be edited, with the reason.
    """
    if not isinstance(origin, BlockOrigin):
        raise NoEdit("is not written in Terraform code that was scanned")
    block = origin.block or reopen(origin.layers)
    if block is None:
        raise NoEdit("has changed since it was read")
    steps = list(fix.path)
    way = [block]
    inside: Any = origin.values
    while steps:
        name, body = str(steps.pop(0)), way[-1].body
        attribute = body.attributes.get(name)
        if attribute is not None:
            if steps:
                raise NoEdit(f"sets {name} as one expression, of which only a part is to change")
            return _decide(attribute, origin.frame, fix.value, 0)
        if not steps:
            return insertion(way[-1], name, hcl(fix.value))
        index = int(steps.pop(0)) if isinstance(steps[0], int) else 0
        if not steps:
            raise NoEdit(f"has no {name} that could be changed")
        made = inside.get(name) if isinstance(inside, dict) else None
        nested = pick(body.blocks, name, index, made if isinstance(made, list) else None)
        if nested is None:
            return _new_block(fix, way[-1], name, [str(s) for s in steps if not isinstance(s, int)])
        if nested.kind == "dynamic":
            raise NoEdit(f"makes its {name} blocks from a collection")
        inside = list.__getitem__(made, index) if isinstance(made, list) and index < list.__len__(made) else None
        way.append(nested)
    raise NoEdit("is named as a whole")


def _new_block(fix: Fix, block: Block, name: str, rest: list[str]) -> Edit:
    known = attributes(fix.resource.type)
    outer = [s for s in fix.path if not isinstance(s, int)][: -len(rest)]
    for depth in range(len(rest)):
        if known.get(".".join(map(str, [*outer, *rest[:depth]]))) != "m":
            raise NoEdit(f"has no block {name}, and what else it would need is not known here")
    lines = [hcl(fix.value)]
    text = f"{rest[-1]} = {lines[0]}"
    for label in reversed([name, *rest[:-1]]):
        text = f"{label} {{\n" + _indented(text, "  ") + "\n}"
    return _at_the_end(block, text)


def _decide(attribute: Attribute, frame: Frame, value: Any, hops: int) -> Edit:
    """The edit of an attribute, or of what decides it when it is nothing but a name."""
    start, text = _expression(attribute)
    found = list(references(attribute))
    if not found and "(" not in text and "<<" not in text:
        _refuse_downloaded(attribute.file)
        written = json.dumps(value) if attribute.file.path.endswith(".json") else hcl(value)
        return Edit(attribute.file.path, attribute.file.shown, start, start + len(text.encode()), written)
    named = _NAME.fullmatch(text.strip('"').removeprefix("${").removesuffix("}").strip())
    if named is None or hops >= MAX_HOPS:
        raise NoEdit(f"gets {attribute.name} from an expression ({_short(text)})")
    return _decide_name(named[1], named[2], frame, value, hops + 1)


def _decide_name(head: str, name: str, frame: Frame, value: Any, hops: int) -> Edit:
    module = frame.module
    if module is None:
        raise NoEdit(f"gets its value from {head}.{name}, whose module is not here")
    if head == "local":
        if name not in module.locals:
            raise NoEdit(f"gets its value from local.{name}, which is not declared")
        return _decide(module.locals[name], frame, value, hops)
    declared = module.variables.get(name)
    if declared is None:
        raise NoEdit(f"gets its value from var.{name}, which is not declared")
    if frame.above is not None:
        call = reopen(frame.call)
        if call is None:
            raise NoEdit("is in a module whose call has changed since it was read")
        argument = call.body.attributes.get(name)
        return insertion(call, name, hcl(value)) if argument is None else _decide(argument, frame.above, value, hops)
    given = frame.sources.given(frame.directory).values.get(name)
    if isinstance(given, str):
        raise NoEdit(f"gets its value from --var {name}")
    if given is not None:
        return _decide(given, frame, value, hops)
    if declared.default is None:
        raise NoEdit(f"gets its value from var.{name}, which has none here")
    return _decide(declared.default, frame, value, hops)


def _expression(attribute: Attribute) -> tuple[int, str]:
    """Where the expression of an attribute begins, and its text."""
    whole = attribute.file.data[attribute.start : attribute.end]
    sign = b":" if attribute.file.path.endswith(".json") else b"="
    after = whole.partition(sign)[2]
    text = after.strip()
    return attribute.start + len(whole) - len(after) + len(after) - len(after.lstrip()), text.decode()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."


def _refuse_downloaded(file: SourceFile) -> None:
    if "/.terraform/" in file.path.replace("\\", "/"):
        raise NoEdit("is decided in a downloaded module, which the next terraform init would write anew")


# --- new lines --------------------------------------------------------------------------------------------------------


class _Style(NamedTuple):
    """How a block is written: the indentation of its own line and of what stands in it, its line end."""

    outer: str
    inner: str
    end: str


def _style(block: Block) -> _Style:
    data = block.file.data
    begin = data.rfind(b"\n", 0, block.start) + 1
    outer = data[begin : block.start].decode()
    outer = outer if not outer.strip() else ""
    firsts = [a.start for a in block.body.attributes.values()] + [b.start for b in block.body.blocks]
    inner = outer + "  "
    if firsts:
        begin = data.rfind(b"\n", 0, min(firsts)) + 1
        before = data[begin : min(firsts)].decode()
        inner = before if not before.strip() else inner
    return _Style(outer, inner, "\r\n" if b"\r\n" in data[block.start : block.end] else "\n")


def insertion(block: Block, name: str, value: str) -> Edit:
    """A new attribute at the end of the attributes of a block.

    Raises:
        NoEdit: the block is written in JSON, or in a downloaded module.
    """
    data = _editable(block)
    style = _style(block)
    mine = sorted((a for a in block.body.attributes.values() if _directly(a, block)), key=lambda a: a.end)
    nested = min((b.start for b in block.body.blocks), default=block.end)
    before = [a for a in mine if a.end <= nested] or mine
    if not before:
        return _at_the_start(block, f"{name} = {value}")
    last = before[-1]
    at = data.find(b"\n", last.end - 1 if data[last.end - 1 : last.end] == b"\n" else last.end)
    if at < 0 or at >= block.end:
        return _spread(block, f"{name} = {value}")
    at -= 1 if data[at - 1 : at] == b"\r" else 0
    width = _aligned(data, before)
    if width and len(name) <= width:
        text = f"{style.end}{style.inner}{name:<{width}} = {value}"
    else:
        heredoc = b"<<" in data[last.start : last.end].partition(b"\n")[0]  # whose name is aligned with the next line's
        gap = style.end if width or heredoc else ""
        text = f"{gap}{style.end}{style.inner}{name} = {value}"
    return Edit(block.file.path, block.file.shown, at, at, text)


def _aligned(data: bytes, group: list[Attribute]) -> int:
    """How wide names are written in the group of lines that the last attribute ends; 0 when it stands on several."""
    last = group[-1]
    if b"\n" in data[last.start : last.end]:
        return 0
    begin = data.rfind(b"\n", 0, last.start) + 1
    found = _LINE.match(data, begin)
    return 0 if found is None else len(found[1]) + len(found[2]) - 1


def _directly(attribute: Attribute, block: Block) -> bool:
    """Whether an attribute stands in the block's own file and braces: an overriding one does not."""
    return attribute.file is block.file and block.start <= attribute.start < block.end


def _at_the_end(block: Block, text: str) -> Edit:
    data, style = _editable(block), _style(block)
    closing = data.rfind(b"}", block.start, block.end)
    begin = data.rfind(b"\n", block.start, closing) + 1
    if not begin or data[begin:closing].strip():
        return _spread(block, text)
    gap = style.end if block.body.attributes or block.body.blocks else ""
    return Edit(
        block.file.path, block.file.shown, begin, begin,
        gap + _indented(text, style.inner).replace("\n", style.end) + style.end,
    )  # fmt: skip


def _at_the_start(block: Block, text: str) -> Edit:
    data, style = _editable(block), _style(block)
    opening = data.index(b"{", block.start, block.end)
    at = data.find(b"\n", opening, block.end)
    if at < 0:
        return _spread(block, text)
    gap = style.end if block.body.blocks else ""
    return Edit(block.file.path, block.file.shown, at + 1, at + 1, f"{style.inner}{text}{style.end}{gap}")


def _spread(block: Block, text: str) -> Edit:
    """A block on one line, on several, with the text added."""
    data, style = _editable(block), _style(block)
    opening, closing = data.index(b"{", block.start, block.end), data.rfind(b"}", block.start, block.end)
    inside = data[opening + 1 : closing].decode().strip()
    lines = [inside, text] if inside else [text]
    if inside and "\n" not in text and inside.partition("=")[0].strip() and "=" in text:
        names = [line.partition("=")[0].strip() for line in lines]
        width = max(map(len, names))
        lines = [f"{n:<{width}} = {line.partition('=')[2].strip()}" for n, line in zip(names, lines, strict=True)]
    body = "".join(f"{_indented(line, style.outer + '  ')}\n" for line in lines)
    made = f"{{\n{body}{style.outer}}}".replace("\n", style.end)
    return Edit(block.file.path, block.file.shown, opening, closing + 1, made)


def _editable(block: Block) -> bytes:
    if block.file.path.endswith(".json"):
        raise NoEdit("is written in JSON, where only a value that is there can be changed")
    _refuse_downloaded(block.file)
    return block.file.data


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line if line else line for line in text.split("\n"))


# --- values -----------------------------------------------------------------------------------------------------------


def hcl(value: Any) -> str:
    """A value as an HCL expression on one line.

    Raises:
        NoEdit: it has no such form.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(hcl, value)) + "]"
    raise NoEdit("would need a value that is written by hand")

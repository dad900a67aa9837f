"""Plain texts made short work of for the parser.

The grammar makes a token of every character of a text, so that texts take half of a parse. A number of the same length
is one token: where a value is a text in quotes without escapes and templates, zeros stand in for it, and whoever reads
the value reads the original bytes. Everything else keeps its bytes, and every byte its place.
"""

from __future__ import annotations

from assay.patterns import pattern

_PLAIN = rb'[ !#&-\[\]-~]*"'
# Every alternative begins with a letter of its own, and an empty group says which it was: so the search is one for four
# letters, several times faster than any other form.
_TOKEN = pattern(
    rb'"(?:(?<=[=,\[(:?{] ")|(?<=[=,\[(:?{]"))' + _PLAIN + rb"(?=[ \t\r\n,\])}:]|\Z)()"  # 1: a value
    rb'|"(?<=[ \t\r\n,{]")' + _PLAIN + rb"(?=[ \t]*[=:])()"  # 2: a key
    rb'|"(?<=[ \t]")' + _PLAIN + rb'(?=[ \t]+["{])()'  # 3: a label, if the line has the head of a block
    rb'|"(?<=[ \t\n]")' + _PLAIN + rb"(?=[ \t\r\n,\])}:]|\Z)()"  # 4: a value, if it follows what is followed by one
    rb'|"' + _PLAIN + rb'|"|#|//|/\*|<<'
)
_HEAD = pattern(rb"[ \t]{0,64}[A-Za-z_][^=]{0,256}")
_IN_TEXT = pattern(rb'\\[^\n]|[$%]{1,2}\{|"|\n')
_IN_CODE = pattern(rb'"|[{}]|#|//|/\*|<<')
_HEREDOC = pattern(rb"<<-?([\w-]+)[ \t]*\r?\n")


def stand_ins(data: bytes) -> bytes:
    """HCL with zeros for its plain texts and letters for its labels, as far as it is certain what is one."""
    made = bytearray(data)
    at = 0
    search = _TOKEN.search
    while at >= 0 and (found := search(data, at)):
        start, at = found.span()
        group = found.lastindex
        if group is not None:
            if group < 3 or (group == 4 and _follows(data, start)):
                made[start:at] = b"0" * (at - start)
            elif group == 3 and _HEAD.fullmatch(data[max(0, start - 256) : start].rpartition(b"\n")[2]):
                made[start:at] = b"x" * (at - start)
            continue
        mark = data[start]
        if mark == 0x22:  # "
            at = _end_of_text(data, at) if at - start == 1 else at
        elif mark == 0x3C:  # <
            at = _end_of_heredoc(data, start)
        else:
            at = data.find(b"*/" if found[0] == b"/*" else b"\n", at)
    return bytes(made)


def _follows(data: bytes, start: int) -> bool:
    """Whether a value must stand here: what comes before it, on a line above perhaps, opens or continues one."""
    before = start - 1
    while before >= 0 and data[before] in b" \t\r\n":
        before -= 1
    return before >= 0 and data[before] in b"=,[(:?{"


def _end_of_text(data: bytes, at: int) -> int:
    """Where the text ends whose quote stands before `at`; -1 where that is not plain to see."""
    inside = [True]  # for every quote and brace that is open, whether it is a quote
    while inside:
        found = (_IN_TEXT if inside[-1] else _IN_CODE).search(data, at)
        if found is None:
            return -1
        mark, at = found[0], found.end()
        if mark == b'"':
            if inside[-1]:
                inside.pop()
            else:
                inside.append(True)
        elif mark in (b"${", b"%{", b"{"):
            inside.append(False)
        elif mark == b"}":
            inside.pop()
        elif mark[:1] != b"\\":  # the end of the line, a comment, a heredoc, a doubled mark
            return -1
    return at


def _end_of_heredoc(data: bytes, start: int) -> int:
    """Where the heredoc ends, or -1: at the first line that says nothing but its mark."""
    opened = _HEREDOC.match(data, start)
    if opened is None:
        return -1
    mark, at = opened[1], opened.end()
    while 0 <= at < len(data):
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else len(data)]
        if line.strip() == mark:
            return end
        at = end + 1 if end >= 0 else -1
    return -1

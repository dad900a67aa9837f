"""Paths of the States Language: JSONPath, the context object (`$$`), variables (`$name`) and reference paths.

From the specification's chapters "Paths" and "Reference Paths" (read November 2026). The dialect has filters
and functions of its own: of those only the brackets are counted.
"""

from __future__ import annotations

from assay.patterns import pattern

PLAIN = pattern(r"\$(?:\.\w+)*\Z")
"""The paths that stand for one place whatever is asked of them."""
_BEGIN = pattern(r"\$(?:[^\W\d]\w*|\$)?(?=[.\[]|\Z)")
_APART = pattern(r"\\.|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_UNNAMED = pattern(r"\[(?!['\"\d*?:@,-])")
_SEVERAL = pattern(r"[@,:?*]|\.\.")


def path_fault(text: str) -> str:
    """What is wrong with a path, as the end of a sentence; an empty text when nothing is."""
    if not text.startswith("$"):
        return "is no path: it does not begin with $"
    if _BEGIN.match(text) is None:
        return "is no path: after $ there is a dot, a bracket or the name of a variable"
    if text.endswith(".") and not text.endswith("\\."):
        return "ends with a dot"
    if "[" in text or "(" in text:
        plain = _APART.sub("", text)
        if "/" not in plain and (plain.count("[") != plain.count("]") or plain.count("(") != plain.count(")")):
            return "has a bracket without its other half"
    return ""


def reference_fault(text: str) -> str:
    """What is wrong with a reference path, as `path_fault` gives it."""
    fault = path_fault(text)
    if fault:
        return fault
    if "[" in text and _UNNAMED.search(text.replace("\\[", "")) is not None:
        return "has a bracket with neither a name in quotes nor a number"
    found = _SEVERAL.search(_APART.sub("", text) if "\\" in text or "[" in text else text)
    return f"may stand for several places: a reference path has no {found[0]}" if found else ""


def result_fault(text: str) -> str:
    """What is wrong with a `ResultPath`, as `path_fault` gives it."""
    if text.startswith("$$"):
        return "is in the context object, which cannot be written"
    if text.startswith("$") and text[1:2] not in ("", ".", "["):
        return "names a variable, which only Assign sets"
    return reference_fault(text)

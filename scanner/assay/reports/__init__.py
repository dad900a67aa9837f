"""The output formats: names, and the modules that write them, imported only when one is asked for.

A format is a function `write(report, stream, options)`. It streams: no format builds its whole text in memory. What
leaves here has passed `masking`: a credential in the input never reaches a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from assay.engine import Report

    Writer = Callable[[Report, TextIO, Mapping[str, Any]], None]

FORMATS: dict[str, str] = {
    "text": "assay.reports.text",
    "json": "assay.reports.json",
    "jsonl": "assay.reports.jsonl",
    "sarif": "assay.reports.sarif",
    "github": "assay.reports.github",
    "html": "assay.reports.html",
    "junit": "assay.reports.junit",
    "markdown": "assay.reports.markdown",
    "csv": "assay.reports.csv",
}


def writer(name: str, more: Mapping[str, Writer] | None = None) -> Writer:
    """The function that writes the format `name`; `more` are those that plugins add.

    Raises:
        ValueError: nobody writes that format.
    """
    if more and name in more:
        return more[name]
    if name not in FORMATS:
        known = ", ".join(sorted({*FORMATS, *(more or ())}))
        raise ValueError(f"There is no output format {name!r}: choose one of {known}.")
    from importlib import import_module

    write: Writer = import_module(FORMATS[name]).write
    return write

"""The output formats: names, and the modules that write them, imported only when one is asked for.

A format is a function `write(report, stream, options)`. It streams: no format builds its whole text in memory. What
leaves here has passed `masking`: a credential in the input never reaches a report.

Options are hints that a format may ignore: `quiet` and `verbose` and `colour` (text), `title` (html), `category`
(sarif, github: the run's category among several logs of one commit), `longest` (markdown, in characters).
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
    "gitlab": "assay.reports.gitlab",
    "html": "assay.reports.html",
    "junit": "assay.reports.junit",
    "markdown": "assay.reports.markdown",
    "csv": "assay.reports.csv",
    "ocsf": "assay.reports.ocsf",
    "oscal": "assay.reports.oscal",
}


def writer(name: str, formats: Mapping[str, str] = FORMATS) -> Writer:
    """The function that writes the format `name`; plugins name their modules as `FORMATS` does.

    Raises:
        ValueError: nobody writes that format.
    """
    if name not in formats:
        raise ValueError(f"There is no output format {name!r}: choose one of {', '.join(sorted(formats))}.")
    from importlib import import_module

    write: Writer = import_module(formats[name]).write
    return write

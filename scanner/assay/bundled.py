"""Where the rules and the report's templates are: inside an installed package, or beside `scanner/` in a checkout.

They stand at the top level of the repository because people read and write them more often than the engine; the wheel
carries them under `assay/_bundled`. Rules are loaded by path and never imported, so nothing but a path is needed here.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    inside = _PACKAGE / "_bundled" / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name


RULES = _find("rules")
TEMPLATES = _find("reports/templates")

"""Where the rules, the report's templates and the files of `deploy/` are: inside an installed package, or beside
`scanner/` in a checkout.

They stand at the top level of the repository because people read and write them more often than the engine; the wheel
carries them under `assay/_bundled`. Rules are loaded by path and never imported, so nothing but a path is needed here.
"""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.realpath(__file__))


def _find(*name: str) -> str:
    inside = os.path.join(_PACKAGE, "_bundled", *name)
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), *name)


RULES = _find("rules")
TEMPLATES = _find("reports", "templates")
DEPLOY = _find("deploy")

"""Where the rules, the report's templates and the files of `deploy/` are: inside an installed package, or beside
`scanner/` in a checkout.

They stand at the top level of the repository because people read and write them more often than the engine; the wheel
carries them under `assay/_bundled`. Rules are loaded by path and never imported, so nothing but a path is needed here.
"""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.realpath(__file__))
INSTALLED = os.path.isdir(os.path.join(_PACKAGE, "_bundled"))
_PLACE = os.path.join(_PACKAGE, "_bundled") if INSTALLED else os.path.dirname(os.path.dirname(_PACKAGE))


def _find(*name: str) -> str:
    return os.path.join(_PLACE, *name)


RULES = _find("rules")
TEMPLATES = _find("reports", "templates")
DEPLOY = _find("deploy")

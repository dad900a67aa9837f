"""PyYAML, imported without compiling the patterns of its Python reader and resolver.

One of them alone, a class over all of Unicode, takes longer than reading a workflow, and the parser is libyaml's.
"""

from __future__ import annotations

import re

from assay.patterns import pattern

_compile = re.compile
re.compile = pattern  # whatever is compiled meanwhile compiles at its first use
try:
    import yaml
finally:
    re.compile = _compile

__all__ = ["yaml"]

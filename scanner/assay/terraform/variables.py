"""Values for a root module's variables: tfvars files in Terraform's order, then `--var-file`, then `--var`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.evaluate import evaluate_attribute, static_env
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.modules import Loader, Variable
    from assay.terraform.syntax import Attribute, SourceFile


class Given:
    """What is given for the variables of one root module: the last one wins."""

    __slots__ = ("doubt", "files", "values")

    def __init__(self) -> None:
        self.values: dict[str, Attribute | str] = {}
        self.files: list[SourceFile] = []
        self.doubt = ""  # why nobody knows the values of the others: a file that may set them cannot be read

    def value(self, name: str, declared: Variable) -> Any:
        """The value given for a variable; a text from the command line is an expression unless a text is wanted."""
        given = self.values[name]
        if not isinstance(given, str):
            return evaluate_attribute(given, static_env())
        if declared.wanted().kind in ("any", "string", "number", "bool"):
            return given
        try:
            return _expression(given)
        except EvalError as error:
            return Unknown(f"--var {name}: {error}")


def _expression(text: str) -> Any:
    from assay.terraform.expressions import Compiler
    from assay.terraform.syntax import NOTHING, SourceFile, parse_bytes

    data = f"x = {text}\n".encode()
    root = parse_bytes(data)
    if root.has_error or len(root.children[0].children) != 1:
        raise EvalError("the value is not an expression")
    node = root.children[0].children[0].children[-1]
    return Compiler(SourceFile("--var", "--var", data), NOTHING).expression(node)(static_env())


def collect(loader: Loader, directory: str, var_files: Sequence[str], variables: dict[str, str]) -> Given:
    """The values that Terraform would load in this directory."""
    given = Given()
    found = [os.path.join(directory, n) for n in automatic(loader.files.listing(directory))]
    for path in [*found, *map(os.path.abspath, var_files)]:
        file = loader.source(path)
        if file is None or file.faults:
            given.doubt = f"{loader.files.shown(path)}, which may set it, cannot be read"
            given.values.clear()
        if file is not None:
            given.files.append(file)
            given.values.update(file.attributes)
    given.values.update(variables)
    return given


def automatic(names: Sequence[str]) -> list[str]:
    """The variable files that Terraform loads by itself, in its order."""
    first = [n for n in ("terraform.tfvars", "terraform.tfvars.json") if n in names]
    return first + sorted(n for n in names if n.endswith((".auto.tfvars", ".auto.tfvars.json")))

"""What a reference reads of a resource beyond its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Text, Unknown
from assay.terraform import values as v
from assay.terraform.expressions import Configured

if TYPE_CHECKING:
    from assay.model import Ref
    from assay.terraform.instances import Instance


def computed(instance: Instance, name: str) -> Any:
    """The value of an attribute that the block does not configure."""
    type_ = instance.group.type
    if type_ == "terraform_data":
        return terraform_data(instance, name)
    if type_ == "data.aws_iam_policy_document" and name in ("json", "minified_json"):
        from assay.terraform.policy_document import render

        return render(instance, minified=name == "minified_json")
    if type_ == "data.template_file" and name == "rendered":
        return rendered_template(instance)
    if type_ == "data.aws_service_principal" and name == "name":
        return service_principal(instance)
    return instance.reference(name)


def service_principal(instance: Instance) -> Any:
    """The principal of a service: its name, and an ending that the partition decides."""
    service = instance.configured("service_name")
    return instance.reference("name") if service is None else Text((service, ".", instance.reference("suffix")))


def rendered_template(instance: Instance) -> Any:
    """The text of a `template_file`, which needs nothing but its arguments."""
    text, names = instance.configured("template"), instance.configured("vars")
    if type(names) is list and len(names) == 1:  # the syntax of Terraform 0.11: a block
        names = names[0]
    for doubt in (text, names):
        if isinstance(doubt, Unknown):
            return v.unknown_like(doubt)
    if not isinstance(text, str) or not isinstance(names or {}, dict):
        return instance.reference("rendered")
    return instance.group.scope.context.template(text, names or {})


def whole(instance: Instance) -> Any:
    """The resource as an object."""
    body = instance.group.block.body
    if instance.group.type == "terraform_data":
        return {name: instance.attribute(name) for name in ("id", "input", "output", "triggers_replace")}
    names = {*body.attributes, *(b.labels[0] if b.kind == "dynamic" and b.labels else b.kind for b in body.blocks)}
    names -= {"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"}
    made = Configured({name: instance.attribute(name) for name in sorted({"id", *names})})
    made.missing = instance.reference
    return made


def terraform_data(instance: Instance, name: str) -> Any:
    """Exactly what Terraform plans for its built-in resource."""
    if name == "id":
        return v.TypedRef(instance.address, "id", v.STRING)
    if name == "output":
        given = instance.configured("input")
        if given is None:
            return None
        return planned(instance, v.type_of(given))
    if name in ("input", "triggers_replace"):
        return None
    key = ("undeclared", instance.group.scope.module.shown, f"terraform_data.{name}")
    return Unknown(f"terraform_data has no attribute {name}", key)


def planned(instance: Instance, type_: v.Type) -> Unknown:
    """The output of a resource that does not exist yet: of the input's type, and possibly null."""
    found: Ref = v.TypedRef(instance.address, "output", type_)
    found.not_null = False
    return found

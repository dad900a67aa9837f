"""Lambda layers: who may use ours, and whose we use."""

from collections.abc import Iterator
from typing import Any

from assay import CRITICAL, LOW, MEDIUM, Finding, Graph, Resource, as_list, require, rule, show
from assay.analysis.aws_arns import account_of
from assay.analysis.aws_lambda import AWS_LAYER_ACCOUNTS, layer_made_here, layer_parts, layer_pinned, newest_beside
from assay.analysis.parts import each_of

require(
    "aws-lambda-no-code-signing",
    on="aws_lambda_function",
    path="code_signing_config_arn",
    present=True,
    when=lambda function: function["package_type"] != "Image",
    title="Functions accept only signed code.",
    why="Without a code-signing configuration whoever can update the function can run any code with its role.",
    fix="Set `code_signing_config_arn` to an `aws_lambda_code_signing_config` with the policy `Enforce`.",
    message="the function accepts code that nobody signed",
    severity=LOW,
    controls=["nist-800-53r5:SI-7"],
    equivalents=["CKV_AWS_272"],
)


@rule(on="aws_lambda_layer_version_permission", severity=CRITICAL, controls=["nist-800-53r5:AC-3"])
def aws_layer_shared_publicly(permission: Resource) -> Iterator[Finding]:
    """Layers are not shared with every AWS account.

    ## Why
    Anybody can then download the layer and read its code, and whatever was packed with it by mistake.
    ## Fix
    Name an account as `principal`, or set `organization_id` beside `*`.
    """
    if permission["principal"] == "*" and permission["organization_id"] in (None, ""):
        yield permission.fails("every AWS account may download the layer", at="principal")


@rule(on="aws_lambda_layer_version_permission", params={"trusted_accounts": []}, severity=MEDIUM)
def aws_layer_shared_cross_account(permission: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Layers are shared only with accounts on the configured list.

    ## Why
    Another account that may use the layer also reads its code and depends on its versions.
    ## Fix
    Remove the permission, or add the account to `trusted_accounts` of this rule.
    """
    account = account_of(permission["principal"])
    if account != None and account != permission.account and account not in params["trusted_accounts"]:
        yield permission.fails(f"account {account} may use the layer and is not on the configured list", at="principal")


@rule(on="aws_lambda_function", severity=LOW)
def aws_layer_too_many(function: Resource) -> Iterator[Finding]:
    """Functions use no more layers than Lambda takes.

    ## Why
    Lambda takes five layers; every one is another package to patch and to wait for at a cold start.
    ## Fix
    Merge small layers into one, or move what only one function needs into its own package.
    """
    for count, _ in enumerate(as_list(function["layers"]), 1):
        if count > 5:
            yield function.fails("the function names more than 5 layers, which is what Lambda takes", at="layers")
            return


@rule(
    on="aws_lambda_function",
    params={"trusted_accounts": list(AWS_LAYER_ACCOUNTS)},
    severity=MEDIUM,
    controls=["nist-800-53r5:SR-3"],
)
def aws_layer_unpinned(function: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Functions name one version of each layer, from an account they trust.

    ## Why
    A layer runs inside the function with its role and its secrets. Without a version, or from somebody else's account,
    the code can change without a change here.
    ## Fix
    Use the version's ARN (`aws_lambda_layer_version.x.arn`), and layers of your own or of the accounts listed in
    `trusted_accounts` of this rule.
    """

    def judge(arn: Any) -> Iterator[Finding]:
        if not layer_pinned(arn):
            yield function.fails(f"{show(arn)} names no version of the layer", at="layers", key=show(arn))
            return
        account = account_of(arn)
        if account != None and account != function.account and account not in params["trusted_accounts"]:
            yield function.fails(
                f"the layer comes from account {account}, which is not on the list", at="layers", key=account
            )

    yield from each_of(as_list(function["layers"]), judge)


@rule(on="aws_lambda_layer_version", severity=LOW)
def aws_layer_undeclared_runtime(layer: Resource) -> Iterator[Finding]:
    """Layers declare their runtimes, architectures and licence.

    ## Why
    A layer that does not say what it was built for is attached to functions on which its binaries crash; without a
    licence nobody knows whether it may be passed on.
    ## Fix
    Set `compatible_runtimes`, `compatible_architectures` and `license_info`.
    """
    for name in ("compatible_runtimes", "compatible_architectures", "license_info"):
        if layer[name] in (None, [], ""):
            yield layer.fails(f"{name} is not set", at=name)


@rule(on="aws_lambda_function", severity=LOW)
def aws_layer_version_drift(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions use the same version of a layer.

    ## Why
    The function on the older version misses the fixes the others got, and the two behave differently on the same input.
    ## Fix
    Name the newest version everywhere, in one local value.
    """
    newest = newest_beside(function, graph.beside(function, "aws_lambda_function"))

    def judge(arn: Any) -> Iterator[Finding]:
        if layer_made_here(arn):  # always the newest
            return
        _, name, version = layer_parts(arn)
        latest, other = newest.get(name, (0, function))
        if version != "" and int(version) < latest:
            yield function.fails(
                f"uses version {version} of {name}, {other} uses {latest}",
                at="layers",
                because=[other.where("layers")],
                key=name,
            )

    yield from each_of(as_list(function["layers"]), judge)

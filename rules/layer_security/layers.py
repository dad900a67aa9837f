"""What functions have from their layers, all of them together."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.archives import is_function_code, largest, too_large
from assay.analysis.layers import hidden, shadowed, together_too_large, with_code, with_weight


@rule(
    on=["archive", "aws_lambda_function"],
    severity=MEDIUM,
    params={"megabytes": 250},
    each=with_weight,
    sources=["layer", "document", "terraform", "plan", "aws"],
)
def aws_layer_too_large(thing: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Layers and code stay below what Lambda unpacks.

    ## Why
    Beyond 250 MB together Lambda refuses the function, at the deployment and not before; what is large also starts
    slowly.
    ## Fix
    Leave out what the function does not need, or use a container image. `megabytes` of this rule sets a budget below
    Lambda's limit.
    """
    limit = params["megabytes"] * 1024 * 1024
    if thing.type == "archive":
        said = too_large([thing], limit)
        if said != "":
            yield thing.fails(f"the archive has {said}", at=("entries", largest(thing)), key="size")
        return
    said, parts, doubt = together_too_large(thing, graph, limit)
    if said != "":
        yield thing.fails(f"its code and layers have {said}", at="layers", because=[a.where() for a in parts])
    elif doubt != "":
        yield thing.unsure(f"what its code and layers have together: {doubt}", at="layers")


@rule(
    on=["archive", "aws_lambda_function"],
    severity=MEDIUM,
    each=with_code,
    sources=["layer", "document", "terraform", "plan", "aws"],
)
def aws_layer_shadows_runtime(thing: Resource, graph: Graph) -> Iterator[Finding]:
    """Layers hide no module of the runtime, and none hides another's files.

    ## Why
    A layer's copy of `boto3` or `json` is the one that every function imports: it misses the fixes that AWS makes, and
    a planted one sees everything. Of two layers with the same file the later one wins, in silence; of two with the same
    module in different folders the one whose folder the runtime searches first, whatever the order of the layers:
    `python/lib/python3.13/site-packages` before `python`, `nodejs/node22/node_modules` before `nodejs/node_modules`.
    ## Fix
    Leave modules of the runtime out of the layer, or waive this where a version is pinned on purpose; give each layer
    names of its own.
    """
    if thing.type == "archive":
        if not is_function_code(thing, graph):
            for spot in shadowed(thing):
                yield thing.fails(f"the layer hides {spot.what}", at=("entries", spot.entry), key=spot.what)
        return
    found, doubt = hidden(thing, graph)
    for one in found:
        yield thing.fails(one.said, at="layers", because=[one.hidden.where(), one.by.where()], key=one.what)
    if doubt != "":
        yield thing.unsure(f"whether its layers hide anything: {doubt}", at="layers")


@rule(on="aws_lambda_layer_version", severity=LOW, params={"versions": 5}, sources=["aws"])
def aws_layer_old_versions(layer: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Few old versions of a layer are kept.

    ## Why
    An old version keeps its old libraries, and any function may still name it.
    ## Fix
    Delete the versions that no function names (`aws lambda delete-layer-version`).
    """
    beside = [v for v in graph.beside(layer, layer.type) if v.region == layer.region]
    mine = [v for v in beside if v["layer_name"] == layer["layer_name"]]
    newest = max(int(v["version"]) for v in mine)
    if len(mine) > params["versions"] and int(layer["version"]) == newest:
        yield layer.fails(f"{len(mine)} versions are kept; {params['versions']} would do", at="version")

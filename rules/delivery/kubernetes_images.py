"""Where images come from, and whether the same manifest always runs the same one."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cloud_ties import cloud_ties
from assay.analysis.image_scans import scan_of
from assay.analysis.images import image_of, is_floating
from assay.analysis.signatures import KeyFault, image_signatures, unsigned
from assay.kubernetes.workloads import PODS, Container, containers


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-14"],
    equivalents=[
        "CKV_K8S_14",
        "kics:583053b7",
        "kics:e76cca7c",
        "AVD-KSV-0013",
        "prowler:core_image_tag_fixed",
        "kube-linter:latest-tag",
        "kubescape:C-0075",
    ],
)
def k8s_image_tag_latest(c: Container) -> Iterator[Finding]:
    """Images name the version they run.

    ## Why
    `latest` is another program tomorrow: two pods of one Deployment may differ, and a rollback brings back nothing.

    ## Fix
    Name the version, better the digest: `image: registry.example.com/web@sha256:...`.
    """
    if not c.absent("image") and is_floating(c["image"]):
        yield c.fails(f"{c} runs whatever {c['image']} is today", at="image")


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["nist-800-53r5:CM-14"],
    equivalents=["CKV_K8S_43", "kics:228c4c19", "kics:7c81d34c", "kubescape:C-0306"],
)
def k8s_image_no_digest(c: Container) -> Iterator[Finding]:
    """Images are pinned by digest.

    ## Why
    Whoever can push to the registry can move a tag: the reviewed manifest then runs another program.

    ## Fix
    Append `@sha256:...`; a bot can keep it up to date.
    """
    if not c.absent("image") and not image_of(c["image"]).digest:
        yield c.fails(f"{c}: {c['image']} is not pinned by digest", at="image")


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    params={"registries": []},
    controls=["nist-800-53r5:CM-14"],
    equivalents=["AVD-KSV-0125", "kubescape:C-0001", "kubescape:C-0078"],
)
def k8s_image_untrusted_registry(c: Container, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Images come from the registries that are agreed on.

    ## Why
    Every further registry is one more party who decides what runs in the cluster.

    ## Fix
    Copy the image into an agreed registry, or add its registry to the parameter `registries`. While that list is empty,
    nothing is agreed on and nothing is judged.
    """
    if not params["registries"] or c.absent("image"):
        return
    image = image_of(c["image"])
    name = f"{image.registry}/{image.repository}"
    short = name.replace("docker.io/library/", "docker.io/")  # as people write it
    ways = [(n, agreed.rstrip("/")) for n in (name, short) for agreed in params["registries"]]
    if not any(n == agreed or n.startswith(f"{agreed}/") for n, agreed in ways):
        yield c.fails(f"{c}: the registry {image.registry} is not on the list", at="image")


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["nist-800-53r5:CM-14"],
    equivalents=["CKV_K8S_15", "kics:aa737abf", "kics:caa3479d"],
)
def k8s_image_pull_not_always(c: Container) -> Iterator[Finding]:
    """Images under a tag that moves are pulled every time.

    ## Why
    Nodes keep what they once pulled: one runs last month's image and its neighbour today's, and a node hands a private
    image to pods that could not have pulled it.

    ## Fix
    Set `imagePullPolicy: Always`, or name a full version or a digest.
    """
    if c.absent("image"):
        return
    image = image_of(c["image"])
    policy = c["imagePullPolicy"]
    if policy == None:
        policy = "Always" if image.tag in ("", "latest") and not image.digest else "IfNotPresent"
    if image.moves and policy != "Always":
        yield c.fails(f"{c}: the tag of {c['image']} moves, and the policy is {policy}", at="imagePullPolicy")


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-14"],
    equivalents=["kubescape:C-0292", "kubescape:C-0253"],
)
def k8s_image_old_registry(c: Container) -> Iterator[Finding]:
    """Images come from where they are still maintained.

    ## Why
    `k8s.gcr.io` is frozen since April 2023, and ingress-nginx has had no releases since March 2026: neither gets
    another security fix.

    ## Fix
    Take the image from `registry.k8s.io`; replace ingress-nginx by a maintained controller or the Gateway API.
    """
    if c.absent("image"):
        return
    image = image_of(c["image"])
    name = f"{image.registry}/{image.repository}"
    if name.startswith(("k8s.gcr.io/", "gcr.io/google-containers/", "gcr.io/google_containers/")):
        yield c.fails(f"{c}: {image.registry} is frozen", at="image")
    elif name.endswith("ingress-nginx/controller"):
        yield c.fails(f"{c}: ingress-nginx is past its support", at="image")


@rule(on="Kustomization", severity=LOW, sources=("manifest",), controls=["nist-800-53r5:CM-14"])
def k8s_base_cloud_specific(base: Resource) -> Iterator[Finding]:
    """A kustomize base fits every cloud its overlays stand for.

    ## Why
    What one cloud alone understands fails in the other, or is silently ignored there: a load balancer becomes public.

    ## Fix
    Move the annotation, storage class, registry or node selector into the overlay of its cloud.
    """
    for thing in base.each("objects"):
        for path, key, text in cloud_ties(thing.values):
            yield thing.fails(f"{key}: {text} belongs to one cloud", at=path, key=f"{path}:{key}")


@rule(
    on=PODS,
    each=containers,
    sources=("cluster",),
    severity=LOW,
    params={"keys": []},
    controls=["nist-800-53r5:CM-14", "nist-800-53r5:SI-7(15)"],
    equivalents=["kubescape:C-0236", "kubescape:C-0237", "kubescape:C-0304"],
)
def k8s_image_unsigned(c: Container, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Images are signed with a key that is agreed on.

    `keys` are public keys: files, PEM texts, or the base64 of their DER; ECDSA, RSA and Ed25519. While there is none,
    nothing is agreed on and nothing is judged. Signatures are asked for by `assay audit cluster --registry HOST`, and
    kept in the snapshot; an image whose registry was not asked is not evaluated. Judged is the digest that runs.

    ## Why
    Whoever can push to the registry decides what runs; a signature ties the image to the pipeline that built it.

    ## Fix
    Sign in the pipeline (`cosign sign --key ...`), and let an admission policy refuse what is not signed.
    """
    if not params["keys"] or c.absent("image"):
        return
    image = image_signatures(c, c["image"], graph)
    if image == None:
        yield c.not_evaluated(f"{c}: the registry of {c['image']} was not asked (--registry HOST)")
        return
    try:
        missing = unsigned(image, params["keys"], graph)
    except KeyFault as fault:
        yield c.not_evaluated(str(fault))
        return
    for digest in missing:
        said = f"{c}: {digest[:19]} of {c['image']} has no signature of a configured key"
        yield c.fails(said, at="image", key=f"{c}:{digest}")


@rule(
    on=PODS,
    each=containers,
    sources=("cluster",),
    severity=MEDIUM,
    controls=["nist-800-53r5:RA-5", "nist-800-53r5:SI-2"],
    equivalents=[
        "kubescape:C-0083",
        "kubescape:C-0084",
        "kubescape:C-0085",
        "kubescape:C-0221",
        "kubescape:C-0243",
    ],
)
def k8s_image_vulnerable(c: Container, graph: Graph) -> Iterator[Finding]:
    """Running images have been scanned, and have no critical vulnerability.

    Judged are images of ECR, where the snapshots of the cluster and of the registry's account are scanned together.

    ## Why
    Whoever reaches the program tries what is published about it: the exploit is often there the same week.

    ## Fix
    Build the image anew with the packages that mend it, and roll it out; switch on scanning in the registry.
    """
    scan = None if c.absent("image") else scan_of(c["image"], graph)
    if scan == None:
        return
    if not scan.done:
        yield c.fails(f"{c}: {c['image']} was never scanned", at="image")
    elif scan.critical:
        yield c.fails(f"{c}: {c['image']} has {scan.critical} critical findings", at="image")

"""The code of Lambda functions and layers, only when asked: downloaded, inspected, deleted; only facts are kept.

`Coded` is a transport that answers the calls that tell where an archive lies with the facts of that archive, and with
nothing else: the archive's address is a credential for as long as it lasts.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from tempfile import NamedTemporaryFile
from threading import BoundedSemaphore, Lock
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assay.analysis.archives import LIVE
from assay.documents.positions import Malformed
from assay.inventory.aws.table import Ask, Item, Make, Service
from assay.inventory.aws.walk import CallFailed
from assay.inventory.collect import DENIED, FAILED
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.inventory.aws.transport import Boto
    from assay.inventory.aws.walk import Transport

MAX_SIZE = 250 * 1024 * 1024
"""Bytes of one archive; Lambda unpacks no more than that."""
MAX_ARCHIVES = 1_000
"""Of one account and region."""
TIMEOUT = (10, 60)
"""Seconds to connect, and between two parts of an answer."""
_CHUNK = 1 << 18
_DOWNLOADS = BoundedSemaphore(4)
"""Archives on the disk at once."""
_INSPECTION = Lock()  # it is the interpreter's work: a second one at once would only hold more memory
_TOLD = {
    "GetFunction": ("Code", "Configuration"),
    "GetLayerVersion": ("Content", "Content"),
    "GetLayerVersionByArn": ("Content", "Content"),
}
"""By operation: where its answer tells the archive's location, and where its size and digest."""


def _zipped(item: Item) -> bool:
    return bool(item["PackageType"] != "Image")


def _foreign(item: Item) -> bool:
    """Whether a layer is of another account; one's own are listed."""
    return str(item["Arn"]).split(":")[4:5] != [item.place.account]


def _archive(arn: str, name: str, **more: Any) -> Make:
    fields = {"path": f"{{{arn}}}{LIVE}", "inspected": "$code.facts", "entries": "$code.entries"}
    return Make(type="archive", address=f"{{{arn}}}{LIVE}", name=name, bare=True, fields=fields, **more)


def _code(operation: str, **more: Any) -> Ask:
    return Ask(operation=operation, put="$code", feeds=("entries", "packages"), **more)


def _packages(item: Item) -> Any:
    """The packages of a layer version as blocks."""
    found = item["$code.facts.packages"]
    if found is None:
        return Unknown("a description of a package in it cannot be unpacked")
    return [dict(zip(("ecosystem", "name", "version", "entry"), row, strict=True)) for row in found]


def with_code(service: Service) -> Service:
    """The table of Lambda that asks for code too."""
    functions, mappings, layers = service.asks
    (versions,) = layers.then
    others = Ask(
        operation="GetFunctionConfiguration",
        items="Layers",
        params={"FunctionName": "FunctionName"},
        when=lambda item: any(_foreign(Item(layer, item.place)) for layer in item["Layers"] or ()),
        then=(_code("GetLayerVersionByArn", params={"Arn": "Arn"}, when=_foreign),),
        makes=(_archive("Arn", "Arn", when=_foreign),),
    )
    functions = replace(
        functions,
        then=(*functions.then, _code("GetFunction", params={"FunctionName": "FunctionName"}, when=_zipped), others),
        makes=(*functions.makes, _archive("FunctionArn", "FunctionName", when=_zipped)),
    )
    get = _code("GetLayerVersion", params={"LayerName": "^LayerName", "VersionNumber": "Version"})
    (layer,) = versions.makes
    layer = replace(layer, fields={**layer.fields, "packages": _packages})
    versions = replace(versions, then=(*versions.then, get), makes=(layer, _archive("LayerVersionArn", "^LayerName")))
    return replace(service, asks=(functions, mappings, replace(layers, then=(versions,))))


class Coded:
    """A `Transport` over another: Lambda's archives are looked at, everything else passes through.

    Args:
        fetch: writes what lies at a location into a file, and gives its SHA-256 as Lambda writes it.
    """

    def __init__(self, inner: Transport, fetch: Callable[[str, IO[bytes]], str]) -> None:
        self._inner = inner
        self._fetch = fetch
        self._lock = Lock()
        self._count = 0
        self._known: dict[str, dict[str, Any]] = {}  # layers of other accounts, which many functions use

    def call(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:
        told = _TOLD.get(operation) if service == "lambda" else None
        arn = params.get("Arn", "")
        if told is None:
            yield from self._inner.call(service, operation, **params)
        elif arn in self._known:
            yield self._known[arn]
        else:
            for page in self._inner.call(service, operation, **params):
                found = {"facts": self._facts(page.get(told[0]) or {}, page.get(told[1]) or {})}
                if arn:
                    self._known[arn] = found
                yield found

    def _facts(self, place: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
        location, size = str(place.get("Location") or ""), int(about.get("CodeSize") or 0)
        if size > MAX_SIZE:
            raise _too_large(size)
        with self._lock:
            self._count += 1
            if self._count > MAX_ARCHIVES:
                said = f"Assay downloads at most {MAX_ARCHIVES:,} archives of an account and region"
                raise CallFailed(FAILED, "TooMany", f"{said}; narrow the audit with --regions or --accounts")
        with _DOWNLOADS, NamedTemporaryFile(prefix="assay-", suffix=".zip") as file:
            digest = self._fetch(location, file)
            if about.get("CodeSha256") not in (None, "", digest):
                raise CallFailed(FAILED, "WrongDigest", "what was downloaded is not the archive that Lambda tells of")
            with _INSPECTION:
                return _inspect(file.name, str(about.get("Handler") or ""))


def download(boto: Boto, location: str, file: IO[bytes]) -> str:
    """Write what lies at a location, and there alone: redirections are not followed.

    Returns:
        Its SHA-256, as Lambda writes it.

    Raises:
        CallFailed: it cannot be had; the location itself is never told.
    """
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies
    from urllib3.exceptions import HTTPError

    host = urlsplit(location).hostname
    if urlsplit(location).scheme not in ("https", "http") or not host:
        raise CallFailed(FAILED, "NoLocation", "Lambda tells no location that can be downloaded")
    trusted = boto.clients.session._session.get_config_variable("ca_bundle")
    http = URLLib3Session(verify=trusted or True, proxies=get_environ_proxies(location), timeout=TIMEOUT)
    try:
        answer = http.send(AWSRequest(method="GET", url=location, stream_output=True).prepare())
        if answer.status_code != 200:
            kind = DENIED if answer.status_code in (401, 403) else FAILED
            raise CallFailed(kind, "DownloadFailed", f"{host} answers {answer.status_code}")
        return _write(answer.raw, file)
    except (BotoCoreError, HTTPError, OSError) as error:
        raise CallFailed(FAILED, "DownloadFailed", f"{type(error).__name__} from {host}") from None
    finally:
        http.close()


def _write(raw: Any, file: IO[bytes]) -> str:
    digest, size = sha256(), 0
    for chunk in raw.stream(_CHUNK, decode_content=False):
        size += len(chunk)
        if size > MAX_SIZE:
            raise _too_large(size)
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    return b64encode(digest.digest()).decode()


def _too_large(size: int) -> CallFailed:
    said = f"the archive has at least {size:,} bytes; Assay downloads at most {MAX_SIZE:,}"
    return CallFailed(FAILED, "TooLarge", said)


def _inspect(path: str, handler: str) -> dict[str, Any]:
    from assay.analysis.inspection import facts
    from assay.documents.layer_archive import ZipPackage

    try:
        package = ZipPackage(path, "")
    except Malformed as fault:
        raise CallFailed(FAILED, "NoZipFile", fault.sentence) from None
    try:
        return facts(package, handler)
    except Exception as error:  # noqa: BLE001 - one archive may not take the others along
        raise CallFailed(FAILED, "NotInspected", f"{type(error).__name__}: {error}") from None
    finally:
        package.close()

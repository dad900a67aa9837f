"""What functions' Python code does with events, clients and credentials, by its syntax tree."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from assay.analysis.python_code import calls, dotted, imported_names, is_secret, literal_credentials, resolved
from assay.model import Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from assay.model import Resource, ValuePath

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Spot(NamedTuple):
    """Something in a source file: where, and what to say; `doubt` when it is not certain."""

    line: int
    column: int
    what: str
    doubt: bool = False

    @property
    def where(self) -> ValuePath:
        return ("line", self.line, "column", self.column)


def tree_of(source: Resource) -> ast.Module:
    """The syntax tree of a source file.

    Raises:
        Undetermined: it could not be parsed.
    """
    found: ast.Module | None = getattr(source.origin, "tree", None)
    if found is None:
        broken = source.values.get("calls")
        raise Undetermined(broken if isinstance(broken, Unknown) else Unknown(f"{source} was not parsed"))
    return found


def _spot(node: ast.expr | ast.stmt, what: str, *, doubt: bool = False) -> Spot:
    return Spot(node.lineno, node.col_offset + 1, what, doubt)


def functions(tree: ast.Module) -> list[Function]:
    """Every function of a module, methods and inner ones included."""
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def handlers(tree: ast.Module) -> list[tuple[Function, str]]:
    """The functions that a service calls with an event, with the name of that parameter."""
    found = []
    for function in functions(tree):
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        if len(names) >= 2 and (names[0] == "event" or function.name.endswith("handler")):
            found.append((function, names[0]))
    return found


def _name(call: ast.Call) -> str:
    return dotted(call.func).rpartition(".")[2]


def _keywords(call: ast.Call) -> set[str]:
    return {k.arg or "**" for k in call.keywords}


# --- credentials ------------------------------------------------------------------------------------------------------

_CONNECTS = {
    "connect", "create_pool", "create_pool_async", "connect_async", "SessionPool", "ConnectionPool", "create_engine",
    "create_async_engine", "Redis", "StrictRedis", "MongoClient", "Elasticsearch", "OpenSearch", "Connection",
    "makedsn", "from_url", "Client", "ClickHouse", "get_client", "AsyncConnectionPool", "SimpleConnectionPool",
    "ThreadedConnectionPool",
}  # fmt: skip
_IN_TEXT = pattern(r"://[^\s/:@'\"]{0,200}:([^\s/'\"@{}$%]{1,200})@|\b(?:password|pwd)\s*=\s*([^\s;'\"{}$%]{1,200})")
_SETTINGS = {
    "host",
    "hostname",
    "dsn",
    "user",
    "username",
    "database",
    "dbname",
    "db",
    "port",
    "server",
    "service_name",
}


def database_credentials(tree: ast.Module) -> Iterator[Spot]:
    """Passwords written out where a database is connected to, or in the settings for that."""
    names = imported_names(ast.walk(tree))
    for found in literal_credentials(tree):
        if found.call.rpartition(".")[2] in _CONNECTS and not _of_sdk(found.call):
            yield Spot(found.line, found.column, f"{found.call} is given the {found.name} as text")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in _CONNECTS and not _of_sdk(resolved(node.func, names)):
            for i, argument in enumerate([*node.args, *(k.value for k in node.keywords)]):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    second = i == 1 and i < len(node.args) and _name(node) in ("connect", "create_pool", "SessionPool")
                    texts = len(node.args) >= 3 and isinstance(node.args[0], ast.Constant)
                    if _IN_TEXT.search(argument.value) or (second and texts):
                        yield _spot(argument, f"{dotted(node.func)} is given the password as text")
        elif isinstance(node, ast.Dict):
            yield from _settings(node)


def _settings(node: ast.Dict) -> Iterator[Spot]:
    keys = {k.value for k in node.keys if isinstance(k, ast.Constant)}
    if not keys & _SETTINGS:
        return
    for key, value in zip(node.keys, node.values, strict=True):
        name = str(key.value) if isinstance(key, ast.Constant) else ""
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and is_secret(name, value.value):
            yield _spot(value, f"the settings of a connection hold the {name} as text")


def _of_sdk(call: str) -> bool:
    return call.partition(".")[0] in ("oci", "boto3", "aioboto3", "botocore")


def sdk_credentials(tree: ast.Module) -> Iterator[Spot]:
    """Credentials written out in a cloud SDK's models and clients."""
    names = imported_names(ast.walk(tree))
    for found in literal_credentials(tree):
        first = found.call.partition(".")[0]
        model = found.call.rpartition(".")[2]
        from_sdk = _of_sdk(found.call) or _of_sdk(names.get(first, ""))
        if from_sdk or (found.call and model.endswith(("Details", "ClientDetails")) and model[:1].isupper()):
            yield Spot(found.line, found.column, f"{found.call} is given the {found.name} as text")


# --- what comes from outside ------------------------------------------------------------------------------------------

_FETCHES = {
    "get_object", "download_fileobj", "download_file", "urlopen", "recv", "recvfrom", "receive_message", "hget", "mget",
    "get_records", "get_blob", "download_as_bytes", "download_as_string",
}  # fmt: skip
_CLIENT_GETS = pattern(
    r"(?:requests|httpx|session|redis|cache|memcache|r|client|http|s3|bucket|urllib3|pool)\w*"
    r"\.(?:get|post|request|read)",
    re.IGNORECASE,
)
_UNPICKLES = {
    "pickle.loads", "pickle.load", "cPickle.loads", "cPickle.load", "_pickle.loads", "dill.loads", "dill.load",
    "joblib.load", "cloudpickle.loads", "cloudpickle.load", "marshal.loads",
}  # fmt: skip


def unsafe_caches(tree: ast.Module) -> Iterator[Spot]:
    """Objects that are unpickled from what a bucket, a cache or the network gave; in doubt from a parameter."""
    names = imported_names(ast.walk(tree))
    scopes: list[ast.Module | Function] = [tree, *functions(tree)]
    inner = {id(n) for f in functions(tree) for n in ast.walk(f)}
    for scope in scopes:
        nodes = [n for n in ast.walk(scope) if scope is not tree or id(n) not in inner]
        fetched = _fetched(nodes)
        given = (
            {a.arg for a in (*scope.args.args, *scope.args.kwonlyargs)} if not isinstance(scope, ast.Module) else set()
        )
        for call in calls(nodes):
            called = resolved(call.func, names)
            if called in _UNPICKLES and call.args:
                argument = call.args[0]
                if _comes_from(argument, fetched):
                    yield _spot(call, f"{called} of what came from a bucket, a cache or the network")
                elif any(isinstance(n, ast.Name) and n.id in given for n in ast.walk(argument)):
                    yield _spot(call, f"{called} of a parameter: nobody here knows where it comes from", doubt=True)


def _fetched(nodes: list[ast.AST]) -> set[str]:
    """The names that hold, through any number of assignments, what a fetching call gave."""
    holding: list[str] = []
    takers: dict[str, list[list[str]]] = {}  # by a name, those that its value is assigned to
    for targets, value in _assigned(nodes):
        if _comes_from(value, frozenset()):
            holding += targets
        else:
            for inner in ast.walk(value):
                if isinstance(inner, ast.Name):
                    takers.setdefault(inner.id, []).append(targets)
    found: set[str] = set()
    while holding:
        name = holding.pop()
        if name not in found:
            found.add(name)
            holding += [taker for targets in takers.get(name, ()) for taker in targets]
    return found


def _assigned(nodes: list[ast.AST]) -> Iterator[tuple[list[str], ast.AST]]:
    """The names that something is assigned to, and what."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            yield [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)], node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)], node.value
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield [n.id for n in ast.walk(node.optional_vars) if isinstance(n, ast.Name)], node.context_expr
        elif isinstance(node, ast.Call) and _name(node) in ("download_fileobj", "readinto", "recv_into"):
            yield [a.id for a in node.args if isinstance(a, ast.Name)], node


def _comes_from(node: ast.AST, fetched: AbstractSet[str]) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in fetched:
            return True
        if isinstance(inner, ast.Call):
            called = dotted(inner.func)
            if called.rpartition(".")[2] in _FETCHES or _CLIENT_GETS.fullmatch(called):
                return True
    return False


# --- events -----------------------------------------------------------------------------------------------------------

_BATCHES = {
    "put_events": "FailedEntryCount", "put_records": "FailedRecordCount", "put_record_batch": "FailedPutCount",
    "send_message_batch": "Failed", "publish_batch": "Failed",
}  # fmt: skip


def unchecked_batches(tree: ast.Module) -> Iterator[Spot]:
    """Calls that succeed when some of their entries failed, in a module that never looks at the count."""
    words = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    for call in calls(ast.walk(tree)):
        name = _name(call)
        if name in _BATCHES and isinstance(call.func, ast.Attribute) and _BATCHES[name] not in words:
            yield _spot(call, f"{name} may refuse some of its entries, and {_BATCHES[name]} is not looked at")


_WRITES = {
    "put_item": "ConditionExpression", "update_item": "ConditionExpression",
    "transact_write_items": "ClientRequestToken", "start_execution": "name",
}  # fmt: skip


def repeated_writes(tree: ast.Module) -> Iterator[Spot]:
    """Writes of functions that an event source invokes, and invokes again, without anything that notices it."""
    text = {dotted(n) for n in ast.walk(tree) if isinstance(n, (ast.Name, ast.Attribute))}
    if any("idempoten" in word.lower() for word in text):
        return
    invoked = any(_reads_events(function, event) for function, event in handlers(tree))
    for call in calls(ast.walk(tree)) if invoked else ():
        key = _WRITES.get(_name(call))
        if key and isinstance(call.func, ast.Attribute) and not _keywords(call) & {key, "**"}:
            yield _spot(call, f"{_name(call)} without {key}: the same event again writes again")


def _reads_events(function: Function, event: str) -> bool:
    """True when a handler takes records or an event's detail, not a request that somebody waits for."""
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and dotted(node.value) == event and isinstance(node.slice, ast.Constant):
            if node.slice.value in ("Records", "detail", "records"):
                return True
        elif isinstance(node, ast.Call) and dotted(node.func) == f"{event}.get" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value in ("Records", "detail", "records"):
                return True
    return False


_LOGS = {"print", "pprint", "pp", "debug", "info", "warning", "warn", "error", "exception", "critical", "log"}


def logged_events(tree: ast.Module) -> Iterator[Spot]:
    """Handlers that write the whole event to their log."""
    for function, event in handlers(tree):
        for node in function.decorator_list:
            if isinstance(node, ast.Call) and any(k.arg == "log_event" and _true(k.value) for k in node.keywords):
                yield _spot(node, f"{function.name} logs its whole event")
        for call in calls(ast.walk(function)):
            if _name(call) in _LOGS and any(
                _is_whole(a, event) for a in (*call.args, *(k.value for k in call.keywords))
            ):
                yield _spot(call, f"{function.name} logs its whole event")


def _true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_whole(node: ast.expr, event: str) -> bool:
    """True when an argument holds the event itself, as it is, as text or as JSON; a part of it is something else."""
    if isinstance(node, ast.Name):
        return node.id == event
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(v, ast.FormattedValue) and _is_whole(v.value, event) for v in node.values)
    if isinstance(node, ast.BinOp):
        return _is_whole(node.left, event) or _is_whole(node.right, event)
    if isinstance(node, (ast.Tuple, ast.List)):
        return any(_is_whole(item, event) for item in node.elts)
    if isinstance(node, ast.Dict):
        return any(_is_whole(item, event) for item in node.values)
    if isinstance(node, ast.Call) and _name(node) in ("dumps", "str", "repr", "format", "pformat"):
        return any(_is_whole(a, event) for a in node.args)
    return False


# --- wrappers ---------------------------------------------------------------------------------------------------------

_OF_ITS_OWN = (ast.For, ast.While, ast.If, ast.Try, ast.comprehension, ast.BinOp, ast.Lambda)
_HARMLESS = {"print", "str", "int", "dict", "dumps", "loads", "get", "getenv", "info", "debug", "warning", "getLogger"}


def wrapped_call(tree: ast.Module, name: str) -> str:
    """The one SDK call that a handler consists of, `dynamodb.put_item`; empty when it does something of its own."""
    function = next(
        (f for f in tree.body if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) and f.name == name), None
    )
    if function is None or any(isinstance(n, _OF_ITS_OWN) for n in ast.walk(function)):
        return ""
    clients = _clients(tree)
    service_calls = []
    for call in calls(n for statement in function.body for n in ast.walk(statement)):
        if _service(call, {}):
            continue  # it makes the client
        service = _service(call.func.value, clients) if isinstance(call.func, ast.Attribute) else ""
        if service and _name(call) in _PARTS:
            continue
        if service:
            service_calls.append(f"{service}.{_name(call)}")
        elif _name(call) not in _HARMLESS and not dotted(call.func).startswith(("boto3.", "log", "logger.")):
            return ""
    return service_calls[0] if len(service_calls) == 1 else ""


def _clients(tree: ast.Module) -> dict[str, str]:
    """The names that hold a boto3 client, resource or table, with the service."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            service = _service(node.value, found)
            if service:
                found.update({dotted(t): service for t in node.targets if isinstance(t, (ast.Name, ast.Attribute))})
    return found


_PARTS = ("Table", "Queue", "Topic", "Bucket", "Object")


def _service(node: ast.expr, clients: dict[str, str]) -> str:
    """The service of an expression that is a client, a resource or a part of one; empty for other expressions."""
    known = clients.get(dotted(node), "")
    if known or not isinstance(node, ast.Call):
        return known
    if dotted(node.func).endswith((".client", ".resource")) and node.args:
        first = node.args[0]
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _PARTS:
        return _service(node.func.value, clients)
    return ""

"""What carries the calls of an AWS audit: service models read leanly, tables that several threads ask for at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest


def _undocumented(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "" if k == "documentation" and type(v) is str else _undocumented(v) for k, v in value.items()}
    return [_undocumented(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("service", ["cloudfront", "iam", "s3", "sqs"])
def test_a_service_model_without_its_documentation_is_otherwise_botocores(service: str) -> None:
    import botocore.session
    from assay.inventory.aws.transport import make_session

    whole = botocore.session.get_session().get_component("data_loader")
    lean = make_session()._session.get_component("data_loader")
    for kind in ("service-2", "paginators-1", "endpoint-rule-set-1"):
        expected = _undocumented(whole.load_service_model(service, kind))
        assert lean.load_service_model(service, kind) == expected
        assert list(lean.load_service_model(service, kind)) == list(expected), "shapes keep their order"


def test_the_schema_is_whole_for_every_thread_that_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-read table would leave numbers as texts in what a collector makes, and verdicts with them."""
    from assay.terraform import schema

    half, go_on = Event(), Event()

    @contextmanager
    def slowly(path: str, encoding: str) -> Iterator[Iterator[str]]:
        lines = Path(path).read_text(encoding).splitlines(keepends=True)

        def told() -> Iterator[str]:
            yield lines[0]
            half.set()
            assert go_on.wait(10)
            yield from lines[1:]

        yield told()

    monkeypatch.setattr(schema, "_lines", {})
    monkeypatch.setattr(schema, "open", slowly, raising=False)
    first = Thread(target=schema.attributes, args=("aws_sqs_queue",))
    first.start()
    try:
        assert half.wait(10)
        monkeypatch.setattr(schema, "open", open, raising=False)
        assert schema.attributes("aws_wafv2_web_acl"), "the other thread has read one line so far"
    finally:
        go_on.set()
        first.join(10)

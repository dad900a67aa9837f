"""What moto answers in this process, byte for byte, given back without it: so that botocore and Assay are measured.

moto's own work is most of a call to it. Recorded once, an answer costs a look-up; signing, sending's events, parsing
and everything after them are done as ever.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Body(io.BytesIO):
    """The body as urllib3 hands it out."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Recorded:
    """Answers by who asks (access key), method, address, body and target; what moto cannot do is raised again."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Any, ...], Answer | NotImplementedError] = {}

    def __len__(self) -> int:
        return len(self._answers)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Keep what moto first answers to the sessions of this process; within `mock_aws`."""
        from moto.core.botocore_stubber import BotocoreStubber

        original = BotocoreStubber.__call__

        def kept(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
            try:
                answer = original(stubber, event_name, request, **more)
            except NotImplementedError as error:
                self._answers.setdefault(_key(request), error)
                raise
            if answer is not None:
                answered = Answer(answer.status_code, dict(answer.headers), answer.content)
                self._answers.setdefault(_key(request), answered)
            return answer

        BotocoreStubber.__call__ = kept  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            BotocoreStubber.__call__ = original  # type: ignore[method-assign]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer every session that is made within; a call that was not recorded raises KeyError."""
        from botocore.handlers import BUILTIN_HANDLERS

        entry = ("before-send", self._give)
        BUILTIN_HANDLERS.append(entry)
        try:
            yield
        finally:
            BUILTIN_HANDLERS.remove(entry)

    def _give(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        answer = self._answers[_key(request)]
        if isinstance(answer, NotImplementedError):
            raise answer
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Body(answer.body))


def _key(request: Any) -> tuple[Any, ...]:
    said = request.headers.get("Authorization", b"")
    text = said.decode() if isinstance(said, bytes) else said
    who = text.partition("Credential=")[2].partition("/")[0]
    return who, request.method, request.url, request.body, request.headers.get("X-Amz-Target")

"""Files that are written whole: what is there stays until the new one is complete."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO, TextIO


@contextmanager
def whole(path: str) -> Iterator[TextIO]:
    """A stream whose text becomes the file, in UTF-8, when all is written; a fault leaves it as it was.

    Raises:
        OSError: it cannot be written; `filename` is that of the file.
    """
    from io import TextIOWrapper

    with whole_bytes(path) as stream:
        text = TextIOWrapper(stream, encoding="utf-8", newline="")
        yield text
        text.detach()  # what it still holds is handed on


def output(path: str) -> AbstractContextManager[TextIO]:
    """The stream of a file that is asked for by name: written whole, unless it is no plain file.

    `/dev/null` or a pipe must stay what it is.

    Raises:
        OSError: it cannot be written.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        return open(path, "w", encoding="utf-8", newline="")
    return whole(path)


@contextmanager
def whole_bytes(path: str) -> Iterator[BinaryIO]:
    """The same for bytes.

    Beside the file a part is made, which must be new: a repository of strangers may hold a link of any name, and
    through it something elsewhere would be overwritten.

    Raises:
        OSError: it cannot be written; `filename` is that of the file.
    """
    part = f"{path}.{os.getpid()}.part"
    try:
        with suppress(FileNotFoundError):
            os.remove(part)  # a link that waited for us, or what a killed process has left
        new = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with open(new, "wb") as stream:
                yield stream
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                os.remove(part)
            raise
    except OSError as error:
        error.filename, error.filename2 = path, None
        raise

"""A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, on a free port of the loopback address.

PostgreSQL refuses to run as root, so as root it runs as the user that its package made.
"""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oracles import require_oracle

PASSWORD = "for the tests"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of a running server (`postgresql://assay@127.0.0.1:PORT/postgres`), password `PASSWORD`."""
    programs = require_oracle("postgres").parent
    user = _user()
    data, log = folder / "data", folder / "log"
    secret = folder / "password"
    secret.write_text(PASSWORD)
    for path in (folder, secret):
        if user is not None:
            os.chown(path, pwd.getpwnam(user).pw_uid, -1)
    for above in [folder, *folder.parents]:  # pytest's folders are its user's alone
        if user is not None and above.stat().st_uid == os.getuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)
    made = _run(
        user,
        programs / "initdb",
        "-D",
        data,
        "-U",
        "assay",
        "--pwfile",
        secret,
        "-A",
        "scram-sha-256",
        "-N",
        "-E",
        "UTF8",
    )
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    with log.open("w") as written:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *settings.split()], user=user, cwd=folder,
            stdout=written, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        _until_it_answers(port, process, log)
        yield f"postgresql://assay@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(20)


def _until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """The port is open a moment before the server takes anybody in."""
    import psycopg

    for _ in range(400):
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="assay", password=PASSWORD, dbname="postgres", connect_timeout=5
            ).close()
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL does not answer: {log.read_text()}")


def _user() -> str | None:
    return "postgres" if os.getuid() == 0 else None


def _run(user: str | None, *command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), user=user, cwd="/", capture_output=True, text=True, check=False,
        env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip

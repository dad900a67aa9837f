"""Mail and webhooks over TLS: a server of its own with a self-made certificate, and one in the middle that strips TLS.

The server speaks as much of SMTP as a mail takes and writes down in which state it heard what.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from assay.cli import main
from assay.ledger import notify
from assay.ledger.notify import News, address, send
from assay.ledger.store import Row, Run
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

WORD = "secret-word"
BAD = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = false\n}\n'
GATE = ("--select", "aws-sqs-unencrypted", "--no-cache", "--ledger", "l.db")


def _made(folder: Path, name: str, host: str, issuer: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
    """A certificate for a host with its key, as NAME.pem; without an issuer an authority's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Assay's test {name}")])
    signer, signer_key = issuer or (None, key)
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False)
    )
    if signer is None:
        usage = dict.fromkeys(
            ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "encipher_only", "decipher_only"], False,
        )  # fmt: skip
        built = built.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
    else:
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)]
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = built.sign(signer_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem) + (b"" if signer is None else plain))
    return certificate, key


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """authority.pem; signed by it server.pem for 127.0.0.1 and other.pem for another host; stranger.pem by nobody."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = _made(folder, "authority", "")
    _made(folder, "server", "127.0.0.1", authority)
    _made(folder, "other", "mail.example", authority)
    _made(folder, "stranger", "127.0.0.1", _made(folder, "nobody", ""))
    return folder


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, certificate: Path | None, *, at_once: bool = False, first: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.at_once = at_once
        self.first = first  # what the first MAIL is answered with
        self.heard: list[tuple[bool, str]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def __exit__(self, *fault: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up; that is what is tested."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def said(self, word: str) -> list[bool]:
        """For each time that a line with this word was heard: whether TLS was on."""
        return [tls for tls, line in self.heard if word in line]


class Talk(socketserver.BaseRequestHandler):
    def setup(self) -> None:
        self.mine = cast("Server", self.server)
        self.tls = False
        self.line = self.request

    def finish(self) -> None:
        self.line.close()

    def handle(self) -> None:
        if self.mine.at_once:
            self.secure()
        self.files()
        self.answer(b"220 here")
        while heard := self.reader.readline():
            line = heard.decode().strip()
            self.mine.heard.append((self.tls, line))
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                offers = [b"here", b"AUTH PLAIN"] + ([b"STARTTLS"] if self.mine.context and not self.tls else [])
                for n, offer in enumerate(offers):
                    self.answer(b"250" + (b" " if n == len(offers) - 1 else b"-") + offer)
            elif word == "STARTTLS" and self.mine.context:
                self.answer(b"220 go on")
                self.secure()
                self.files()
            elif word == "MAIL" and self.mine.first:
                self.answer(self.mine.first)
                self.mine.first = b""
            elif word == "DATA":
                self.answer(b"354 go on")
                while (data := self.reader.readline()) not in (b".\r\n", b""):
                    self.mine.heard.append((self.tls, data.decode().strip()))
                self.answer(b"250 ok")
            elif word == "QUIT":
                self.answer(b"221 bye")
                return
            else:
                self.answer(b"235 ok" if word == "AUTH" else b"250 ok")

    def secure(self) -> None:
        assert self.mine.context is not None
        self.line = self.mine.context.wrap_socket(self.line, server_side=True)
        self.tls = True

    def files(self) -> None:
        self.reader = self.line.makefile("rb")

    def answer(self, text: bytes) -> None:
        self.line.sendall(text + b"\r\n")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificates: Path) -> Path:
    (tmp_path / "main.tf").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_LEDGER", raising=False)
    monkeypatch.setenv("ASSAY_CA_FILE", str(certificates / "authority.pem"))
    monkeypatch.setattr(notify, "PAUSE", 0.01)
    return tmp_path


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
def test_a_scan_tells_by_mail_over_tls(
    scheme: str, at_once: bool, ledger: Path, certificates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(certificates / "server.pem", at_once=at_once, first=b"451 later") as server:
        url = f"{scheme}://us:{WORD}@127.0.0.1:{server.port}/?to=a@example.org&from=b@example.org"
        assert main(["scan", "main.tf", *GATE, "--notify", url]) == 1
    assert capsys.readouterr().err == ""
    secret = base64.b64encode(f"\0us\0{WORD}".encode()).decode()
    assert server.said(f"AUTH PLAIN {secret}") == [True, True], "tried again after 451"
    assert server.said("mail FROM:<b@example.org>") == [True, True]
    assert server.said("Subject: Assay: 1 new in") == [True]
    assert any("aws_sqs_queue.q" in line for _, line in server.heard)
    assert not [line for tls, line in server.heard if not tls and not line.lower().startswith(("ehlo", "starttls"))]
    assert not list(ledger.glob("*dead-letters*"))


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
@pytest.mark.parametrize(
    ("certificate", "trusted", "doubt"),
    [
        ("stranger.pem", True, "unable to get local issuer certificate"),
        ("server.pem", False, "certificate"),
        ("other.pem", True, "IP address mismatch"),
    ],
)
def test_who_cannot_prove_who_he_is_hears_nothing(
    scheme: str, at_once: bool, certificate: str, trusted: bool, doubt: str, ledger: Path, certificates: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if not trusted:
        monkeypatch.delenv("ASSAY_CA_FILE")
    with Server(certificates / certificate, at_once=at_once) as server:
        url = f"{scheme}://us:{WORD}@127.0.0.1:{server.port}/?to=a@example.org"
        assert main(["scan", "main.tf", *GATE, "--notify", url]) == 1
    said = capsys.readouterr().err
    assert "its certificate is not to be trusted" in said
    assert doubt in said
    assert not [line for _, line in server.heard if not line.lower().startswith(("ehlo", "starttls"))]
    (letter,) = map(json.loads, (ledger / "l.db.dead-letters.jsonl").read_text().splitlines())
    assert letter["message"]["findings"][0]["rule"] == "aws-sqs-unencrypted"
    assert WORD not in said + json.dumps(letter)


def test_no_mail_goes_in_the_clear_unless_asked_for(
    ledger: Path, certificates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(None) as server:
        url = f"smtp://us:{WORD}@127.0.0.1:{server.port}/?to=a@example.org"
        assert main(["scan", "main.tf", *GATE, "--notify", url]) == 1
        assert "offers no STARTTLS" in capsys.readouterr().err
        assert len(server.said("ehlo")) == 1, "it is not tried again"
        assert not server.said("MAIL")
        assert not server.said("AUTH")
        (ledger / "l.db").unlink()
        assert main(["scan", "main.tf", *GATE, "--notify", f"{url}&tls=off"]) == 1
        assert capsys.readouterr().err == ""
    assert server.said("Subject: Assay: 1 new in") == [False]


def test_a_file_without_certificates_is_said_before_anything_is_read(
    ledger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file, why in (("main.tf", "it holds no certificate in PEM"), ("gone.pem", "No such file")):
        monkeypatch.setenv("ASSAY_CA_FILE", file)
        assert main(["scan", "main.tf", *GATE, "--notify", "https://h/"]) == 2
        assert f"ASSAY_CA_FILE {file}: cannot be used: {why}" in capsys.readouterr().err


@pytest.fixture
def webhook(certificates: Path) -> Iterator[Callable[[str], HTTPServer]]:
    servers: list[HTTPServer] = []

    def make(certificate: str) -> HTTPServer:
        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        got: list[Any] = []
        server = HTTPServer(("127.0.0.1", 0), Answer)
        server.got = got  # type: ignore[attr-defined]
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_webhook_of_one_s_own_authority(
    webhook: Callable[[str], Any], certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_CA_FILE", str(certificates / "authority.pem"))
    row = Row("f", "fail", "new", "high", "r", "", "q", None, None, "it is bad")
    news = News(Run(7, "here", 0.0, "1", False, {}, {}), [row], [])
    good, bad = webhook("server.pem"), webhook("stranger.pem")
    urls = [address(f"https://127.0.0.1:{s.server_port}/{WORD}") for s in (good, bad)]
    (said,) = send(urls, news, str(tmp_path / "letters"), pause=0)
    assert [g["findings"][0]["message"] for g in good.got] == ["it is bad"]
    assert bad.got == []
    assert "its certificate is not to be trusted" in said
    assert WORD not in said

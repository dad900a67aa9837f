"""What a run found that the ledger did not know, told to a webhook, to Slack or by mail.

A webhook gets `{"schema": "assay-notification/1", "scope", "run", "time", "counts", "findings"}`; Slack (and, as
`slack+https://...`, whoever takes its messages) gets `{"text": ...}`; `smtp://user:password@host:port/?to=A&to=B&from=C`
sends a mail, after STARTTLS, which it demands (`smtps://` has TLS from the start; `&tls=off` is for a relay that has
none, and takes no password elsewhere than on this machine). Certificates are verified, by the system's authorities and
those in the file ASSAY_CA_FILE. A few tries, then a line in the dead-letter file. An address is a secret: it is shown
without its path, its user and its password.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from assay import clock
from assay.scan import UsageError

if TYPE_CHECKING:
    import smtplib
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from assay.ledger.store import Row, Run

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; doubled before each further one."""
_PATIENCE = 10
_MOST = 20
CA_FILE = "ASSAY_CA_FILE"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SLACK = ("hooks.slack.com", "hooks.slack-gov.com")


class News(NamedTuple):
    """What there is to tell of a run."""

    run: Run
    new: list[Row]
    regressed: list[Row]

    def title(self) -> str:
        counts = f"{len(self.new):,} new" + (f", {len(self.regressed):,} regressed" if self.regressed else "")
        return f"Assay: {counts} in {self.run.scope}"

    def lines(self) -> list[str]:
        rows = [*self.new, *self.regressed]
        said = [f"{r.severity} {r.verdict} {r.address}: {r.message} [{r.rule}]" for r in rows[:_MOST]]
        return said + ([f"and {len(rows) - _MOST:,} more"] if len(rows) > _MOST else [])

    def data(self) -> dict[str, Any]:
        """As a webhook gets it."""
        fields = ("fingerprint", "rule", "severity", "verdict", "status", "address", "account", "region", "message")
        return {
            "schema": "assay-notification/1", "scope": self.run.scope, "run": self.run.id,
            "time": clock.stamp(self.run.at), "counts": {"new": len(self.new), "regressed": len(self.regressed)},
            "findings": [{name: getattr(r, name) for name in fields} for r in (*self.new, *self.regressed)],
        }  # fmt: skip


class Refused(Exception):
    """The other side has said no in a way that trying again does not change."""


def address(url: str) -> SplitResult:
    """A URL to notify, taken apart.

    Raises:
        UsageError: it is none, or a mail without a recipient.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UsageError(
            "--notify: not a URL; write https://..., slack+https://... or smtp://host/?to=ADDRESS"
        ) from None
    if parts.scheme not in ("http", "https", "slack+http", "slack+https", "smtp", "smtps") or not parts.hostname:
        raise UsageError(f"--notify {shown(parts)}: write https://..., slack+https://... or smtp://host/?to=ADDRESS")
    if parts.scheme.startswith("smtp"):
        asked = parse_qs(parts.query)
        if not asked.get("to"):
            raise UsageError(f"--notify {shown(parts)}: a mail needs a recipient: smtp://host/?to=ADDRESS")
        if (tls := asked.get("tls", ["on"])[-1]) not in ("on", "off") or (tls == "off" and parts.scheme == "smtps"):
            raise UsageError(f"--notify {shown(parts)}: tls is on or off, and off with smtp:// only")
        if tls == "off" and parts.username and parts.hostname not in _LOOPBACK:
            raise UsageError(f"--notify {shown(parts)}: with tls=off the password would travel in the clear")
    trust()
    return parts


def trust() -> ssl.SSLContext:
    """By whose word a server is who it says: the system's authorities, and those of ASSAY_CA_FILE.

    Raises:
        UsageError: no certificate can be read from that file.
    """
    import ssl

    context = ssl.create_default_context()
    file = os.environ.get(CA_FILE)
    if file:
        try:
            context.load_verify_locations(file)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if isinstance(error, FileNotFoundError) else "it holds no certificate in PEM"
            raise UsageError(f"{CA_FILE} {file}: cannot be used: {why}") from None
    return context


def shown(parts: SplitResult) -> str:
    """An address without what lets anybody use it."""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme or '?'}://{parts.hostname or '?'}{port}/***"


def send(addresses: Sequence[SplitResult], news: News, letters: str, pause: float | None = None) -> Iterator[str]:
    """Tell every address; gives a sentence for each that could not be told, after keeping the message in `letters`."""
    for parts in addresses:
        way = _mail if parts.scheme.startswith("smtp") else _post
        fault = _tried(way, parts, news, PAUSE if pause is None else pause)
        if fault is not None:
            kept = _bury(letters, parts, news, fault)
            yield f"what is new could not be told to {shown(parts)}: {fault}; {kept}"


def _tried(way: Callable[[SplitResult, News], None], parts: SplitResult, news: News, pause: float) -> str | None:
    fault = ""
    for n in range(TRIES):
        if n:
            time.sleep(pause * 2 ** (n - 1))
        try:
            way(parts, news)
            return None
        except Refused as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the report goes on; its text may quote the address
            if (doubt := getattr(error, "verify_message", None)) is not None:
                return f"its certificate is not to be trusted: {doubt.rstrip('.')}; {CA_FILE} may name the authority"
            reason = getattr(error, "reason", error)
            fault = reason.strerror or "no connection" if isinstance(reason, OSError) else type(error).__name__
    return f"{fault}, {TRIES} times"


def _post(parts: SplitResult, news: News) -> None:
    from http.client import HTTPConnection, HTTPSConnection

    slack = parts.scheme.startswith("slack+") or parts.hostname in _SLACK
    body = {"text": slack_text(news)} if slack else news.data()
    host = parts.hostname or ""
    connection = HTTPConnection(host, parts.port, timeout=_PATIENCE)
    if parts.scheme.endswith("https"):
        connection = HTTPSConnection(host, parts.port, timeout=_PATIENCE, context=trust())
    headers = {"Content-Type": "application/json"}
    if parts.username is not None:
        from base64 import b64encode

        word = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(word.encode()).decode()}"
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, json.dumps(body).encode(), headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status in (408, 425, 429) or status >= 500:
        raise OSError(status, f"it answered {status}")
    if not 200 <= status < 300:  # a redirection too: what is told goes where the user said, and nowhere else
        raise Refused(f"it answered {status}")


def slack_text(news: News) -> str:
    """The message in Slack's own markup, in which three characters mean something."""
    said = "\n".join([f"*{news.title()}*", *(f"• {line}" for line in news.lines())])
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mail(parts: SplitResult, news: News) -> None:
    import smtplib
    from email.message import EmailMessage

    asked = parse_qs(parts.query)
    mail = EmailMessage()
    mail["Subject"] = " ".join(news.title().split())
    mail["From"] = asked.get("from", ["assay@localhost"])[0]
    mail["To"] = ", ".join(asked["to"])
    mail.set_content("\n".join([news.title(), "", *news.lines(), ""]))
    try:
        with _server(parts, plain=asked.get("tls", ["on"])[-1] == "off") as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)
    except smtplib.SMTPNotSupportedError:
        raise Refused("the mail server offers no way to log in, or none to send this") from None
    except smtplib.SMTPResponseException as error:
        if error.smtp_code >= 500:
            raise Refused(f"the mail server answered {error.smtp_code}") from None
        raise
    except smtplib.SMTPRecipientsRefused:
        raise Refused("the mail server refused the recipients") from None


def _server(parts: SplitResult, *, plain: bool) -> smtplib.SMTP:
    """A mail server, greeted; nothing of the mail, nor of the password, has been said before TLS was agreed on."""
    from smtplib import SMTP, SMTP_SSL

    host = parts.hostname or ""
    if parts.scheme == "smtps":
        return SMTP_SSL(host, parts.port or 465, timeout=_PATIENCE, context=trust())
    server = SMTP(host, parts.port or 25, timeout=_PATIENCE)
    if plain:
        return server
    try:
        server.ehlo()
        if not server.has_extn("starttls"):
            raise Refused("the mail server offers no STARTTLS: use smtps://, or &tls=off to send in the clear")
        server.starttls(context=trust())
    except BaseException:
        server.close()
        raise
    return server


def _bury(letters: str, parts: SplitResult, news: News, fault: str) -> str:
    """Keep what could not be told; says where."""
    letter = {"time": clock.stamp(clock.seconds()), "to": shown(parts), "reason": fault, "message": news.data()}
    try:
        os.makedirs(os.path.dirname(letters), mode=0o700, exist_ok=True)
        with open(os.open(letters, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600), "a", encoding="utf-8") as file:
            file.write(json.dumps(letter) + "\n")
    except OSError as error:
        return f"nor could it be kept in {letters}: {error.strerror}"
    return f"it is kept in {letters}"

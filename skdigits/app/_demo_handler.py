"""The drawing page's server: what it answers to a request."""

import io
import json
import sys
import time
import traceback
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import SHUT_WR
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from skdigits.app._demo_limits import MAX_BODY, PATIENCE
from skdigits.app._demo_refusals import (
    TOO_MANY,
    Refused,
    body_length,
    check_host,
    check_origin,
    check_type,
)

if TYPE_CHECKING:
    from skdigits.app._demo import DemoServer

_JSON = "application/json"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LINGER = 5  # seconds to let a client read that its picture is too large


class Handler(BaseHTTPRequestHandler):
    """Serves the page's files and has pictures read."""

    server: "DemoServer"
    server_version, sys_version = "skdigits", ""
    timeout = PATIENCE

    def setup(self):
        super().setup()
        self.rfile = io.BufferedReader(_Arriving(self.connection, self.timeout))

    def do_GET(self):
        self._answer(self._get)

    do_HEAD = do_GET

    def do_POST(self):
        self._answer(self._post)

    def send_error(self, code, message=None, explain=None):
        """Say in one sentence what http.server itself refuses: methods and malformed requests."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True
        self._send_problem(Refused(code, f"{HTTPStatus(code).phrase}."))

    def log_message(self, format, *arguments):
        """Keep quiet: what is drawn is nobody's business."""

    def _answer(self, respond):
        try:
            check_host(self.headers, self.server.hosts)
            self._send(HTTPStatus.OK, *respond(urlsplit(self.path).path))
        except Refused as refusal:
            self._send_problem(refusal)
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # whoever asked has gone
        except Exception as error:  # of the model, whatever it is
            traceback.print_exc(file=sys.stderr)
            sentence = f"The model failed on this picture: {type(error).__name__}."
            self._send_problem(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, sentence))

    def _get(self, path):
        if path == "/predict":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "POST a picture to /predict.")
        if path == "/model.json":
            return _to_json(self.server.recogniser.describe()), _JSON
        return self._page(path)

    def _post(self, path):
        if path != "/predict":
            self._get(path)  # an unknown path is 404
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "Pictures go to /predict.")
        check_origin(self.headers)
        check_type(self.headers)
        body = self._receive(body_length(self.headers))
        if not self.server.room.acquire(blocking=False):  # only now: a slow body takes no room
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY)
        try:
            return _to_json(self.server.recogniser.read(body)), _JSON
        finally:
            self.server.room.release()

    def _receive(self, length):
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            raise Refused(
                HTTPStatus.REQUEST_TIMEOUT, f"The picture did not arrive within {self.timeout} s."
            ) from None
        if len(body) < length:
            raise Refused(HTTPStatus.BAD_REQUEST, "The picture ended too early.")
        return body

    def _page(self, path):
        try:
            return self.server.pages["index.html" if path == "/" else path.removeprefix("/")]
        except KeyError:
            raise Refused(HTTPStatus.NOT_FOUND, "There is no such page.") from None

    def _send_problem(self, refusal):
        self._send(refusal.status, _to_json({"error": refusal.sentence}), _JSON)
        self._linger()

    def _send(self, status, content, kind):
        self.connection.settimeout(self.timeout)
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD, POST")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _linger(self):
        """Read on for a while: to close on unread bytes would take the answer back."""
        with suppress(OSError):
            self.connection.shutdown(SHUT_WR)
            self.connection.settimeout(1)
            deadline, n_left = time.monotonic() + _LINGER, 4 * MAX_BODY
            while n_left > 0 and time.monotonic() < deadline:
                n_read = len(self.connection.recv(2**16))
                if n_read == 0:
                    break
                n_left -= n_read


class _Arriving(io.RawIOBase):
    """What a connection sends until a time is over, however little at a time it sends."""

    def __init__(self, connection, seconds):
        self._connection, self._deadline = connection, time.monotonic() + seconds

    def readable(self):
        return True

    def readinto(self, buffer):
        seconds_left = self._deadline - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError
        self._connection.settimeout(seconds_left)
        return self._connection.recv_into(buffer)


def _to_json(content):
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()

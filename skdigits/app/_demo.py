"""What ``skdigits demo`` does: a server of the drawing page on this machine."""

import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from socketserver import TCPServer

from skdigits.app._demo_files import page_files
from skdigits.app._demo_handler import Handler
from skdigits.app._demo_limits import MAX_CONNECTIONS, MAX_REQUESTS
from skdigits.app._demo_refusals import TOO_MANY, AllowedHosts

_SENT_AWAY = (
    "HTTP/1.0 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    f"Connection: close\r\n\r\n{json.dumps({'error': TOO_MANY})}"
).encode()


class DemoServer(ThreadingHTTPServer):
    """Serves the drawing page, and reads what is drawn; it listens once it is made.

    Parameters
    ----------
    recogniser : Recogniser
        What reads the pictures.
    host : str, default="127.0.0.1"
        Name or address to listen on.
    port : int, default=0
        Port to listen on; 0 takes a free one.

    Attributes
    ----------
    url : str
        Address of the page.
    is_local : bool
        Whether only this machine can reach it.

    Raises
    ------
    OSError
        If it cannot listen there.
    """

    daemon_threads = True  # an idle connection does not keep Ctrl-C waiting
    allow_reuse_address = os.name != "nt"  # where it would let others take the port over
    request_queue_size = 32

    def __init__(self, recogniser, host="127.0.0.1", port=0):
        self.recogniser, self.pages = recogniser, page_files()
        self.room = threading.BoundedSemaphore(MAX_REQUESTS)
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family, address = _resolve(host, port)
        super().__init__(address, Handler)
        bound = ipaddress.ip_address(str(self.server_address[0]).partition("%")[0])
        self.is_local, self.hosts = bound.is_loopback, AllowedHosts(host, str(bound))
        self.url = f"http://{_in_url(host, bound)}:{self.server_port}/"

    def server_bind(self):
        TCPServer.server_bind(self)  # and not HTTPServer's, which asks DNS for its own name
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request, client_address):
        """Give a connection a thread, as long as there are not too many."""
        if not self._free.acquire(blocking=False):
            with suppress(OSError):
                request.send(_SENT_AWAY)  # so short that it does not wait for who asked
            return self.shutdown_request(request)
        try:
            super().process_request(request, client_address)
        except BaseException:  # there are no more threads
            self._free.release()
            raise

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):  # whoever asked has gone
            super().handle_error(request, client_address)


def serve(server, say_ready):
    """Serve until Ctrl-C or SIGTERM; what is being read then is read to its end.

    Parameters
    ----------
    server : DemoServer
        It is closed afterwards.
    say_ready : callable
        Called without arguments once the server can be reached, and stopped.
    """
    with server, _stopped_by_signals(server):
        say_ready()
        server.serve_forever(poll_interval=0.1)
        server.recogniser.wait(seconds=5)


@contextmanager
def _stopped_by_signals(server):
    def stop(signal_number, frame):
        # Elsewhere, as shutdown waits for the loop that this handler interrupts.
        threading.Thread(target=server.shutdown).start()

    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


def _resolve(host, port):
    family, *_, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return family, address


def _in_url(host, bound):
    """Return a host as a browser takes it; of "all addresses", this machine's name."""
    if bound.is_unspecified:
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host

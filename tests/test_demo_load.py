"""The drawing page's server under load: many at once, slow clients, idle connections."""

import select
import socket
import threading
import time
from contextlib import suppress

import demo_server
import numpy as np
import pytest
from demo_server import IMAGE, is_sentence, png, serving, stroke

from skdigits.app import _demo_handler
from skdigits.app._demo_limits import MAX_CONNECTIONS, MAX_REQUESTS
from skdigits.app._demo_model import Recogniser

ask, model, server = demo_server.ask, demo_server.model, demo_server.server


def test_many_at_once_are_all_answered_rightly(ask):
    pictures = [np.roll(stroke(), 10 * shift, axis=1) for shift in range(6)]
    expected = [ask("POST", "/predict", png(picture), IMAGE)[2] for picture in pictures]
    answers = {}

    def post(number):
        answers[number] = ask("POST", "/predict", png(pictures[number]), IMAGE)[2]

    threads = [threading.Thread(target=post, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[number] for number in range(6)] == expected


def test_more_than_can_wait_are_sent_away(server, ask, monkeypatch):
    monkeypatch.setattr(server, "room", threading.BoundedSemaphore(1))
    with server.room:
        status, _, content = ask("POST", "/predict", png(stroke()), IMAGE)
    assert status == 503
    assert is_sentence(content)
    assert ask("POST", "/predict", png(stroke()), IMAGE)[0] == 200


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


def connected(server):
    return socket.create_connection(server.server_address[:2], timeout=10)


def status_of(client):
    with client, client.makefile("rb") as file:
        return int(file.readline().split()[1])


def test_slow_clients_do_not_keep_others_from_being_read(server, ask):
    body = png(stroke())
    slow = [connected(server) for _ in range(MAX_REQUESTS + 4)]
    for client in slow:
        client.sendall(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:-1]))
    assert ask("POST", "/predict", body, IMAGE)[0] == 200
    for client in slow[1:]:
        client.close()
    slow[0].sendall(body[-1:])
    assert status_of(slow[0]) == 200


@pytest.mark.parametrize(
    "start", [b"", b"GET / HTTP/1.1\r\n", HEAD + b"Content-Length: 99\r\n\r\n"]
)
def test_a_request_that_comes_byte_by_byte_is_given_up(start, server, monkeypatch):
    monkeypatch.setattr(_demo_handler.Handler, "timeout", 0.5)
    with connected(server) as client:
        client.sendall(start)
        begin = time.monotonic()
        with suppress(ConnectionError):
            while not select.select([client], [], [], 0.05)[0]:
                client.sendall(b"a")
            answer = client.recv(100)
            assert answer.startswith(b"HTTP/1.0 408 ") if start.startswith(HEAD) else not answer
        assert 0.3 < time.monotonic() - begin < 5


def test_connections_are_limited_and_so_are_threads(model):
    with serving(Recogniser(model, "few")) as server:
        n_threads = threading.active_count()
        idle = [connected(server) for _ in range(MAX_CONNECTIONS + 5)]
        assert [status_of(client) for client in idle[MAX_CONNECTIONS:]] == [503] * 5
        assert threading.active_count() - n_threads <= MAX_CONNECTIONS
        for client in idle:
            client.close()
        deadline = time.monotonic() + 10
        while server_is_full(server):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def server_is_full(server):
    client = connected(server)
    client.sendall(b"GET /model.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return status_of(client) != 200


def test_an_idle_connection_is_closed(server, monkeypatch):
    monkeypatch.setattr(_demo_handler.Handler, "timeout", 0.2)
    with socket.create_connection(server.server_address[:2], timeout=10) as client:
        assert client.recv(1) == b""

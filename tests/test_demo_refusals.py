"""What the drawing page's server refuses: other sites, false lengths, harmful pictures, no HTTP."""

import json
import socket
import zlib

import demo_server
import numpy as np
import pytest
from demo_server import IMAGE, is_sentence, png, stroke
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skdigits.app import _demo_refusals

ask, model, send, server = demo_server.ask, demo_server.model, demo_server.send, demo_server.server


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", ""])
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/predict")])
def test_another_sites_name_is_refused(ask, method, path, host):
    status, _, content = ask(method, path, png(stroke()), {**IMAGE, "Host": host})
    assert status == 403
    assert "does not answer for the host" in content["error"]


@pytest.mark.parametrize("host", ["localhost:1", "LOCALHOST", "127.0.0.1", "[::1]:8028"])
def test_this_machines_names_are_answered_behind_a_tunnel_too(ask, host):
    assert ask("GET", "/model.json", headers={"Host": host})[0] == 200


def test_a_request_needs_one_host(send):
    assert send(b"GET / HTTP/1.1\r\n\r\n")[0] == 400
    assert send(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")[0] == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9", "Host": "localhost:8"},  # another program's page
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_posts_of_other_sites_are_refused(ask, headers):
    status, _, content = ask("POST", "/predict", png(stroke()), {**IMAGE, **headers})
    assert status == 403
    assert "not from other sites" in content["error"]


def test_posts_of_the_page_itself_are_taken(ask):
    headers = {"Origin": "http://localhost:8", "Host": "localhost:8"}
    headers["Sec-Fetch-Site"] = "same-origin"
    assert ask("POST", "/predict", png(stroke()), {**IMAGE, **headers})[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", None]
)
def test_what_a_form_could_send_is_refused(ask, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    status, _, content = ask("POST", "/predict", png(stroke()), headers)
    assert status == 415
    assert "Content-Type" in content["error"]


@pytest.mark.parametrize("length", ["", "-1", "1.5", "0x10", "1, 1", "²", "+5"])
def test_a_length_that_is_no_number_is_refused(send, length):
    request = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    status, answer = send(f"{request}Content-Length: {length}\r\n\r\n".encode("latin-1"))
    assert status == 400
    assert b"Content-Length is one whole number." in answer


@pytest.mark.parametrize("header", ["", "Transfer-Encoding: chunked\r\n"])
def test_a_body_of_unknown_length_is_refused(send, header):
    request = (
        f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n{header}\r\n"
    )
    assert send(request.encode())[0] == 411


def test_a_body_that_ends_too_early_is_refused(send):
    request = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    status, answer = send(request + b"Content-Length: 100\r\n\r\nshort")
    assert status == 400
    assert b"ended too early" in answer


def test_a_body_over_the_limit_is_refused_and_the_client_hears_why(ask, monkeypatch):
    monkeypatch.setattr(_demo_refusals, "MAX_BODY", 2**20)
    status, _, content = ask("POST", "/predict", bytes(5 * 2**20), IMAGE)
    assert status == 413
    assert content == {"error": "A picture may have 1 MB at most; send a smaller one."}


def test_a_body_is_not_awaited_when_its_length_alone_is_too_much(send):
    request = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    assert send(request + b"Content-Length: 999999999999999999999\r\n\r\n")[0] == 413


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(ask, measure_peak):
    body = png(np.zeros((4000, 4000), dtype=np.uint8))
    status, _, content = measure_peak(ask, "POST", "/predict", body, IMAGE, below=2_000_000)
    assert status == 413
    assert content == {"error": "A picture may have 1,000,000 pixels at most; send a smaller one."}


def test_a_decompression_bomb_is_refused(ask):
    def chunk(name, content):
        checksum = zlib.crc32(name + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + name + content + checksum

    size = (60_000).to_bytes(4, "big") * 2
    body = chunk(b"IHDR", size + b"\x08\0\0\0\0") + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    assert ask("POST", "/predict", b"\x89PNG\r\n\x1a\n" + body, IMAGE)[0] == 413


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no picture"),
        (b"no picture at all", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),  # Pillow runs gs
        (png(stroke())[:150], "damaged"),
    ],
)
def test_what_is_no_whole_picture_is_refused(ask, body, words):
    status, _, content = ask("POST", "/predict", body, IMAGE)
    assert status == 400
    assert is_sentence(content)
    assert words in content["error"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_hostile_pictures_end_in_an_answer_or_one_sentence(data, ask):
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]))
    size = data.draw(st.sampled_from([(1, 1), (1, 900), (900, 1), (3, 3), (40, 30)]))
    seed = data.draw(st.integers(0, 9))
    body = bytearray(png(np.random.default_rng(seed).integers(0, 256, size, np.uint8), kind))
    for _ in range(data.draw(st.integers(0, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(body[: data.draw(st.integers(0, len(body)))])
    status, _, content = ask("POST", "/predict", body, IMAGE)
    assert status in (200, 400, 413)
    assert (status == 200) == ("guess" in content)
    assert status == 200 or is_sentence(content)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(min_size=1, max_size=300))
def test_hostile_requests_do_not_stop_the_server(raw, server, ask):
    with socket.create_connection(server.server_address[:2], timeout=10) as client:
        client.sendall(raw + b"\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    assert ask("GET", "/model.json")[0] == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"\xff\xfe / HTTP/1.1\r\n\r\n",
    ],
)
def test_malformed_requests_get_one_sentence_of_json(server, raw):
    with socket.create_connection(server.server_address[:2], timeout=10) as client:
        client.sendall(raw)
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert is_sentence(json.loads(answer.rpartition(b"\r\n")[2]))

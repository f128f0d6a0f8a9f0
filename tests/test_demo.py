"""The drawing page's server and its command: answers, limits, refusals, headers."""

import http.client
import io
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing, contextmanager, suppress

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import CharacterNormalizer, Deskewer, save_model
from skdigits.app import _demo_handler, _demo_refusals
from skdigits.app._demo import DemoServer
from skdigits.app._demo_files import page_files
from skdigits.app._demo_limits import MAX_CONNECTIONS, MAX_REQUESTS
from skdigits.app._demo_model import Recogniser, open_model
from skdigits.app._demo_refusals import Refused
from skdigits.app.cli import main

IMAGE = {"Content-Type": "image/png"}


def png(picture, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def stroke():
    """A dark upright stroke on light paper, left of the middle."""
    picture = np.full((120, 160), 230, dtype=np.uint8)
    picture[20:100, 50:60] = 40
    return picture


@pytest.fixture(scope="module")
def model():
    """A Pipeline of the normaliser and nearest neighbours, trained on scikit-learn's digits."""
    digits = load_digits()
    model = make_pipeline(CharacterNormalizer(), KNeighborsClassifier(5))
    return model.fit(digits.data[:400], digits.target[:400])


@contextmanager
def serving(recogniser, **arguments):
    server = DemoServer(recogniser, **arguments)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def server(model):
    with serving(Recogniser(model, "neighbours", max_pixels=1_000_000)) as server:
        yield server


@pytest.fixture
def ask(server):
    """A function that sends a request; it returns status, headers and what came, JSON read."""

    def ask(method, path, body=None, headers=None):
        with closing(http.client.HTTPConnection(*server.server_address[:2], timeout=10)) as client:
            client.request(method, path, body, headers or {})
            response = client.getresponse()
            content = response.read()
            is_json = response.headers["Content-Type"] == "application/json"
            content = json.loads(content) if is_json and content else content
            return response.status, response.headers, content

    return ask


@pytest.fixture
def send(server):
    """A function that sends raw bytes, nothing after them, and returns the status."""

    def send(raw):
        with socket.create_connection(server.server_address[:2], timeout=10) as client:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while part := client.recv(65536):
                answer += part
        return int(answer.split()[1]), answer

    return send


def is_sentence(content):
    return set(content) == {"error"} and content["error"].endswith((".", "?"))


def test_the_page_and_its_files_are_served(ask, server):
    status, headers, content = ask("GET", "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert content == page_files()["index.html"][0]
    for name, (expected, kind) in page_files().items():
        status, headers, content = ask("GET", f"/{name}?a=b")
        assert (status, headers["Content-Type"], content) == (200, kind, expected)


def test_all_the_page_refers_to_is_there(server):
    pages = {name: content.decode() for name, (content, _) in page_files().items()}
    texts = [text for name, text in pages.items() if name != "icon.svg"]
    assert not any("http://" in text or "https://" in text for text in texts)
    for name in ("page.css", "page.js", "icon.svg"):
        assert f'"{name}"' in pages["index.html"]
        assert name in pages


def test_all_that_the_scripts_import_is_there():
    scripts = {name: content.decode() for name, (content, _) in page_files().items()}
    imported = {
        name
        for script in scripts.values()
        for name in re.findall(r'^import .* from "\./(.*)";$', script, re.MULTILINE)
    }
    assert {"model.js", "pad.js", "drawing.js"} <= imported <= set(scripts)


def test_the_page_has_no_code_of_its_own_in_the_markup():
    markup = page_files()["index.html"][0].decode()
    assert " style=" not in markup
    assert "<style" not in markup
    assert " on" not in markup.replace(" on ", " ")
    assert markup.count("<script") == 1


def test_the_model_is_described(ask):
    status, _, content = ask("GET", "/model.json")
    assert status == 200
    assert content == {"name": "neighbours", "labels": [str(digit) for digit in range(10)]}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_picture_is_read_as_the_pipeline_reads_it(ask, model, kind):
    body = png(stroke(), kind)
    status, _, content = ask("POST", "/predict", body, IMAGE)
    decoded = np.asarray(Image.open(io.BytesIO(body)).convert("L"))
    assert status == 200
    assert content["labels"] == [str(label) for label in model.classes_]
    np.testing.assert_array_equal(content["probabilities"], model.predict_proba([decoded])[0])
    assert content["guess"] == str(model.predict([decoded])[0])
    seen = np.reshape(content["seen"]["pixels"], (28, 28))
    np.testing.assert_array_equal(seen.ravel(), model[0].transform([decoded])[0])


def test_a_photo_is_turned_as_its_exif_says(ask, model):
    file = io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees to be upright
    Image.fromarray(np.rot90(stroke())).save(file, "PNG", exif=exif)
    content = ask("POST", "/predict", file.getvalue(), IMAGE)[2]
    upright = model[0].transform([stroke()])[0]
    np.testing.assert_array_equal(content["seen"]["pixels"], upright)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_picture_without_ink_has_no_guess(ask, shade):
    status, _, content = ask("POST", "/predict", png(np.full((90, 90), shade, np.uint8)), IMAGE)
    assert status == 200
    assert (content["guess"], content["probabilities"]) == (None, None)
    assert not any(content["seen"]["pixels"])


@pytest.mark.parametrize("path", ["/", "/predict", "/nowhere", "/model.json"])
def test_every_answer_is_locked_down(ask, path):
    headers = ask("GET", path)[1]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Server"].strip() == "skdigits"


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/../cli.py", "/%2e%2e/cli.py", "/demo/page.js", "//page.js.", "/page.js/", "/*"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_unknown_paths_are_not_found(ask, method, path):
    status, _, content = ask(method, path)
    assert status == 404
    assert method == "HEAD" or content == {"error": "There is no such page."}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/predict"), ("POST", "/"), ("PUT", "/predict"), ("OPTIONS", "/"), ("TRACE", "/")],
)
def test_other_methods_are_not_allowed(ask, method, path):
    status, headers, content = ask(method, path)
    assert (status, headers["Allow"]) == (405, "GET, HEAD, POST")
    assert is_sentence(content)


def test_head_is_get_without_a_body(ask):
    _, expected, _ = ask("GET", "/page.css")
    status, headers, content = ask("HEAD", "/page.css")
    assert (status, content) == (200, b"")
    assert headers["Content-Length"] == expected["Content-Length"] != "0"


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


def test_a_model_that_fails_is_told_and_the_server_goes_on(server, ask, monkeypatch, capsys):
    def fail(picture):
        raise RuntimeError("secret")

    with monkeypatch.context() as patch:
        patch.setattr(server.recogniser, "_answer", fail)
        status, _, content = ask("POST", "/predict", png(stroke()), IMAGE)
    assert status == 500
    assert content == {"error": "The model failed on this picture: RuntimeError."}
    assert "secret" in capsys.readouterr().err
    assert ask("POST", "/predict", png(stroke()), IMAGE)[0] == 200


def test_nothing_is_written_to_disk(ask, tmp_path):
    written, is_watching = [], True

    def watch(event, arguments):
        if is_watching and event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            written.append(arguments[0])

    sys.addaudithook(watch)  # it cannot be taken away again
    try:
        for body in (png(stroke()), png(stroke(), "JPEG"), b"no picture"):
            ask("POST", "/predict", body, IMAGE)
        (tmp_path / "seen").touch()
    finally:
        is_watching = False
    assert written == [str(tmp_path / "seen")]


def test_a_classifier_of_rows_gets_normalised_squares(mnist_like):
    X, y = mnist_like
    classifier = GaussianNB(var_smoothing=1).fit(X, y)
    with pytest.warns(UserWarning, match="skdigits demo takes bayes to want pixels of 0 to 255"):
        recogniser = Recogniser(classifier, "bayes")
    answer = recogniser.read(png(stroke()))
    row = CharacterNormalizer().transform([stroke()])
    np.testing.assert_array_equal(answer["seen"]["pixels"], row[0])
    np.testing.assert_allclose(answer["probabilities"], classifier.predict_proba(row)[0])


def test_a_classifier_without_probabilities_gives_its_label(digits):
    classifier = make_pipeline(CharacterNormalizer(), RidgeClassifier()).fit(*digits)
    answer = Recogniser(classifier, "ridge").read(png(stroke()))
    assert answer["probabilities"] is None
    assert answer["guess"] == str(classifier.predict([stroke()])[0])


def test_labels_of_any_kind_come_as_text(digits):
    X, y = digits
    labels = np.array([f"digit {digit}" for digit in range(10)])[y]
    classifier = make_pipeline(CharacterNormalizer(), KNeighborsClassifier()).fit(X, labels)
    recogniser = Recogniser(classifier, "words")
    assert recogniser.describe()["labels"] == [f"digit {digit}" for digit in range(10)]
    assert recogniser.read(png(stroke()))["guess"] == classifier.predict([stroke()])[0]


def test_names_of_pixels_are_given_to_a_classifier_that_has_seen_them(digits):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(digits[0]).add_prefix("pixel")
    classifier = SVC().fit(X, digits[1])
    recogniser = Recogniser(classifier, "named")  # a warning would be an error
    assert recogniser.read(png(stroke()))["seen"]["width"] == 8


def test_a_classifier_of_rows_gets_the_range_that_it_was_fitted_on(digits):
    X, y = digits
    answers = [
        Recogniser(SVC(gamma="scale").fit(X * scale, y), "svm").read(png(stroke()))
        for scale in (1 / X.max(), 16 / X.max(), 255 / X.max())
    ]
    assert answers[0] == answers[1] == answers[2]
    assert max(answers[0]["seen"]["pixels"]) == 255


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (make_pipeline(Deskewer(), KNeighborsClassifier()), "it begins with a Deskewer"),
        (
            KNeighborsClassifier().fit(np.eye(10), range(10)),
            "a model of square images, .* takes rows of 10 pixels",
        ),
        (
            make_pipeline(CharacterNormalizer(8, box=6), KNeighborsClassifier(9)),
            "cannot read with it",
        ),
    ],
)
def test_a_model_that_reads_no_pictures_is_refused(estimator, message):
    if hasattr(estimator, "steps"):
        estimator[-1].fit(np.eye(10), range(10))  # of rows that the normaliser does not make
    with pytest.raises(ValueError, match=message):
        Recogniser(estimator, "it")


def test_a_damaged_picture_is_refused_by_the_recogniser_itself(server):
    with pytest.raises(Refused, match="damaged"):
        server.recogniser.read(png(stroke())[:150])


def test_only_this_machine_is_served_unless_told_otherwise(server, model):
    assert server.server_address[0] == "127.0.0.1"
    assert server.is_local
    assert server.url == f"http://127.0.0.1:{server.server_port}/"
    with serving(Recogniser(model, "open"), host="0.0.0.0") as open_server:
        assert not open_server.is_local
        assert open_server.url == f"http://{socket.gethostname()}:{open_server.server_port}/"
        for host, status in {"192.0.2.7": 200, socket.gethostname(): 200, "evil.com": 403}.items():
            with closing(
                http.client.HTTPConnection("127.0.0.1", open_server.server_port)
            ) as client:
                client.request("GET", "/", headers={"Host": host})
                assert client.getresponse().status == status


def test_the_loopback_of_ip_version_6_is_served(model):
    if not socket.has_ipv6:
        pytest.skip("takes IPv6")
    try:
        with serving(Recogniser(model, "six"), host="::1") as server:
            assert server.is_local
            assert server.url == f"http://[::1]:{server.server_port}/"
    except OSError:
        pytest.skip("takes IPv6")


def run(*arguments):
    return CliRunner().invoke(main, ["demo", *map(str, arguments)])


@pytest.fixture
def told(monkeypatch, model):
    """What the command would serve and open; it serves nothing."""
    told = {"opened": []}
    monkeypatch.setattr(
        "skdigits.app._demo_model.open_model",
        lambda name, **limits: told.update(name=name, **limits) or Recogniser(model, name),
    )
    monkeypatch.setattr(
        "skdigits.app._demo.serve", lambda server, say: (say(), server.server_close())
    )
    monkeypatch.setattr("click.launch", told["opened"].append)
    return told


def test_the_command_prints_its_address_and_opens_nothing_unasked(told):
    result = run("--port", "0")
    assert result.exit_code == 0
    assert result.stdout.startswith("Draw at http://127.0.0.1:")
    assert result.stderr == "Ended.\n"
    assert told == {"opened": [], "name": "cnn-mnist", "max_pixels": 25_000_000}


def test_the_browser_is_opened_if_asked(told):
    result = run("--port", "0", "--open", "--model", "mine", "--max-pixels", 100)
    assert told["opened"][0] in result.stdout
    assert (told["name"], told["max_pixels"]) == ("mine", 100)


def test_letting_others_in_is_warned_of(told):
    result = run("--port", "0", "--host", "0.0.0.0")
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: with --host 0.0.0.0, whoever can reach this machine")


@pytest.mark.usefixtures("told")
def test_a_port_in_use_ends_in_one_sentence(server):
    result = run("--port", server.server_port)
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"Error: skdigits demo cannot listen on 127.0.0.1, port {server.server_port}: "
    )
    assert result.stderr.endswith("--port 0 takes a free port.\n")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("host", ["256.256.256.256", "a" * 300])
def test_a_host_that_is_none_ends_in_one_sentence(host):
    result = run("--host", host)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "cannot listen on" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--model", "lost.safetensors"],
            "expects --model to be a file of save_model or one of .*cnn-mnist",
        ),
        (["--model", __file__], "load_model cannot read"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--max-pixels", "0"], "Invalid value for '--max-pixels'"),
    ],
)
def test_bad_input_ends_with_status_two_and_one_sentence(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert re.match(f"Error: .*{message}", result.stderr)


def test_a_file_of_a_model_is_read_with(model, tmp_path):
    pytest.importorskip("skops")
    recogniser = open_model(str(save_model(model, tmp_path / "mine.safetensors")))
    assert recogniser.describe()["name"] == "mine.safetensors"
    answer = recogniser.read(png(stroke()))
    np.testing.assert_array_equal(answer["probabilities"], model.predict_proba([stroke()])[0])


def test_a_file_of_something_else_is_refused(tmp_path):
    path = save_model(CharacterNormalizer().fit(np.zeros((1, 784))), tmp_path / "step.safetensors")
    result = run("--model", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.match("Error: .* expects a classifier, .* holds a CharacterNormalizer", result.stderr)


def test_the_pretrained_model_reads_a_stroke_as_one():
    assert open_model("cnn-mnist").read(png(stroke()))["guess"] == "1"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_command_cleanly(name):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "skdigits", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = process.stdout.readline().split()[2]
    port = int(url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):  # idle, as browsers keep one in reserve
        process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "Ended.\n")

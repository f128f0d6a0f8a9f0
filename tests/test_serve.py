"""The example of a server: answers, a batch, and every limit, over loopback."""

import http.client
import io
import json
import runpy
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skdigits import load_pretrained

pytest.importorskip("starlette")
pytest.importorskip("python_multipart")
uvicorn = pytest.importorskip("uvicorn")

SERVE = Path(__file__).parents[1] / "examples" / "serve.py"


def file_of(picture, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def pictures():
    """Ten digits, dark on light paper."""
    images = ndimage.zoom(load_digits().images[:10], (1, 8, 8), order=1)
    return np.uint8(230 - np.clip(images, 0, 16) * 11)


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(SERVE))


@pytest.fixture(scope="module")
def model():
    return load_pretrained("cnn-mnist")


@contextmanager
def serving(app):
    """Give the port of a server in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def port(example, model):
    with serving(example["make_app"](model)) as port:
        yield port


def ask(port, path, body=None, headers=(), method=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            method or ("POST" if body is not None else "GET"), path, body, dict(headers)
        )
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def form_of(files):
    """Return body and headers of a form."""
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n%s\r\n'
        % file
        for file in files
    ]
    body = b"".join([*parts, b"--edge--\r\n"])
    return body, {"Content-Type": "multipart/form-data; boundary=edge"}


def test_health_names_the_labels(port):
    assert ask(port, "/health") == (200, {"labels": list(range(10))})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_one_picture_is_read_as_the_model_reads_it(kind, port, model, pictures):
    body = file_of(pictures[3], kind)
    expected = model.predict_proba([Image.open(io.BytesIO(body))])[0]
    status, answer = ask(port, "/predict", body)
    assert (status, answer["label"]) == (200, expected.argmax())
    assert answer["probability"] == pytest.approx(expected.max(), abs=1e-4)


def test_a_batch_is_answered_in_order_and_a_bad_picture_in_its_place(port, model, pictures):
    files = [file_of(picture) for picture in pictures]
    blank = file_of(np.full((40, 40), 255, dtype=np.uint8))
    status, answer = ask(port, "/predict-batch", *form_of([*files, b"no picture", blank]))
    *read, bad, empty = answer["predictions"]
    assert status == 200
    assert [found["label"] for found in read] == model.predict(list(pictures)).tolist()
    assert "no whole picture" in bad["error"]
    assert empty == {"label": None, "probability": None}


def test_many_ask_at_once_and_each_gets_its_own_answer(port, model, pictures):
    expected = model.predict(list(pictures)).tolist()
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda picture: ask(port, "/predict", file_of(picture)), pictures)
        assert [answer["label"] for _, answer in answers] == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(50)],
    ids=["empty", "text", "a mark", "a stub"],
)
def test_what_is_no_picture_is_refused(body, port):
    status, answer = ask(port, "/predict", body)
    assert (status, answer) == (
        400,
        {"error": "This is no whole picture; PNG, JPEG, GIF, BMP, PPM, WEBP, TIFF can be read."},
    )


def test_half_a_picture_is_refused(port):
    rng = np.random.default_rng(0)
    body = file_of(rng.integers(0, 256, size=(80, 80), dtype=np.uint8))
    assert ask(port, "/predict", body[: len(body) // 2])[0] == 400


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(port):
    body = file_of(np.zeros((5_001, 5_000), dtype=np.uint8))  # 25 million pixels in 25 kB
    assert len(body) < 100_000
    status, answer = ask(port, "/predict", body)
    assert status == 413
    assert "25,000,000 pixels" in answer["error"]


def test_the_pixels_of_a_batch_are_counted_together(port):
    body = file_of(np.zeros((3_000, 3_000), dtype=np.uint8))
    assert ask(port, "/predict-batch", *form_of([body] * 3))[0] == 413


@pytest.mark.parametrize(
    ("path", "n_bytes"), [("/predict", 10_000_001), ("/predict-batch", 20_000_001)]
)
def test_a_body_that_says_it_is_too_large_is_not_read(path, n_bytes, port):
    headers = {"Content-Length": str(n_bytes), "Content-Type": "multipart/form-data; boundary=edge"}
    status, answer = ask(port, path, b"only the beginning", headers)
    assert status == 413
    assert "10,000,000 bytes" in answer["error"]


def test_a_body_that_does_not_say_how_large_it_is_is_counted(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"%x\r\n%s\r\n" % (1_000_000, bytes(1_000_000))
        for _ in range(11):
            client.sendall(chunk)
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        form_of([b"x"] * 101),
        (b"no form", {"Content-Type": "multipart/form-data; boundary=edge"}),
        (b"no form", {"Content-Type": "multipart/form-data"}),
        (b"no form", {"Content-Type": "text/plain"}),
        (
            b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--edge--\r\n',
            {"Content-Type": "multipart/form-data; boundary=edge"},
        ),
        form_of([]),
    ],
    ids=["101 files", "no parts", "no boundary", "text", "a field", "no file"],
)
def test_what_is_no_batch_is_refused(body, headers, port):
    assert ask(port, "/predict-batch", body, headers) == (
        400,
        {"error": "A batch is multipart/form-data with 1 to 100 files and no other fields."},
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/predict", 405), ("DELETE", "/health", 405)],
)
def test_other_addresses_are_told_what_there_is(method, path, status, port):
    found, answer = ask(port, path, method=method)
    assert found == status
    assert "/predict-batch" in answer["error"]


def test_too_many_at_a_time_are_sent_away_and_those_inside_are_answered(port, pictures):
    body = file_of(pictures[0])
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += b"Content-Length: %d\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(16)]
    for client in slow:
        client.sendall(head % len(body) + body[:-1])
    wait_for(lambda: ask(port, "/predict", body)[0] == 503)
    assert ask(port, "/health")[0] == 200
    for client in slow:
        client.sendall(body[-1:])
        with client, client.makefile("rb") as file:
            assert file.readline().split()[1] == b"200"
    assert ask(port, "/predict", body)[0] == 200


def test_a_body_that_does_not_arrive_is_given_up(example, port, monkeypatch):
    monkeypatch.setitem(example["time_to_arrive"].__wrapped__.__globals__, "SECONDS", 0.1)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_model_that_takes_no_pictures_is_refused(example):
    with pytest.raises(ValueError, match="begins with a CharacterNormalizer"):
        example["make_app"](SVC())


@pytest.mark.parametrize("path", ["/health", "/predict", "/predict-batch"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:80"},
        {"Host": "[::1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1", "Host": "localhost:2"},
    ],
)
def test_pages_of_other_sites_are_refused(path, headers, port):
    body = None if path == "/health" else b"x"
    status, answer = ask(port, path, body, headers)
    assert (status, list(answer)) == (403, ["error"])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8027", "[::1]:8027"])
def test_this_machines_names_are_answered(host, port):
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert ask(port, "/health", headers=headers)[0] == 200


def test_any_name_is_answered_for_where_others_are_let_in(example, model):
    with serving(example["make_app"](model, names=None)) as port:
        assert ask(port, "/health", headers={"Host": "any.example"})[0] == 200
        headers = {"Host": "any.example", "Origin": "http://other.example"}
        assert ask(port, "/health", headers=headers)[0] == 403


@pytest.mark.parametrize("model", ["nope", str(SERVE)])
def test_what_is_no_model_ends_in_one_sentence(model, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["serve.py", "--model", model])
    with pytest.raises(SystemExit, match="2"):
        runpy.run_path(str(SERVE), run_name="__main__")
    assert f"serve.py: error: --model {model}: " in capsys.readouterr().err


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)

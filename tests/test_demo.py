"""The drawing page's server: the page's files, answers to pictures, headers, where it listens."""

import http.client
import io
import os
import re
import socket
import sys
from contextlib import closing

import demo_server
import numpy as np
import pytest
from demo_server import IMAGE, is_sentence, png, serving, stroke
from PIL import Image

from skdigits.app._demo_files import page_files
from skdigits.app._demo_model import Recogniser

ask, model, server = demo_server.ask, demo_server.model, demo_server.server


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

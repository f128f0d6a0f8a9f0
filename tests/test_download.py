"""Downloads from a local server: mirrors, digests, interruptions, and nothing half done."""

import functools
import gzip
import hashlib
import http.server
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from skdigits.datasets import _mnist, fetch_mnist, write_idx
from skdigits.datasets._idx_sets import FILES, MNIST

pytest.importorskip("pooch")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class CutShort(Quiet):
    """Promises more than it sends."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"\0" * 1000)


@pytest.fixture
def serve():
    """Return a function that serves a folder and returns its address."""
    servers = []

    def start(folder, handler=Quiet):
        handler = functools.partial(handler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Publish a tiny MNIST in a folder; return it and a function that names its mirrors."""
    folder = tmp_path / "web"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in FILES:
        shape = (3, 28, 28) if "images" in name else (3,)
        write_idx(rng.integers(0, 10, size=shape, dtype=np.uint8), folder / f"{name}.gz")
    contents = [(folder / f"{name}.gz").read_bytes() for name in FILES]
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    inner = [hashlib.sha256(gzip.decompress(content)).hexdigest() for content in contents]
    monkeypatch.setattr(_mnist, "_N_IMAGES", {"train": 3, "test": 3})

    def use(*mirrors):
        data = replace(MNIST, mirrors=mirrors, archives=tuple(digests), contents=tuple(inner))
        monkeypatch.setattr(_mnist, "MNIST", data)

    return folder, use


def test_missing_files_are_downloaded_once(published, serve, tmp_path):
    folder, use = published
    use(serve(folder))
    home = tmp_path / "home"
    X, _ = fetch_mnist(data_home=home, return_X_y=True)
    assert {path.name for path in (home / "mnist").iterdir()} == {f"{n}.gz" for n in FILES[:2]}
    use("http://127.0.0.1:1/")  # nobody listens
    again, _ = fetch_mnist(data_home=home, return_X_y=True)
    np.testing.assert_array_equal(X, again)


def test_the_next_mirror_serves_where_one_is_down_or_has_another_file(published, serve, tmp_path):
    folder, use = published
    other = tmp_path / "other"
    other.mkdir()
    for name in FILES:
        (other / f"{name}.gz").write_bytes(b"<html>Sign in to this network</html>")
    use("http://127.0.0.1:1/", serve(tmp_path / "web" / "nothing"), serve(other), serve(folder))
    assert len(fetch_mnist(data_home=tmp_path / "home").data) == 3


@pytest.mark.parametrize("handler", [Quiet, CutShort])
def test_nothing_is_left_of_what_failed(handler, published, serve, tmp_path):
    _, use = published
    empty = tmp_path / "empty"
    empty.mkdir()
    use("http://127.0.0.1:1/", serve(empty, handler))
    home = tmp_path / "home"
    with pytest.raises(OSError, match="could not download") as failure:
        fetch_mnist(data_home=home, subset="all")
    message = str(failure.value)
    assert all(f"{name}.gz" in message for name in FILES)
    assert f"into {home / 'mnist'} yourself" in message
    assert "\n" not in message
    assert not any((home / "mnist").glob("*"))


def test_what_is_there_is_not_downloaded_again(published, serve, tmp_path):
    folder, use = published
    use(serve(folder))
    home = tmp_path / "home"
    (home / "mnist").mkdir(parents=True)
    plain = gzip.decompress((folder / f"{FILES[0]}.gz").read_bytes())
    (home / "mnist" / FILES[0]).write_bytes(plain)
    fetch_mnist(data_home=home)
    assert not (home / "mnist" / f"{FILES[0]}.gz").exists()


def test_without_pooch_the_sentence_names_the_extra_and_the_folder(
    published, tmp_path, monkeypatch
):
    published[1]("http://127.0.0.1:1/")
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"files in .*mnist needs pooch: .*skdigits\[data\]"):
        fetch_mnist(data_home=tmp_path)

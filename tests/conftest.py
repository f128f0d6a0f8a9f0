"""Data that many tests share, a quiet pyplot, a terminal, a browser, a server for downloads."""

import gzip
import hashlib
import os
import shutil
import subprocess
import tracemalloc
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pooch
import pytest
from sklearn.datasets import load_digits

from skdigits.datasets import _mnist, write_idx

pytest.register_assert_rewrite("fused_searches", "page_driver")


@pytest.fixture(scope="session")
def digits():
    """300 images of 8x8 digits, uint8 rows, and their labels."""
    X, y = load_digits(return_X_y=True)
    X = np.ascontiguousarray(X[:300], dtype=np.uint8)
    X.flags.writeable = y.flags.writeable = False
    return X, y[:300]


@pytest.fixture
def X(digits):
    """150 of them as float64."""
    return digits[0][:150].astype(np.float64)


@pytest.fixture
def y(digits):
    """Their labels."""
    return digits[1][:150]


@pytest.fixture(scope="session")
def mnist_like():
    """200 images of 28x28 pixels, uint8 rows, as `fetch_openml("mnist_784")` has them."""
    X, y = load_digits(return_X_y=True)
    images = np.kron(X[:200].reshape(-1, 8, 8), np.ones((3, 3)))
    images = np.pad(images, ((0, 0), (2, 2), (2, 2))) * 255 / 16
    return images.reshape(-1, 784).astype(np.uint8), y[:200]


@pytest.fixture
def write_small_set(monkeypatch):
    """A function that writes six training and two test images, taken for the published ones."""

    def write(dataset, folder):
        folder.mkdir(parents=True)
        rng = np.random.default_rng(0)
        parts = {}
        for part, n_rows in {"train": 6, "test": 2}.items():
            monkeypatch.setitem(_mnist._N_ROWS, part, n_rows)
            parts[part] = (
                rng.integers(0, 256, size=(n_rows, 28, 28), dtype=np.uint8),
                rng.integers(0, 10, size=n_rows, dtype=np.uint8),
            )
            for name, array in zip(_mnist._FILES[part], parts[part], strict=True):
                write_idx(array, folder / name)
                _publish(dataset, folder / name, monkeypatch)
        return parts

    return write


def _publish(dataset, path, monkeypatch):
    contents = path.read_bytes()
    if path.name in dataset.sha256_gz:
        digest = hashlib.sha256(contents).hexdigest()
        monkeypatch.setitem(dataset.sha256_gz, path.name, digest)
    else:
        digest = hashlib.sha256(gzip.decompress(contents)).hexdigest()
        monkeypatch.setitem(dataset.sha256, path.stem, digest)


@pytest.fixture
def pyplot():
    """matplotlib.pyplot without a window; its figures are closed after the test."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def browser():
    """The installed chromium, driven by playwright; without either the test is skipped."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        pytest.skip("takes an installed chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        # Without its sandbox, which a container's root user cannot have.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class _Web(ThreadingHTTPServer):
    """Serves `files` (bytes by path), cut short where `sent` says so, and keeps what was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.files, self.sent, self.asked = {}, {}, []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        contents = self.server.files.get(self.path)
        if contents is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(contents)))
        self.end_headers()
        self.wfile.write(contents[: self.server.sent.get(self.path)])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def web(monkeypatch):
    """A web server on this machine; pooch is quiet."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch.get_logger(), "handlers", [])
    with _Web() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


_STATUS, _RESTART = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_IMPORTS = 2**27  # bytes that modules and threads may take when they are used first


def _resident(name):
    """Return "VmRSS" or "VmHWM" of this process, in bytes; 0 where the system does not tell."""
    lines = _STATUS.read_text().splitlines() if _STATUS.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@pytest.fixture
def measure_peak():
    """A function that calls another, and checks the memory it took at most.

    Of Python and NumPy to the byte; with torch's and Rust's, which they do not see, by what the
    process had resident.
    """

    def call(function, *arguments, below, **keywords):
        with suppress(OSError):
            _RESTART.write_text("5")  # the peak begins anew
        before = _resident("VmRSS")
        tracemalloc.start()
        try:
            return function(*arguments, **keywords)
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < below
            assert _resident("VmHWM") - before < below + _IMPORTS

    return call


@pytest.fixture
def on_a_terminal():
    """A function that runs a command on a terminal and returns all that it shows, escapes too."""
    pty = pytest.importorskip("pty")

    def run(command):
        ours, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
        process = subprocess.Popen(command, env=environment, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b"".join(iter(lambda: _read_terminal(ours), b""))  # while it runs: it never waits
        os.close(ours)
        assert process.wait() == 0
        return shown.decode()

    return run


def _read_terminal(descriptor):
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end is closed
        return b""

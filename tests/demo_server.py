"""What tests of the drawing page's server share: a server, what is sent to it, a picture."""

import http.client
import io
import json
import socket
import threading
from contextlib import closing, contextmanager

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skdigits import CharacterNormalizer
from skdigits.app._demo import DemoServer
from skdigits.app._demo_model import Recogniser

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

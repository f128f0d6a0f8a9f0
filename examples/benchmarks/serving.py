"""How many pictures a second `examples/serve.py` reads on loopback, and how long a client waits.

Four clients, each on a connection that it keeps, send MNIST's test digits as PNG files of 112x112
pixels, one a request and then 50 a request. After that 48 clients ask at once, three times as many
as the server lets in: those it has no room for are told so at once, with status 503. The server
runs in a process of its own, on the same cores as its clients.

``python examples/benchmarks/serving.py --requests 40`` is a short run. It needs what
`examples/serve.py` needs.

Fails when an answer is not that of the model in this process, when a request is answered by
anything but 200 or 503, or when a batch takes longer a picture than single pictures do.
"""

import argparse
import http.client
import io
import json
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from bench import Verdicts, table
from PIL import Image

from skdigits import load_pretrained
from skdigits.datasets import fetch_mnist

SERVE = Path(__file__).parents[1] / "serve.py"
MODEL = "cnn-mnist"
N_PICTURES = 100
N_CLIENTS = 4
N_IN_BATCH = 50
N_AT_ONCE = 48
HEAD = b'--edge\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=edge"}


def pictures():
    """Return digits as files of pictures, dark on light."""
    files = []
    for image in fetch_mnist(subset="test").images[:N_PICTURES]:
        file = io.BytesIO()
        Image.fromarray(255 - image).resize((112, 112), Image.Resampling.BICUBIC).save(file, "PNG")
        files.append(file.getvalue())
    return files


@contextmanager
def served():
    """Start the server, and give its port."""
    command = [sys.executable, SERVE, "--model", MODEL, "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        line = "it said nothing"
        for line in server.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            sys.exit(f"The server did not start: {line.strip()}")
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield int(found[1])
    finally:
        server.terminate()
        server.wait()


class Client:
    """Asks on a connection of its own for each thread."""

    def __init__(self, port):
        self._port, self._local = port, threading.local()

    def ask(self, path, body, headers=()):
        """Return seconds, status and the answer."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        start = time.perf_counter()
        self._local.connection.request("POST", path, body, dict(headers))
        answer = self._local.connection.getresponse()
        content = json.loads(answer.read())
        return time.perf_counter() - start, answer.status, content

    def read_one(self, file):
        return self.ask("/predict", file)

    def read_batch(self, files):
        parts = [HEAD + file + b"\r\n" for file in files]
        return self.ask("/predict-batch", b"".join([*parts, b"--edge--\r\n"]), FORM)


def load_test(ask, bodies, n_clients):
    """Return all answers, and the seconds that they took together."""
    with ThreadPoolExecutor(n_clients) as pool:
        start = time.perf_counter()
        answers = list(pool.map(ask, bodies))
        return answers, time.perf_counter() - start


def row(name, answers, seconds, n_in_request):
    """Return a row of the table: how fast, and how long the clients waited."""
    waits = 1000 * np.array([wait for wait, *_ in answers])
    percentiles = np.percentile(waits, [50, 95, 99, 100])
    rates = len(answers) / seconds, n_in_request * len(answers) / seconds
    return (name, *(f"{rate:.1f}" for rate in rates), *(f"{wait:.0f}" for wait in percentiles))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=400)
    n_requests = parser.parse_args().requests
    files = pictures()
    numbers = np.arange(n_requests) % N_PICTURES
    batches = np.arange(max(4, n_requests // 20) * N_IN_BATCH).reshape(-1, N_IN_BATCH) % N_PICTURES
    expected = load_pretrained(MODEL).predict([Image.open(io.BytesIO(file)) for file in files])
    with served() as port:
        client = Client(port)
        single, single_s = load_test(client.read_one, [files[i] for i in numbers], N_CLIENTS)
        many, many_s = load_test(
            client.read_batch, [[files[i] for i in batch] for batch in batches], N_CLIENTS
        )
        crowd, crowd_s = load_test(client.read_one, [files[i] for i in numbers], N_AT_ONCE)

    head = ("", "requests/s", "pictures/s", "median ms", "95 %", "99 %", "slowest")
    rows = [
        row(f"one picture, {N_CLIENTS} clients", single, single_s, 1),
        row(f"{N_IN_BATCH} pictures, {N_CLIENTS} clients", many, many_s, N_IN_BATCH),
        row(f"one picture, {N_AT_ONCE} clients", crowd, crowd_s, 1),
    ]
    table(head, rows)
    n_away = sum(status == 503 for _, status, _ in crowd)
    print(f"\nOf the {len(crowd)} requests of {N_AT_ONCE} clients, {n_away} were sent away.\n")

    statuses = [status for _, status, _ in single + many]
    labels = [
        (answer["label"], expected[i]) for i, (*_, answer) in zip(numbers, single, strict=True)
    ]
    for batch, (*_, answer) in zip(batches, many, strict=True):
        read = [found["label"] for found in answer["predictions"]]
        labels += zip(read, expected[batch], strict=True)
    verdicts = Verdicts()
    verdicts.check("requests not answered", sum(s != 200 for s in statuses), at_most=0)
    strange = sum(status not in (200, 503) for _, status, _ in crowd)
    verdicts.check("requests of the crowd neither answered nor sent away", strange, at_most=0)
    verdicts.check("wrong answers", sum(ours != theirs for ours, theirs in labels), at_most=0)
    gain = (single_s / numbers.size) / (many_s / batches.size)
    verdicts.check("seconds a picture, alone / in a batch", gain, at_least=1)
    verdicts.leave()


if __name__ == "__main__":
    main()

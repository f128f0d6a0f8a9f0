"""A server that reads pictures of single characters over HTTP, with limits.

It needs Starlette, an ASGI server and a parser of forms, which skdigits does not bring::

    python -m pip install -c constraints.txt -e ".[images]" starlette uvicorn python-multipart

``python examples/serve.py --model cnn-mnist`` (or a file of `save_model` whose Pipeline begins with
a CharacterNormalizer) serves on this machine's port 8027::

    curl --data-binary @seven.jpg http://127.0.0.1:8027/predict
    curl -F picture=@seven.jpg -F picture=@three.png http://127.0.0.1:8027/predict-batch
    curl http://127.0.0.1:8027/health

One picture gets ``{"label": 7, "probability": 0.998}``, and a label of null where nothing is
written; a batch gets a list of these under ``"predictions"``, with an ``"error"`` in the place of a
picture that cannot be read. What is refused gets a status from 400 and
``{"error": "one sentence"}``.

The model is loaded once. A prediction may use all cores, so one runs at a time, in a thread, and
the event loop stays free to refuse: more than `MAX_REQUESTS` at a time are sent away. A body is
counted as it comes in, whatever its header says, and a picture's pixels before it is decoded.

On this machine's own address (the default) it answers to this machine's names alone, and never to
what the page of another site sends: no site that you visit can use it. With ``--host`` whoever can
reach the port can. There is no password and no encryption: for these a proxy stands in front.
"""

import argparse
import functools
import io
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio
import numpy as np
import uvicorn
from sklearn.pipeline import Pipeline
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from skdigits import CharacterNormalizer, list_pretrained, load_model, load_pretrained
from skdigits.images._reading import FORMATS, TooManyPixels, open_image

MAX_BYTES = 10_000_000  # of one picture
MAX_BATCH_BYTES = 20_000_000
MAX_PICTURES = 100  # in a batch
MAX_PIXELS = 25_000_000  # of one picture, and of a batch together; a phone's photo has 12 million
MAX_REQUESTS = 16  # that are being received or read
SECONDS = 30  # for a body to arrive
OWN_NAMES = ("localhost", "127.0.0.1", "::1")  # of this machine, for itself

TOO_MANY_BYTES = f"A picture may have {MAX_BYTES:,} bytes at most, a batch {MAX_BATCH_BYTES:,}."
NO_BATCH = f"A batch is multipart/form-data with 1 to {MAX_PICTURES} files and no other fields."
NO_PICTURE = f"This is no whole picture; {', '.join(FORMATS)} can be read."
TOO_MANY_PIXELS = f"The pictures of a request may have {MAX_PIXELS:,} pixels at most, all together."
SENTENCES = {  # for what Starlette itself refuses
    404: "There is nothing here: POST to /predict or /predict-batch, or GET /health.",
    405: "POST to /predict or /predict-batch, or GET /health.",
}


class Refused(HTTPException):
    """A status, and a sentence that says why."""


class Reader:
    """Reads pictures with one model, one request after another."""

    def __init__(self, model):
        if not isinstance(model, Pipeline) or not isinstance(model[0], CharacterNormalizer):
            raise ValueError("serve.py expects a Pipeline that begins with a CharacterNormalizer.")
        self._normalizer, self._classifier = model[0], model[1:]
        self.labels = model.classes_.tolist()
        self._turn = anyio.CapacityLimiter(1)
        stroke = np.full((60, 60), 255, dtype=np.uint8)
        stroke[10:50, 28:32] = 0
        self._classify(self._normalizer.transform([stroke]))  # what is loaded late is loaded now

    async def read(self, bodies):
        """Return an answer for every file of a picture."""
        return await anyio.to_thread.run_sync(self._read, bodies, limiter=self._turn)

    def _read(self, bodies):
        pictures = [open_picture(body) for body in bodies]
        check_pixels(pictures)
        rows = [self._normalize(picture) for picture in pictures]
        written = [row for row in rows if row is not None and row.any()]
        answers = iter(self._classify(np.concatenate(written)) if written else [])
        return [
            {"error": NO_PICTURE}
            if row is None
            else next(answers)
            if row.any()
            else {"label": None, "probability": None}
            for row in rows
        ]

    def _normalize(self, picture):
        """Return the row that the classifier sees, or None where there is no whole picture."""
        try:
            return None if picture is None else self._normalizer.transform([picture])
        except ValueError:
            return None

    def _classify(self, rows):
        probabilities = self._classifier.predict_proba(rows)
        best = probabilities.argmax(axis=1)
        return [
            {"label": self.labels[i], "probability": round(float(row[i]), 6)}
            for i, row in zip(best, probabilities, strict=True)
        ]


def open_picture(body):
    """Return a picture that is not decoded yet, or None where there is none."""
    try:
        return open_image(io.BytesIO(body), max_pixels=MAX_PIXELS)
    except TooManyPixels:
        raise Refused(413, TOO_MANY_PIXELS) from None
    except ValueError:
        return None


def check_pixels(pictures):
    """Refuse pictures that are too large together before they are decoded."""
    if sum(picture.width * picture.height for picture in pictures if picture) > MAX_PIXELS:
        raise Refused(413, TOO_MANY_PIXELS)


def make_app(model, names=OWN_NAMES):
    """Return the application: a model behind three addresses, on a host of these names or any."""
    reader = Reader(model)
    limited, checked = limit_requests(MAX_REQUESTS), check_senders(names)

    @checked
    async def health(request):
        return JSONResponse({"labels": reader.labels})

    @checked
    @limited
    async def predict(request):
        async with time_to_arrive():
            body = await counted(request, MAX_BYTES).body()
        (answer,) = await reader.read([body])
        if "error" in answer:
            raise Refused(400, answer["error"])
        return JSONResponse(answer)

    @checked
    @limited
    async def predict_batch(request):
        async with time_to_arrive():
            bodies = await receive_files(counted(request, MAX_BATCH_BYTES))
        return JSONResponse({"predictions": await reader.read(bodies)})

    routes = [
        Route("/health", health),
        Route("/predict", predict, methods=["POST"]),
        Route("/predict-batch", predict_batch, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: say_why,
            ClientDisconnect: say_that_it_was_cut_short,
            Exception: say_that_it_failed,
        },
    )


def check_senders(names):
    """Return a decorator of routes that refuses what the pages of other sites send.

    They tell their site in a header. One that has given its own name this machine's address (DNS
    rebinding) still asks for that name.
    """

    def checked(route):
        @functools.wraps(route)
        async def checked_route(request):
            host, origin = request.headers.get("host", ""), request.headers.get("origin")
            if names is not None and name_in(host) not in names:
                raise Refused(403, f"This server answers for {', '.join(names)} alone.")
            if origin is not None and origin.partition("://")[2] != host:
                raise Refused(403, "Nothing is taken from the pages of other sites.")
            return await route(request)

        return checked_route

    return checked


def name_in(host):
    """Return the name in a Host header, which may have a port; None if it is no host."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def limit_requests(n_most):
    """Return a decorator of routes that sends requests away while there are too many."""
    n_now = 0

    def limited(route):
        @functools.wraps(route)
        async def limited_route(request):
            nonlocal n_now
            if n_now >= n_most:
                raise Refused(503, "There is too much to read: try again in a second.")
            n_now += 1
            try:
                return await route(request)
            finally:
                n_now -= 1

        return limited_route

    return limited


@asynccontextmanager
async def time_to_arrive():
    """Refuse what takes longer."""
    try:
        with anyio.fail_after(SECONDS):
            yield
    except TimeoutError:
        raise Refused(408, f"The pictures did not arrive within {SECONDS} s.") from None


def counted(request, n_most):
    """Return a request whose body is refused where it is longer, or says that it is.

    Starlette's own `max_body_size` answers in plain text.
    """
    n_bytes = 0

    async def receive():
        nonlocal n_bytes
        message = await request.receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > n_most:
            raise Refused(413, TOO_MANY_BYTES)
        return message

    if int(request.headers.get("content-length", 0)) > n_most:
        raise Refused(413, TOO_MANY_BYTES)
    return Request(request.scope, receive)


async def receive_files(request):
    """Return the files of a form; large ones wait on the disk until all are there."""
    try:
        async with request.form(max_files=MAX_PICTURES, max_fields=0) as form:
            files = [await file.read() for _, file in form.multi_items()]
    except HTTPException as error:
        if error.status_code != 400:
            raise
        files = []  # too many, or text, or no form
    if not files:
        raise Refused(400, NO_BATCH)
    return files


async def say_why(request, error):
    """Answer a refusal with its sentence."""
    own = error.detail if isinstance(error, Refused) else None
    return sentence(error.status_code, own or SENTENCES.get(error.status_code, f"{error.detail}."))


async def say_that_it_was_cut_short(request, error):
    return sentence(400, "The request was cut short.")


async def say_that_it_failed(request, error):
    return sentence(500, "The server failed; its log says why.")


def sentence(status, text):
    return JSONResponse({"error": text}, status)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="cnn-mnist", help="a file or a pretrained model's name")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8027)
    given = parser.parse_args()
    load = load_pretrained if given.model in list_pretrained() else load_model
    names = OWN_NAMES if given.host in OWN_NAMES else None
    try:
        app = make_app(load(given.model), names)
    except (OSError, ValueError) as error:
        parser.error(f"--model {given.model}: {error}")
    uvicorn.run(app, host=given.host, port=given.port)


if __name__ == "__main__":
    main()

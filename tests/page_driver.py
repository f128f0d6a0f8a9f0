"""What tests of the drawing page in a browser share: the page, a hand that draws, what it shows."""

import base64
import io
import time
from contextlib import contextmanager
from itertools import pairwise

import demo_server
import numpy as np
import pytest
from PIL import Image

from skdigits.app._demo_model import open_model

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
SIDE = 280  # of the pad, in the units of the paths

# Strokes of a pen, as a hand draws them: points on a pad of 280 by 280.
PATHS = {
    "0": [
        "150,45 105,60 80,110 78,165 100,220 145,238 190,215 210,160 208,105 185,60 150,45",
    ],
    "1": [
        "110,90 145,50 142,140 140,235",
    ],
    "2": [
        "85,95 105,58 150,45 190,70 188,115 150,165 105,205 80,232 140,228 205,230",
    ],
    "3": [
        "90,65 135,45 180,60 185,100 155,128 125,132 165,142 195,180 180,225 135,240 88,222",
    ],
    "4": [
        "120,45 100,100 80,150 140,150 210,146",
        "175,90 170,240",
    ],
    "5": [
        "110,50 103,90 98,128 140,115 180,132 192,175 170,222 125,238 85,220",
        "110,50 150,50 195,46",
    ],
    "6": [
        "175,45 125,80 95,140 90,195 115,235 160,238 185,205 172,168 135,155 100,180",
    ],
    "7": [
        "80,60 120,56 170,55 205,60 180,120 150,180 130,235",
    ],
    "8": [
        "175,70 140,45 105,65 110,105 145,135 180,170 182,215 145,238 105,220 145,138 175,70",
    ],
    "9": [
        "185,85 155,50 112,65 98,110 122,145 160,138 185,100 185,85 182,150 170,240",
    ],
}
PATHS = {
    digit: [[tuple(map(int, point.split(","))) for point in stroke.split()] for stroke in strokes]
    for digit, strokes in PATHS.items()
}


@contextmanager
def serving(recogniser):
    with demo_server.serving(recogniser) as server:
        yield server.url


@pytest.fixture(scope="module")
def recogniser():
    return open_model("cnn-mnist")


@pytest.fixture(scope="module")
def url(recogniser):
    with serving(recogniser) as url:
        yield url


@pytest.fixture
def visit(browser, url):
    """A function that opens the page; what the browser complains of fails the test."""
    complaints, requests, pages = [], [], []

    def visit(viewport=DESK, url=url, **options):
        page = browser.new_page(viewport=viewport, **options)
        pages.append(page)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(url)
        wait_until(page, "document.querySelector('#model').textContent.trim() !== ''")
        page.complaints = complaints
        return page

    yield visit
    for page in pages:
        page.close()
    assert complaints == []
    assert requests
    assert all(request.startswith("http://127.0.0.1:") for request in requests)


def wait_until(page, condition, arg=None):
    """Wait until an expression is true; the page's policy forbids the driver's own way to wait."""
    deadline = time.monotonic() + 30
    while not page.evaluate(condition, arg):
        assert time.monotonic() < deadline, (condition, page.locator("body").inner_text())
        page.wait_for_timeout(30)


def draw(page, strokes):
    """Draw strokes with the mouse."""
    box = page.locator("#pad").bounding_box()
    scale = box["width"] / SIDE
    for first, *others in strokes:
        page.mouse.move(box["x"] + scale * first[0], box["y"] + scale * first[1])
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + scale * x, box["y"] + scale * y, steps=4)
        page.mouse.up()


def wait_for_guess(page, guess):
    """Wait until the page has said its guess, to who sees it and to who hears it."""
    wait_until(
        page,
        """guess => document.querySelector('#guess').textContent === guess
           && document.querySelector('#spoken').textContent.startsWith(guess + '.')""",
        arg=guess,
    )


def wait_for_nothing(page):
    wait_until(page, "document.querySelector('#spoken').textContent === 'Nothing drawn yet.'")
    assert page.locator("#guess").inner_text() == "?"
    assert page.locator("#sentence").inner_text() == "Nothing drawn yet."
    assert page.locator("#hint").is_visible()


def pixels(page, canvas):
    """Return the colours of a canvas."""
    data = page.evaluate("id => document.getElementById(id).toDataURL()", canvas)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))))


def photo(digit):
    """Return a file of a digit in blue ink on grey paper."""
    page = np.full((SIDE, SIDE, 3), 190, dtype=np.uint8)
    for stroke in PATHS[digit]:
        for (x, y), (end_x, end_y) in pairwise(stroke):
            for share in np.linspace(0, 1, 60):
                column = round(x + share * (end_x - x))
                row = round(y + share * (end_y - y))
                page[row - 6 : row + 6, column - 6 : column + 6] = 40, 40, 120
    file = io.BytesIO()
    Image.fromarray(page).save(file, "JPEG")
    return file.getvalue()

"""The drawing page in a real browser: drawn by mouse, finger and keys, on a desk and on a phone."""

import base64
import io
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skdigits import CharacterNormalizer
from skdigits.app._demo import DemoServer
from skdigits.app._demo_model import Recogniser, open_model

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

pytestmark = pytest.mark.slow


@contextmanager
def serving(recogniser):
    server = DemoServer(recogniser)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


def shares(page):
    """Return the bars' labels, their numbers and how long they are drawn, as shares."""
    wait_until(page, "document.querySelector('#bars').getAnimations({subtree: true}).length === 0")
    return page.evaluate(
        """[...document.querySelectorAll('#bars li')].map(bar => {
             const [label, track, share] = bar.children;
             const width = track.firstChild.getBoundingClientRect().width;
             return [label.textContent, parseFloat(share.textContent) / 100,
                     width / track.getBoundingClientRect().width]; })"""
    )


def test_digits_drawn_with_a_mouse_are_recognised(visit):
    page = visit()
    for digit, strokes in PATHS.items():
        draw(page, strokes)
        wait_for_guess(page, digit)
        page.get_by_role("button", name="Clear").click()
        wait_for_nothing(page)


def test_the_bars_are_the_models_probabilities_of_what_was_sent(visit, recogniser):
    page = visit()
    draw(page, [stroke for stroke in PATHS["5"] if len(stroke) > 3])
    wait_until(page, "document.querySelector('#spoken').textContent !== ''")
    page.wait_for_load_state("networkidle")
    file = io.BytesIO()
    Image.fromarray(pixels(page, "drawn")).save(file, "PNG")
    expected = recogniser.read(file.getvalue())
    labels, told, drawn = zip(*shares(page), strict=True)
    assert list(labels) == expected["labels"]
    np.testing.assert_allclose(told, expected["probabilities"], atol=0.0011)
    np.testing.assert_allclose(drawn, expected["probabilities"], atol=0.0011)
    seen = pixels(page, "seen")
    np.testing.assert_array_equal(seen[..., 0].ravel(), expected["seen"]["pixels"])
    assert page.locator("#seen").bounding_box()["width"] >= 28


def test_an_empty_pad_says_so_and_undo_and_clear_lead_back_to_it(visit):
    page = visit()
    assert page.locator("#sentence").inner_text() == "Nothing drawn yet."
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    assert undo.is_disabled()
    assert clear.is_disabled()
    draw(page, PATHS["4"])
    wait_for_guess(page, "4")
    whole = pixels(page, "pad")
    undo.click()
    assert (pixels(page, "pad") != whole).any()
    clear.click()
    wait_for_nothing(page)
    assert not pixels(page, "pad").any()
    assert clear.is_disabled()
    undo.click()  # what was cleared comes back
    undo.click()
    wait_for_nothing(page)
    assert undo.is_disabled()


def test_a_stroke_is_read_while_it_is_drawn(visit):
    page = visit()
    first, *others = PATHS["7"][0]
    box = page.locator("#pad").bounding_box()
    scale = box["width"] / SIDE
    page.mouse.move(box["x"] + scale * first[0], box["y"] + scale * first[1])
    page.mouse.down()
    for x, y in others:
        page.mouse.move(box["x"] + scale * x, box["y"] + scale * y, steps=4)
    wait_until(page, "document.querySelector('#guess').textContent === '7'")
    assert page.locator("#spoken").inner_text() == ""  # not read out until it has ended
    page.mouse.up()
    wait_for_guess(page, "7")


def test_fingers_draw_and_do_not_scroll(visit):
    page = visit(PHONE, has_touch=True, is_mobile=True, device_scale_factor=3)
    touch = page.context.new_cdp_session(page)
    box = page.locator("#pad").bounding_box()
    scale = box["width"] / SIDE

    def finger(kind, *points):
        places = [{"x": box["x"] + scale * x, "y": box["y"] + scale * y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    for first, *others in PATHS["2"]:
        finger("touchStart", first)
        for point in others:
            finger("touchMove", point)
        finger("touchEnd")
    wait_for_guess(page, "2")
    assert page.evaluate("scrollY") == 0
    box_of_guess = page.locator("#guess").bounding_box()
    assert box_of_guess["y"] + box_of_guess["height"] < PHONE["height"]  # seen without scrolling


def test_a_second_finger_draws_nothing(visit):
    page = visit(PHONE, has_touch=True, is_mobile=True)
    touch = page.context.new_cdp_session(page)
    box = page.locator("#pad").bounding_box()
    one = {"x": box["x"] + 50, "y": box["y"] + 50, "id": 1}
    two = {"x": box["x"] + 200, "y": box["y"] + 200, "id": 2}
    for kind, points in (("touchStart", [one]), ("touchStart", [one, two]), ("touchEnd", [])):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    ink = pixels(page, "pad")[..., 3] > 0
    rows = np.flatnonzero(ink.any(axis=1))
    assert len(rows) > 5
    assert rows.max() < len(ink) / 2


def test_the_keyboard_alone_is_enough(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "pad"
    assert pixels(page, "pad").any()  # the cursor
    for key, times in (("ArrowUp", 9), ("ArrowLeft", 6)):
        for _ in range(times):
            page.keyboard.press(key)
    page.keyboard.press("Space")
    for _ in range(11):
        page.keyboard.press("ArrowRight")
    page.keyboard.down("ArrowLeft")  # two arrows held make a slope
    for _ in range(7):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("ArrowLeft")
    for _ in range(11):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wait_for_guess(page, "7")
    page.keyboard.press("Backspace")
    wait_for_nothing(page)
    page.keyboard.press("Space")
    assert page.locator("#spoken").inner_text() == "Pen down."
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    wait_for_guess(page, "1")
    page.keyboard.press("Delete")
    wait_for_nothing(page)
    page.keyboard.press("Control+z")
    wait_for_guess(page, "1")
    page.keyboard.press("Tab")  # and out of the pad again
    assert page.evaluate("document.activeElement.id") == "undo"


def test_focus_is_seen(visit):
    page = visit()
    for name in ("pad", "choose"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == name
        outline = page.evaluate(
            """(style => [style.outlineStyle, parseFloat(style.outlineWidth)])
               (getComputedStyle(document.activeElement))"""
        )
        assert outline[0] == "solid"
        assert outline[1] >= 2


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


def test_a_photo_is_chosen(visit):
    page = visit()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a photo").click()
    chooser.value.set_files({"name": "3.jpg", "mimeType": "image/jpeg", "buffer": photo("3")})
    wait_for_guess(page, "3")
    assert pixels(page, "pad")[..., :3].std() > 10
    assert page.get_by_role("img", name="Your photo").is_visible()
    draw(page, PATHS["7"])  # a stroke on a photo begins a drawing of its own
    wait_for_guess(page, "7")
    page.get_by_role("button", name="Undo").click()
    wait_for_guess(page, "3")


@pytest.mark.parametrize(
    ("event", "member"), [("drop", "dataTransfer"), ("paste", "clipboardData")]
)
def test_a_photo_is_dropped_or_pasted(visit, event, member):
    page = visit()
    page.evaluate(
        """([event, member, text]) => {
             const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
             const transfer = new DataTransfer();
             transfer.items.add(new File([bytes], 'six.jpg', {type: 'image/jpeg'}));
             const init = {bubbles: true, cancelable: true, [member]: transfer};
             const Kind = event === 'drop' ? DragEvent : ClipboardEvent;
             document.body.dispatchEvent(new Kind(event, init)); }""",
        [event, member, base64.b64encode(photo("6")).decode()],
    )
    wait_for_guess(page, "6")


@pytest.mark.parametrize("is_photo", [False, True])
def test_after_a_file_that_is_no_picture_nothing_looks_like_its_answer(visit, is_photo):
    page = visit()
    if is_photo:
        seven = {"name": "7.jpg", "mimeType": "image/jpeg", "buffer": photo("7")}
        page.locator("#file").set_input_files(seven)
    else:
        draw(page, PATHS["7"])
    wait_for_guess(page, "7")
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.locator("#file").set_input_files(notes)
    problem = page.get_by_role("alert")
    problem.get_by_text("notes.txt is no picture that this browser can read.").wait_for()
    wait_for_nothing(page)
    assert not pixels(page, "pad").any()
    page.wait_for_timeout(200)
    assert "notes.txt" in problem.inner_text()  # it is not wiped away by what is asked meanwhile
    page.get_by_role("button", name="Undo").click()
    wait_for_guess(page, "7")
    assert not problem.is_visible()


def test_a_picture_that_the_model_refuses_does_not_keep_the_last_ones_answer(
    visit, recogniser, monkeypatch
):
    page = visit()
    draw(page, PATHS["7"])
    wait_for_guess(page, "7")
    monkeypatch.setattr(recogniser, "max_pixels", 100)
    three = {"name": "3.jpg", "mimeType": "image/jpeg", "buffer": photo("3")}
    page.locator("#file").set_input_files(three)
    page.get_by_role("alert").get_by_text("A picture may have 100 pixels at most").wait_for()
    assert page.locator("#guess").inner_text() == "?"
    assert page.get_by_text("This was not read.").first.is_visible()
    assert page.get_by_role("img", name="Your photo").is_visible()
    assert not pixels(page, "seen")[..., :3].any()
    page.complaints.clear()  # of the browser, of the status 413


def test_the_ring_of_the_keyboard_does_not_stay_over_a_photo(visit):
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    three = {"name": "3.jpg", "mimeType": "image/jpeg", "buffer": photo("3")}
    page.locator("#file").set_input_files(three)
    wait_for_guess(page, "3")
    with_ring = pixels(page, "pad")
    page.reload()
    page.locator("#file").set_input_files(three)
    wait_for_guess(page, "3")
    np.testing.assert_array_equal(with_ring, pixels(page, "pad"))


@pytest.mark.parametrize("options", [{"has_touch": True, "is_mobile": True}, {}], ids=str)
def test_a_phone_shows_no_help_for_keys(visit, options):
    assert not visit(PHONE, **options).locator("#keys").is_visible()
    assert visit(DESK).locator("#keys").is_visible()


def test_a_large_photo_is_sent_small_and_a_blank_one_has_no_ink(visit, recogniser, monkeypatch):
    sent = []
    read = recogniser.read
    monkeypatch.setattr(recogniser, "read", lambda body: sent.append(body) or read(body))
    page = visit()
    file = io.BytesIO()
    Image.new("RGB", (4000, 3000), (200, 190, 180)).save(file, "JPEG")
    blank = {"name": "blank.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    page.locator("#file").set_input_files(blank)
    page.get_by_text("There is no ink in this picture.").first.wait_for()
    assert Image.open(io.BytesIO(sent[0])).size == (1600, 1200)
    assert page.locator("#guess").inner_text() == "?"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_schemes_and_the_model_sees_the_same(visit, scheme):
    page = visit(color_scheme=scheme)
    draw(page, PATHS["7"])
    wait_for_guess(page, "7")
    paper, ink = page.evaluate(
        """['backgroundColor', 'color'].map(name => getComputedStyle(document.body)[name]
             .match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) / 3)"""
    )
    strokes = pixels(page, "pad")
    strokes = strokes[strokes[..., 3] == 255][:, :3].mean()
    assert (paper > 200 > 60 > ink) if scheme == "light" else (paper < 60 < 200 < ink)
    assert abs(strokes - ink) < 10
    drawn = pixels(page, "drawn")[..., 0]
    assert (drawn[0] == 255).all()  # black on white, whatever the scheme
    assert drawn.min() == 0


def test_the_scheme_may_change_under_a_drawing(visit):
    page = visit(color_scheme="light")
    draw(page, PATHS["7"])
    wait_for_guess(page, "7")
    before = pixels(page, "pad")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(100)
    after = pixels(page, "pad")
    is_ink = before[..., 3] == 255
    assert after[is_ink][:, :3].mean() - before[is_ink][:, :3].mean() > 100


@pytest.mark.parametrize("viewport", [PHONE, DESK, {"width": 740, "height": 360}], ids=str)
def test_nothing_is_wider_than_the_screen(visit, viewport):
    page = visit(viewport)
    draw(page, PATHS["8"])
    wait_for_guess(page, "8")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= viewport["width"]
    sizes = page.evaluate(
        """[...document.querySelectorAll('p, li, kbd, small, figcaption, button, h1, h2')]
             .filter(part => part.textContent.trim())
             .map(part => parseFloat(getComputedStyle(part).fontSize))"""
    )
    assert min(sizes) >= 12
    heights = page.evaluate(
        "[...document.querySelectorAll('button')].map(part => part.clientHeight)"
    )
    assert min(heights) >= 40  # for thumbs


def test_all_parts_have_names_for_a_screen_reader(visit):
    page = visit()
    draw(page, PATHS["9"])
    wait_for_guess(page, "9")
    tree = page.locator("body").aria_snapshot()
    for part in (
        'heading "Draw a digit" [level=1]',
        'application "Drawing pad"',
        'button "Undo"',
        'img "What you drew"',
        'img "What the net saw, 28 by 28 pixels"',
        'heading "How sure it is" [level=2]',
        "status: 9.",
    ):
        assert part in tree
    keys = page.evaluate("document.getElementById(pad.getAttribute('aria-describedby')).innerText")
    assert "Space" in keys
    assert page.evaluate("document.documentElement.lang") == "en"


def test_contrast_is_enough_in_both_schemes(visit):
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        colours = page.evaluate(
            """['--page', '--card', '--ink', '--soft', '--accent', '--bad'].map(name => {
                 const probe = document.createElement('i');
                 document.body.append(probe);
                 probe.style.color = `var(${name})`;
                 return getComputedStyle(probe).color.match(/\\d+/g).map(Number); })"""
        )
        page_colour, card, *texts = (luminance(np.array(colour)) for colour in colours)
        for paper in (page_colour, card):
            for text in texts:
                low, high = sorted((paper, text))
                assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2.2, AA


def luminance(colour):
    """Return the relative luminance of sRGB (WCAG 2.2)."""
    part = colour / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_a_server_that_has_gone_is_told(visit, recogniser):
    with serving(recogniser) as url:
        page = visit(url=url)
    draw(page, PATHS["1"])
    page.get_by_role("alert").get_by_text("Is skdigits demo still running?").wait_for()
    page.complaints.clear()  # of the browser, that the connection is refused


def test_a_model_without_probabilities_shows_no_bars(visit, digits):
    model = make_pipeline(CharacterNormalizer(), RidgeClassifier()).fit(*digits)
    with serving(Recogniser(model, "ridge")) as url:
        page = visit(url=url)
        draw(page, PATHS["1"])
        page.get_by_text("This model does not say how sure it is.").first.wait_for()
        assert not page.locator("#bars").is_visible()
        assert page.locator("#guess").inner_text() in list("0123456789")


def test_of_many_labels_the_ten_most_probable_are_shown(visit, digits):
    X, y = digits
    labels = np.array([f"{digit} by writer {i % 3}" for i, digit in enumerate(y)])
    model = make_pipeline(CharacterNormalizer(), KNeighborsClassifier(30)).fit(X, labels)
    with serving(Recogniser(model, "writers")) as url:
        page = visit(PHONE, url=url)
        draw(page, PATHS["0"])
        wait_until(page, "document.querySelector('#guess').textContent.includes('writer')")
        bars = shares(page)
        assert len(bars) == 10
        told = [share for _, share, _ in bars]
        assert told == sorted(told, reverse=True)
        assert told[0] > 0
        assert page.locator("#others").inner_text() == "and 20 others, less probable"
        assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
        assert page.locator("h1").inner_text() == "Draw a character"


NORMALIZE = """async ([strokes, isLight, photo]) => {
    const { toPicture } = await import("./drawing.js");
    const { normalize } = await import("./normalize.js");
    const { readPhoto } = await import("./photo.js");
    let canvas = toPicture({ strokes, photo: null });
    if (photo) {
        const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0));
        canvas = await readPhoto(new Blob([bytes]));
    }
    if (isLight) {
        const context = canvas.getContext("2d");
        context.resetTransform();
        context.globalCompositeOperation = "difference";
        context.fillStyle = "#fff";
        context.fillRect(0, 0, canvas.width, canvas.height);
    }
    return [canvas.toDataURL(), normalize(canvas)];
}"""


def difference_of_normalisers(page, strokes, *, is_light=False, photo=None):
    """Return the largest difference between JavaScript's normalised pixels and Python's."""
    data, seen = page.evaluate(NORMALIZE, [strokes, is_light, photo])
    file = io.BytesIO(base64.b64decode(data.partition(",")[2]))
    expected = CharacterNormalizer().transform([Image.open(file)])[0]
    assert (seen["width"], seen["height"]) == (28, 28)
    assert np.max(seen["pixels"]) in (0, 255)
    return np.abs(expected.astype(int) - seen["pixels"]).max()


@pytest.mark.parametrize("is_light", [False, True])
def test_javascript_normalises_drawings_as_python_does(visit, is_light):
    page = visit()
    for strokes in PATHS.values():
        assert difference_of_normalisers(page, strokes, is_light=is_light) == 0


def test_javascript_normalises_scribbles_as_python_does(visit):
    page = visit()
    rng = np.random.default_rng(0)
    differences = []
    for _ in range(40):
        steps = [rng.normal(0, 25, (rng.integers(1, 12), 2)) for _ in range(rng.integers(1, 4))]
        strokes = [
            (step.cumsum(axis=0) + rng.uniform(40, 240, 2)).clip(0, SIDE).round(2).tolist()
            for step in steps
        ]
        differences.append(difference_of_normalisers(page, strokes))
    assert max(differences) <= 1  # a grey that lies between two
    assert np.mean(differences) < 0.2


@pytest.mark.parametrize("digit", ["2", "5", "8"])
def test_javascript_normalises_noisy_photos_in_a_shadow_as_python_does(visit, digit):
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = np.asarray(Image.open(io.BytesIO(photo(digit))).convert("L"))
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    picture = picture * (0.6 + 0.4 * x * y + 0.2 * y) + noise
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    assert difference_of_normalisers(visit(), [], photo=text) <= 1


@pytest.mark.parametrize("size", [(280, 280), (121, 90)])
def test_javascript_drops_ruled_lines_as_python_does(visit, size):
    page, is_changed = visit(), []
    rng = np.random.default_rng(0)
    for digit in PATHS:
        picture = Image.open(io.BytesIO(photo(digit))).convert("L")
        pen = ImageDraw.Draw(picture)
        for place in rng.integers(5, 275, 2).tolist():
            pen.line([(0, place), (SIDE, place + 4)], fill=90, width=3)
            pen.line([(place, 0), (place + 4, SIDE)], fill=90, width=2)
        picture = picture.resize(size)
        file = io.BytesIO()
        picture.save(file, "PNG")
        text = base64.b64encode(file.getvalue()).decode()
        assert difference_of_normalisers(page, [], photo=text) <= 1
        ruled, plain = (
            CharacterNormalizer(rules=rules).transform([picture]) for rules in (False, True)
        )
        is_changed.append((ruled != plain).any())
    assert sum(is_changed) > 5


def test_javascript_normalises_an_empty_pad_to_black(visit):
    page = visit()
    assert difference_of_normalisers(page, []) == 0
    assert difference_of_normalisers(page, [], is_light=True) == 0

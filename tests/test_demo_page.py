"""Drawing on the page in a real browser, by mouse, finger and keys, and what it then shows."""

import io

import numpy as np
import page_driver
import pytest
from page_driver import (
    PATHS,
    PHONE,
    SIDE,
    draw,
    pixels,
    serving,
    wait_for_guess,
    wait_for_nothing,
    wait_until,
)
from PIL import Image
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skdigits import CharacterNormalizer
from skdigits.app._demo_model import Recogniser

recogniser, url, visit = page_driver.recogniser, page_driver.url, page_driver.visit

pytestmark = pytest.mark.slow


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
        page.close()  # which may still ask, before the server ends


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
        page.close()

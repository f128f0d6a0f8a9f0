"""Photos on the drawing page in a real browser: chosen, dropped, pasted, refused."""

import base64
import io

import numpy as np
import page_driver
import pytest
from page_driver import PATHS, draw, photo, pixels, wait_for_guess, wait_for_nothing
from PIL import Image

recogniser, url, visit = page_driver.recogniser, page_driver.url, page_driver.visit

pytestmark = pytest.mark.slow


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

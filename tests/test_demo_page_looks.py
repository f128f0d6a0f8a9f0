"""What the drawing page looks like in a real browser: schemes, sizes, focus, names, contrast."""

import numpy as np
import page_driver
import pytest
from page_driver import DESK, PATHS, PHONE, draw, pixels, wait_for_guess

recogniser, url, visit = page_driver.recogniser, page_driver.url, page_driver.visit

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("options", [{"has_touch": True, "is_mobile": True}, {}], ids=str)
def test_a_phone_shows_no_help_for_keys(visit, options):
    assert not visit(PHONE, **options).locator("#keys").is_visible()
    assert visit(DESK).locator("#keys").is_visible()


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

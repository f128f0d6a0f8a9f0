"""The report in a real browser: it renders whole, on a phone and in print too."""

from itertools import pairwise

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skdigits import compare_models

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(digits, tmp_path_factory):
    names = ("nearest neighbours", "bayes", "logistic regression")
    models = (KNeighborsClassifier(3), GaussianNB(), LogisticRegression(max_iter=1000))
    comparison = compare_models(
        dict(zip(names, models, strict=True)), *digits, cv=3, random_state=0, corruptions="all"
    )
    note = "--models " + ",".join(["a-long-name"] * 20)
    return comparison.to_html(tmp_path_factory.mktemp("page") / "report.html", note=note)


@pytest.fixture
def visit(browser, report):
    """A function that opens the report; what the browser complains of fails the test."""
    complaints, requests = [], []

    def visit(viewport):
        page = browser.new_page(viewport=viewport)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(report.as_uri())
        return page

    yield visit
    assert complaints == []
    assert all(url == report.as_uri() or url.startswith("data:") for url in requests)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_all_pictures_are_drawn_and_nothing_is_wider_than_the_screen(visit, viewport):
    page = visit(viewport)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert page.evaluate("document.images.length") > 20
    assert page.evaluate("document.scrollingElement.scrollWidth") <= viewport["width"]


def test_text_is_large_enough_on_a_phone(visit):
    page = visit(PHONE)
    sizes = page.evaluate(
        """[...document.querySelectorAll('p, li, td, th, summary, h2, h3')]
        .filter(part => part.textContent.trim())
        .map(part => parseFloat(getComputedStyle(part).fontSize))"""
    )
    assert min(sizes) >= 12
    widths = page.evaluate("[...document.querySelectorAll('.card')].map(card => card.clientWidth)")
    assert all(width > 0.8 * PHONE["width"] for width in widths)


def test_a_phone_gets_the_narrow_charts(visit):
    current = "[...document.querySelectorAll('picture img')].map(image => image.currentSrc.length)"
    assert visit(PHONE).evaluate(current) != visit(DESK).evaluate(current)


def test_a_cell_of_the_confusion_matrix_leads_to_its_images(visit):
    page = visit(DESK)
    link = page.locator("details[open] .matrix a").first
    target = link.get_attribute("href")[1:]
    link.click()
    page.wait_for_function(
        """name => { const box = document.getElementById(name).getBoundingClientRect();
                     return box.top < innerHeight && box.bottom > 0; }""",
        arg=target,
    )
    assert page.locator(f"#{target} img").count() >= 1


def test_print_shows_what_the_screen_folds_away(visit, browser):
    page = visit(DESK)
    hidden = page.locator("details:not([open]) .matrix").first
    assert not hidden.is_visible()
    page.emulate_media(media="print")
    assert hidden.is_visible()
    assert hidden.bounding_box()["height"] > 100
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_every_picture_and_region_has_a_name_for_a_screen_reader(visit):
    page = visit(DESK)
    assert page.evaluate("[...document.images].every(image => image.alt.length > 3)")
    assert page.evaluate(
        "[...document.querySelectorAll('[role=region]')].every(part => part.ariaLabel)"
    )
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))

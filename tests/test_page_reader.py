"""PageReader: pages drawn with a font, read by a classifier of that font."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skdigits import CharacterNormalizer, PageReader


def page(width=600, height=400):
    return Image.new("L", (width, height), 255)


def write(image, text, at, size=40):
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text(at, text, fill=0, font=font)


def rendered(digit, size, turn=0):
    image = page(2 * size, 2 * size)
    write(image, digit, (size // 2, size // 3), size)
    return np.asarray(image.rotate(turn, fillcolor=255))


@pytest.fixture(scope="module")
def samples():
    sizes, turns = (30, 45, 80), (-4, 0, 4)
    X = [rendered(d, size, turn) for d in "0123456789" for size in sizes for turn in turns]
    return CharacterNormalizer().transform(X), np.repeat(list("0123456789"), 9)


@pytest.fixture(scope="module")
def classifier(samples):
    return KNeighborsClassifier(3, weights="distance").fit(*samples)


@pytest.fixture(scope="module")
def reader(classifier):
    return PageReader(classifier)


def grid(texts, *, cell=60, at=(30, 40), line=3):
    """Return a page with a ruled grid, a character of `texts` in each cell."""
    image = page(at[1] * 2 + cell * len(texts[0]), at[0] * 2 + cell * len(texts))
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(texts):
        for column, character in enumerate(text):
            top, left = at[0] + row * cell, at[1] + column * cell
            draw.rectangle((left, top, left + cell, top + cell), outline=0, width=line)
            write(image, character, (left + 20, top + 8))
    return image


def photographed(image, *, turn=0.0):
    """Return a page as a camera has it: turned, soft, noisy and in uneven light."""
    rng = np.random.default_rng(0)
    soft = ndimage.gaussian_filter(np.asarray(image.rotate(turn, fillcolor=255), float), 0.8)
    light = np.linspace(0.5, 1, soft.shape[1]) * np.linspace(0.8, 1, soft.shape[0])[:, None]
    return np.clip(soft * light * 0.9 + rng.normal(0, 3, soft.shape), 0, 255).astype(np.uint8)


TEXTS = ["31415", "92 53", "5 979", "02468"]


def test_cells_are_read_in_order_and_empty_ones_told(reader):
    result = reader.read(grid(TEXTS))
    assert result.lines == [text.replace(" ", "_") for text in TEXTS]
    assert result.text == str(result) == "\n".join(result.lines)
    frame = result.to_frame()
    assert (frame.label.isna() == (frame.text == "_")).all()
    assert_allclose(frame.top, 30 + 60 * np.repeat(np.arange(4), 5), atol=6)
    assert_allclose(frame.right, 40 + 60 * np.tile(np.arange(1, 6), 4), atol=6)


@pytest.mark.parametrize("turn", [0, 3, -5])
def test_a_photographed_grid_is_read_too(turn, reader):
    result = reader.read(photographed(grid(TEXTS, cell=70), turn=turn))
    assert result.lines == [text.replace(" ", "_") for text in TEXTS]


def test_cells_whose_lines_are_crossed_are_found(reader):
    image = grid(["11111", "11111", "11111", "11111"])
    ImageDraw.Draw(image).line([(130, 60), (130, 190)], fill=0, width=4)
    ImageDraw.Draw(image).line([(150, 120), (250, 121)], fill=255, width=9)
    assert len(reader.read(image)) == 20


def test_boxes_of_a_form_that_is_no_grid(reader):
    image = page()
    draw = ImageDraw.Draw(image)
    for left, top, digit in ((30, 40, "1"), (90, 40, "2"), (400, 40, "3"), (30, 250, "4")):
        draw.rectangle((left, top, left + 60, top + 60), outline=0, width=2)
        write(image, digit, (left + 20, top + 8))
    assert reader.read(image).lines == ["123", "4"]


@pytest.mark.parametrize("turn", [0, 4, -6])
def test_lines_are_read_in_order(turn, reader):
    image = page()
    for row, text in enumerate(("1234", "567", "890")):
        write(image, text, (80, 60 + 90 * row), 50)
    for picture in (image.rotate(turn, fillcolor=255), photographed(image, turn=turn)):
        assert reader.read(picture).lines == ["1234", "567", "890"]


def test_numbers_of_a_line_are_kept_apart(reader):
    image = page()
    write(image, "12", (50, 50), 50)
    write(image, "345", (250, 50), 50)
    assert reader.read(image).text == "12 345"


def test_ink_may_be_light(reader):
    image = np.asarray(grid(TEXTS))
    assert reader.read(255 - image).text == reader.read(image).text


def touching(first, second):
    """Return a page with two digits that overlap just so far that they are one piece."""
    width = ImageFont.load_default(60).getlength(first)
    for overlap in range(20):
        image = page()
        write(image, first, (100, 50), 60)
        write(image, second, (100 + width - overlap, 50), 60)
        if ndimage.label(np.asarray(image) < 128, np.ones((3, 3)))[1] == 1:
            return image
    raise AssertionError("they never touch")


@pytest.mark.parametrize("number", ["38", "69", "23"])
def test_touching_digits_are_cut_apart(number, reader):
    assert reader.read(touching(*number)).text == number


def test_boxes_are_in_pixels_of_the_picture(reader):
    image = page(4000, 3000)
    write(image, "7", (1000, 500), 400)
    (character,) = reader.read(image.rotate(2, fillcolor=255))
    assert character.text == "7"
    rows, columns = np.nonzero(np.asarray(image.rotate(2, fillcolor=255)) < 128)
    expected = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert_allclose(character.box, expected, atol=30)


def test_a_blank_page_has_no_characters(reader):
    for picture in (page(), photographed(page()), np.zeros((50, 40))):
        result = reader.read(picture)
        assert result.text == ""
        assert len(result) == 0
        assert result.to_frame().empty


@pytest.mark.parametrize("turn", [0, 3])
@pytest.mark.parametrize("place", [(60, 50), (60, 180), (200, 80), (400, 200), (500, 20)])
def test_a_shadow_is_no_large_character(place, turn, reader):
    image = page(600, 300)
    write(image, "27", place)
    assert reader.read(photographed(image, turn=turn)).text == "27"


def test_only_some_classes(classifier):
    reader = PageReader(classifier, classes=["0", "1"])
    lines = reader.read(grid(["0123", "4567"])).lines
    assert lines[0][:2] == "01"
    assert set("".join(lines)) <= {"0", "1", "?"}
    with pytest.raises(ValueError, match=r"expects classes that the classifier knows, .*got 'x'"):
        PageReader(classifier, classes=["x"]).read(page())


def test_what_is_doubtful_is_rejected(samples):
    X, y = samples
    confused = y.copy()
    confused[(y == "1")] = np.resize(["1", "7"], (y == "1").sum())
    doubtful = KNeighborsClassifier(3).fit(X, confused)
    read = PageReader(doubtful).read(grid(["2153", "8126"]))
    rejecting = PageReader(doubtful, reject=0.02).read(grid(["2153", "8126"]))
    assert "?" not in read.text
    assert rejecting.lines == ["2?53", "8?26"]
    assert rejecting.characters[1].label in ("1", "7")
    assert rejecting.characters[1].probability < 0.7


def test_only_what_is_written_counts_as_read_where_characters_are_rejected(samples):
    """One character in ten is doubtful, and of a hundred cells ninety are empty."""
    X, y = samples
    labels = y.copy()
    labels[y == "1"] = np.resize(["1", "7"], (y == "1").sum())
    doubtful = KNeighborsClassifier(3).fit(X, labels)
    page_ = PageReader(doubtful, reject=0.02).read(grid(["1234567890", *[" " * 10] * 9], cell=50))
    assert page_.lines == ["?234567890", *["_" * 10] * 9]


def test_rejecting_takes_probabilities(samples):
    reader = PageReader(LinearSVC().fit(*samples), reject=0.1)
    with pytest.raises(ValueError, match=r"with predict_proba for reject=0.1, got LinearSVC"):
        reader.read(grid(TEXTS))


def test_a_label_that_may_not_be_read_is_none(samples):
    X, y = samples
    page_ = PageReader(LinearSVC().fit(X / 255, y), classes=["0", "1"]).read(grid(["0123", "1 19"]))
    assert page_.lines == ["01??", "1_1?"]
    assert page_.to_frame().label.isna().tolist() == [False] * 2 + [True] * 2 + [False, True] * 2


def form(boxes, *, width=600, height=300):
    """Return a page of frames, each a digit or more: (left, top, width, height, text)."""
    image = page(width, height)
    for left, top, wide, high, text in boxes:
        frame = (left, top, left + wide, top + high)
        ImageDraw.Draw(image).rectangle(frame, outline=0, width=3)
        write(image, text, (left + 20, top + 8))
    return image


def frames_in_a_row(text, *, top=40, step=75):
    return [(40 + step * place, top, 60, 60, digit) for place, digit in enumerate(text)]


@pytest.mark.parametrize("step", [60, 75], ids=["joined", "apart"])
@pytest.mark.parametrize("text", ["7", "72", "725"])
def test_what_stands_in_a_few_frames_is_read_and_they_are_not(text, step, reader):
    image = form(frames_in_a_row(text, step=step))
    for layout in ("auto", "lines", "cells"):
        result = PageReader(reader.estimator, layout=layout).read(image)
        assert result.text.replace(" ", "") == text
    turned = photographed(image, turn=3)
    assert reader.read(turned).text.replace(" ", "") == text


def test_a_frame_around_all_is_not_read(reader):
    frame = (25, 80, 500, 220, "")
    image = form([*frames_in_a_row("725", top=140), frame], width=700, height=400)
    for picture in (image, photographed(image, turn=3), photographed(image, turn=-4)):
        assert reader.read(picture).text.replace(" ", "") == "725"


def test_what_is_written_across_a_frame_is_cut_at_it(reader):
    image = form(frames_in_a_row("72"))
    ImageDraw.Draw(image).line([(65, 75), (55, 110)], fill=0, width=5)
    assert [label in "1234567" for label in reader.read(image).text.replace(" ", "")] == [True] * 2


def test_frames_of_other_sizes_are_cells_where_all_are(reader):
    boxes = [(40, 40, 60, 60, "1"), (160, 40, 80, 80, "2"), (320, 40, 110, 110, "3")]
    word = (40, 200, 400, 60, "456")
    frame = (10, 10, 580, 280, "")
    image = form([*boxes, word, frame])
    assert PageReader(reader.estimator, layout="cells").read(image).text.replace(" ", "") == "123"
    assert "456" in PageReader(reader.estimator, layout="lines").read(image).text


def on_the_line(text, *, above, size=44, step=70):
    """Return frames of 60 pixels in a row, the feet of digits so far above their lower line."""
    image = page(60 + step * len(text), 180)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for place, digit in enumerate(text):
        left = 40 + step * place
        draw.rectangle((left, 60, left + 60, 120), outline=0, width=3)
        draw.text((left + 30, 120 - above), digit, fill=0, font=font, anchor="ms")
    return image


@pytest.mark.parametrize("step", [60, 75], ids=["joined", "apart"])
@pytest.mark.parametrize("above", [3, 0, -8], ids=["resting", "touching", "crossing"])
def test_writing_on_lines_hides_no_frame(above, step, reader):
    image = on_the_line("3528 06", above=above, step=step)
    for layout in ("auto", "cells"):
        for picture in (image, photographed(image, turn=2)):
            text = PageReader(reader.estimator, layout=layout).read(picture).text
            assert [place for place, character in enumerate(text) if character == "_"] == [4]
            assert len(text) == 7
            assert above == 0 or picture is not image or text == "3528_06"  # 0: feet are hidden


def test_what_crosses_into_a_cell_is_read_where_it_comes_from(reader):
    image = grid(["12345", "     ", "67890", "     "])
    for left, top, digit in ((40, 30, "8"), (160, 150, "9")):
        place = (left + 3, top + 3, left + 57, top + 57)
        ImageDraw.Draw(image).rectangle(place, fill=255)
        font = ImageFont.load_default(44)
        ImageDraw.Draw(image).text((left + 30, top + 67), digit, fill=0, font=font, anchor="ms")
    assert reader.read(image).lines == ["82345", "_____", "67990", "_____"]


@pytest.mark.parametrize("layout", ["auto", "cells", "lines"])
def test_writing_may_fill_its_frame(layout, reader):
    image = on_the_line("352806", above=3, size=76)
    assert PageReader(reader.estimator, layout=layout).read(image).text == "352806"


def test_loops_of_writing_are_no_frames(reader):
    image = page()
    write(image, "00698806", (40, 60), 80)
    assert PageReader(reader.estimator, layout="cells").read(image).text == ""
    assert reader.read(image).text == "00698806"


def test_a_frame_for_a_text_is_no_cell_beside_smaller_ones(reader):
    comment = (40, 150, 400, 180, "")
    image = form([*frames_in_a_row("72"), comment], height=400)
    assert PageReader(reader.estimator, layout="cells").read(image).text == "72"


def test_no_cell_is_made_up_where_no_lines_are(reader):
    rows = [*frames_in_a_row("12345"), *frames_in_a_row("6789", top=160)]
    assert reader.read(form(rows)).lines == ["12345", "6789"]
    other = [(40 + 100 * place, 160, 75, 60, digit) for place, digit in enumerate("678")]
    assert reader.read(form([*frames_in_a_row("12345"), *other])).lines == ["12345", "678"]


def test_characters_of_straight_strokes_are_no_frames(reader):
    draws = {"0": [(0, 0, 30, 50)], "8": [(0, 0, 30, 25), (0, 25, 30, 50)]}
    image = page()
    for place, digit in enumerate("0800"):
        for left, top, right, bottom in draws[digit]:
            box = (60 + 60 * place + left, 60 + top, 60 + 60 * place + right, 60 + bottom)
            ImageDraw.Draw(image).rectangle(box, outline=0, width=5)
    for layout in ("auto", "lines"):
        assert len(PageReader(reader.estimator, layout=layout).read(image)) == 4
    large = page(300, 400)
    ImageDraw.Draw(large).rounded_rectangle((80, 60, 220, 340), radius=40, outline=20, width=22)
    assert len(reader.read(large)) == 1


@pytest.mark.parametrize("shape", [(8, 8), (18, 14), (24, 10), (2, 1)])
def test_small_pictures_are_read_without_a_warning(shape, reader):
    reader.read(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def test_thick_frames_are_frames_where_one_is_written_in(reader):
    boxes = [(40 + 75 * place, 40, 60, 60) for place in range(4)]
    image = page()
    for left, top, wide, high in boxes:
        frame = (left - 8, top - 8, left + wide, top + high)
        ImageDraw.Draw(image).rectangle(frame, outline=0, width=8)
    write(image, "7", (130, 44))
    assert reader.read(image).text == "_7__"
    assert PageReader(reader.estimator, layout="lines").read(image).text == "7"


def test_empty_frames_have_no_characters(reader):
    image = form([(30, 40, 60, 60, ""), (200, 40, 300, 100, "")])
    assert len(reader.read(image)) == 0
    assert PageReader(reader.estimator, layout="cells").read(image).text == "_"


def test_a_pipeline_is_handed_pictures(samples):
    X, y = samples
    pipeline = make_pipeline(CharacterNormalizer(), KNeighborsClassifier(1)).fit(X, y)
    assert PageReader(pipeline).read(grid(TEXTS)).lines[0] == TEXTS[0]


def test_without_probabilities_there_are_labels(samples):
    X, y = samples
    page_ = PageReader(LinearSVC().fit(X / 255, y)).read(grid(TEXTS))
    assert page_.lines[3] == TEXTS[3]
    assert page_.to_frame().probability.isna().all()


def test_as_json(reader):
    result = reader.read(grid(["12", "3 "]))
    content = json.loads(result.to_json())
    assert content["lines"] == ["12", "3_"]
    assert content["characters"][3]["probability"] is None
    assert content["characters"][0]["alternatives"]["1"] > 0.5


def test_it_draws_what_it_read(reader):
    ax = reader.read(grid(["12", "3 "])).plot()
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3"]
    assert len(ax.lines) == 4


def test_bad_arguments(classifier, samples):
    with pytest.raises(ValueError, match="'layout' parameter of PageReader"):
        PageReader(classifier, layout="columns").read(page())
    with pytest.raises(NotFittedError):
        PageReader(KNeighborsClassifier()).read(page())
    narrow = KNeighborsClassifier(1).fit(samples[0][:, :700], samples[1])
    with pytest.raises(ValueError, match=r"classifier of square images, .*rows of 700 pixels"):
        PageReader(narrow).read(page())
    with pytest.raises(ValueError, match="PageReader takes pictures of up to max_pixels=9"):
        PageReader(classifier, max_pixels=9).read(page())

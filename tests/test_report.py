"""The HTML report: one file that holds all it shows, and says what was measured."""

import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import RepeatedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC

from skdigits import ANNClassifier, ModelComparison, compare_models
from skdigits.evaluation import _report
from skdigits.evaluation._report_pictures import encode_image


class Page(HTMLParser):
    """Tags with their attributes, and the text, without what is in <style>."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.code, self._skipped = [], "", "", False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._skipped = tag == "style"

    def handle_data(self, data):
        self.text += "" if self._skipped else data
        self.code += data if self.tags and self.tags[-1][0] == "code" else ""

    def handle_endtag(self, tag):
        self._skipped = False

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def strips(self):
        """Return the alternative texts of the pictures of every list."""
        strips, current = [], None
        for tag, attributes in self.tags:
            if attributes.get("class") == "strip":
                strips.append(current := [])
            elif tag in ("section", "ul", "h3"):
                current = None
            elif tag == "img" and current is not None:
                current.append(attributes["alt"])
        return strips

    def digits(self):
        return [image for image in self.all("img") if image.get("class") == "digit"]


def write(comparison, tmp_path, **kwargs):
    return Page(comparison.to_html(tmp_path / "report.html", **kwargs).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def comparison(digits):
    models = {"net": ANNClassifier((8,), max_iter=2), "knn": KNeighborsClassifier(3), "svm": SVC()}
    kinds = ["blur", "shift"]
    return compare_models(models, *digits, cv=3, random_state=0, corruptions=kinds)


@pytest.fixture(scope="module")
def page(comparison, tmp_path_factory):
    return write(comparison, tmp_path_factory.mktemp("report"), title="Digits", note="A note.")


def test_the_page_asks_nothing_of_a_network(page):
    sources = [attributes.get(key) for _, attributes in page.tags for key in ("src", "srcset")]
    links = [link["href"] for link in page.all("a") + page.all("link")]
    assert all(source.startswith("data:") for source in sources if source)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not page.all("script")


def test_every_picture_has_an_alternative_text(page):
    assert page.all("img")
    assert all(image["alt"].strip() for image in page.all("img"))


def test_every_link_leads_somewhere_and_no_name_is_there_twice(page):
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    links = {link["href"][1:] for link in page.all("a")}
    assert links
    assert links <= set(names)


def test_the_page_answers_the_four_questions_from_what_was_measured(page, comparison):
    for sentence in comparison.describe().splitlines():
        if sentence.startswith(("svm", "knn", "net")) and sentence.endswith("."):
            assert sentence in page.text
    for name, row in comparison.table.iterrows():
        assert name in page.text
        assert f"{row['accuracy']:.4f}" in page.text
    for name, mean in _mean_robustness(comparison).items():
        assert f"{name}: " in page.text
        assert f"{100 * mean:.1f} % on worse images" in page.text


def _mean_robustness(comparison):
    worse = comparison.robustness[comparison.robustness["kind"] != "clean"]
    return worse.groupby(["model", "kind"])["accuracy"].mean().groupby("model").mean()


def test_other_data_make_other_statements(comparison, tmp_path):
    before = write(comparison, tmp_path).text
    names = {"knn": "net", "net": "knn"}
    exchanged = replace(
        comparison,
        fold_scores=comparison.fold_scores.replace({"model": names}),
        predictions=comparison.predictions.rename(columns=names),
        probabilities={},
        robustness=comparison.robustness.replace({"model": names}),
    )
    after = write(exchanged, tmp_path).text
    assert comparison.best != exchanged.best
    assert f"{comparison.best} is the most accurate: its mean" in before
    assert f"{exchanged.best} is the most accurate: its mean" in after
    assert f"{comparison.best} is the most accurate: its mean" not in after
    robustness = comparison.robustness.assign(
        accuracy=lambda table: table["accuracy"].where(table["kind"] != "blur", 0.0)
    )
    broken = write(replace(comparison, robustness=robustness), tmp_path).text
    assert "svm by shift" in before
    assert "svm by blur" in broken


def test_every_mistake_is_pictured_behind_its_confusion(comparison, tmp_path):
    few = replace(comparison, estimators={"svm": SVC()})
    few = replace(few, fold_scores=few.fold_scores.query("model == 'svm'"), probabilities={})
    few = replace(few, robustness=few.robustness.query("model == 'svm'"))
    page = write(few, tmp_path)
    mistakes = few.predictions.query("svm != true_label")
    pictured = [image["alt"] for image in page.digits() if "(row" in image["alt"]]
    for mistake in mistakes.itertuples():
        alt = f"{mistake.true_label}, read as {mistake.svm} (row {mistake.row})"
        assert alt in pictured
    links = [link["href"] for link in page.all("a")]
    assert len(links) == len(mistakes[["true_label", "svm"]].drop_duplicates())


def test_a_picture_has_the_pixels_of_its_row(page, digits):
    picture = next(image for image in page.digits() if "(row" in image["alt"])
    row = digits[0][int(re.search(r"row (\d+)", picture["alt"])[1])].reshape(8, 8).astype(float)
    content = b64decode(picture["src"].partition(",")[2])
    shades = np.asarray(Image.open(BytesIO(content)), dtype=float)
    expected = 255 * (row - row.min()) / np.ptp(row)
    np.testing.assert_allclose(shades, expected, atol=0.5)


def test_colour_images_keep_their_colours():
    red = np.zeros((3, 4, 4))
    red[0] = 7
    content = b64decode(encode_image(red, who="test").partition(",")[2])
    assert np.asarray(Image.open(BytesIO(content)))[0, 0].tolist() == [255, 0, 0]


def test_probabilities_are_told_where_there_are_some(page):
    assert any(re.search(r"read as \d, \d+ % sure", image["alt"]) for image in page.digits())


def test_the_page_says_how_to_repeat_it(page, comparison):
    for text in ("SVC()", "n_neighbors=3", "cv=3", "random_state=0", "['blur', 'shift']"):
        assert text in page.text
    for name, version in comparison.versions.items():
        assert name in page.text
        assert version in page.text
    assert all(str(seed) in page.text for seed in comparison.fold_scores["seed"])


def test_title_and_note_stand_on_top(page):
    assert "A note." in page.text
    assert page.text.count("Digits") == 2  # of the window and of the page


def test_names_and_labels_are_escaped(digits, tmp_path):
    X, y = digits
    labels = np.array([f"<i>{label}</i>" for label in y], dtype=object)
    models = {"<script>alert(1)</script>": GaussianNB(), "b & c": KNeighborsClassifier(3)}
    page = write(compare_models(models, X, labels, cv=2, random_state=0), tmp_path)
    assert not page.all("script")
    assert not page.all("i")
    assert "<script>alert(1)</script>" in page.text
    assert "<i>3</i>" in page.text


def test_pipelines_and_word_labels_are_reported(digits, tmp_path):
    X, y = digits
    words = np.array([f"digit {label}" for label in y])
    models = [make_pipeline(MinMaxScaler(), SVC()), GaussianNB()]
    page = write(compare_models(models, X, words, cv=2, random_state=0), tmp_path)
    assert re.search(r"digit \d read as digit \d", page.text)


def test_data_that_are_no_images_are_reported_without_pictures(digits, tmp_path):
    X, y = digits
    comparison = compare_models([GaussianNB()], X[:, 10:17], y, cv=2, random_state=0)
    page = write(comparison, tmp_path)
    assert not page.digits()
    assert "Without pictures: ModelComparison.to_html expects square images" in page.text
    page = write(replace(comparison, X=None), tmp_path)
    assert "Without pictures: the comparison has no data" in page.text


def test_a_perfect_model_on_one_split_is_reported(digits, tmp_path):
    X, y = digits
    split = [(np.arange(len(X)), np.arange(50))]
    comparison = compare_models([KNeighborsClassifier(1)], X, y, cv=split)
    page = write(comparison, tmp_path)
    assert "makes no mistake in 50 predictions" in page.text
    assert "one split, trained on" in page.text
    assert "Not measured" in page.text
    assert "cv=cv" in page.text


def test_an_image_of_less_contrast_looks_so(page_of_contrast, digits):
    clean, faint = page_of_contrast
    assert clean.max() == 255
    assert faint.max() < 128
    np.testing.assert_allclose(faint, np.rint(0.25 * clean), atol=16)  # of 16 greys


@pytest.fixture
def page_of_contrast(digits, tmp_path):
    comparison = compare_models([GaussianNB()], *digits, cv=2, corruptions=["contrast"])
    page = write(comparison, tmp_path)
    alts = ("an image as it is", "the image after contrast of severity 3")
    images = [next(image for image in page.digits() if image["alt"] == alt) for alt in alts]
    contents = [b64decode(image["src"].partition(",")[2]) for image in images]
    return [np.asarray(Image.open(BytesIO(content)), dtype=float) for content in contents]


def test_the_code_on_the_page_makes_the_comparison_again(comparison, page, digits):
    X, y = digits
    names = {"X": X, "y": y}
    exec(compile(page.code, "report", "exec"), names)
    pd.testing.assert_frame_equal(names["comparison"].predictions, comparison.predictions)


def test_rows_that_were_tested_several_times_are_pictured_once(digits, tmp_path):
    X, y = digits
    folds = RepeatedKFold(n_splits=2, n_repeats=3, random_state=0)
    comparison = compare_models([GaussianNB(), SVC(C=0.1)], X, y, cv=folds, random_state=0)
    page = write(comparison, tmp_path)
    assert "Counts are of predictions" in page.text
    wrong = comparison.predictions.query("svc != true_label")
    assert wrong["row"].duplicated().any()
    for (true, guess), count in wrong.groupby(["true_label", "svc"]).size().nlargest(9).items():
        assert f"{true} read as {guess}: {count}" in page.text
    assert len(page.strips()) > 9
    for strip in page.strips():
        rows = [re.search(r"\(row (\d+)\)", alt) for alt in strip]
        assert len({row[1] for row in rows if row}) == sum(row is not None for row in rows)


@pytest.mark.parametrize("name", ["seed", "_knn", "a$_$", "kind", "mean", "clean"])
def test_any_name_of_a_model_can_be_reported(digits, tmp_path, name):
    X, y = digits
    models = {name: GaussianNB(), "$$": KNeighborsClassifier(3)}
    labels = np.array([f"$_{label}$" for label in y])
    comparison = compare_models(
        models, X[:100], labels[:100], cv=2, random_state=0, corruptions=["blur"]
    )
    page = write(comparison, tmp_path)
    assert name in page.text
    assert "$_3$" in page.text


@pytest.mark.slow
def test_the_page_stays_small_with_large_colour_images_and_many_mistakes(tmp_path):
    rng = np.random.RandomState(0)
    X = rng.randint(256, size=(4000, 3, 64, 64), dtype=np.uint8)
    y = rng.randint(62, size=len(X))
    models = {
        f"model {seed}": DummyClassifier(strategy="uniform", random_state=seed) for seed in range(9)
    }
    comparison = compare_models(models, X, y, cv=[(np.arange(1000), np.arange(1000, 4000))])
    path = comparison.to_html(tmp_path / "report.html")
    assert path.stat().st_size < 5_000_000
    assert re.search(r"and \d+ more", path.read_text(encoding="utf-8"))


def test_a_hundred_and_more_labels_have_no_matrix(tmp_path):
    X, y, many = np.eye(144), np.repeat(np.arange(36), 4), np.arange(144)
    scores = compare_models([KNeighborsClassifier(1)], X, y, cv=2).fold_scores.assign(model="m")
    for labels, n_matrices in ((y, 1), (many, 0)):
        predictions = pd.DataFrame({"row": many, "fold": 0, "true_label": labels})
        predictions["m"] = np.roll(labels, 1)
        comparison = ModelComparison(scores, predictions, {"m": GaussianNB()}, X=X)
        page = write(comparison, tmp_path)
        matrices = [table for table in page.all("table") if table["class"] == "matrix"]
        assert len(matrices) == n_matrices


@pytest.mark.parametrize("package", ["jinja2", "matplotlib", "PIL"])
def test_without_its_packages_it_names_the_extra(comparison, tmp_path, monkeypatch, package):
    def missing(name, **kwargs):
        if name.partition(".")[0] == package:
            raise ImportError(f"{kwargs['who']} needs {package}: [{kwargs['extra']}]")

    monkeypatch.setattr(_report, "import_optional", missing)
    with pytest.raises(ImportError, match=rf"ModelComparison.to_html needs {package}: \[report\]"):
        comparison.to_html(tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_a_file_that_was_there_is_replaced_whole(comparison, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before", encoding="utf-8")
    assert comparison.to_html(str(path)) == path
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [path]

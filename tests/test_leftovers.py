"""A folder holds one comparison: what an earlier one left goes, what is not ours stays."""

import json

import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skdigits import compare_models


@pytest.fixture(scope="module")
def digits(digits):
    X, y = digits
    return X[y < 2], y[y < 2]


@pytest.fixture(scope="module")
def earlier(digits):
    models = {"old model": GaussianNB(), "knn": KNeighborsClassifier(3)}
    return compare_models(models, *digits, cv=2, random_state=0, corruptions=["blur"])


@pytest.fixture(scope="module")
def later(digits):
    return compare_models({"knn": KNeighborsClassifier(3)}, *digits, cv=2, random_state=0)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_later_comparison_leaves_nothing_of_the_earlier(pyplot, earlier, later, tmp_path):
    earlier.save(tmp_path)
    earlier.to_html(tmp_path / "report.html")
    gone = {"report.html", "robustness.csv", "robustness.png", "confusion_old-model.png"}
    assert gone <= names(tmp_path)
    written = later.save(tmp_path)
    assert names(tmp_path) == {path.name for path in written}


def test_files_of_others_stay(pyplot, earlier, later, tmp_path):
    earlier.save(tmp_path)
    theirs = {"confusion_mine.png", "notes.txt", "report.html", "robustness.txt"}
    for name in theirs:
        (tmp_path / name).write_text("mine", encoding="utf-8")
    later.save(tmp_path)
    assert {(tmp_path / name).read_text(encoding="utf-8") for name in theirs} == {"mine"}


def test_a_folder_without_a_comparison_is_left_alone(pyplot, later, tmp_path):
    for content in (None, "[1]", "no json", json.dumps({"models": 3, "robustness": []})):
        if content is not None:
            (tmp_path / "comparison.json").write_text(content, encoding="utf-8")
        (tmp_path / "robustness.csv").write_text("mine", encoding="utf-8")
        later.save(tmp_path)
        assert (tmp_path / "robustness.csv").read_text(encoding="utf-8") == "mine"
        (tmp_path / "comparison.json").unlink()


def test_a_report_of_the_same_comparison_stays(pyplot, earlier, later, tmp_path):
    earlier.save(tmp_path)
    later.to_html(tmp_path / "report.html")
    later.save(tmp_path)
    assert "report.html" in names(tmp_path)


def test_without_matplotlib_no_old_picture_stays(monkeypatch, pyplot, earlier, later, tmp_path):
    from skdigits.evaluation import _results

    earlier.save(tmp_path)
    monkeypatch.setattr(_results, "find_spec", lambda name: None)
    later.save(tmp_path)
    assert not list(tmp_path.glob("*.png"))

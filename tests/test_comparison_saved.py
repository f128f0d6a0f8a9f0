"""What a ModelComparison prints, draws and writes to files."""

import json
import re

import compared_models
import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from skdigits.evaluation import _results, compare_models
from skdigits.evaluation._files import atomic_path, file_stems

comparison = compared_models.comparison


def test_the_printed_table_shows_every_model(comparison):
    text, html = repr(comparison), comparison._repr_html_()
    assert text.startswith("ModelComparison: 3 models, 3 folds\n")
    assert max(map(len, text.splitlines())) <= 80
    accuracy = f"{comparison.table.loc['knn', 'accuracy']:.4f}"
    assert re.search(rf"knn +{accuracy}", text)
    assert all(name in html for name in comparison.estimators)
    assert "<table" in html


def test_html_escapes_names(digits):
    html = compare_models({"<b>": GaussianNB()}, *digits, cv=2)._repr_html_()
    assert "&lt;b&gt;" in html


def test_the_description_says_who_wins(comparison):
    first, *others = comparison.describe().splitlines()
    assert first.startswith(f"{comparison.best} is the most accurate:")
    assert f"{comparison.best} beats bayes by" in "\n".join(others)


def test_json_holds_what_the_tables_hold(comparison):
    data = json.loads(comparison.to_json())
    assert data["best"] == comparison.best
    models = {model["model"]: model for model in data["models"]}
    assert list(models) == comparison.table.index.tolist()
    assert models["svm"]["log_loss"] is None
    assert models["svm"]["parameters"]["gamma"] == 0.001
    assert models["knn"]["confusion_matrix"] == comparison.confusion_matrix("knn").values.tolist()
    assert len(data["folds"]) == 9
    assert data["differences"][1]["model"] == "bayes"


def test_saved_tables_come_back(comparison, tmp_path, monkeypatch):
    monkeypatch.setattr(_results, "find_spec", lambda name: None)
    paths = comparison.save(tmp_path / "new" / "folder")
    assert set(paths) == set((tmp_path / "new" / "folder").iterdir())
    read = {path.name: pd.read_csv(path) for path in paths if path.suffix == ".csv"}
    pd.testing.assert_frame_equal(read["comparison.csv"].set_index("model"), comparison.table)
    pd.testing.assert_frame_equal(read["folds.csv"], comparison.fold_scores, check_dtype=False)
    pd.testing.assert_frame_equal(read["predictions.csv"], comparison.predictions)
    pd.testing.assert_frame_equal(
        read["differences.csv"].set_index("model"), comparison.differences
    )
    assert json.loads((paths[0].parent / "comparison.json").read_text()) == comparison.to_dict()
    assert comparison.describe() in (paths[0].parent / "reports.txt").read_text(encoding="utf-8")


def test_without_matplotlib_there_are_no_pictures(comparison, tmp_path, monkeypatch):
    monkeypatch.setattr(_results, "find_spec", lambda name: None)
    assert not [path for path in comparison.save(tmp_path) if path.suffix == ".png"]


@pytest.mark.slow
def test_pictures_are_saved_and_no_figure_stays_open(comparison, tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    pictures = {path.name for path in comparison.save(tmp_path) if path.suffix == ".png"}
    names = {f"confusion_{name}.png" for name in comparison.estimators}
    assert pictures == {"comparison.png"} | names
    assert pyplot.imread(tmp_path / "comparison.png").shape == (675, 1050, 4)
    assert pyplot.get_fignums() == before


def test_plot_gives_the_display_of_the_table(comparison):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    display = comparison.plot(ax=figure.subplots())
    assert display.names == comparison.table.index.tolist()
    np.testing.assert_array_equal(display.accuracy, comparison.table["accuracy"])


def write_half(path):
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("before", [[], ["old"]], ids=["absent", "old"])
def test_a_file_is_whole_or_as_it_was(tmp_path, before):
    path = tmp_path / "file.txt"
    for text in before:
        path.write_text(text)
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [path.read_text() for path in tmp_path.iterdir()] == before


def test_any_names_make_distinct_file_names():
    names = ["a b", "a/b", "../..", "A-B", "cnn", "数", ""]
    stems = file_stems(names)
    assert list(stems) == names
    assert len({stem.lower() for stem in stems.values()}) == len(names)
    assert all(re.fullmatch(r"[\w-][\w.-]*", stem, re.ASCII) for stem in stems.values())
    assert stems["cnn"] == "cnn"

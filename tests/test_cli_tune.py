"""`skdigits compare --tune`: nested searches of the same budget for every model."""

import html
import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.base import clone
from sklearn.model_selection import (
    ParameterGrid,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier

from skdigits import FusedRandomizedSearchCV, compare_models
from skdigits.app import _models
from skdigits.app._compare import load_data
from skdigits.app._models import MODEL_NAMES, default_models, make_models
from skdigits.app._tuning import (
    describe_budget,
    format_choices,
    make_searches,
    tabulate_parameters,
)
from skdigits.app.cli import main
from skdigits.evaluation._recipe import write_recipe

QUICK = ["compare", "--tune", "2", "--cv", "2", "--n-jobs", "1"]


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """What two tuned models printed as JSON, and their folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skdigits.evaluation._results.find_spec", lambda name: None)
        folder = tmp_path_factory.mktemp("out")
        return run(*QUICK, "--models", "knn,svm", "--json", "--out", folder), folder


@pytest.fixture
def no_pictures(monkeypatch):
    """Spare a second a test."""
    monkeypatch.setattr("skdigits.evaluation._results.find_spec", lambda name: None)


def test_the_search_sees_the_training_rows_only(tuned):
    """By hand, with scikit-learn alone: a search in every training fold, scored on the other."""
    result, folder = tuned
    found = [entry for entry in json.loads(result.stdout)["tuning"] if entry["model"] == "knn"]
    measured = pd.read_csv(folder / "folds.csv").query("model == 'knn'")
    X, y, _ = load_data("digits")
    splits = StratifiedKFold(2, shuffle=True, random_state=0).split(X, y)
    assert len(found) == 2
    for entry, fold, (train, test) in zip(found, measured.itertuples(), splits, strict=True):
        search = RandomizedSearchCV(
            KNeighborsClassifier(),
            tabulate_parameters(16)["knn"],
            n_iter=2,
            cv=StratifiedKFold(3, shuffle=True, random_state=0),
            random_state=fold.seed,
        ).fit(X[train], y[train])
        assert entry["parameters"] == search.best_params_
        assert entry["inner_score"] == pytest.approx(search.best_score_)
        assert fold.accuracy == pytest.approx(search.score(X[test], y[test]))


def test_json_has_the_choice_of_every_model_and_fold(tuned):
    result, folder = tuned
    data = json.loads(result.stdout)
    assert [(entry["model"], entry["fold"]) for entry in data["tuning"]] == [
        ("knn", 0),
        ("knn", 1),
        ("svm", 0),
        ("svm", 1),
    ]
    assert set(data["tuning"][2]["parameters"]) == {"C", "gamma"}
    assert result.stdout == (folder / "comparison.json").read_text(encoding="utf-8")


def test_how_many_fits_it_takes_is_said_on_stderr(tuned):
    assert tuned[0].stderr == (
        "Tuning takes 28 fits: 4 searches (2 models, 2 folds), each of 2 candidates in 3\n"
        "inner folds, and a last fit of the best.\n"
    )


def test_two_processes_choose_the_same_as_one(tuned, tmp_path, no_pictures):
    again = run(*QUICK[:-1], "2", "--models", "knn,svm", "--json", "--out", tmp_path)
    before, now = (json.loads(result.stdout) for result in (tuned[0], again))
    assert now["tuning"] == before["tuning"]
    accuracies = [[fold["accuracy"] for fold in data["folds"]] for data in (before, now)]
    assert accuracies[0] == accuracies[1]


def test_the_chosen_values_are_printed_within_eighty_columns(tmp_path, no_pictures):
    result = run(*QUICK, "--models", "knn,svm", "--out", tmp_path)
    assert (result.exit_code, result.stdout.count("(2)") > 0) == (0, True)
    assert "Chosen most often, in brackets in how many of 2 folds:\n  svm  C=" in result.stdout
    lines = result.stdout.replace(str(tmp_path), "").replace("[plot]", "").splitlines()
    assert max(map(len, lines)) <= 80


def test_an_untuned_comparison_has_no_tuning(tmp_path, no_pictures):
    result = run("compare", "--cv", 2, "--models", "knn", "--json", "--out", tmp_path)
    assert json.loads(result.stdout)["tuning"] == []
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "n_candidates"),
    [(["--tune"], 10), (["--tune", "--quick"], 10), (["--tune", "4"], 4), (["--tune=4"], 4)],
)
def test_the_number_of_candidates_may_be_left_out(arguments, n_candidates):
    assert main.commands["compare"].make_context("compare", arguments).params["tune"] == (
        n_candidates
    )


@pytest.mark.parametrize("value", ["1", "0", "many", "2.5"])
def test_a_wrong_number_ends_with_status_two_and_one_sentence(tmp_path, value):
    result = run("compare", f"--tune={value}", "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: Invalid value for '--tune': ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_candidate_that_fails_ends_with_its_model_and_status_one(tmp_path, monkeypatch):
    broken = KNeighborsClassifier(p=-1)
    monkeypatch.setitem(_models._MAKERS, "knn", lambda n_rows: broken)
    result = run(*QUICK, "--models", "knn", "--out", tmp_path)
    assert result.exit_code == 1
    assert "\nError: Model 'knn' failed on fold 0: The 'p' parameter" in result.stderr


@pytest.mark.parametrize("name", MODEL_NAMES)
@pytest.mark.parametrize("largest", [16, 255])
def test_every_model_has_ten_candidates_and_its_own_values_among_them(name, largest):
    parameters = tabulate_parameters(largest)[name]
    own = make_models([name], n_rows=1617)[name].get_params()
    assert {key: own[key] for key in parameters} in ParameterGrid(parameters)
    assert len(ParameterGrid(parameters)) >= 10


@pytest.mark.parametrize(("largest", "data"), [(16, "digits"), (255, "mnist-like")])
def test_the_fixed_widths_of_the_kernel_surround_the_scaled_one(largest, data, mnist_like):
    X = load_data("digits")[0] if data == "digits" else mnist_like[0]
    scaled = 1 / (X.shape[1] * np.var(X.astype(float)))
    fixed = tabulate_parameters(largest)["svm"]["gamma"][1:]
    assert min(fixed) < scaled < max(fixed)


def test_all_models_have_the_same_budget_and_inner_folds():
    models = make_models(MODEL_NAMES, n_rows=1617)
    searches = make_searches(models, largest=16, n_pixels=115_008, n_candidates=10, seed=3)
    assert list(searches) == list(MODEL_NAMES)
    assert {search.n_iter for search in searches.values()} == {10}
    assert {repr(search.cv) for search in searches.values()} == {
        "StratifiedKFold(n_splits=3, random_state=3, shuffle=True)"
    }
    assert describe_budget(searches, n_folds=10).startswith("Tuning takes 2,790 fits: 90 searches")


@pytest.mark.parametrize(
    ("n_pixels", "kind"), [(115_008, FusedRandomizedSearchCV), (4_704_000, RandomizedSearchCV)]
)
def test_networks_of_small_sets_are_tuned_together(n_pixels, kind):
    models = make_models(["ann", "cnn", "knn"], n_rows=1617)
    searches = make_searches(models, largest=16, n_pixels=n_pixels, n_candidates=3, seed=0)
    assert [type(search) for search in searches.values()] == [kind, kind, RandomizedSearchCV]


def test_a_model_with_fewer_candidates_says_so():
    models = make_models(["logistic", "knn", "svm"], n_rows=1617)
    searches = make_searches(models, largest=16, n_pixels=115_008, n_candidates=40, seed=0)
    text = " ".join(describe_budget(searches, n_folds=1).split())
    assert text.startswith(f"Tuning takes {3 * (13 + 28 + 40) + 3} fits: 3 searches (3 models, 1 ")
    assert text.endswith("There are fewer for logistic (13), knn (28).")


def test_a_tuned_comparison_comes_again_from_its_recipe(no_pictures):
    """What the report shows as code, run."""
    X, y, _ = load_data("digits")
    X, y = X[:300], y[:300]
    models = make_models(["knn", "svm"], n_rows=300)
    searches = make_searches(models, largest=16, n_pixels=115_008, n_candidates=3, seed=0)
    kept = compare_models(searches, X, y, cv=2, random_state=0)
    assert len(kept.tuning) == 4
    code = write_recipe(SimpleNamespace(estimators=searches, settings=kept.settings))
    names = {"X": X, "y": y}
    exec(code, names)
    again = names["comparison"]
    pd.testing.assert_frame_equal(again.predictions, kept.predictions)


def test_one_split_needs_no_counts():
    choices = [{"model": "svm", "fold": 0, "parameters": {"C": 10, "gamma": 0.2 / 255**2}}]
    assert format_choices(pd.DataFrame(choices), ["svm"]).splitlines()[:2] == [
        "Chosen:",
        "  svm  C=10, gamma=3.08e-06",
    ]


def test_the_most_frequent_value_is_named_with_its_count():
    sizes = [(128,), (256, 128), (256, 128)]
    choices = [
        {"model": "ann", "fold": fold, "parameters": {"hidden_layer_sizes": size, "augment": None}}
        for fold, size in enumerate(sizes)
    ]
    text = format_choices(pd.DataFrame(choices), ["ann"])
    assert "ann  hidden_layer_sizes=(256, 128) (2), augment=None (3)" in text


def test_long_names_and_values_fit_eighty_columns_and_break_between_items_only():
    table = tabulate_parameters(255)
    choices = [
        {
            "model": name,
            "fold": fold,
            "parameters": {key: values[-1] for key, values in own.items()},
        }
        for name, own in table.items()
        for fold in (0, 1)
    ]
    lines = format_choices(pd.DataFrame(choices), table).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.endswith((",", ")", ":", ".")) for line in lines)


SHORT = {
    "ann": {"max_iter": 1},
    "cnn": {"max_iter": 1},
    "forest": {"n_estimators": 5},
    "boosting": {"max_iter": 2},
    "mlp": {"mlpclassifier__max_iter": 5},
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_takes_every_value(name):
    if name not in default_models():
        pytest.skip("its package is not installed")
    X, y, _ = load_data("digits")
    model = make_models([name], n_rows=60)[name].set_params(**SHORT.get(name, {}))
    seeds = [parameter for parameter in model.get_params() if parameter.endswith("random_state")]
    model.set_params(**dict.fromkeys(seeds, 0))
    for parameter, values in tabulate_parameters(16)[name].items():
        for value in values:
            fitted = clone(model).set_params(**{parameter: value}).fit(X[:60], y[:60])
            assert fitted.score(X[:60], y[:60]) > 0.05, (parameter, value)


@pytest.mark.slow
def test_the_report_has_tuned_models(tmp_path):
    options = ["--models", "knn,svm", "--report", "--out", tmp_path]
    result = run(*QUICK, *options)
    assert result.exit_code == 0, result.output
    page = html.unescape((tmp_path / "report.html").read_text(encoding="utf-8"))
    made_by = "skdigits compare --cv 2 --tune 2 --models knn,svm --seed 0 --report"
    assert f"Made by: {made_by}. Chosen most often" in page
    assert re.search(r"weights=\w+ \(\d\)", page)
    assert "from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold" in page
    assert "code cannot say" not in page

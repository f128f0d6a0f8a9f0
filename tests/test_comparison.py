"""compare_models and ModelComparison, with scikit-learn's own functions as the oracle."""

import json
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    GroupKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skdigits import ANNClassifier
from skdigits.evaluation import _results, compare_models
from skdigits.evaluation._certainty import measure_certainty
from skdigits.evaluation._files import atomic_path, file_stems
from skdigits.evaluation._predicted import of_comparison, of_estimator, of_predictions
from skdigits.evaluation._statistics import corrected_t_test

SCORES = ["accuracy", "macro_f1", "log_loss"]
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


class Failing(ClassifierMixin, BaseEstimator):
    """A classifier that fails on its second fit."""

    n_fits = 0

    def fit(self, X, y):
        type(self).n_fits += 1
        if type(self).n_fits == 2:
            raise ZeroDivisionError("no more")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(scope="module")
def comparison(digits):
    models = {"bayes": GaussianNB(), "svm": SVC(gamma=0.001), "knn": KNeighborsClassifier(3)}
    return compare_models(models, *digits, cv=3, random_state=0)


def test_scores_are_those_of_cross_validate(comparison, digits):
    scoring = ["accuracy", "f1_macro", "neg_log_loss"]
    oracle = cross_validate(KNeighborsClassifier(3), *digits, cv=FOLDS, scoring=scoring)
    ours = comparison.fold_scores.query("model == 'knn'")
    np.testing.assert_allclose(ours["accuracy"], oracle["test_accuracy"])
    np.testing.assert_allclose(ours["macro_f1"], oracle["test_f1_macro"])
    np.testing.assert_allclose(ours["log_loss"], -oracle["test_neg_log_loss"])


def test_the_table_has_means_and_deviations_best_first(comparison):
    accuracy = comparison.fold_scores.groupby("model")["accuracy"]
    assert comparison.table["accuracy"].is_monotonic_decreasing
    assert comparison.table.index[-1] == "bayes"
    for name, scores in accuracy:
        assert comparison.table.loc[name, "accuracy"] == pytest.approx(np.mean(scores))
        assert comparison.table.loc[name, "accuracy_sd"] == pytest.approx(np.std(scores, ddof=1))


def test_times_and_sizes_are_measured(comparison, digits):
    assert (comparison.fold_scores[["fit_seconds", "predict_seconds_per_1000"]] > 0).all(axis=None)
    X, y = digits
    train = comparison.predictions.query("fold != 0")["row"].sort_values()
    fitted = GaussianNB().fit(X[train], y[train])
    size = comparison.fold_scores.query("model == 'bayes' and fold == 0")["size_bytes"].item()
    assert size == len(pickle.dumps(fitted, protocol=pickle.HIGHEST_PROTOCOL))


def test_a_model_without_probabilities_has_no_log_loss(comparison):
    assert comparison.table["log_loss"].isna().to_dict() == {
        "svm": True,
        "knn": False,
        "bayes": False,
    }


def test_differences_are_the_corrected_test_of_the_best_against_each(comparison):
    scores = comparison.fold_scores.pivot(index="fold", columns="model", values="accuracy")
    assert comparison.differences.index.tolist() == comparison.table.index[1:].tolist()
    expected = corrected_t_test(scores[comparison.best] - scores["bayes"], n_train=200, n_test=100)
    ours = comparison.differences.loc["bayes", list(expected._fields)].astype(float)
    np.testing.assert_allclose(ours, expected)
    assert (comparison.differences["best"] == comparison.best).all()


def test_two_equal_models_do_not_differ(digits):
    comparison = compare_models({"a": GaussianNB(), "b": GaussianNB()}, *digits, cv=3)
    assert comparison.differences.loc["b", ["mean_difference", "t", "p_value"]].tolist() == [
        0,
        0,
        1,
    ]
    assert "a and b cannot be told apart" in comparison.describe()


def test_predictions_are_those_of_cross_val_predict(comparison, digits):
    predictions = comparison.predictions.sort_values("row")
    oracle = cross_val_predict(KNeighborsClassifier(3), *digits, cv=FOLDS)
    assert predictions["row"].tolist() == list(range(300))
    np.testing.assert_array_equal(predictions["knn"], oracle)
    np.testing.assert_array_equal(predictions["true_label"], digits[1])


def test_reports_and_matrices_are_scikit_learns(comparison, digits):
    predicted = cross_val_predict(KNeighborsClassifier(3), *digits, cv=FOLDS)
    report = classification_report(digits[1], predicted, digits=3)
    assert comparison.classification_report("knn", digits=3) == report
    matrix = comparison.confusion_matrix("knn")
    np.testing.assert_array_equal(matrix, confusion_matrix(digits[1], predicted))
    assert matrix.index.tolist() == matrix.columns.tolist() == list(range(10))
    assert matrix.index.name == "true"
    assert comparison.confusion_matrix("knn", normalize="true").sum(axis=1).round(6).eq(1).all()


def test_an_unknown_model_has_no_report(comparison):
    with pytest.raises(ValueError, match="has no model 'tree', it has: bayes, svm, knn"):
        comparison.classification_report("tree")


def test_a_label_that_is_never_predicted_is_no_warning(digits):
    comparison = compare_models([DummyClassifier()], *digits, cv=2)
    assert "0.00" in comparison.classification_report("dummyclassifier")


def test_repeated_folds_predict_a_row_each_time(digits):
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    predictions = compare_models([GaussianNB()], *digits, cv=folds).predictions
    assert (predictions["row"].value_counts() == 2).all()
    assert predictions["fold"].nunique() == 6


def test_rows_that_are_never_tested_are_not_predicted(digits):
    folds = ShuffleSplit(n_splits=2, test_size=20, random_state=0)
    predictions = compare_models([GaussianNB()], *digits, cv=folds).predictions
    tested = np.concatenate([test for _, test in folds.split(digits[0])])
    np.testing.assert_array_equal(predictions["row"], tested)


@pytest.mark.parametrize("as_mask", [False, True])
def test_a_fixed_split_has_no_deviation_and_no_test(digits, as_mask):
    X, y = digits
    train = np.arange(300) < 200
    split = (train, ~train) if as_mask else (np.arange(200), np.arange(200, 300))
    comparison = compare_models([GaussianNB(), KNeighborsClassifier()], X, y, cv=[split])
    accuracy = GaussianNB().fit(X[:200], y[:200]).score(X[200:], y[200:])
    assert comparison.table.loc["gaussiannb", "accuracy"] == pytest.approx(accuracy)
    assert comparison.table["accuracy_sd"].isna().all()
    assert comparison.differences[["ci_low", "ci_high", "t", "p_value"]].isna().all(axis=None)
    assert "–" in repr(comparison)
    assert "one split" in comparison.describe()


@pytest.mark.parametrize("cv", [3, GroupKFold(3)])
def test_groups_are_never_divided(digits, cv):
    groups = np.arange(300) // 5
    predictions = compare_models(
        [GaussianNB()], *digits, groups=groups, cv=cv, random_state=0
    ).predictions
    assert (predictions.groupby(groups[predictions["row"]])["fold"].nunique() == 1).all()


def test_the_same_seed_gives_the_same_bits(digits):
    models = {
        "forest": RandomForestClassifier(3),
        "pipeline": make_pipeline(StandardScaler(), DecisionTreeClassifier(max_features=3)),
    }
    first, second, other = (
        compare_models(models, *digits, cv=2, random_state=seed) for seed in (7, 7, 8)
    )
    pd.testing.assert_frame_equal(first.predictions, second.predictions)
    pd.testing.assert_frame_equal(first.fold_scores[SCORES], second.fold_scores[SCORES])
    assert not first.predictions.equals(other.predictions)


def test_a_fold_can_be_repeated_by_hand_from_its_seed(digits):
    X, y = digits
    forest = RandomForestClassifier(3)
    comparison = compare_models({"forest": forest}, X, y, cv=3, random_state=0)
    seed = int(comparison.fold_scores["seed"][1])
    train, test = list(FOLDS.split(X, y))[1]
    by_hand = clone(forest).set_params(random_state=seed).fit(X[train], y[train]).predict(X[test])
    np.testing.assert_array_equal(comparison.predictions.query("fold == 1")["forest"], by_hand)


def test_a_random_state_of_ones_own_is_kept_and_the_estimators_stay_as_they_were(digits):
    forest, tree = RandomForestClassifier(3, random_state=5), DecisionTreeClassifier()
    comparison = compare_models({"forest": forest, "tree": tree}, *digits, cv=3, random_state=0)
    oracle = cross_val_predict(forest, *digits, cv=FOLDS)
    ours = comparison.predictions.sort_values("row")["forest"]
    np.testing.assert_array_equal(ours, oracle)
    assert tree.random_state is None
    assert not hasattr(tree, "tree_")


def test_without_a_seed_nothing_is_seeded(digits):
    comparison = compare_models([Perceptron(random_state=None)], *digits, cv=2)
    assert comparison.fold_scores["seed"].isna().all()


@pytest.mark.slow
def test_two_processes_find_what_one_finds(digits):
    models = [RandomForestClassifier(3), GaussianNB()]
    one, two = (
        compare_models(models, *digits, cv=3, random_state=0, n_jobs=n_jobs) for n_jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one.predictions, two.predictions)
    pd.testing.assert_frame_equal(one.fold_scores[SCORES], two.fold_scores[SCORES])


def as_words(y):
    return np.array(["zero", "one", "two", "three", "four", *"56789"])[y]


@pytest.mark.parametrize(
    "convert",
    [as_words, list, pd.Series, lambda y: pd.Series(as_words(y), index=range(300, 0, -1)), np.int8],
    ids=["strings", "list", "series", "series of strings", "int8"],
)
def test_any_labels_give_the_same_accuracy(comparison, digits, convert):
    X, y = digits
    other = compare_models([GaussianNB()], X, convert(y), cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["bayes", "accuracy"]
    assert set(other.predictions["gaussiannb"]) <= set(convert(y))
    json.loads(other.to_json())


def test_booleans_are_labels(digits):
    X, y = digits
    comparison = compare_models([GaussianNB()], X, y == 3, cv=2)
    assert comparison.confusion_matrix("gaussiannb").index.tolist() == [False, True]
    assert json.loads(comparison.to_json())["labels"] == [False, True]


def flatten(images):
    return np.asarray(images).reshape(len(images), -1)


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: pd.DataFrame(X).set_index(np.arange(300)[::-1]),
        lambda X: X.reshape(-1, 8, 8),
        lambda X: X.reshape(-1, 1, 8, 8),
        lambda X: X.tolist(),
    ],
    ids=["frame", "3-D", "4-D", "list"],
)
def test_any_form_of_the_data_gives_the_same_scores(comparison, digits, convert):
    X, y = digits
    model = make_pipeline(FunctionTransformer(flatten), GaussianNB())
    other = compare_models({"bayes": model}, convert(X), y, cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["bayes", "accuracy"]


def test_polars_frames_are_data(comparison, digits):
    polars = pytest.importorskip("polars")
    X, y = digits
    other = compare_models([GaussianNB()], polars.DataFrame(X), y, cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["bayes", "accuracy"]


@pytest.mark.parametrize("form", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_sparse_data_give_the_same_scores(comparison, digits, form):
    X, y = digits
    other = compare_models([KNeighborsClassifier(3)], form(X), y, cv=3, random_state=0)
    assert other.table["accuracy"].item() == comparison.table.loc["knn", "accuracy"]


def test_a_list_is_named_as_make_pipeline_names_its_steps(digits):
    models = [GaussianNB(), DummyClassifier(), GaussianNB()]
    steps = [name for name, _ in make_pipeline(*models).steps]
    names = compare_models(models, *digits, cv=2).fold_scores["model"].unique()
    assert names.tolist() == steps


def test_pairs_are_named_as_they_say(digits):
    comparison = compare_models([("a", GaussianNB()), ("b", DummyClassifier())], *digits, cv=2)
    assert comparison.table.index.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("estimators", "error", "message"),
    [
        ([], ValueError, "expects at least one estimator, got none"),
        ({}, ValueError, "expects at least one estimator, got none"),
        ([("a", SVC()), ("a", SVC())], ValueError, "expects distinct names, got 'a' twice"),
        ({"a": LinearRegression()}, TypeError, "a classifier for 'a', got a LinearRegression"),
        ({"a": StandardScaler()}, TypeError, "a classifier for 'a', got a StandardScaler"),
        ({"a": SVC}, TypeError, r"for 'a', got the class itself: write SVC\(\)"),
        ({"a": "svm"}, TypeError, "expects a classifier for 'a', got a str"),
        ({"a": None}, TypeError, "expects a classifier for 'a', got a NoneType"),
        ({1: SVC()}, TypeError, "names that are non-empty strings, got 1"),
        ({" ": SVC()}, TypeError, "names that are non-empty strings, got ' '"),
        ({"fold": SVC()}, ValueError, "cannot call a model 'fold'"),
        (SVC(), TypeError, "expects a dict or a list of estimators, got an SVC: put it in a list"),
        ("svm", TypeError, "expects a dict or a list of estimators, got a str"),
        ([("a", SVC()), SVC()], TypeError, "names for all of the estimators or for none"),
    ],
)
def test_what_is_no_classifier_is_refused_before_any_fit(digits, estimators, error, message):
    with pytest.raises(error, match=message):
        compare_models(estimators, *digits)


@pytest.mark.parametrize(
    ("y", "cv", "error", "message"),
    [
        ([None] * 300, 3, ValueError, "expects a label for every row, got missing values in y"),
        (np.arange(300) + 0.5, 3, ValueError, "Unknown label type: continuous"),
        (np.arange(200) % 2, 3, ValueError, "inconsistent numbers of samples"),
        (np.arange(300) % 2, 1, ValueError, "n_splits=2 or more, got n_splits=1"),
        (np.arange(300) % 2, None, TypeError, "cv as a number, splitter or iterable, got None"),
        (np.arange(300) % 2, [], ValueError, "expects at least one .* split in cv, got none"),
        (np.arange(300) % 2, [([0], [300])], ValueError, "row numbers from 0 to 299"),
        (np.arange(300) % 2, [([0], [-1])], ValueError, "row numbers from 0 to 299"),
        (np.arange(300) % 2, [([0], [])], ValueError, "row numbers from 0 to 299"),
        (np.arange(300) % 2, [([0.5], [1.5])], ValueError, "row numbers from 0 to 299"),
    ],
)
def test_labels_and_folds_that_cannot_be_are_refused(digits, y, cv, error, message):
    with pytest.raises(error, match=message):
        compare_models([GaussianNB()], digits[0], y, cv=cv)


def test_a_failing_model_is_named_with_its_fold_and_cause(digits):
    Failing.n_fits = 0
    with pytest.raises(RuntimeError, match=r"^Model 'bad' failed on fold 1: no more$") as caught:
        compare_models({"good": GaussianNB(), "bad": Failing()}, *digits, cv=3)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_on_result_hears_of_every_fit_once(digits):
    heard = []
    comparison = compare_models(
        [GaussianNB(), DummyClassifier()],
        *digits,
        cv=3,
        on_result=lambda name, fold, scores: heard.append((name, fold, scores["accuracy"])),
    )
    told = comparison.fold_scores[["model", "fold", "accuracy"]].itertuples(index=False, name=None)
    assert sorted(heard) == sorted(told)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_on_result_raises_ends_the_comparison(digits, n_jobs):
    def stop(name, fold, scores):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        compare_models([GaussianNB()], *digits, n_jobs=n_jobs, on_result=stop)


def test_the_log_loss_of_a_label_that_was_never_trained_on_is_large_and_finite(digits):
    X, y = digits
    split = (np.flatnonzero(y != 3), np.flatnonzero(y == 3))
    comparison = compare_models([GaussianNB()], X, y, cv=[split])
    assert 10 < comparison.table["log_loss"].item() < np.inf


def test_a_model_that_cannot_be_pickled_has_no_size(digits):
    model = make_pipeline(FunctionTransformer(lambda X: X), GaussianNB())
    comparison = compare_models({"lambda": model}, *digits, cv=2)
    assert comparison.table["size_bytes"].isna().all()
    assert comparison.table["accuracy"].item() > 0.5


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


def test_no_kinds_of_corruption_are_refused_before_the_work(digits):
    with pytest.raises(ValueError, match='expects kinds of corruption, "all" or None, got none'):
        compare_models([GaussianNB()], *digits, cv=2, corruptions=[])


class NotFinite(GaussianNB):
    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), np.nan)


def test_probabilities_that_are_not_finite_are_none(digits):
    comparison = compare_models({"bayes": NotFinite()}, *digits, cv=2)
    assert comparison.fold_scores["log_loss"].isna().all()
    assert comparison.probabilities == {}
    assert comparison.table.loc["bayes", "accuracy"] > 0.5


def test_without_probabilities_margins_order_the_mistakes_of_a_comparison(digits):
    X, y = digits
    folds = [(np.arange(200), np.arange(200, 300)), (np.arange(100, 300), np.arange(100))]
    comparison = compare_models({"svm": SVC(C=0.05)}, X, y, cv=folds)
    predicted = of_comparison(comparison, "svm", who="test")
    for fold, (train, test) in enumerate(folds):
        svm = SVC(C=0.05).fit(X[train], y[train])
        expected = measure_certainty(svm, X[test], svm.predict(X[test]))
        of_fold = (comparison.predictions["fold"] == fold).to_numpy()
        np.testing.assert_allclose(predicted.certainty[of_fold], expected)


def test_how_sure_a_model_is_is_the_probability_of_what_it_said(digits):
    X, y = digits
    model = FixedThresholdClassifier(
        LogisticRegression(C=1e-3, max_iter=500), threshold=0.1, response_method="predict_proba"
    )
    comparison = compare_models({"low": model}, X / 16, y == 8, cv=3, random_state=0)
    predicted = of_comparison(comparison, "low", who="test")
    table = comparison.probabilities["low"]
    expected = np.where(predicted.predicted, table[True], table[False])
    np.testing.assert_array_equal(predicted.probability, expected)
    assert predicted.probability.min() < 0.5
    fitted = model.fit(X / 16, y == 8)
    one = of_estimator(fitted, X / 16, y == 8)
    proba = fitted.predict_proba(X / 16)
    np.testing.assert_array_equal(
        one.probability, np.where(one.predicted, proba[:, 1], proba[:, 0])
    )
    two = of_predictions(y == 8, one.predicted, X, proba)
    np.testing.assert_array_equal(two.probability, one.probability)


def test_labels_of_another_type_than_the_models_are_refused(digits):
    X, y = digits
    model = GaussianNB().fit(X, y)
    with pytest.raises(ValueError, match="Mix of label input types"):
        of_estimator(model, X, y.astype(str))


class Network(DummyClassifier):
    """What explains its pixels is taken for a network."""

    n_rows = []

    def fit(self, X, y):
        self.n_rows.append(len(X))
        return super().fit(X, y)

    def attribute(self, X):
        return np.zeros((len(X), 8, 8))


def test_what_a_networks_first_fit_imports_is_not_timed(digits):
    for _ in range(2):
        compare_models([make_pipeline(StandardScaler(), Network())], *digits, cv=3)
    assert Network.n_rows == [30, *[200] * 6]


def test_what_is_not_timed_draws_nothing_from_the_callers_random_state(digits, monkeypatch):
    monkeypatch.setattr("skdigits.evaluation._measuring._WARM", set())
    models = {"ann": ANNClassifier((4,), max_iter=1)}
    scores = []
    for _ in range(2):  # of which only the first warms up
        np.random.seed(0)  # noqa: NPY002  (the global state is the point)
        comparison = compare_models(models, *digits, cv=2, random_state=None)
        scores.append(comparison.table["log_loss"].tolist())
    assert scores[0] == scores[1]


def test_what_searches_chose_on_each_fold_is_kept(digits):
    """In a Pipeline too; by hand, a search of the training rows of each fold."""
    X, y = digits
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 30]}, cv=2)
    models = {
        "bayes": GaussianNB(),
        "search": search,
        "pipeline": make_pipeline(StandardScaler(), search),
    }
    comparison = compare_models(models, X, y, cv=FOLDS, n_jobs=2)
    tuning = comparison.tuning
    assert list(tuning["model"]) == ["search"] * 3 + ["pipeline"] * 3
    assert list(tuning["fold"]) == [0, 1, 2] * 2
    for chosen, (train, _) in zip(tuning.itertuples(), FOLDS.split(X, y), strict=False):
        expected = clone(search).fit(X[train], y[train])
        assert chosen.parameters == expected.best_params_
        assert chosen.inner_score == expected.best_score_
    assert comparison.to_dict()["tuning"][0]["parameters"] == {"n_neighbors": 1}


def test_a_comparison_without_searches_has_no_tuning(comparison):
    assert comparison.tuning is None
    assert comparison.to_dict()["tuning"] == []

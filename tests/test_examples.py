"""Every example runs, and says what its docstring promises."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

from skdigits import list_pretrained, load_pretrained

EXAMPLES = Path(__file__).parents[1] / "examples"
IS_1_8 = parse_version(sklearn.__version__) >= parse_version("1.8")
IS_1_9 = parse_version(sklearn.__version__) >= parse_version("1.9")


def run(name):
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tested():
    tested = {
        *("pipeline.py", "grid_search.py", "cross_validation.py", "meta_estimators.py"),
        *(
            "own_handwriting.py",
            "plot_what_matters.py",
            "ablation.py",
            "plot_robustness.py",
            "plot_mistakes.py",
            "plot_training_curves.py",
            "plot_compare_models.py",
            "plot_trust.py",
            "plot_learning_curves.py",
            "plot_what_it_sees.py",
            "plot_pictures_as_rows.py",
            "plot_augmentation.py",
            "plot_read_a_page.py",
            "plot_search.py",
        ),
        "out_of_core.py",
    }
    of_data_sets = {"recipes.py", "pretrained.py"}
    tested |= {"serve.py"}  # in test_serve.py
    tested |= {"cluster.py", "optuna_search.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == tested | of_data_sets


@pytest.mark.slow
def test_pipeline():
    out = run("pipeline.py")
    assert float(out.split("others: ")[1].split()[0]) > 0.97


@pytest.mark.slow
def test_grid_search():
    out = run("grid_search.py")
    rows = out.splitlines()
    assert rows[1].split()[0] == "CNNClassifier"
    assert sum(row.split()[0] == "ANNClassifier" for row in rows[1:5]) == 2


@pytest.mark.slow
def test_cross_validation():
    out = run("cross_validation.py")
    assert "macro avg" in out
    assert int(out.splitlines()[-1].split()[0]) < 40


@pytest.mark.slow
@pytest.mark.skipif(not IS_1_8, reason="temperature scaling came with scikit-learn 1.8")
def test_meta_estimators():
    lines = run("meta_estimators.py").splitlines()
    accuracies = [float(line.split("accuracy ")[1]) for line in lines if "accuracy" in line]
    assert len(accuracies) == 4
    assert min(accuracies) > 0.95


@pytest.mark.parametrize("name", ["mnist-cnn", "mnist-ann", "fashion-mnist-cnn"])
def test_recipes_train_on_what_they_are_for(name, mnist_like):
    X, y = mnist_like
    recipe = runpy.run_path(str(EXAMPLES / "recipes.py"))["RECIPES"][name](random_state=0)
    model = recipe.set_params(max_iter=2).fit(X, y)
    assert model.predict(X).shape == y.shape
    n_weights = sum(weight.numel() for weight in model.net_.module_.parameters())
    assert n_weights < (2_000_000 if name == "mnist-ann" else 300_000)


@pytest.mark.slow
def test_own_handwriting():
    first, second, alone = (
        float(line.split()[-1].rstrip("%")) for line in run("own_handwriting.py").splitlines()
    )
    assert second > first + 1
    assert second > alone


@pytest.mark.parametrize("name", list_pretrained())
def test_a_pretrained_net_is_the_one_of_its_script(name):
    recipes = runpy.run_path(str(EXAMPLES / "pretrained.py"))["RECIPES"]
    assert repr(load_pretrained(name)) == repr(recipes[name](random_state=0))


@pytest.mark.slow
def test_plot_what_matters():
    lines = run("plot_what_matters.py").splitlines()
    best = float(lines[0].split(": ")[1].rstrip("%"))
    assert best > 95
    assert lines[3].startswith("ann__hidden_layer_sizes ")
    shares = dict(line.rsplit(maxsplit=1) for line in lines[lines.index("step") + 1 :])
    assert float(shares["ann"]) > 5 * float(shares["images"])


@pytest.mark.slow
def test_out_of_core():
    by_pandas, by_polars = (line.split(": ")[1] for line in run("out_of_core.py").splitlines())
    assert by_pandas == by_polars
    assert float(by_polars.split()[-1]) > 0.97


@pytest.fixture
def ablation():
    return runpy.run_path(str(EXAMPLES / "ablation.py"))["main"]


@pytest.mark.slow
def test_ablation(ablation, tmp_path, capsys):
    ablation(["--models", "ann", "--seeds", "1", "--output", str(tmp_path)])
    out = capsys.readouterr().out
    assert out.count("/12  ann") == 12
    assert "normalised" in out.split("difference to the default")[1]
    assert (tmp_path / "ablation-digits.png").stat().st_size > 10_000


def test_an_ablation_that_is_stopped_reports_what_it_has(ablation, tmp_path, capsys, monkeypatch):
    accuracies = iter([98.0, 95.0, 97.0])

    def measure(*arguments):
        try:
            return next(accuracies)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setitem(ablation.__globals__, "measure", measure)
    ablation(["--output", str(tmp_path)])
    out, err = capsys.readouterr()
    assert "Stopped" in err
    table = out.split("difference to the default")[1]
    rows = [line.split() for line in table.splitlines() if "images:" in line]
    assert [row[-2] for row in rows] == ["-3.0", "-1.0"]
    assert len((tmp_path / "ablation-digits.csv").read_text().splitlines()) == 4
    assert (tmp_path / "ablation-digits.png").exists()


@pytest.mark.slow
def test_plot_robustness():
    lines = run("plot_robustness.py").splitlines()
    errors = {line.split()[0]: float(line.split()[-1]) for line in lines[-3:]}
    assert errors.keys() == {"cnn", "svm", "knn"}
    assert errors["knn"] == 1 > errors["cnn"]


@pytest.mark.slow
def test_plot_mistakes():
    lines = run("plot_mistakes.py").splitlines()
    bayes, ann = (int(line.split()[1]) for line in lines)
    assert bayes > 200 > 60 > ann


@pytest.mark.slow
@pytest.mark.skipif(not IS_1_9, reason="ScoringMonitor came with scikit-learn 1.9")
def test_plot_training_curves():
    lines = run("plot_training_curves.py").splitlines()
    assert sum("validation" in line for line in lines) == 5
    assert lines[5].startswith("best: {'learning_rate_init': 0.")
    accuracies = [float(line.split()[-1]) for line in lines[-4:]]
    assert accuracies[0] < 0.9 < 0.97 < min(accuracies[2:])


@pytest.mark.slow
def test_plot_compare_models():
    lines = run("plot_compare_models.py").splitlines()
    assert lines[0] == "ModelComparison: 5 models, 8 folds"
    assert any(" beats logistic by " in line for line in lines)
    assert lines[-1].split()[0] == "logistic"
    assert float(lines[-1].split()[-1]) < 0.05


@pytest.mark.slow
@pytest.mark.skipif(not IS_1_8, reason="temperature scaling came with scikit-learn 1.8")
def test_plot_trust():
    lines = run("plot_trust.py").splitlines()
    before, after = (float(line.split()[-1]) for line in lines[1:3])
    assert after < 0.5 * before
    n_found, n_changed = (int(lines[-1].split()[position]) for position in (0, 3))
    assert 25 < n_changed <= n_found < 45


@pytest.mark.slow
def test_plot_learning_curves():
    lines = run("plot_learning_curves.py").splitlines()
    accuracy = {line.split()[0]: [float(x[:-1]) for x in line.split()[1:]] for line in lines}
    assert list(accuracy) == ["cnn", "ann", "svm", "forest"]
    assert all(curve[-1] > curve[0] + 9 for curve in accuracy.values())


@pytest.mark.slow
def test_plot_what_it_sees():
    lines = run("plot_what_it_sees.py").splitlines()
    assert [line.split()[0] for line in lines] == ["cnn", "ann", "svm"]
    assert all(float(line.split()[1].rstrip("%")) > 97 for line in lines)


@pytest.mark.slow
def test_plot_pictures_as_rows():
    _, *lines = run("plot_pictures_as_rows.py").splitlines()
    written, shuffled = (
        {line.split()[0]: float(line.split()[column].rstrip("%")) for line in lines}
        for column in (1, 2)
    )
    assert written["svm"] == shuffled["svm"]
    assert min(written.values()) > 97
    assert shuffled["cnn"] < written["cnn"] - 0.5


@pytest.mark.slow
def test_plot_augmentation():
    errors = {
        line.split()[0]: [float(part) for part in line.split()[1:] if part != "%"]
        for line in run("plot_augmentation.py").splitlines()
    }
    assert list(errors) == ["None", "light", "strong"]
    assert errors["strong"][0] < errors["light"][0] < errors["None"][0]
    assert all(many < few / 2 for few, _, many in errors.values())


@pytest.mark.slow
def test_plot_read_a_page():
    lines = run("plot_read_a_page.py").splitlines()
    assert [len(line) for line in lines[:4]] == [6] * 4
    wrong, wrong_with_rejects = (int(line.split(": ")[1].split()[0]) for line in lines[4:6])
    assert wrong_with_rejects <= wrong <= 5


@pytest.mark.slow
def test_plot_search():
    best, accuracy, _, together = run("plot_search.py").splitlines()
    assert best.startswith("best of 42: {'alpha': 0")
    assert float(accuracy.split("%")[0]) > 98
    assert together.split()[1] == "42"


@pytest.mark.slow
def test_cluster():
    pytest.importorskip("distributed")
    *done, best, _, first, _, _ = run("cluster.py").splitlines()
    assert len(done) == 9
    assert best.startswith("best: {'hidden_layer_sizes': ")
    assert float(first.split()[1].rstrip("%")) > 97


@pytest.mark.slow
def test_optuna_search():
    pytest.importorskip("optuna_integration")
    searched, pruned, best = run("optuna_search.py").splitlines()
    assert searched.startswith("best of 10: {'net__")
    assert float(searched.split()[-1].rstrip("%")) > 96
    n_pruned, n_trials, n_epochs = (int(pruned.split()[position]) for position in (1, 3, 5))
    assert 0 < n_pruned < n_trials
    assert n_epochs < 130
    assert float(best.split()[-1].rstrip("%")) > 97

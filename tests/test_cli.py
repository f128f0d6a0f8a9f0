"""The command line as a user runs it: output, exit status, interruption."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from skdigits import corrupt, datasets
from skdigits.app import _compare, _models
from skdigits.app.cli import main
from skdigits.evaluation._corruptions import KINDS

QUICK = ["compare", "--models", "knn,logistic", "--cv", "2", "--n-jobs", "1"]


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture
def no_pictures(monkeypatch):
    """Spare a second a test."""
    monkeypatch.setattr("skdigits.evaluation._results.find_spec", lambda name: None)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skdigits.evaluation._results.find_spec", lambda name: None)
        folder = tmp_path_factory.mktemp("out")
        return run(*QUICK, "--out", folder), folder


def test_compare_prints_table_differences_reports_and_files(printed):
    result, folder = printed
    assert (result.exit_code, result.stderr) == (0, "")
    X, y = load_digits(return_X_y=True)
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    accuracy = cross_val_score(_models.make_models(["knn"], n_rows=900)["knn"], X, y, cv=folds)
    assert f"{accuracy.mean():.4f}" in result.output
    assert "knn beats logistic by" in result.output
    assert result.output.count("weighted avg") == 2
    assert f"Written to {folder}:" in result.output
    assert 'pip install "skdigits[plot]"' in result.output


def test_what_is_printed_in_a_pipe_is_plain_and_fits_eighty_columns(printed):
    result, folder = printed
    lines = result.output.replace(str(folder), "").replace("[plot]", "").splitlines()
    assert "\x1b" not in result.output
    assert max(map(len, lines)) <= 80


def test_compare_saves_what_it_printed(printed):
    _, folder = printed
    assert {path.name for path in folder.iterdir()} == {
        "comparison.csv",
        "folds.csv",
        "differences.csv",
        "predictions.csv",
        "comparison.json",
        "reports.txt",
    }
    assert len(pd.read_csv(folder / "folds.csv")) == 4


@pytest.mark.usefixtures("no_pictures")
def test_json_is_all_there_is_on_stdout(tmp_path, printed):
    result = run(*QUICK, "--json", "--out", tmp_path)
    data = json.loads(result.stdout)
    assert [model["model"] for model in data["models"]] == ["knn", "logistic"]
    assert result.stderr == ""
    before = json.loads((printed[1] / "comparison.json").read_text(encoding="utf-8"))
    assert [model["accuracy"] for model in data["models"]] == [
        model["accuracy"] for model in before["models"]
    ]


def fetch_digits(*, subset, data_home, return_X_y):
    """Stand in for another fetcher: 1,000 training and 797 test images of 8x8 pixels."""
    part = np.s_[:1000] if subset == "train" else np.s_[1000:]
    return tuple(values[part] for values in load_digits(return_X_y=True))


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_a_data_set_takes_its_own_split(tmp_path, monkeypatch, name):
    monkeypatch.setattr(datasets, f"fetch_{name.replace('-', '_')}", fetch_digits)
    arguments = ["--data", name, "--models", "knn", "--n-jobs", 1, "--out", tmp_path]
    result = run("compare", *arguments)
    assert result.exit_code == 0
    assert "1 model, one split" in result.output
    assert pd.read_csv(tmp_path / "predictions.csv")["row"].tolist() == list(range(1000, 1797))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "knn,cn"], "unknown model 'cn', choose from ann, cnn, logistic, knn, svm"),
        (["--models", ","], "no model named, choose from ann"),
        (["--cv", "1"], "Invalid value for '--cv': 1 is not in the range"),
        (["--n-jobs", "0"], "0 processes can do nothing"),
        (["--data", "letters"], "'letters' is not one of"),
        (["--data", "mnist", "--cv", "3"], "--cv is for the digits, mnist has its own split"),
        (["--data", "mnist", "--data-home", "nowhere"], "fetch_mnist misses train-images"),
        (["--out", "file"], "Directory 'file' is a file"),
        (["--out", "file/folder"], "cannot make the folder file/folder"),
        (["--models", "knn", "--cv", "999"], "--cv 999 is too many folds"),
        (["--models", "knn", "--out", ""], "an empty name is no folder"),
        (["--data-home", "somewhere"], "--data-home is for other data sets"),
        (["--cvs", "3"], "No such option"),
    ],
)
def test_bad_input_ends_with_status_two_and_one_sentence(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pooch", None)  # nothing is downloaded
    (tmp_path / "file").touch()
    result = run("compare", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr


def test_a_model_that_fails_ends_with_its_name_and_status_one(tmp_path, monkeypatch):
    monkeypatch.setitem(_models._MAKERS, "knn", lambda n_rows: KNeighborsClassifier(-1))
    result = run(*QUICK, "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Model 'knn' failed on fold 0: ")
    assert "Traceback" not in result.output


def test_an_interrupt_ends_with_status_130(tmp_path, monkeypatch):
    class Interrupting(KNeighborsClassifier):
        def fit(self, X, y):
            signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setitem(_models._MAKERS, "knn", lambda n_rows: Interrupting())
    result = run(*QUICK, "--out", tmp_path)
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_passes_models_that_swallow_it(tmp_path, monkeypatch):
    class Swallowing(KNeighborsClassifier):
        """As MLPClassifier and skorch do."""

        def fit(self, X, y):
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            return super().fit(X, y)

    monkeypatch.setitem(_models._MAKERS, "knn", lambda n_rows: Swallowing())
    assert run(*QUICK, "--out", tmp_path).exit_code == 130


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["compare", "--help"]])
def test_help_is_there(arguments):
    result = run(*arguments)
    assert result.exit_code == 0
    assert "compare" in result.output


def test_help_has_an_example_that_can_be_parsed():
    example = run("compare", "--help").output.partition("Example: skdigits ")[2].split()
    with main.make_context("skdigits", example) as context:
        assert context.info_name == "skdigits"
    parameters = main.commands["compare"].make_context("compare", example[1:]).params
    assert parameters["models"] == ["cnn", "svm", "knn"]


def test_help_names_every_model():
    text = run("compare", "--help").output
    assert ",".join(_models.MODEL_NAMES) in text


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_packages_the_command_names_the_extra(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from skdigits.app.cli import main"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == 'skdigits needs click and rich: pip install "skdigits[cli]"\n'


def test_help_imports_no_scikit_learn():
    code = (
        "import sys; from skdigits.app.cli import main; main(['--help'], standalone_mode=False); "
        "sys.exit(bool({'sklearn', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


def test_python_m_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "skdigits", "--help"], capture_output=True, text=True
    )
    assert done.stdout.startswith("Usage: python -m skdigits ")


def test_models_are_fresh_classifiers_in_the_order_asked_for():
    models = _models.make_models(["svm", "knn"], n_rows=1617)
    assert list(models) == ["svm", "knn"]
    assert _models.make_models(["svm"], n_rows=1617)["svm"] is not models["svm"]


def test_the_perceptron_stops_early_on_many_rows_only():
    few, many = (_models.make_models(["mlp"], n_rows=n)["mlp"][-1] for n in (1617, 60_000))
    assert (few.early_stopping, many.early_stopping) == (False, True)


def test_the_digits_are_floats_that_can_be_blurred():
    X, y, cv = _compare.load_data("digits", n_folds=5)
    assert (X.dtype, X.max(), len(y), cv) == (np.float32, 16, 1797, 5)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_into_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="cannot write into the folder"):
        _compare.prepare_folder(tmp_path)


def start(folder, *arguments):
    """Start the command as a process of its own and wait until it begins its fits."""
    process = subprocess.Popen(
        [sys.executable, "-m", "skdigits", "compare", "--out", folder, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # signals to its group reach its workers, as Ctrl-C does
    )
    wait_for(folder.exists, process)
    return process


def wait_for(condition, process):
    deadline = time.monotonic() + 60
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


def check_whole(path):
    """Fail unless the file has its end."""
    if path.suffix == ".csv":
        n_rows = {"comparison": [2], "folds": [20], "differences": [1], "predictions": [1797]}
        possible = n_rows.get(path.stem, range(1, 21))  # unfinished.csv has what there was
        assert len(pd.read_csv(path).dropna()) in possible
    elif path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".png":
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82")
    else:
        assert path.name == "reports.txt"
        assert path.read_text(encoding="utf-8").count("predicted") == 2


@pytest.mark.slow
@pytest.mark.parametrize("n_files", [0, 1, 4, 7])
def test_a_killed_process_leaves_whole_files_only(tmp_path, n_files):
    folder = tmp_path / "out"
    process = start(folder, "--models", "logistic,knn", "--n-jobs", "1")
    wait_for(lambda: len(final_files(folder)) >= n_files, process)
    process.kill()
    process.communicate()
    for path in final_files(folder):
        check_whole(path)


def final_files(folder):
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", ["1", "2"])
def test_ctrl_c_ends_it_at_once_and_without_noise(tmp_path, n_jobs):
    folder = tmp_path / "out"
    process = start(folder, "--models", "mlp,boosting", "--n-jobs", n_jobs)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout) == (130, "")
    *finished, last = stderr.splitlines()
    assert last == "Interrupted."
    assert len(finished) == len(list(folder.iterdir())) <= 1
    assert all(line.endswith(f"had ended are in {folder / 'unfinished.csv'}.") for line in finished)


def test_an_interrupt_keeps_what_was_finished(tmp_path, monkeypatch):
    class Interrupting(KNeighborsClassifier):
        n_fits = 0

        def fit(self, X, y):
            Interrupting.n_fits += 1
            if Interrupting.n_fits == 2:
                signal.raise_signal(signal.SIGINT)
            return super().fit(X, y)

    monkeypatch.setitem(_models._MAKERS, "knn", lambda n_rows: Interrupting())
    result = run(*QUICK, "--out", tmp_path)
    assert result.exit_code == 130
    path = tmp_path / "unfinished.csv"
    assert f"The scores of the 2 fits that had ended are in {path}." in result.stderr
    table = pd.read_csv(path)
    assert table[["model", "fold"]].to_numpy().tolist() == [["knn", 0], ["logistic", 0]]
    assert table["accuracy"].gt(0.9).all()


@pytest.mark.slow
def test_even_a_kill_leaves_what_was_finished(tmp_path):
    folder = tmp_path / "out"
    options = ("--models", "knn,mlp,boosting", "--quick", "--robustness", "--n-jobs", "1")
    process = start(folder, *options)
    for _ in range(300):
        time.sleep(0.2)
        if (folder / "unfinished.csv").exists():
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    table = pd.read_csv(folder / "unfinished.csv")
    assert table.loc[0, "model"] == "knn"
    assert 0 < table.loc[0, "shift_5"] < table.loc[0, "shift_1"] < 1


def test_nothing_unfinished_is_left_at_the_end(tmp_path, no_pictures):
    assert run(*QUICK, "--out", tmp_path).exit_code == 0
    assert not (tmp_path / "unfinished.csv").exists()


def test_every_severity_changes_the_digits_that_are_compared_on():
    X, _, _ = _compare.load_data("digits")
    for kind in KINDS:
        before = X
        for severity in range(1, 6):
            worse = corrupt(X, kind, severity, random_state=0)
            assert (worse != before).any(axis=1).mean() > 0.5, (kind, severity)
            before = worse


def test_robustness_is_measured_printed_and_saved(tmp_path):
    arguments = ["compare", "--models", "knn", "--quick", "--robustness", "--n-jobs", "1"]
    result = run(*arguments, "--out", tmp_path)
    assert result.exit_code == 0
    curve = pd.read_csv(tmp_path / "robustness.csv")
    assert len(curve) == 3 * (1 + 5 * len(KINDS))
    shift = 100 * curve.loc[curve["kind"] == "shift", "accuracy"].mean()
    assert f"\nshift      {shift:5.1f}\n" in result.output
    assert f"shift ({shift:.1f} %)" in result.output
    assert (tmp_path / "robustness.png").stat().st_size > 20_000
    data = json.loads((tmp_path / "comparison.json").read_text())
    assert len(data["robustness"]) == len(curve)


def test_quick_takes_three_folds_or_fewer_images(tmp_path, monkeypatch, no_pictures):
    result = run("compare", "--models", "knn", "--quick", "--out", tmp_path)
    assert "ModelComparison: 1 model, 3 folds" in result.output
    X, y = load_digits(return_X_y=True)
    many = np.resize(X, (7000, 64)), np.resize(y, 7000)
    monkeypatch.setattr(datasets, "fetch_mnist", lambda **options: many)
    ((train, test),) = _compare.load_data("mnist", quick=True)[2]
    assert (len(train), len(test), test[0]) == (6000, 1000, 7000)


def test_quick_and_another_number_of_folds_exclude_each_other(tmp_path):
    result = run("compare", "--quick", "--cv", "5", "--out", tmp_path)
    assert result.exit_code == 2
    assert "--quick takes three folds, --cv another number" in result.stderr


@pytest.mark.slow
def test_report_writes_the_page_with_the_robustness(tmp_path):
    result = run("compare", "--models", "knn,logistic", "--quick", "--report", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.search(r"knn is right on [\d.]+ % of worse images, the most", page)
    assert "skdigits compare --quick --models knn,logistic --seed 0 --report" in page
    assert "report.html" in result.output
    assert len(pd.read_csv(tmp_path / "robustness.csv")) == 2 * 3 * 61


def test_a_report_without_its_packages_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = run(*QUICK, "--report", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == (
        'Error: skdigits compare --report needs jinja2: pip install "skdigits[report]"\n'
    )
    assert not (tmp_path / "out").exists()

"""``skdigits train``, ``evaluate`` and ``predict`` as a user runs them."""

import datetime
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdigits import (
    ANNClassifier,
    CharacterNormalizer,
    ImageReshaper,
    datasets,
    expected_calibration_error,
    load_model,
    load_pretrained,
    save_model,
)
from skdigits.app import _labelled_data
from skdigits.app._data_table import DATA_SETS
from skdigits.app._labelled_data import load_labelled
from skdigits.app.cli import main

QUICK = ("--model", "ann", "--epochs", "5")
NAMES = {0: "nought", 1: "one", 7: "seven"}


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of three digits, dark on light paper, in folders with their names."""
    root = tmp_path_factory.mktemp("pictures")
    digits = load_digits()
    for digit, name in NAMES.items():
        (root / name).mkdir()
        for i, image in enumerate(digits.images[digits.target == digit][:12]):
            picture = Image.fromarray(np.uint8(230 - image * 12))
            picture.resize((40, 40), Image.Resampling.BICUBIC).save(root / name / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What training on the digits printed, and the file of the model."""
    out = tmp_path_factory.mktemp("out") / "small.safetensors"
    return run("train", "digits", *QUICK, "--out", out), out


@pytest.fixture(scope="module")
def of_folder(folder, tmp_path_factory):
    """What training on the folder printed, and the file of the model."""
    out = tmp_path_factory.mktemp("out") / "three.safetensors"
    return run("train", folder, "--model", "ann", "--epochs", "30", "--out", out), out


def test_train_writes_a_model_and_its_card_and_nothing_else(trained):
    result, out = trained
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in out.parent.iterdir()) == ["small.md", "small.safetensors"]
    assert repr(load_model(out)) == "ANNClassifier(max_iter=5, random_state=0)"
    assert result.stdout.splitlines()[-1] == f"Written: {out}, {out.with_suffix('.md')}"


def test_what_is_printed_is_measured_on_pictures_that_were_not_trained_on(trained):
    result, out = trained
    n_trained, percent, n_held_out = re.search(
        r"Trained on ([\d,]+) .*\nHeld out: ([\d.]+) % of (\d+) right", result.stdout
    ).groups()
    assert (n_trained, n_held_out) == ("1,293", "144")
    model = load_model(out)
    assert model.t_ == 5 * 1293
    data = load_labelled("digits", subset="train", who="test")
    assert len(data.labels) == 1437
    rows = data.pictures.reshape(len(data.labels), -1)
    n_right = np.sum(model.predict(rows) == data.labels)
    assert round(float(percent) / 100 * 144) < n_right


def test_the_card_says_data_recipe_accuracy_and_versions(trained):
    result, out = trained
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert card.startswith("# Model card: small\n")
    assert f"Made on {datetime.date.today().isoformat()} " in card
    assert "`skdigits train digits --model ann --epochs 5`" in card
    assert "ANNClassifier(max_iter=5, random_state=0)" in card
    rows = re.findall(r"^\| (\d) \| (\d+) \| (\d+) \|$", card, flags=re.MULTILINE)
    counts = np.bincount(load_digits().target[:1437])
    assert [int(label) for label, *_ in rows] == list(range(10))
    assert [int(n) + int(n_held_out) for _, n, n_held_out in rows] == counts.tolist()
    printed = result.stdout.split("Held out: ")[1].split(", expected")[0]
    assert f"- {printed}" in card
    assert re.search(r"expected calibration error 0\.\d{4}", card)
    assert "scikit-learn " in card.split("## Versions")[1]
    assert str(out.parent) not in card


def test_the_same_seed_trains_the_same_model(trained, tmp_path):
    _, out = trained
    run("train", "digits", *QUICK, "--out", tmp_path / "again.safetensors")
    X = load_digits().data
    again = load_model(tmp_path / "again.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X), load_model(out).predict_proba(X))


def test_a_folder_of_pictures_has_a_normalizer_in_front_and_text_as_labels(of_folder, folder):
    result, out = of_folder
    assert result.exit_code == 0, result.output
    assert "Held out: 100.00 % of 4 right" in result.stdout
    model = load_model(out)
    assert isinstance(model[0], CharacterNormalizer)
    assert model.classes_.tolist() == sorted(NAMES.values())
    assert f"pictures of {folder.name}" in out.with_suffix(".md").read_text(encoding="utf-8")


def test_normalize_puts_a_normalizer_before_a_data_set_too(tmp_path, monkeypatch):
    monkeypatch.setattr(_labelled_data, "_N_DIGITS_TRAIN", 200)
    out = tmp_path / "photos.safetensors"
    run("train", "digits", *QUICK, "--epochs", "1", "--normalize", "--out", out)
    assert load_model(out).predict([np.zeros((90, 70), dtype=np.uint8)]).shape == (1,)
    assert "--normalize" in out.with_suffix(".md").read_text(encoding="utf-8")


def test_options_reach_the_network(tmp_path):
    out = tmp_path / "cnn.safetensors"
    options = ["--epochs", "1", "--augment", "light", "--seed", "3", "--hold-out", "0"]
    result = run("train", "digits", *options, "--out", out)
    expected = "CNNClassifier(augment='light', max_iter=1, random_state=3)"
    assert repr(load_model(out)) == expected
    assert load_model(out).t_ == 1437
    assert "Nothing was held out" in result.stdout
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert "Nothing was held out" in card
    assert "1,437 to train on, 0 held out" in card


def test_a_trained_model_goes_on_learning(trained, tmp_path):
    _, before = trained
    out = tmp_path / "more.safetensors"
    result = run("train", "digits", "--start-from", before, "--epochs", "3", "--out", out)
    assert result.exit_code == 0, result.output
    model = load_model(out)
    assert model.t_ == 8 * 1293
    assert model.loss_curve_[-1] < model.loss_curve_[4]
    card = out.with_suffix(".md").read_text()
    assert "went on from the model small, which may have been trained on some of these" in card
    assert "then 3 passes over the pictures to train on, whatever `max_iter` says" in card
    assert "On the pictures held out; too good if small was trained on them before:" in card


def test_training_goes_on_in_the_range_that_a_model_knows(tmp_path):
    X, y = load_digits(return_X_y=True)
    net = ANNClassifier((32,), max_iter=20, random_state=0).fit(X[:1400] / 16, y[:1400])
    before, out = tmp_path / "before.safetensors", tmp_path / "after.safetensors"
    save_model(net, before)
    result = run("train", "digits", "--start-from", before, "--epochs", "1", "--out", out)
    assert float(re.search(r"Held out: ([\d.]+) %", result.stdout)[1]) > 90
    assert load_model(out).score(X[1400:] / 16, y[1400:]) > 0.85


def test_what_has_the_cards_name_and_is_none_stays(tmp_path):
    notes, out = tmp_path / "notes.md", tmp_path / "notes.safetensors"
    notes.write_text("# My notes")
    result = run("train", "digits", *QUICK, "--out", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"and {notes}, which is none, stays as it is: give --out another name" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]
    assert notes.read_text() == "# My notes"
    notes.write_text("# Model card: notes\n")
    assert run("train", "digits", *QUICK, "--out", out).exit_code == 0
    assert "## Recipe" in notes.read_text()
    for taken in ("a.md", "b.safetensors"):
        (tmp_path / taken).mkdir()
        result = run("train", "digits", *QUICK, "--out", tmp_path / f"{taken[0]}.safetensors")
        assert (result.exit_code, result.stdout) == (2, "")


def test_a_pretrained_net_goes_on_with_pictures_whose_folders_have_its_labels(folder, tmp_path):
    for digit, name in NAMES.items():
        (tmp_path / "mine").mkdir(exist_ok=True)
        (folder / name).rename(tmp_path / "mine" / str(digit))
    try:
        out = tmp_path / "mine.safetensors"
        more = ["--start-from", "cnn-mnist", "--epochs", "2", "--hold-out", "0.5"]
        result = run("train", tmp_path / "mine", *more, "--out", out)
    finally:
        for digit, name in NAMES.items():
            (tmp_path / "mine" / str(digit)).rename(folder / name)
    assert result.exit_code == 0, result.output
    assert load_model(out).classes_.tolist() == list(range(10))
    assert load_model(out)[-1].t_ == load_pretrained("cnn-mnist")[-1].t_ + 2 * 18


def test_a_model_does_not_go_on_with_labels_that_it_does_not_know(folder, tmp_path):
    out = tmp_path / "x.safetensors"
    result = run("train", folder, "--start-from", "cnn-mnist", "--out", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "labels that cnn-mnist knows (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), got 'nought'" in (
        result.stderr
    )


def test_what_is_no_network_does_not_go_on(tmp_path):
    svm = save_model(SVC().fit(*load_digits(return_X_y=True)), tmp_path / "svm.safetensors")
    result = run("train", "digits", "--start-from", svm, "--out", tmp_path / "x.safetensors")
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: skdigits train expects --start-from to be a network, {svm} is a SVC.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nosuch"], "expects DATA to be digits, mnist, .*, got 'nosuch'"),
        (
            ["digits", "--out", "model.pkl"],
            r"to end in .safetensors, got 'model.pkl'",
        ),
        (["digits", "--out", "no/x.safetensors"], "the folder of --out, no does not exist"),
        (["digits", "--data-home", "."], "takes --data-home for mnist, .*, got 'digits'"),
        (["digits", "--epochs", "0"], "'--epochs': 0 is not in the range x>=1"),
        (["digits", "--hold-out", "0.7"], "'--hold-out': 0.7 is not in the range"),
        (["digits", "--start-from", "cnn-mnist", "--model", "ann"], "--model is for a new one"),
        (["digits", "--start-from", "cnn-mnist", "--normalize"], "--normalize is for a new one"),
        (
            ["digits", "--start-from", "nosuch"],
            "expects --start-from to be a file .*, got 'nosuch'",
        ),
    ],
)
def test_bad_input_ends_training_in_one_sentence_before_it_begins(
    arguments, sentence, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    out = [] if "--out" in arguments else ["--out", "x.safetensors"]
    result = run("train", *arguments, *out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(f"Error: .*{sentence}.*\n", result.stderr)
    assert list(tmp_path.iterdir()) == []


def test_labels_that_cannot_be_measured_are_refused(folder, tmp_path):
    table = tmp_path / "table.csv"
    out = tmp_path / "x.safetensors"
    one, seven = folder / "one", folder / "seven"
    table.write_text(f"path,label\n{one / '0.png'},1\n{one / '1.png'},1\n{seven / '0.png'},7\n")
    result = run("train", table, *QUICK, "--out", out)
    assert result.exit_code == 2
    assert "two pictures of every label" in result.stderr
    assert "have one of 7; --hold-out 0 measures nothing" in result.stderr
    assert run("train", table, *QUICK, "--hold-out", "0", "--out", out).exit_code == 0
    table.write_text(f"path,label\n{one / '0.png'},1\n{one / '1.png'},1\n")
    assert "expects two labels" in run("train", table, *QUICK, "--out", out).stderr


def test_a_damaged_picture_in_a_folder_is_named(folder, tmp_path):
    table = tmp_path / "table.csv"
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes((folder / "one" / "0.png").read_bytes()[:60])
    table.write_text(f"path,label\n{folder / 'seven' / '0.png'},7\n{damaged},1\n")
    result = run("train", table, *QUICK, "--hold-out", "0", "--out", tmp_path / "x.safetensors")
    assert result.exit_code == 2
    assert f"{damaged} is " in result.stderr
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.slow
def test_training_shows_a_bar_on_a_terminal(tmp_path, on_a_terminal):
    command = [sys.executable, "-m", "skdigits", "train", "digits", *QUICK]
    text = on_a_terminal([*command, "--out", tmp_path / "a.safetensors"])
    assert "training" in text
    assert "100%" in text


def test_evaluate_agrees_with_scikit_learn(trained):
    _, out = trained
    result = run("evaluate", out, "digits")
    assert (result.exit_code, result.stderr) == (0, "")
    test = load_digits()
    rows = np.rint(test.data[1437:] * 255 / 16).astype(np.uint8)
    predicted, truth = load_model(out).predict(rows), test.target[1437:]
    assert f"{100 * accuracy_score(truth, predicted):.2f} % of 360 right" in result.stdout
    assert classification_report(truth, predicted, digits=4).rstrip() in result.stdout
    matrix = confusion_matrix(truth, predicted)
    np.fill_diagonal(matrix, 0)
    first = result.stdout.split("Most frequent mistakes:\n")[1].splitlines()[0]
    assert int(first.split(": ")[1]) == matrix.max()


def test_evaluate_gives_json(trained):
    _, out = trained
    content = json.loads(run("evaluate", out, "digits", "--json").stdout)
    test = load_labelled("digits", subset="test", who="test")
    probabilities = load_model(out).predict_proba(test.pictures.reshape(360, -1))
    assert content["n_images"] == 360
    low, high = content["accuracy_interval"]
    assert low < content["accuracy"] < high
    assert content["expected_calibration_error"] == pytest.approx(
        expected_calibration_error(test.labels, probabilities)
    )
    assert content["report"]["3"]["support"] == np.sum(test.labels == 3)
    wrong = round(360 * (1 - content["accuracy"]))
    assert 0 < sum(row["count"] for row in content["confusions"]) <= wrong


def test_evaluate_reads_a_folder_with_any_classifier(of_folder, folder, tmp_path):
    _, out = of_folder
    assert "100.00 % of 36 right" in run("evaluate", out, folder).stdout
    digits = load_labelled("digits", subset="train", who="test")
    wanted = np.flatnonzero(np.isin(digits.labels, list(NAMES)))[:150]
    rows = digits.pictures[wanted].reshape(150, -1)
    names = np.array([NAMES[label] for label in digits.labels[wanted]])
    svm = save_model(SVC().fit(rows, names), tmp_path / "svm.safetensors")
    result = run("evaluate", svm, folder)
    assert result.exit_code == 0
    assert float(result.stdout.split(": ")[1].split()[0]) > 80
    assert "no probabilities" in result.stdout


def test_evaluate_gives_rows_in_the_range_that_a_model_knows(tmp_path):
    X, y = load_digits(return_X_y=True)
    model = SVC().fit(pd.DataFrame(X[:1437]).add_prefix("pixel"), y[:1437])
    path = save_model(model, tmp_path / "svm.safetensors")
    right = np.mean(model.predict(pd.DataFrame(X[1437:]).add_prefix("pixel")) == y[1437:])
    assert f"{100 * right:.2f} % of 360 right" in run("evaluate", path, "digits").stdout


def test_evaluate_tells_of_images_of_another_size(trained, write_small_set, tmp_path):
    from skdigits.datasets import _mnist

    write_small_set(_mnist._MNIST, tmp_path / "mnist")
    result = run("evaluate", trained[1], "mnist", "--data-home", tmp_path)
    assert result.exit_code == 2
    assert re.fullmatch(
        r"Error: skdigits evaluate expects images of 64 pixels, which \S+ takes, got 784; .*\n",
        result.stderr,
    )


def test_a_data_set_by_name_is_its_test_images(monkeypatch, write_small_set, tmp_path):
    from skdigits.datasets import _mnist

    parts = write_small_set(_mnist._MNIST, tmp_path / "mnist")
    data = load_labelled("mnist", subset="test", data_home=tmp_path, who="test")
    np.testing.assert_array_equal(data.pictures, parts["test"][0])
    np.testing.assert_array_equal(data.labels, parts["test"][1])


@pytest.mark.parametrize(
    ("model", "data", "sentence"),
    [
        ("nosuch", "digits", "expects MODEL to be a file of save_model or one of .*, got 'nosuch'"),
        (".", "digits", "cannot open .: Is a directory"),
        ("text", "digits", "load_model cannot read text: it is not a file of a model"),
        ("reshaper", "digits", "expects a classifier, reshaper holds a ImageReshaper"),
        ("line", "digits", "expects a classifier, line holds a LinearRegression"),
        ("cnn-mnist", "nosuch", "expects DATA to be .*, got 'nosuch'"),
    ],
)
def test_bad_input_ends_evaluate_in_one_sentence(model, data, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("no model, but more than eight bytes")
    X, y = load_digits(return_X_y=True)
    save_model(ImageReshaper().fit(X), "reshaper")
    save_model(LinearRegression().fit(X, y), "line")
    result = run("evaluate", model, data)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(f"Error: .*{sentence}.*\n", result.stderr)


def test_every_data_set_of_the_library_has_a_name():
    fetchers = {name for name in datasets.__all__ if name.startswith("fetch_")}
    assert {data_set.fetcher for data_set in DATA_SETS.values()} == fetchers


@pytest.fixture
def seven(folder):
    return folder / "seven" / "0.png"


def test_predict_prints_label_and_probability(of_folder, seven, folder):
    _, out = of_folder
    one = folder / "one" / "3.png"
    result = run("predict", out, seven, one)
    assert (result.exit_code, result.stderr) == (0, "")
    shares = load_model(out).predict_proba([seven, one]).max(axis=1)
    assert result.stdout.splitlines() == [
        f"{seven}: seven ({100 * shares[0]:.1f} %)",
        f"{one}: one ({100 * shares[1]:.1f} %)",
    ]


def test_predict_takes_a_pretrained_name(seven):
    assert run("predict", "cnn-mnist", seven).stdout.startswith(f"{seven}: 7 (")


def test_predict_tells_of_bad_pictures_and_reads_the_others(seven, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("no picture")
    result = run("predict", "cnn-mnist", notes, tmp_path / "lost.png", seven)
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [str(seven)]
    assert result.stderr.splitlines() == [
        "Error: CharacterNormalizer expects an image file (PNG, JPEG, GIF, BMP, PPM, WEBP, TIFF), "
        f"{notes} is none.",
        f"Error: cannot open {tmp_path / 'lost.png'}: No such file or directory.",
    ]


def test_predict_gives_json_a_line_a_picture(seven, tmp_path):
    blank = tmp_path / "blank.png"
    Image.new("L", (80, 60), 255).save(blank)
    result = run("predict", "cnn-mnist", "--json", seven, blank, tmp_path / "lost.png")
    read, empty, lost = map(json.loads, result.stdout.splitlines())
    expected = load_pretrained("cnn-mnist").predict_proba([seven])[0]
    assert (read["file"], read["label"]) == (str(seven), 7)
    assert read["probability"] == pytest.approx(expected[7], abs=1e-6)
    assert list(read["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-6)
    assert (empty["label"], empty["probability"]) == (None, None)
    assert set(lost) == {"file", "error"}
    assert result.exit_code == 2


def test_predict_puts_a_normalizer_before_a_model_of_rows(trained, seven, tmp_path):
    _, out = trained
    normalizer = CharacterNormalizer(8, box=8, stroke_width=1.04)
    expected = load_model(out).predict(normalizer.transform([seven]))[0]
    assert run("predict", out, seven).stdout.startswith(f"{seven}: {expected} (")
    svm = SVC().fit(*load_digits(return_X_y=True))
    save_model(svm, tmp_path / "svm.safetensors")
    expected = svm.predict(normalizer.transform([seven]) * (16 / 255))[0]
    assert run("predict", tmp_path / "svm.safetensors", seven).stdout == f"{seven}: {expected}\n"


def photos_of(data):
    """Return pictures of images, dark on light, enlarged and with a margin."""
    for image in data.pictures:
        shades = Image.fromarray(230 - np.pad(image, 2) // 5 * 4)
        yield shades.resize((180, 180), Image.Resampling.BICUBIC)


def test_a_model_of_rows_reads_photos_of_what_it_was_trained_on(tmp_path, trained):
    # With a margin of MNIST's proportions and strokes of MNIST's width it read two of ten.
    _, out = trained
    data = load_labelled("digits", subset="test", who="test").take(slice(80))
    paths = [tmp_path / f"{i}.png" for i in range(80)]
    for path, photo in zip(paths, photos_of(data), strict=True):
        photo.save(path)
    lines = run("predict", out, *paths).stdout.splitlines()
    read = [int(line.split(": ")[1].split()[0]) for line in lines]
    assert np.mean(read == data.labels) > 0.75


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_probabilities_that_are_none_are_told(command, seven, monkeypatch):
    model = make_pipeline(CharacterNormalizer(8, box=8), LogisticRegression(tol=100))
    model.fit(*load_digits(return_X_y=True))
    model[-1].coef_[:] = np.nan
    monkeypatch.setattr("skdigits.app._predict.open_classifier", lambda *_, **__: model)
    monkeypatch.setattr("skdigits.app._model_argument.open_classifier", lambda *_, **__: model)
    result = run(command, "mine", seven if command == "predict" else "digits")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: skdigits {command} expects probabilities that are finite, mine gives others.\n"
    )


def test_json_has_no_words_that_are_no_json():
    from skdigits.app import _predict

    with pytest.raises(ValueError, match="JSON"):
        _predict.to_json("7.png", _predict.Reading(7, {7: float("nan")}), None)


def test_a_model_of_what_are_no_square_images_is_refused(seven, tmp_path):
    X, y = load_digits(return_X_y=True)
    save_model(SVC().fit(X[:, :63], y), tmp_path / "odd.safetensors")
    result = run("predict", tmp_path / "odd.safetensors", seven)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "takes rows of 63 pixels" in result.stderr


def test_a_model_that_begins_with_a_normalizer_reads_with_it(seven, tmp_path):
    digits = load_digits()
    model = make_pipeline(CharacterNormalizer(16, box=12), SVC())
    model.fit(digits.images[:300], digits.target[:300])
    path = save_model(model, tmp_path / "svm.safetensors")
    assert run("predict", path, seven).stdout == f"{seven}: {model.predict([seven])[0]}\n"

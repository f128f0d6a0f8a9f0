"""``skdigits export`` as a user runs it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from skdigits import ANNClassifier, load_pretrained, save_model
from skdigits.app.cli import main

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")


def run(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def probabilities(path, rows):
    session = onnxruntime.InferenceSession(path)
    return session.run(["probabilities"], {"pixels": rows})[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def saved(model, digits, tmp_path):
    return save_model(model.fit(*digits), tmp_path / "model.safetensors")


def test_a_file_of_a_model_becomes_a_file_of_onnx(digits, tmp_path, path):
    model = ANNClassifier((4,), max_iter=1, random_state=0)
    result = run(saved(model, digits, tmp_path), "--onnx", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{path}: takes 64 pixels, tells 10 classes, differs by ")
    rows = digits[0].astype(np.float32)
    assert_allclose(probabilities(path, rows), model.predict_proba(rows), rtol=0, atol=1e-5)


def test_a_pretrained_model_leaves_its_normalizer_behind_when_told_to(path):
    result = run("cnn-mnist", "--onnx", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot write CharacterNormalizer, " in result.stderr
    assert "--without-normalizer exports the steps behind it" in result.stderr
    assert not path.exists()
    result = run("cnn-mnist", "--onnx", path, "--without-normalizer")
    assert "takes 784 pixels as CharacterNormalizer returns them" in result.stdout
    net = load_pretrained("cnn-mnist")[-1]
    rows = np.random.default_rng(0).random((5, 784), dtype=np.float32)
    assert_allclose(probabilities(path, rows), net.predict_proba(rows), rtol=0, atol=1e-5)


def test_json_is_one_line(digits, tmp_path, path):
    model = ANNClassifier((4,), max_iter=1, random_state=0)
    result = run(saved(model, digits, tmp_path), "--onnx", path, "--json")
    content = json.loads(result.stdout)
    assert content.pop("difference") < 1e-5
    assert content == {
        "file": str(path),
        "pixels": 64,
        "classes": list(range(10)),
        "left_out": [],
        "verified": True,
    }


def test_the_model_itself_is_not_written_over(digits, tmp_path, monkeypatch):
    model = saved(ANNClassifier((4,), max_iter=1, random_state=0), digits, tmp_path)
    content = model.read_bytes()
    monkeypatch.chdir(tmp_path)
    result = run(model, "--onnx", model.name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "does not write over the model: give --onnx another name." in result.stderr
    assert model.read_bytes() == content


def test_without_rows_to_compare_on_it_takes_a_word(digits, tmp_path, path):
    pytest.importorskip("skops")
    from sklearn.naive_bayes import GaussianNB

    model = saved(make_pipeline(Normalizer(), GaussianNB()), digits, tmp_path)
    result = run(model, "--onnx", path)
    assert result.exit_code == 2
    assert "--no-verify" in result.stderr
    result = run(model, "--onnx", path, "--no-verify")
    assert result.stdout.endswith("not verified\n")
    assert path.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lost.safetensors", "--onnx", "x.onnx"], "expects MODEL to be a file of save_model or"),
        (["cnn-mnist"], "Missing option '--onnx'"),
        (
            ["cnn-mnist", "--onnx", "no-such-folder/x.onnx", "--without-normalizer"],
            "no-such-folder: No such file or directory.",
        ),
    ],
)
def test_bad_input_ends_in_one_sentence(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
